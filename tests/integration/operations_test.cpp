// What an operator does on the day, with real Consul, its watches and two nodes: roll back, freeze, thaw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "integration/end_to_end_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using Json = nlohmann::json;

bool has_server(Node& node, const std::string& hostname) {
  return node.rows("SELECT hostname FROM runtime_mysql_servers") == Rows{{hostname}};
}

void save_server(Node& node, const std::string& hostname) {
  node.execute({"DELETE FROM mysql_servers", insert_server(hostname), "LOAD MYSQL SERVERS TO RUNTIME"});
  const auto saved = node.run({"save", "mysql_servers", "--message", "now " + hostname});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
}

TEST(Operations, ARollbackReachesAllThereAndBack) {
  Cluster cluster;
  auto& a = cluster.a;
  auto& b = cluster.b;
  auto& consul = cluster.consul;
  save_server(a, "db1");
  save_server(a, "db2");
  ASSERT_TRUE(b.wait_until([&] { return has_server(b, "db2"); })) << b.handler_output();
  const auto listed = b.run({"history", "mysql_servers", "--json"});
  ASSERT_EQ(listed.exit_code, 0) << all_of(listed);
  const auto versions = Json::parse(listed.out).at("versions");
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].at("message"), "now db2");
  const auto first = versions[1].at("id").get<std::string>();
  const auto differs = b.run({"diff", "mysql_servers", first});
  EXPECT_EQ(differs.exit_code, 7) << all_of(differs);
  const auto back = b.run({"rollback", "mysql_servers", first});
  ASSERT_EQ(back.exit_code, 0) << all_of(back);
  EXPECT_TRUE(has_server(b, "db1"));
  EXPECT_TRUE(a.wait_until([&] { return has_server(a, "db1"); })) << a.handler_output();
  EXPECT_EQ(a.run({"save", "--all", "--if-current"}).exit_code, 0);
  EXPECT_TRUE(has_server(a, "db1"));
  EXPECT_THAT(consul.get("proxysql/mysql_servers").value_or(""), HasSubstr("rollback to " + first));
  const auto there = a.run({"rollback", "mysql_servers", "-1"});
  ASSERT_EQ(there.exit_code, 0) << all_of(there);
  EXPECT_TRUE(b.wait_until([&] { return has_server(b, "db2"); })) << b.handler_output();
  EXPECT_EQ(b.run({"diff"}).exit_code, 0);
  EXPECT_THAT(a.handled(), Each(0)) << a.handler_output();
  EXPECT_THAT(b.handled(), Each(0)) << b.handler_output();
}

TEST(Operations, AFreezeHoldsAllAndAfterAThawTheyCatchUp) {
  Cluster cluster;
  auto& a = cluster.a;
  auto& b = cluster.b;
  auto& consul = cluster.consul;
  save_server(a, "db1");
  ASSERT_TRUE(b.wait_until([&] { return has_server(b, "db1"); })) << b.handler_output();
  ASSERT_EQ(a.run({"freeze", "--reason", "moving the writer"}).exit_code, 0);
  for (const auto& words : {std::vector<std::string>{"save", "mysql_servers"}, std::vector<std::string>{"pull"},
                            std::vector<std::string>{"rollback", "mysql_servers", "-1"},
                            std::vector<std::string>{"freeze", "--reason", "me, too"}}) {
    const auto refused = b.run(words);
    EXPECT_EQ(refused.exit_code, 8) << words[0];
    EXPECT_THAT(refused.err, AllOf(HasSubstr("moving the writer"), HasSubstr("thaw"))) << words[0];
  }
  // Somebody who knows of no freeze, as a node of 2016.
  auto text = consul.get("proxysql/mysql_servers").value();
  text.replace(text.find("db1"), 3, "db9");
  consul.put("proxysql/mysql_servers", text);
  ASSERT_TRUE(b.wait_until([&] { return b.handler_output().find("frozen by") != std::string::npos; }));
  ASSERT_EQ(b.run({"update"}, consul.recurse("proxysql/")).exit_code, 0);
  EXPECT_TRUE(has_server(b, "db1"));
  ASSERT_EQ(b.run({"thaw"}).exit_code, 0);
  EXPECT_TRUE(b.wait_until([&] { return has_server(b, "db9"); })) << b.handler_output();
  EXPECT_TRUE(a.wait_until([&] { return has_server(a, "db9"); })) << a.handler_output();
  EXPECT_EQ(a.run({"thaw"}).exit_code, 0);
}

}  // namespace
}  // namespace proxysql_consul::testing
