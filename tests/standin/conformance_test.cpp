// What proxysql-consul relies on in ProxySQL's admin interface, stated quirk by quirk. Runs against the real ProxySQL
// where PROXYSQL_BIN names one, else against the stand-in: so the stand-in can be held against the original.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "support/process.h"
#include "support/proxysql_server.h"

namespace proxysql_consul::testing {
namespace {

using Rows = std::vector<Row>;

class AdminTest : public ::testing::Test {
 protected:
  virtual ProxySqlServer& server() = 0;

  Result run(const std::string& sql) { return server().query(sql); }
  Rows rows(const std::string& sql) { return run(sql).rows; }
  void run_all(const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) run(sql);
  }
  std::string value(const std::string& sql) { return rows(sql).at(0).at(0).value_or("NULL"); }
  std::string memory_variable(const std::string& name) {
    return value("SELECT variable_value FROM global_variables WHERE variable_name='" + name + "'");
  }
  /// The error of a statement that must fail, "" where it does not.
  std::string error_of(const std::string& sql) {
    try {
      run(sql);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void expect_error(const std::string& sql, const std::string& text) {
    const std::string error = error_of(sql);
    EXPECT_TRUE(error.ends_with(": " + text)) << sql << "\nfailed with: " << error << "\ninstead of: " << text;
  }
};

class Conformance : public AdminTest {
 protected:
  static void SetUpTestSuite() { shared_server = std::make_unique<ProxySqlServer>(); }
  static void TearDownTestSuite() { shared_server.reset(); }
  ProxySqlServer& server() override { return *shared_server; }

  void SetUp() override {
    for (const char* table : {"mysql_servers", "mysql_replication_hostgroups", "mysql_group_replication_hostgroups",
                              "mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups", "mysql_hostgroup_attributes",
                              "mysql_servers_ssl_params", "mysql_query_rules", "mysql_query_rules_fast_routing",
                              "mysql_users", "mysql_firewall_whitelist_users", "mysql_firewall_whitelist_rules",
                              "mysql_firewall_whitelist_sqli_fingerprints", "scheduler", "restapi_routes",
                              "proxysql_servers", "coredump_filters"}) {
      run(std::string("DELETE FROM ") + table);
    }
    for (const char* module : {"MYSQL SERVERS", "MYSQL QUERY RULES", "MYSQL USERS", "MYSQL FIREWALL", "SCHEDULER",
                               "RESTAPI", "PROXYSQL SERVERS", "COREDUMP"}) {
      run(std::string("LOAD ") + module + " TO RUNTIME");
    }
  }

  static inline std::unique_ptr<ProxySqlServer> shared_server;
};

TEST_F(Conformance, RunsOnlyTheFirstStatementOfAString) {
  run("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'); INSERT INTO mysql_servers(hostname) VALUES "
      "('b')");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"a"}}));
  EXPECT_TRUE(run("DELETE FROM mysql_servers; SELECT 1").columns.empty());
}

TEST_F(Conformance, HasNoTransactions) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "BEGIN", "DELETE FROM mysql_servers", "ROLLBACK"});
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
  run_all({"START TRANSACTION", "COMMIT", "SET NAMES utf8", "SET AUTOCOMMIT=1", "SET character_set_results = NULL",
           "USE main"});
}

TEST_F(Conformance, RefusesAStatementAsAWhole) {
  expect_error("REPLACE INTO mysql_servers(hostname,port) VALUES ('good',1),('bad',999999)",
               "ProxySQL Admin Error: CHECK constraint failed: port >= 0 AND port <= 65535");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
}

TEST_F(Conformance, TakesAndGivesMoreThan16MiB) {
  std::string sql = "INSERT INTO mysql_servers(hostname,comment) VALUES ";
  const std::string comment(1U << 20, 'x');
  for (int i = 0; i < 17; ++i) sql += (i == 0 ? "('h" : ",('h") + std::to_string(i) + "','" + comment + "')";
  run(sql);
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE LENGTH(comment)=1048576"), "17");
  EXPECT_EQ(value("SELECT GROUP_CONCAT(comment,'') FROM mysql_servers").size(), 17U << 20);
  // Not a packet of exactly 16 MiB less one, which an empty one follows: the original does not survive that.
  const std::string head = "SELECT LENGTH('";
  const std::string tail = "')";
  for (const std::size_t size : {std::size_t{0xfffffe}, std::size_t{0x1000000}}) {
    const std::size_t length = size - 1 - head.size() - tail.size();
    EXPECT_EQ(value(std::string(head).append(length, 'y').append(tail)), std::to_string(length));
  }
}

