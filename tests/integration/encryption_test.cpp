// Encryption with real Consul, its watches and two nodes: what Consul holds of a password, and a key that is rotated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "proxysql_consul/base/crypto.h"
#include "support/effort.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

void give_keys(Node& node, const std::vector<std::string>& ids, bool allow_plaintext = false) {
  const auto path = node.file("keys");
  std::string text;
  for (const auto& id : ids) text += id + ":" + to_base64(sha256(id)) + "\n";
  write_file(path + ".new", text);
  ASSERT_EQ(chmod((path + ".new").c_str(), 0600), 0);
  // A handler can be reading it.
  ASSERT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
  node.change_settings("{\"encryption_keys_file\":\"" + path +
                       "\",\"allow_plaintext\":" + (allow_plaintext ? "true" : "false") + "}");
  ASSERT_EQ(node.run({"pull"}).exit_code, 0);
}

bool has_user(Node& node, const std::string& name) {
  return !node.rows("SELECT username FROM runtime_mysql_users WHERE username='" + name + "'").empty();
}

void save_user(Node& node, const std::string& name) {
  node.execute({"REPLACE INTO mysql_users (username,password,default_hostgroup) VALUES ('" + name + "','" +
                    std::string(Node::secret) + "-of-" + name + "',1)",
                "LOAD MYSQL USERS TO RUNTIME"});
  const auto saved = node.run({"save", "mysql_users"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
}

TEST(EncryptionEndToEnd, SealsRekeysAndRotates) {
  Cluster cluster;
  auto& a = cluster.a;
  auto& b = cluster.b;
  auto& consul = cluster.consul;
  save_user(a, "plain");
  ASSERT_TRUE(b.wait_until([&] { return has_user(b, "plain"); })) << b.handler_output();
  EXPECT_THAT(consul.get("proxysql/mysql_users").value_or(""), HasSubstr(std::string(Node::secret)));
  for (auto* node : {&a, &b}) give_keys(*node, {"one"}, true);
  a.forget_statements();
  b.forget_statements();
  const auto loads_of = [](Node& node) {
    return node.rows("SELECT version FROM runtime_checksums_values WHERE name='mysql_users'");
  };
  const auto loads = loads_of(b);
  const auto handled = b.handled().size();
  const auto sealed = a.run({"rekey"});
  ASSERT_EQ(sealed.exit_code, 0) << all_of(sealed);
  ASSERT_TRUE(b.wait_until([&] { return b.handled().size() > handled; })) << b.handler_output();
  EXPECT_EQ(loads_of(b), loads) << "it had that already";
  EXPECT_THAT(consul.get("proxysql/mysql_users").value_or(""), HasSubstr("\"sealed\":{\"key\":\"one\""));
  EXPECT_THAT(consul.get("proxysql/mysql_users").value_or(""), Not(HasSubstr(std::string(Node::secret))));
  for (auto* node : {&a, &b}) give_keys(*node, {"one", "two"});
  for (auto* node : {&a, &b}) give_keys(*node, {"two", "one"});
  save_user(b, "late");
  ASSERT_TRUE(a.wait_until([&] { return has_user(a, "late"); })) << a.handler_output();
  const auto again = b.run({"rekey"});
  ASSERT_EQ(again.exit_code, 0) << all_of(again);
  EXPECT_THAT(again.out, HasSubstr("sealed with key two"));
  for (auto* node : {&a, &b}) give_keys(*node, {"two"});
  save_user(a, "last");
  ASSERT_TRUE(b.wait_until([&] { return has_user(b, "last"); })) << b.handler_output();
  const auto history = b.run({"history", "mysql_users"});
  EXPECT_EQ(history.exit_code, 0);
  EXPECT_THAT(history.err, Not(HasSubstr("cannot be read whole"))) << "all earlier versions open with the new key";
  EXPECT_EQ(a.run({"status"}).exit_code, 0);
  EXPECT_THAT(a.handled(), Each(0)) << a.handler_output();
  EXPECT_THAT(b.handled(), Each(0)) << b.handler_output();
}

TEST(EncryptionEndToEnd, IsRekeyedInTheEndWhereverRekeyIsKilled) {
  Cluster cluster;
  auto& a = cluster.a;
  auto& consul = cluster.consul;
  for (auto* node : {&a, &cluster.b}) give_keys(*node, {"one"});
  const std::vector<std::string> names = {"first", "second", "third", "fourth", "fifth"};
  for (const auto& name : names) save_user(a, name);
  for (auto* node : {&cluster.b, &a}) give_keys(*node, {"two", "one"});
  const auto history = [&] { return consul.keys("proxysql-meta/history/mysql_users/"); };
  const auto versions = history();
  ASSERT_EQ(versions.size() + 1, names.size());
  const auto sealed_with = [&](std::string_view id) {
    const auto mark = R"("sealed":{"key":")" + std::string(id) + '"';
    auto keys = history();
    keys.emplace_back("proxysql/mysql_users");
    return std::count_if(keys.begin(), keys.end(),
                         [&](const auto& key) { return consul.get(key).value_or("").find(mark) != std::string::npos; });
  };
  // Until one comes to its end before it is killed: then the moments before that were met, however slow the machine.
  constexpr int step = sanitized ? 10 : 1;
  bool ended = false;
  for (int milliseconds = 1; !ended && milliseconds < 30'000; milliseconds += step + milliseconds / 16) {
    SCOPED_TRACE("killed after " + std::to_string(milliseconds) + " ms");
    Process rekey(a.command({"rekey"}));
    ended = rekey.wait_for(std::chrono::milliseconds(milliseconds));
    rekey.kill(SIGKILL);
    rekey.wait();
    EXPECT_EQ(sealed_with("one") + sealed_with("two"), static_cast<std::ptrdiff_t>(names.size()));
    EXPECT_EQ(a.run({"diff", "mysql_users"}).exit_code, 0) << "what Consul holds is whole, and the same as ever";
  }
  ASSERT_TRUE(ended) << "no rekey came to its end";
  EXPECT_EQ(a.run({"rekey"}).exit_code, 0);
  EXPECT_EQ(sealed_with("one"), 0);
  EXPECT_EQ(history(), versions) << "no version is added or lost";
  for (auto* node : {&a, &cluster.b}) give_keys(*node, {"two"});
  const auto listed = a.run({"history", "mysql_users"});
  EXPECT_EQ(listed.exit_code, 0) << all_of(listed);
  EXPECT_THAT(listed.err, Not(HasSubstr("cannot be read whole")));
}

}  // namespace
}  // namespace proxysql_consul::testing
