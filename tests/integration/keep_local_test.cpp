// What a node keeps as its own beside what is shared, on ProxySQL itself: where another UNIQUE key than the primary one
// collides, a REPLACE would delete the row that is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <string>

#include "integration/end_to_end_fixture.h"
#include "support/http_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

NodeOptions keeping(const std::string& what) { return {.settings = R"({"keep_local":)" + what + "}"}; }

void save(Node& node, const std::string& name) {
  const auto saved = node.run({"save", name});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
}

TEST(KeepLocal, KeepsWeightsAndServersOfOneNode) {
  Pair pair({}, keeping(R"({"mysql_servers":{"columns":["weight","status"],"rows":[{"hostgroup_id":"900-999"}]}})"));
  auto& a = pair.a;
  auto& b = pair.b;
  a.execute({insert_server("db1"), insert_server("db2"), "LOAD MYSQL SERVERS TO RUNTIME"});
  save(a, "mysql_servers");
  ASSERT_EQ(b.run({"pull"}).exit_code, 0);
  b.execute({"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT' WHERE hostname='db1'",
             "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (900,'own',3306)",
             "LOAD MYSQL SERVERS TO RUNTIME"});
  const auto unchanged = b.run({"save", "--if-current", "mysql_servers"});
  EXPECT_EQ(unchanged.exit_code, 0) << all_of(unchanged);
  EXPECT_THAT(unchanged.out, HasSubstr("unchanged, Consul holds it"));
  a.execute({"UPDATE mysql_servers SET comment='new', weight=3", "LOAD MYSQL SERVERS TO RUNTIME"});
  save(a, "mysql_servers");
  const auto pulled = b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  const std::string columns = "SELECT hostgroup_id,hostname,weight,status,comment FROM ";
  const Rows kept = {
      {"1", "db1", "7", "OFFLINE_SOFT", "new"}, {"1", "db2", "1", "ONLINE", "new"}, {"900", "own", "1", "ONLINE", ""}};
  EXPECT_EQ(sorted(b.rows(columns + "runtime_mysql_servers")), kept);
  EXPECT_EQ(sorted(b.rows(columns + "disk.mysql_servers")), kept);
  b.execute({insert_server("db3"), "LOAD MYSQL SERVERS TO RUNTIME"});
  save(b, "mysql_servers");
  ASSERT_EQ(a.run({"pull"}).exit_code, 0);
  EXPECT_EQ(
      sorted(a.rows(columns + "runtime_mysql_servers")),
      (Rows{{"1", "db1", "3", "ONLINE", "new"}, {"1", "db2", "3", "ONLINE", "new"}, {"1", "db3", "1", "ONLINE", ""}}));
}

TEST(KeepLocal, KeepsWhatALoadLeavesOutOfRuntime) {
  Pair pair({}, keeping(R"({"mysql_servers":{"columns":["status"]},"mysql_query_rules":{"columns":["active"]},)"
                        R"("mysql_users":{"columns":["active","max_connections"]}})"));
  auto& a = pair.a;
  auto& b = pair.b;
  const std::vector<std::string> loads = {"LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL QUERY RULES TO RUNTIME",
                                          "LOAD MYSQL USERS TO RUNTIME"};
  a.execute({insert_server("db1"), insert_server("db2"), a_rule,
             "INSERT INTO mysql_users (username,password) VALUES ('app','x'),('other','y')"});
  a.execute(loads);
  ASSERT_EQ(a.run({"save", "mysql_servers", "mysql_query_rules", "mysql_users"}).exit_code, 0);
  ASSERT_EQ(b.run({"pull"}).exit_code, 0);
  b.execute({"UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostname='db1'",
             "UPDATE mysql_query_rules SET active=0", "UPDATE mysql_users SET active=0 WHERE username='app'",
             "UPDATE mysql_users SET max_connections=7"});
  b.execute(loads);
  EXPECT_EQ(b.run({"diff"}).exit_code, 0);
  const auto saved = b.run({"save", "mysql_servers", "mysql_query_rules", "mysql_users"});
  EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_THAT(saved.out, Not(HasSubstr("saved as version")));
  a.execute({"UPDATE mysql_servers SET comment='new'", "UPDATE mysql_query_rules SET comment='new'",
             "UPDATE mysql_users SET comment='new'"});
  a.execute(loads);
  ASSERT_EQ(a.run({"save", "mysql_servers", "mysql_query_rules", "mysql_users"}).exit_code, 0);
  const auto pulled = b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(b.rows("SELECT hostname,status,comment FROM mysql_servers ORDER BY 1"),
            (Rows{{"db1", "OFFLINE_HARD", "new"}, {"db2", "ONLINE", "new"}}));
  EXPECT_EQ(b.rows("SELECT rule_id,active,comment FROM mysql_query_rules"), (Rows{{"1", "0", "new"}}));
  EXPECT_EQ(b.rows("SELECT username,active,max_connections,comment FROM mysql_users ORDER BY 1"),
            (Rows{{"app", "0", "7", "new"}, {"other", "1", "7", "new"}}));
  EXPECT_EQ(b.run({"diff"}).exit_code, 0);
  EXPECT_THAT(b.run({"pull", "--force"}).out, Not(HasSubstr(": applied (")));
}