TEST_F(Conformance, ComparesRowValuesAndQuotedNumbers) {
  run("INSERT INTO mysql_servers(hostgroup_id,hostname,port) VALUES (0,'a',1),(0,'b',1)");
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE (hostgroup_id,hostname,port) IN (VALUES ('0','a','1'))"),
            "1");
  run("DELETE FROM mysql_servers WHERE (hostgroup_id,hostname,port) NOT IN (VALUES (0,'b',1),(0,'c',1))");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"b"}}));
}

TEST_F(Conformance, TakesAThousandTermsInAnExpression) {
  const auto chain = [](int terms) {
    std::string sql = "SELECT COUNT(*) FROM mysql_servers WHERE port=0";
    for (int i = 1; i < terms; ++i) sql += " OR port=" + std::to_string(i);
    return sql;
  };
  EXPECT_EQ(value(chain(990)), "0");
  expect_error(chain(1100), "ProxySQL Admin Error: Expression tree is too large (maximum depth 1000)");
}

TEST_F(Conformance, EndsAStatementAtANulByte) {
  const std::string with_nul = "INSERT INTO mysql_servers(hostname) VALUES ('a" + std::string(1, '\0') + "b')";
  EXPECT_NE(error_of(with_nul).find("ProxySQL Admin Error: unrecognized token"), std::string::npos);
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
}

TEST_F(Conformance, KeepsEveryOtherByte) {
  run("INSERT INTO mysql_servers(hostname,comment) VALUES ('h','it''s \"x\" \\n \\'' \t\n \xf0\x9f\x90\xac é')");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(value("SELECT comment FROM runtime_mysql_servers"), "it's \"x\" \\n \\' \t\n \xf0\x9f\x90\xac é");
}

TEST_F(Conformance, KeepsNullAndEmptyApart) {
  run("INSERT INTO mysql_query_rules(rule_id,active,match_pattern,replace_pattern) VALUES "
      "(1,1,'a',''),(2,1,NULL,NULL)");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(rows("SELECT match_pattern, replace_pattern FROM runtime_mysql_query_rules ORDER BY rule_id"),
            (Rows{{"a", ""}, {std::nullopt, std::nullopt}}));
}

TEST_F(Conformance, TakesDoubleQuotesForAStringWhereNoColumnIsNamedSo) {
  EXPECT_EQ(value("SELECT \"nosuchcolumn\""), "nosuchcolumn");
}

TEST_F(Conformance, ListsTablesAndColumns) {
  EXPECT_EQ(value("SELECT COUNT(*) FROM sqlite_master WHERE type='table' AND name IN "
                  "('mysql_servers','runtime_mysql_servers','global_variables','runtime_checksums_values')"),
            "4");
  EXPECT_EQ(value("SELECT COUNT(*) FROM sqlite_master WHERE type='table' AND name='pgsql_servers'"), "0");
  const Result info = run("PRAGMA table_info(mysql_users)");
  EXPECT_EQ(info.columns, (std::vector<std::string>{"cid", "name", "type", "notnull", "dflt_value", "pk"}));
  ASSERT_EQ(info.rows.size(), 14U);
  EXPECT_EQ(info.rows[0], (Row{"0", "username", "VARCHAR", "1", std::nullopt, "1"}));
  EXPECT_EQ(info.rows[9], (Row{"9", "backend", "INT", "1", "1", "2"}));
  EXPECT_EQ(info.rows[12], (Row{"12", "attributes", "VARCHAR", "1", "''", "0"}));
  EXPECT_EQ(rows("PRAGMA table_info(nosuchtable)"), Rows{});
  EXPECT_EQ(value("SELECT COUNT(*) FROM disk.mysql_servers"), "0");
}

