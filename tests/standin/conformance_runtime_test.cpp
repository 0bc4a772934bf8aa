// What proxysql-consul relies on in ProxySQL's admin interface, stated quirk by quirk: what LOAD and SAVE make of rows,
// and how ProxySQL tells that they were run. Runs where conformance_test.cpp does.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "standin/conformance_fixture.h"

namespace proxysql_consul::testing {
namespace {

TEST_P(Conformance, UppercasesStatusAndDropsOfflineHardAtRuntime) {
  run("INSERT INTO mysql_servers(hostname,status) VALUES ('a','online'),('b','OFFLINE_HARD'),('c','offline_soft')");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(rows("SELECT hostname, status FROM runtime_mysql_servers ORDER BY hostname"),
            (Rows{{"a", "ONLINE"}, {"c", "OFFLINE_SOFT"}}));
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE status='online'"), "1");
}

TEST_P(Conformance, KeepsInactiveRulesAndUsersFromRuntime) {
  run_all({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,0),(2,1)", "LOAD MYSQL QUERY RULES TO RUNTIME",
           "INSERT INTO mysql_users(username,active) VALUES ('off',0),('on',1)", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT rule_id FROM runtime_mysql_query_rules"), (Rows{{"2"}}));
  EXPECT_EQ(rows("SELECT DISTINCT username FROM runtime_mysql_users"), (Rows{{"on"}}));
}

TEST_P(Conformance, PadsDigestsAtRuntime) {
  run("INSERT INTO mysql_query_rules(rule_id,active,digest) VALUES (1,1,'0x1234ABCD')");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(value("SELECT digest FROM runtime_mysql_query_rules"), "0x000000001234ABCD");
  EXPECT_EQ(value("SELECT digest FROM mysql_query_rules"), "0x1234ABCD");
}

TEST_P(Conformance, SkipsRulesWithAWildcardInsideTheClientAddress) {
  run("INSERT INTO mysql_query_rules(rule_id,active,client_addr) VALUES (1,1,'10.%.1'),(2,1,'10.%'),(3,1,'10.0.0.1')");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(rows("SELECT rule_id FROM runtime_mysql_query_rules ORDER BY rule_id"), (Rows{{"2"}, {"3"}}));
}

TEST_P(Conformance, SkipsHostgroupsWhoseWriterIsAnotherRowsReader) {
  run("INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(2,3)");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(rows("SELECT writer_hostgroup FROM runtime_mysql_replication_hostgroups"), (Rows{{"1"}}));
}

TEST_P(Conformance, ShowsAUserAsTwoRowsAtRuntime) {
  run_all({"INSERT INTO mysql_users(username,password) VALUES ('u','p')", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT username,frontend,backend,default_schema FROM runtime_mysql_users ORDER BY backend"),
            (Rows{{"u", "1", "0", ""}, {"u", "0", "1", ""}}));
  EXPECT_EQ(rows("SELECT frontend,backend,default_schema FROM mysql_users"), (Rows{{"1", "1", std::nullopt}}));
}

TEST_P(Conformance, LeavesDoubledUsersInMemoryWhenSavedFromRuntime) {
  run_all({"INSERT INTO mysql_users(username) VALUES ('u')", "LOAD MYSQL USERS TO RUNTIME",
           "INSERT INTO mysql_users(username) VALUES ('v')", "SAVE MYSQL USERS FROM RUNTIME"});
  EXPECT_EQ(rows("SELECT username,active,frontend,backend FROM mysql_users ORDER BY username,backend"),
            (Rows{{"u", "1", "1", "0"}, {"u", "1", "0", "1"}, {"v", "0", "1", "1"}}));
}

TEST_P(Conformance, LosesInactiveRulesWhenSavedFromRuntime) {
  run_all({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,0),(2,1)", "LOAD MYSQL QUERY RULES TO RUNTIME",
           "SAVE MYSQL QUERY RULES TO MEMORY"});
  EXPECT_EQ(rows("SELECT rule_id FROM mysql_query_rules"), (Rows{{"2"}}));
}

TEST_P(Conformance, SavesTheSchedulerInPlaceOfTheRestApi) {
  run_all({"INSERT INTO restapi_routes(timeout_ms,method,uri,script) VALUES (1000,'GET','u','/bin/true')",
           "LOAD RESTAPI TO RUNTIME", "DELETE FROM restapi_routes", "SAVE RESTAPI FROM RUNTIME"});
  EXPECT_EQ(rows("SELECT uri FROM runtime_restapi_routes"), (Rows{{"u"}}));
  EXPECT_EQ(rows("SELECT uri FROM restapi_routes"), Rows{});
}

TEST_P(Conformance, LoadsTheOtherTablesUnchanged) {
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
      {"SCHEDULER", "scheduler", "(1,0,1000,'/bin/true','a','',NULL,NULL,NULL,'c')"},
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

TEST_P(Conformance, PutsBackInvalidVariablesAndDeletesUnknownOnes) {
  const std::string before = memory_variable("mysql-max_connections");
  run_all({"SET mysql-max_connections='abc'", "SET mysql-multiplexing='maybe'",
           "INSERT INTO global_variables VALUES ('mysql-nosuchvar','1')"});
  EXPECT_EQ(memory_variable("mysql-max_connections"), "abc");
  run("LOAD MYSQL VARIABLES TO RUNTIME");
  EXPECT_EQ(memory_variable("mysql-max_connections"), before);
  EXPECT_EQ(memory_variable("mysql-multiplexing"), "true");
  EXPECT_EQ(value("SELECT COUNT(*) FROM global_variables WHERE variable_name='mysql-nosuchvar'"), "0");
}

TEST_P(Conformance, RevertsVariablesThatAreFixedAtTheStart) {
  for (const std::string name : {"mysql-threads", "mysql-interfaces", "admin-version"}) {
    SCOPED_TRACE(name);
    const std::string before = memory_variable(name);
    run("UPDATE global_variables SET variable_value='9' WHERE variable_name='" + name + "'");
    run(name.starts_with("admin") ? "LOAD ADMIN VARIABLES TO RUNTIME" : "LOAD MYSQL VARIABLES TO RUNTIME");
    EXPECT_EQ(memory_variable(name), before);
  }
}

TEST_P(Conformance, SetsMemoryAloneAndTakesUnknownNamesForOk) {
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

TEST_P(Conformance, CountsLoadsInRuntimeChecksums) {
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

TEST_P(Conformance, DropsASchedulersArgumentsAfterOneThatIsNull) {
  run_all({"INSERT INTO scheduler VALUES (1,1,100000000,'/bin/true','a',NULL,'','d',NULL,'')",
           "LOAD SCHEDULER TO RUNTIME"});
  EXPECT_EQ(rows("SELECT arg1,arg2,arg3,arg4,arg5 FROM runtime_scheduler"),
            (Rows{{"a", std::nullopt, std::nullopt, std::nullopt, std::nullopt}}));
}

TEST_P(Conformance, LeavesOutUsersOfANegativeHostgroup) {
  run_all({"INSERT INTO mysql_users(username,default_hostgroup) VALUES ('u',-1)", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT username FROM runtime_mysql_users"), Rows{});
}

TEST_P(Conformance, TellsPeersWhatTheLastLoadBroughtIn) {
  run_all(
      {"INSERT INTO mysql_servers(hostgroup_id,hostname,status) VALUES "
       "(2,'b','online'),(1,'a','SHUNNED'),(3,'c','OFFLINE_HARD')",
       "LOAD MYSQL SERVERS TO RUNTIME", "UPDATE mysql_servers SET hostname=hostname||'2'"});
  const QueryResult servers = run(std::string(servers_as_loaded));
  EXPECT_EQ(servers.columns, (std::vector<std::string>{"hostgroup_id", "hostname", "port", "gtid_port", "status",
                                                       "weight", "compression", "max_connections",
                                                       "max_replication_lag", "use_ssl", "max_latency_ms", "comment"}));
  EXPECT_EQ(servers.rows, (Rows{{"1", "a", "3306", "0", "ONLINE", "1", "0", "1000", "0", "0", "0", ""},
                                {"2", "b", "3306", "0", "online", "1", "0", "1000", "0", "0", "0", ""}}));
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(run(std::string(servers_as_loaded)).rows.at(0).at(1), "a2");
}

TEST_P(Conformance, TellsPeersOfRulesAsTheyWereWritten) {
  run_all(
      {"INSERT INTO mysql_query_rules(rule_id,active,client_addr,digest) VALUES "
       "(3,1,NULL,'0x1234ABCD'),(2,0,NULL,NULL),(1,1,'10.0.%.1',NULL)",
       "INSERT INTO mysql_query_rules_fast_routing VALUES ('u','s',0,1,'c'),('a','s',0,1,'')",
       "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(rows("SELECT rule_id,digest FROM runtime_mysql_query_rules"), (Rows{{"3", "0x000000001234ABCD"}}));
  const QueryResult rules = run(std::string(rules_as_loaded));
  const auto& names = rules.columns;
  EXPECT_EQ(std::find(names.begin(), names.end(), "active"), names.end());
  ASSERT_EQ(names.size(), 34U);
  EXPECT_EQ(names.at(7), "digest");
  // What runtime does not take is told all the same: so a rule that is missing there does not show here.
  ASSERT_EQ(rules.rows.size(), 2U);
  EXPECT_EQ(rules.rows[0][0], "1");
  EXPECT_EQ(rules.rows[1][0], "3");
  EXPECT_EQ(rules.rows[1][7], "0x1234ABCD");
  EXPECT_EQ(rows("SELECT rule_id FROM stats_mysql_query_rules"), (Rows{{"3"}})) << "here it does";
  EXPECT_EQ(rows("PROXY_SELECT username, schemaname, flagIN, destination_hostgroup, comment FROM "
                 "runtime_mysql_query_rules_fast_routing ORDER BY username, schemaname, flagIN"),
            (Rows{{"a", "s", "0", "1", ""}, {"u", "s", "0", "1", "c"}}));
}

TEST_P(Conformance, ShowsTheModifiersOfARuleFromWhatItUnderstood) {
  run_all(
      {"INSERT INTO mysql_query_rules(rule_id,active,re_modifiers) VALUES (1,1,'CASELESS'),(2,1,NULL),(3,1,''),"
       "(4,1,'global,caseless'),(5,1,'Global'),(6,1,'other')",
       "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(rows("SELECT re_modifiers FROM runtime_mysql_query_rules ORDER BY rule_id"),
            (Rows{{"CASELESS"}, {""}, {""}, {"CASELESS,GLOBAL"}, {"GLOBAL"}, {""}}));
}

TEST_P(Conformance, TellsPeersOfAUserInOneRow) {
  run_all({"INSERT INTO mysql_users(username,password,active) VALUES ('u',NULL,1),('off','p',0)",
           "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("PROXY_SELECT username, password, use_ssl, default_hostgroup, default_schema, schema_locked, "
                 "transaction_persistent, fast_forward, backend, frontend, max_connections, attributes, comment FROM "
                 "runtime_mysql_users"),
            (Rows{{"u", "", "0", "0", "", "0", "1", "0", "1", "1", "10000", "", ""}}));
}

TEST_P(Conformance, KeepsTheChecksumOfEqualContent) {
  const auto of = [this](const std::string& name) {
    return rows("SELECT version,checksum FROM runtime_checksums_values WHERE name='" + name + "'").at(0).copy();
  };
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "LOAD MYSQL SERVERS TO RUNTIME"});
  const Row before = of("mysql_servers_v2");
  const Row others = of("mysql_users");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(of("mysql_servers_v2").at(0), std::to_string(std::stoi(before.at(0).value()) + 1));
  EXPECT_EQ(of("mysql_servers_v2").at(1), before.at(1));
  EXPECT_EQ(of("mysql_users"), others);
  // The row mysql_servers covers the servers alone, the other one all tables.
  const Row servers = of("mysql_servers");
  run_all({"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)",
           "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(of("mysql_servers").at(1), servers.at(1));
  EXPECT_NE(of("mysql_servers_v2").at(1), before.at(1));
}

TEST_P(Conformance, MovesItsGlobalChecksumWithLoadsThatHaveOne) {
  const auto global = [this] { return value("SELECT GLOBAL_CHECKSUM()"); };
  std::string before = global();
  for (const char* module : {"SCHEDULER", "MYSQL FIREWALL"}) {
    run(std::string("LOAD ") + module + " TO RUNTIME");
    EXPECT_EQ(global(), before) << module;
  }
  for (const char* module : {"MYSQL SERVERS", "MYSQL USERS", "MYSQL QUERY RULES", "MYSQL VARIABLES"}) {
    run(std::string("LOAD ") + module + " TO RUNTIME");
    EXPECT_NE(global(), before) << module;
    before = global();
  }
}

TEST_P(Conformance, CountsLoadsOfServersInItsStatistics) {
  const auto loads = [this] { return std::stoi(of_global("Servers_table_version")); };
  EXPECT_GE(std::stoi(of_global("ProxySQL_Uptime")), 0);
  const int before = loads();
  run_all({"LOAD MYSQL USERS TO RUNTIME", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(loads(), before);
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(loads(), before + 1);
}

TEST_P(Conformance, RestartsItselfWithinItsProcess) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('kept')", "SAVE MYSQL SERVERS TO DISK",
           "INSERT INTO mysql_servers(hostname) VALUES ('loaded')", "LOAD MYSQL SERVERS TO RUNTIME",
           "LOAD MYSQL SERVERS TO RUNTIME"});
  const std::string all_versions = "SELECT name,version FROM runtime_checksums_values WHERE version>0 ORDER BY name";
  Rows versions = rows(all_versions);
  const int uptime = std::stoi(of_global("ProxySQL_Uptime"));
  const auto now = value("SELECT strftime('%s','now')");
  EXPECT_THROW(run("PROXYSQL RESTART"), Unavailable);
  server().await();
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"kept"}}));
  EXPECT_EQ(rows("SELECT hostname FROM runtime_mysql_servers"), (Rows{{"kept"}}));
  EXPECT_GE(std::stoi(of_global("ProxySQL_Uptime")), uptime);
  EXPECT_EQ(of_global("Servers_table_version"), "1");
  versions.edit([](const RowView&) { return true; },
                [](Row& row) { row.at(1) = std::to_string(std::stoi(row.at(1).value()) + 1); });
  EXPECT_EQ(rows(all_versions), versions);
  EXPECT_EQ(rows("SELECT DISTINCT epoch>=" + now + " FROM runtime_checksums_values WHERE version>0"), (Rows{{"1"}}));
  run_all({"DELETE FROM mysql_servers", "SAVE MYSQL SERVERS TO DISK"});
}

TEST_P(Conformance, LoadsPostgresFrom30On) {
  const struct {
    std::string module;
    std::string table;
    std::string values;
  } cases[] = {
      {"PGSQL SERVERS", "pgsql_servers", "(1,'h',5432,'ONLINE',1,0,1000,0,0,0,'c')"},
      {"PGSQL SERVERS", "pgsql_replication_hostgroups", "(1,2,'read_only','c')"},
      {"PGSQL SERVERS", "pgsql_hostgroup_attributes", "(1,5,-1,10,'',1,0,100,'','{\"a\":1}','','c')"},
      {"PGSQL QUERY RULES", "pgsql_query_rules_fast_routing", "('u','d',0,1,'c')"},
      {"PGSQL FIREWALL", "pgsql_firewall_whitelist_users", "(1,'u','','DETECTING','c')"},
      {"PGSQL FIREWALL", "pgsql_firewall_whitelist_rules", "(1,'u','','d',0,'0x1','c')"},
      {"PGSQL FIREWALL", "pgsql_firewall_whitelist_sqli_fingerprints", "(1,'f')"},
  };
  for (const auto& [module, table, values] : cases) {
    SCOPED_TRACE(table);
    const std::string load = "LOAD " + module + " TO RUNTIME";
    const std::string insert = "INSERT INTO " + table + " VALUES " + values;
    if (!is_3_0()) {
      expect_error(load, "ProxySQL Admin Error: near \"LOAD\": syntax error");
      EXPECT_NE(error_of(insert).find("ProxySQL Admin Error: no such table: " + table), std::string::npos);
      continue;
    }
    run_all({insert, load, "SAVE " + module + " TO DISK"});
    EXPECT_EQ(rows("SELECT * FROM runtime_" + table), rows("SELECT * FROM " + table));
    EXPECT_EQ(rows("SELECT * FROM disk." + table).size(), 1U);
    run_all({"DELETE FROM " + table, load, "SAVE " + module + " TO DISK"});
  }
}

TEST_P(Conformance, TreatsPostgresAsMySql) {
  const auto names = rows("SELECT name FROM runtime_checksums_values WHERE name LIKE 'pgsql%' ORDER BY name");
  if (!is_3_0()) {
    EXPECT_EQ(names, Rows{});
    EXPECT_EQ(value("SELECT COUNT(*) FROM global_variables WHERE variable_name LIKE '%pgsql%'"), "0");
    return;
  }
  EXPECT_EQ(names, (Rows{{"pgsql_query_rules"}, {"pgsql_servers"}, {"pgsql_users"}, {"pgsql_variables"}}));
  run_all({"INSERT INTO pgsql_query_rules(rule_id,active,digest) VALUES (1,0,NULL),(2,1,'0xAB')",
           "LOAD PGSQL QUERY RULES TO RUNTIME", "INSERT INTO pgsql_users(username) VALUES ('u')",
           "LOAD PGSQL USERS TO RUNTIME"});
  EXPECT_EQ(rows("SELECT rule_id,digest FROM runtime_pgsql_query_rules"), (Rows{{"2", "0x00000000000000AB"}}));
  EXPECT_EQ(rows("SELECT frontend,backend FROM runtime_pgsql_users ORDER BY backend"), (Rows{{"1", "0"}, {"0", "1"}}));
  for (const std::string name : {"pgsql-threads", "pgsql-interfaces"}) {
    const std::string before = memory_variable(name);
    run_all({"UPDATE global_variables SET variable_value='9' WHERE variable_name='" + name + "'",
             "LOAD PGSQL VARIABLES TO RUNTIME"});
    EXPECT_EQ(memory_variable(name), before);
  }
  run_all({"SET pgsql-max_connections=77", "LOAD PGSQL VARIABLES TO RUNTIME"});
  EXPECT_EQ(value("SELECT variable_value FROM runtime_global_variables WHERE variable_name='pgsql-max_connections'"),
            "77");
  EXPECT_EQ(value("SELECT version FROM runtime_checksums_values WHERE name='pgsql_variables'"), "0");
}

TEST_P(Conformance, SavesToDiskAndLoadsFromIt) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "SAVE MYSQL SERVERS TO DISK"});
  EXPECT_EQ(rows("SELECT hostname FROM disk.mysql_servers"), (Rows{{"a"}}));
  run("DELETE FROM mysql_servers");
  run("LOAD MYSQL SERVERS FROM DISK");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"a"}}));
  EXPECT_EQ(rows("SELECT hostname FROM runtime_mysql_servers"), Rows{});
  run_all({"DELETE FROM mysql_servers", "SAVE MYSQL SERVERS FROM MEMORY"});
  EXPECT_EQ(rows("SELECT hostname FROM disk.mysql_servers"), Rows{});
}