TEST(KeepLocal, ComesBackWithTheRowsOfARollbackThatNeverEnded) {
  Pair pair({}, keeping(R"({"mysql_servers":{"columns":["weight"]}})"));
  auto& a = pair.a;
  auto& b = pair.b;
  for (const std::string host : {"db1", "db2"}) {
    a.execute({insert_server(host), "LOAD MYSQL SERVERS TO RUNTIME"});
    save(a, "mysql_servers");
  }
  ASSERT_EQ(b.run({"pull"}).exit_code, 0);
  // In use, and not on disk.
  b.execute({"UPDATE mysql_servers SET weight=7", "LOAD MYSQL SERVERS TO RUNTIME"});
  std::promise<void> publishes;
  std::promise<void> is_killed;
  HttpServer between([&](const HttpRequest& request) {
    if (request.method == "PUT" && request.body.find("\"proxysql/mysql_servers\"") != std::string::npos) {
      publishes.set_value();
      is_killed.get_future().wait();
      return HttpReply{.close = true};
    }
    return http_request(pair.consul.http_port(), request.method, request.target, request.body);
  });
  b.connect_to(between.port());
  const std::string query = "SELECT hostname,weight FROM ";
  const Rows both = {{"db1", "7"}, {"db2", "7"}};
  {
    Process rollback(b.command({"rollback", "mysql_servers", "-1"}));
    ASSERT_EQ(publishes.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready) << rollback.err();
    EXPECT_EQ(b.rows(query + "runtime_mysql_servers"), (Rows{{"db1", "7"}}));
    EXPECT_EQ(sorted(b.rows(query + "disk.mysql_servers")), both);
    rollback.kill(SIGKILL);
    EXPECT_EQ(rollback.wait().signal, SIGKILL);
  }
  is_killed.set_value();
  b.connect_to(pair.consul.http_port());
  const auto pulled = b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  for (const std::string layer : {"", "runtime_", "disk."}) {
    EXPECT_EQ(sorted(b.rows(query + layer + "mysql_servers")), both) << layer;
  }
  const auto rolled_back = b.run({"rollback", "mysql_servers", "-1"});
  EXPECT_EQ(rolled_back.exit_code, 0) << all_of(rolled_back);
  for (const std::string layer : {"", "runtime_", "disk."}) {
    EXPECT_EQ(b.rows(query + layer + "mysql_servers"), (Rows{{"db1", "7"}})) << layer;
  }
}

/// B keeps one row, and A shares another that cannot stand beside it.
struct Collision {
  const char* name;
  const char* configuration;
  const char* words;
  const char* setting;
  const char* kept;
  const char* shared;
  const char* rows;
  const char* key;
};

class KeptRow : public ::testing::TestWithParam<Collision> {};

INSTANTIATE_TEST_SUITE_P(
    Tables, KeptRow,
    ::testing::Values(
        Collision{"UserOfAFrontend", "mysql_users", "MYSQL USERS",
                  R"({"mysql_users":{"rows":[{"username":"app","backend":0}]}})",
                  "INSERT INTO mysql_users (username,password,frontend,backend) VALUES ('app','own',1,0)",
                  "INSERT INTO mysql_users (username,password,frontend,backend) VALUES ('app','of all',1,1)",
                  "SELECT username,password,frontend,backend FROM mysql_users WHERE username='app'",
                  "username and frontend"},
        Collision{"ReplicationHostgroup", "mysql_servers", "MYSQL SERVERS",
                  R"({"mysql_replication_hostgroups":{"rows":[{"writer_hostgroup":900}]}})",
                  "INSERT INTO mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (900,20)",
                  "INSERT INTO mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (10,20)",
                  "SELECT writer_hostgroup,reader_hostgroup FROM mysql_replication_hostgroups", "reader_hostgroup"},
        Collision{"GaleraHostgroup", "mysql_servers", "MYSQL SERVERS",
                  R"({"mysql_galera_hostgroups":{"rows":[{"writer_hostgroup":900}]}})",
                  "INSERT INTO mysql_galera_hostgroups (writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,"
                  "offline_hostgroup) VALUES (900,901,902,30)",
                  "INSERT INTO mysql_galera_hostgroups (writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,"
                  "offline_hostgroup) VALUES (10,11,12,30)",
                  "SELECT writer_hostgroup,offline_hostgroup FROM mysql_galera_hostgroups", "offline_hostgroup"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(KeptRow, IsNotDeletedByOneThatCannotStandBesideIt) {
  const auto& collision = GetParam();
  Pair pair({}, keeping(collision.setting));
  auto& a = pair.a;
  auto& b = pair.b;
  const auto load = "LOAD " + std::string(collision.words) + " TO RUNTIME";
  b.execute({collision.kept, load});
  const auto before = sorted(b.rows(collision.rows));
  ASSERT_EQ(before.size(), 1U);
  a.execute({collision.shared, load});
  save(a, collision.configuration);
  const auto pulled = b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 6) << all_of(pulled);
  EXPECT_THAT(pulled.err, AllOf(HasSubstr("nothing was written"), HasSubstr("which is kept local"),
                                HasSubstr("no two may have the same " + std::string(collision.key))));
  EXPECT_EQ(sorted(b.rows(collision.rows)), before);
  // It is ProxySQL that could not hold both: without the setting one REPLACE deletes the other.
  b.execute({"REPLACE" + std::string(collision.shared).substr(std::string("INSERT").size())});
  EXPECT_NE(sorted(b.rows(collision.rows)), before);
  EXPECT_EQ(b.rows(collision.rows).size(), 1U);
}

}  // namespace
}  // namespace proxysql_consul::testing