TEST_F(Conformance, EnforcesConstraints) {
  const std::string check = "ProxySQL Admin Error: CHECK constraint failed: ";
  const struct {
    std::string sql;
    std::string error;
  } cases[] = {
      {"INSERT INTO mysql_servers(hostname,status) VALUES ('a','up')",
       check + "UPPER(status) IN ('ONLINE','SHUNNED','OFFLINE_SOFT', 'OFFLINE_HARD')"},
      {"INSERT INTO mysql_servers(hostname) VALUES (NULL)",
       "ProxySQL Admin Error: NOT NULL constraint failed: mysql_servers.hostname"},
      {"INSERT INTO mysql_query_rules(cache_ttl) VALUES (0)", check + "cache_ttl > 0"},
      {"INSERT INTO mysql_query_rules(flagIN) VALUES (-1)", check + "flagIN >= 0"},
      {"INSERT INTO mysql_query_rules(replace_pattern) VALUES ('x')",
       check + "CASE WHEN replace_pattern IS NULL THEN 1 WHEN replace_pattern IS NOT NULL AND match_pattern IS NOT "
               "NULL THEN 1 ELSE 0 END"},
      {"INSERT INTO mysql_users(username,attributes) VALUES ('u','{')",
       check + "JSON_VALID(attributes) OR attributes = ''"},
      {"INSERT INTO mysql_users(username,active) VALUES ('u',2)", check + "active IN (0,1)"},
      {"INSERT INTO mysql_hostgroup_attributes(hostgroup_id,servers_defaults) VALUES (1,'no')",
       check + "JSON_VALID(servers_defaults) OR servers_defaults = ''"},
      {"INSERT INTO mysql_aws_aurora_hostgroups(writer_hostgroup,reader_hostgroup,domain_name) VALUES (1,2,'x')",
       check + "SUBSTR(domain_name,1,1) = '.'"},
      {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,9),(2,9)",
       "ProxySQL Admin Error: UNIQUE constraint failed: mysql_replication_hostgroups.reader_hostgroup"},
      {"INSERT INTO nosuchtable VALUES (1)", "ProxySQL Admin Error: no such table: nosuchtable"},
  };
  for (const auto& [sql, error] : cases) {
    // The session's message holds no literal of a statement, so only the text before the first is compared.
    const std::string plain = error.substr(0, error.find('\''));
    EXPECT_NE(error_of(sql).find(plain), std::string::npos) << sql << "\nfailed with: " << error_of(sql);
  }
}

TEST_F(Conformance, ReplaceRemovesARowOfAnotherKey) {
  run("INSERT INTO mysql_users(username,backend,frontend) VALUES ('u',1,1)");
  run("REPLACE INTO mysql_users(username,backend,frontend) VALUES ('u',0,1)");
  EXPECT_EQ(rows("SELECT backend, frontend FROM mysql_users"), (Rows{{"0", "1"}}));
}

TEST_F(Conformance, AnswersASyntaxErrorToAnUnknownLoad) {
  for (const char* words : {"PGSQL SERVERS", "LDAP VARIABLES"}) {
    expect_error(std::string("LOAD ") + words + " TO RUNTIME", "ProxySQL Admin Error: near \"LOAD\": syntax error");
  }
  expect_error("SAVE COREDUMP TO DISK", "ProxySQL Admin Error: near \"SAVE\": syntax error");
}

TEST_F(Conformance, MatchesCommandsInAnyCaseAndSpacing) {
  int port = 1;
  for (const char* load : {"load mysql servers to runtime", "LOAD MYSQL SERVERS TO RUN",
                           " LOAD  MYSQL\tSERVERS FROM "
                           "MEMORY ; ",
                           "LOAD MYSQL SERVERS FROM MEM;"}) {
    const std::string number = std::to_string(++port);
    run("REPLACE INTO mysql_servers(hostname,port) VALUES ('a'," + number + ')');
    run(load);
    EXPECT_EQ(value("SELECT COUNT(*) FROM runtime_mysql_servers WHERE port=" + number), "1") << load;
  }
}