TEST_P(Conformance, ComesBackWithWhatDiskHolds) {
  ProxySqlServer other({.version = GetParam(), .exact = true});
  other.query("INSERT INTO mysql_servers(hostname) VALUES ('kept')");
  other.query("SAVE MYSQL SERVERS TO DISK");
  other.query("INSERT INTO mysql_servers(hostname) VALUES ('forgotten')");
  const auto now = std::string(*other.query("SELECT strftime('%s','now')").rows.at(0).at(0));
  other.stop();
  other.start();
  EXPECT_EQ(other.query("SELECT hostname FROM runtime_mysql_servers").rows, (Rows{{"kept"}}));
  EXPECT_EQ(other.query("SELECT DISTINCT version FROM runtime_checksums_values WHERE version>0").rows, (Rows{{"1"}}));
  EXPECT_EQ(other.query("SELECT DISTINCT epoch>=" + now + " FROM runtime_checksums_values WHERE version>0").rows,
            (Rows{{"1"}}));
  EXPECT_EQ(other
                .query("SELECT Variable_Value FROM stats.stats_mysql_global WHERE "
                       "Variable_Name='Servers_table_version'")
                .rows,
            (Rows{{"1"}}));
}

TEST_P(Conformance, StillLoadsAndSavesInReadOnlyMode) {
  EXPECT_EQ(rows("SHOW GLOBAL VARIABLES LIKE 'read_only'"), (Rows{{"read_only", "OFF"}}));
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "PROXYSQL READONLY"});
  EXPECT_EQ(rows("SHOW GLOBAL VARIABLES LIKE 'read_only'"), (Rows{{"read_only", "ON"}}));
  expect_error("DELETE FROM mysql_servers", "ProxySQL Admin Error: attempt to write a readonly database");
  run_all({"LOAD MYSQL SERVERS TO RUNTIME", "PROXYSQL READWRITE"});
  EXPECT_EQ(rows("SELECT hostname FROM runtime_mysql_servers"), (Rows{{"a"}}));
}

}  // namespace
}  // namespace proxysql_consul::testing
