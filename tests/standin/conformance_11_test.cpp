// What proxysql-consul relies on in ProxySQL 1.1, the build of 2016 that calls it.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "standin/conformance_fixture.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

/// The build of 2016 that has SAVE ... TO CLUSTER; always the stand-in.
class Conformance11 : public AdminTest {
 protected:
  static void SetUpTestSuite() {
    directory = std::make_unique<TempDir>();
    const std::string script = directory->file("script");
    write_file(script, "#!/bin/sh\ncd " + directory->path().string() +
                           "\necho \"$@\" > arguments\nreadlink /proc/$$/fd/* > descriptors\nexit $(cat status)\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    shared_server = std::make_unique<ProxySqlServer>(
        ProxySqlServerOptions{.version = StandinVersion::v1_1, .consul_script = script});
  }
  static void TearDownTestSuite() {
    shared_server.reset();
    directory.reset();
  }
  ProxySqlServer& server() override { return *shared_server; }
  void SetUp() override { run_all({"DELETE FROM mysql_servers", "DELETE FROM mysql_users"}); }

  static inline std::unique_ptr<TempDir> directory;
  static inline std::unique_ptr<ProxySqlServer> shared_server;
};

TEST_F(Conformance11, RunsTheScriptOnSaveToCluster) {
  write_file(directory->file("status"), "0");
  run("SAVE MYSQL SERVERS TO CLUSTER");
  EXPECT_EQ(read_file(directory->file("arguments")), "put mysql_servers\n");
  run("save mysql query rules to cluster");
  EXPECT_EQ(read_file(directory->file("arguments")), "put mysql_query_rules\n");
}

TEST_F(Conformance11, HandsItsSocketsToTheScript) {
  write_file(directory->file("status"), "0");
  run("SAVE MYSQL SERVERS TO CLUSTER");
  EXPECT_NE(read_file(directory->file("descriptors")).find("socket:"), std::string::npos);
}

TEST_F(Conformance11, AnswersAnEmptyErrorWhenTheScriptFails) {
  write_file(directory->file("status"), "3");
  EXPECT_TRUE(error_of("SAVE MYSQL SERVERS TO CLUSTER").ends_with(": ")) << error_of("SAVE MYSQL SERVERS TO CLUSTER");
}

TEST_F(Conformance11, HasFewTablesAndFewerRuntimeTables) {
  EXPECT_EQ(rows("SELECT name FROM sqlite_master WHERE type='table' AND name<>'sqlite_sequence' ORDER BY name"),
            (Rows{{"global_variables"},
                  {"mysql_collations"},
                  {"mysql_query_rules"},
                  {"mysql_replication_hostgroups"},
                  {"mysql_servers"},
                  {"mysql_users"},
                  {"runtime_mysql_query_rules"},
                  {"runtime_mysql_replication_hostgroups"},
                  {"runtime_mysql_servers"}}));
  EXPECT_EQ(rows("PRAGMA table_info(mysql_servers)").size(), 8U);
  EXPECT_EQ(rows("PRAGMA table_info(mysql_query_rules)").size(), 17U);
  EXPECT_EQ(rows("PRAGMA table_info(mysql_users)").size(), 12U);
}

TEST_F(Conformance11, AnswersErrorsWithoutAPrefix) {
  expect_error("SELECT * FROM runtime_mysql_users", "no such table: runtime_mysql_users");
  expect_error("SELECT * FROM runtime_checksums_values", "no such table: runtime_checksums_values");
  expect_error("LOAD SCHEDULER TO RUNTIME", "near \"LOAD\": syntax error");
  expect_error("INSERT INTO mysql_servers(hostname,weight) VALUES ('a',-1)", "CHECK constraint failed: mysql_servers");
}

TEST_F(Conformance11, KnowsNothingOfSessionStatements) {
  expect_error("SET NAMES utf8", "near \"SET\": syntax error");
  expect_error("SHOW WARNINGS", "near \"SHOW\": syntax error");
  expect_error("START TRANSACTION", "near \"START\": syntax error");
  expect_error("SELECT CONNECTION_ID()", "no such function: CONNECTION_ID");
}

TEST_F(Conformance11, HandsTransactionsToItsOneConnection) {
  run_all({"BEGIN", "INSERT INTO mysql_servers(hostname) VALUES ('a')", "ROLLBACK"});
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
  expect_error("COMMIT", "cannot commit - no transaction is active");
}

TEST_F(Conformance11, KnowsNoRowValues) {
  expect_error("DELETE FROM mysql_servers WHERE (hostgroup_id,hostname) IN (VALUES (0,'a'))",
               "near \",\": syntax error");
  run("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (0,'(x,y) IN ('),(1,'b')");
  run("DELETE FROM mysql_servers WHERE NOT ((hostgroup_id=0 AND hostname='a') OR (hostgroup_id=1 AND hostname='b'))");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"b"}}));
}

TEST_F(Conformance11, LoadsToRuntime) {
  run_all({"INSERT INTO mysql_servers(hostname,status) VALUES ('a','online'),('b','OFFLINE_HARD')",
           "LOAD MYSQL SERVERS TO RUNTIME", "INSERT INTO mysql_users(username) VALUES ('u')",
           "LOAD MYSQL USERS TO RUNTIME", "SAVE MYSQL USERS TO DISK"});
  EXPECT_EQ(rows("SELECT hostname,status FROM runtime_mysql_servers"), (Rows{{"a", "ONLINE"}}));
  EXPECT_EQ(rows("SELECT username FROM disk.mysql_users"), (Rows{{"u"}}));
  EXPECT_EQ(value("SELECT @@version"), "1.1.1.beta7");
}

}  // namespace
}  // namespace proxysql_consul::testing