TEST_F(Conformance, UppercasesStatusAndDropsOfflineHardAtRuntime) {
  run("INSERT INTO mysql_servers(hostname,status) VALUES ('a','online'),('b','OFFLINE_HARD'),('c','offline_soft')");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(rows("SELECT hostname, status FROM runtime_mysql_servers ORDER BY hostname"),
            (Rows{{"a", "ONLINE"}, {"c", "OFFLINE_SOFT"}}));
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE status='online'"), "1");
}

TEST_F(Conformance, KeepsInactiveRulesAndUsersFromRuntime) {
  run_all({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,0),(2,1)", "LOAD MYSQL QUERY RULES TO RUNTIME",
           "INSERT INTO mysql_users(username,active) VALUES ('off',0),('on',1)", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT rule_id FROM runtime_mysql_query_rules"), (Rows{{"2"}}));
  EXPECT_EQ(rows("SELECT DISTINCT username FROM runtime_mysql_users"), (Rows{{"on"}}));
}

TEST_F(Conformance, PadsDigestsAtRuntime) {
  run("INSERT INTO mysql_query_rules(rule_id,active,digest) VALUES (1,1,'0x1234ABCD')");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(value("SELECT digest FROM runtime_mysql_query_rules"), "0x000000001234ABCD");
  EXPECT_EQ(value("SELECT digest FROM mysql_query_rules"), "0x1234ABCD");
}

TEST_F(Conformance, SkipsRulesWithAWildcardInsideTheClientAddress) {
  run("INSERT INTO mysql_query_rules(rule_id,active,client_addr) VALUES (1,1,'10.%.1'),(2,1,'10.%'),(3,1,'10.0.0.1')");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(rows("SELECT rule_id FROM runtime_mysql_query_rules ORDER BY rule_id"), (Rows{{"2"}, {"3"}}));
}

TEST_F(Conformance, SkipsHostgroupsWhoseWriterIsAnotherRowsReader) {
  run("INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(2,3)");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(rows("SELECT writer_hostgroup FROM runtime_mysql_replication_hostgroups"), (Rows{{"1"}}));
}

TEST_F(Conformance, ShowsAUserAsTwoRowsAtRuntime) {
  run_all({"INSERT INTO mysql_users(username,password) VALUES ('u','p')", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT username,frontend,backend,default_schema FROM runtime_mysql_users ORDER BY backend"),
            (Rows{{"u", "1", "0", ""}, {"u", "0", "1", ""}}));
  EXPECT_EQ(rows("SELECT frontend,backend,default_schema FROM mysql_users"), (Rows{{"1", "1", std::nullopt}}));
}

TEST_F(Conformance, LeavesDoubledUsersInMemoryWhenSavedFromRuntime) {
  run_all({"INSERT INTO mysql_users(username) VALUES ('u')", "LOAD MYSQL USERS TO RUNTIME",
           "INSERT INTO mysql_users(username) VALUES ('v')", "SAVE MYSQL USERS FROM RUNTIME"});
  EXPECT_EQ(rows("SELECT username,active,frontend,backend FROM mysql_users ORDER BY username,backend"),
            (Rows{{"u", "1", "1", "0"}, {"u", "1", "0", "1"}, {"v", "0", "1", "1"}}));
}

TEST_F(Conformance, LosesInactiveRulesWhenSavedFromRuntime) {
  run_all({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,0),(2,1)", "LOAD MYSQL QUERY RULES TO RUNTIME",
           "SAVE MYSQL QUERY RULES TO MEMORY"});
  EXPECT_EQ(rows("SELECT rule_id FROM mysql_query_rules"), (Rows{{"2"}}));
}

TEST_F(Conformance, SavesTheSchedulerInPlaceOfTheRestApi) {
  run_all({"INSERT INTO restapi_routes(timeout_ms,method,uri,script) VALUES (1000,'GET','u','/bin/true')",
           "LOAD RESTAPI TO RUNTIME", "DELETE FROM restapi_routes", "SAVE RESTAPI FROM RUNTIME"});
  EXPECT_EQ(rows("SELECT uri FROM runtime_restapi_routes"), (Rows{{"u"}}));
  EXPECT_EQ(rows("SELECT uri FROM restapi_routes"), Rows{});
}

TEST_F(Conformance, LoadsTheOtherTablesUnchanged) {
  const struct {
    std::string module;
    std::string table;
    std::string values;
  } cases[] = {
      {"MYSQL SERVERS", "mysql_galera_hostgroups", "(1,2,3,4,1,1,0,0,NULL)"},
      {"MYSQL SERVERS", "mysql_hostgroup_attributes", "(1,5,-1,10,'',1,0,100,'','{\"a\":1}','','c')"},
      {"MYSQL SERVERS", "mysql_servers_ssl_params", "('h',3306,'','ca','','','','','','','','c')"},
      {"MYSQL QUERY RULES", "mysql_query_rules_fast_routing", "('u','s',0,1,'c')"},
      {"MYSQL FIREWALL", "mysql_firewall_whitelist_users", "(1,'u','','DETECTING','c')"},
      {"MYSQL FIREWALL", "mysql_firewall_whitelist_rules", "(1,'u','','s',0,'0x1','c')"},
      {"MYSQL FIREWALL", "mysql_firewall_whitelist_sqli_fingerprints", "(1,'f')"},
      {"SCHEDULER", "scheduler", "(1,0,1000,'/bin/true','a',NULL,'',NULL,NULL,'c')"},
      {"RESTAPI", "restapi_routes", "(1,0,1000,'GET','u','/bin/true','c')"},
      {"PROXYSQL SERVERS", "proxysql_servers", "('127.0.0.1',1,0,'c')"},
  };
  for (const auto& [module, table, values] : cases) {
    SCOPED_TRACE(table);
    run(std::string("INSERT INTO ").append(table).append(" VALUES ").append(values));
    run(std::string("LOAD ").append(module).append(" TO RUNTIME"));
    EXPECT_EQ(rows("SELECT * FROM runtime_" + table), rows("SELECT * FROM " + table));
    EXPECT_EQ(rows("SELECT * FROM runtime_" + table).size(), 1U);
  }
}

TEST_F(Conformance, PutsBackInvalidVariablesAndDeletesUnknownOnes) {
  const std::string before = memory_variable("mysql-max_connections");
  run_all({"SET mysql-max_connections='abc'", "SET mysql-multiplexing='maybe'",
           "INSERT INTO global_variables VALUES ('mysql-nosuchvar','1')"});
  EXPECT_EQ(memory_variable("mysql-max_connections"), "abc");
  run("LOAD MYSQL VARIABLES TO RUNTIME");
  EXPECT_EQ(memory_variable("mysql-max_connections"), before);
  EXPECT_EQ(memory_variable("mysql-multiplexing"), "true");
  EXPECT_EQ(value("SELECT COUNT(*) FROM global_variables WHERE variable_name='mysql-nosuchvar'"), "0");
}

TEST_F(Conformance, RevertsVariablesThatAreFixedAtTheStart) {
  for (const std::string name : {"mysql-threads", "mysql-interfaces", "admin-version"}) {
    SCOPED_TRACE(name);
    const std::string before = memory_variable(name);
    run("UPDATE global_variables SET variable_value='9' WHERE variable_name='" + name + "'");
    run(name.starts_with("admin") ? "LOAD ADMIN VARIABLES TO RUNTIME" : "LOAD MYSQL VARIABLES TO RUNTIME");
    EXPECT_EQ(memory_variable(name), before);
  }
}

TEST_F(Conformance, SetsMemoryAloneAndTakesUnknownNamesForOk) {
  const auto at_runtime = [this] {
    return value("SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysql-long_query_time'");
  };
  run_all({"SET mysql-long_query_time=1000", "LOAD MYSQL VARIABLES TO RUNTIME", "SET mysql-long_query_time='1234'"});
  EXPECT_EQ(memory_variable("mysql-long_query_time"), "1234");
  EXPECT_EQ(at_runtime(), "1000");
  run("LOAD MYSQL VARIABLES TO RUNTIME");
  EXPECT_EQ(at_runtime(), "1234");
  run_all({"SET mysql-nosuchvar='1'", "SAVE MYSQL VARIABLES FROM RUNTIME"});
  EXPECT_EQ(memory_variable("admin-telnet_admin_ifaces"), "(null)");
}

TEST_F(Conformance, CountsLoadsInRuntimeChecksums) {
  const auto version = [this](const std::string& name) {
    return std::stoi(value("SELECT version FROM runtime_checksums_values WHERE name='" + name + "'"));
  };
  const struct {
    const char* name;
    const char* module;
  } cases[] = {{"mysql_servers", "MYSQL SERVERS"},         {"mysql_servers_v2", "MYSQL SERVERS"},
               {"mysql_query_rules", "MYSQL QUERY RULES"}, {"mysql_users", "MYSQL USERS"},
               {"mysql_variables", "MYSQL VARIABLES"},     {"admin_variables", "ADMIN VARIABLES"},
               {"proxysql_servers", "PROXYSQL SERVERS"}};
  for (const auto& [name, module] : cases) {
    const int before = version(name);
    run(std::string("LOAD ") + module + " TO RUNTIME");
    EXPECT_GT(version(name), before) << name;
  }
  const std::string checksum = "SELECT checksum FROM runtime_checksums_values WHERE name='mysql_query_rules'";
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  const std::string empty = value(checksum);
  run_all({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_NE(value(checksum), empty);
}

TEST_F(Conformance, SavesToDiskAndLoadsFromIt) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "SAVE MYSQL SERVERS TO DISK"});
  EXPECT_EQ(rows("SELECT hostname FROM disk.mysql_servers"), (Rows{{"a"}}));
  run("DELETE FROM mysql_servers");
  run("LOAD MYSQL SERVERS FROM DISK");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"a"}}));
  EXPECT_EQ(rows("SELECT hostname FROM runtime_mysql_servers"), Rows{});
  run_all({"DELETE FROM mysql_servers", "SAVE MYSQL SERVERS FROM MEMORY"});
  EXPECT_EQ(rows("SELECT hostname FROM disk.mysql_servers"), Rows{});
}

TEST_F(Conformance, ComesBackWithWhatDiskHolds) {
  ProxySqlServer other;
  other.query("INSERT INTO mysql_servers(hostname) VALUES ('kept')");
  other.query("SAVE MYSQL SERVERS TO DISK");
  other.query("INSERT INTO mysql_servers(hostname) VALUES ('forgotten')");
  other.stop();
  other.start();
  EXPECT_EQ(other.query("SELECT hostname FROM runtime_mysql_servers").rows, (Rows{{"kept"}}));
}

TEST_F(Conformance, StillLoadsAndSavesInReadOnlyMode) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "PROXYSQL READONLY"});
  expect_error("DELETE FROM mysql_servers", "ProxySQL Admin Error: attempt to write a readonly database");
  run_all({"LOAD MYSQL SERVERS TO RUNTIME", "PROXYSQL READWRITE"});
  EXPECT_EQ(rows("SELECT hostname FROM runtime_mysql_servers"), (Rows{{"a"}}));
}

TEST_F(Conformance, TellsItsVersion) {
  const std::string version = value("SELECT @@version");
  EXPECT_TRUE(version.starts_with("2.7.")) << version;
  EXPECT_EQ(value("SELECT version()"), version);
  EXPECT_EQ(value("SELECT @@version_comment LIMIT 1"), "(ProxySQL Admin Module)");
}

TEST_F(Conformance, RefusesAWrongPassword) {
  AdminOptions wrong = server().admin();
  wrong.password = "wrong";
  try {
    open_admin_session(wrong);
    FAIL() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(dynamic_cast<const Unavailable*>(&error), nullptr);
    EXPECT_NE(std::string(error.what()).find("Access denied for user"), std::string::npos) << error.what();
  }
}

TEST_F(Conformance, ShowsNoConfigurationToAStatsUser) {
  AdminOptions stats = server().admin();
  stats.username = "stats";
  stats.password = "stats";
  const auto session = open_admin_session(stats);
  EXPECT_THROW(session->query("SELECT * FROM mysql_servers"), Error);
  EXPECT_THROW(session->query("LOAD MYSQL SERVERS TO RUNTIME"), Error);
}

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
