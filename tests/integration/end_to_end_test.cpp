// The real program between a real Consul and ProxySQL (or its stand-in): what one node saves, and what arrives at
// another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "proxysql_consul/proxysql/sql.h"
#include "support/consul_agent.h"
#include "support/node_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;

TEST(EndToEnd, ASaveArrivesAtTheOtherNodesRuntimeMemoryAndDisk) {
  Node a;
  Node b;
  const Json watch = {{"watches",
                       {{{"type", "keyprefix"},
                         {"prefix", "proxysql/"},
                         {"args", {PROXYSQL_CONSUL_PATH, "--config-file", b.settings_file(), "update"}}}}}};
  ConsulAgent consul({.config = watch.dump()});
  a.connect_to(consul.http_port());
  b.connect_to(consul.http_port());
  a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  const auto saved = a.run({"save", "mysql_servers"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_TRUE(b.wait_until([&] { return b.state().find("\"outcome\": \"applied\"") != std::string::npos; }))
      << consul.log();
  EXPECT_THAT(a.rows(servers_at_runtime), SizeIs(1));
  EXPECT_EQ(a.rows(servers_at_runtime), b.rows(servers_at_runtime));
  EXPECT_EQ(count(b, "mysql_servers"), 1U);
  EXPECT_EQ(count(b, "disk.mysql_servers"), 1U);
  EXPECT_NE(a.uuid(), b.uuid());
}

TEST(EndToEnd, ANodeDoesNotApplyWhatItSavedItself) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  cluster.a.forget_statements();
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  for (const auto* node : {&cluster.a, &cluster.b}) {
    EXPECT_TRUE(node->wait_until([&] { return node->handled().size() == 2; }));
  }
  EXPECT_THAT(cluster.a.handled(), Each(0));
  EXPECT_THAT(cluster.b.handled(), Each(0)) << cluster.b.handler_output();
  EXPECT_EQ(count(cluster.b, "runtime_mysql_servers"), 1U);
  for (const auto* head : {"LOAD", "SAVE", "REPLACE", "DELETE"}) {
    EXPECT_THAT(cluster.a.statements(head), IsEmpty());
  }
  EXPECT_THAT(cluster.a.state(), HasSubstr(R"("outcome": "saved")"));
  EXPECT_THAT(cluster.b.state(), HasSubstr(R"("outcome": "applied")"));
}

TEST(EndToEnd, ChangesThatOneFiringOfTheWatchDeliversTogetherAllArrive) {
  Node a;
  Node b;
  b.put_gate();
  ConsulAgent consul({.config = b.watch_config()});
  a.connect_to(consul.http_port());
  b.connect_to(consul.http_port());
  // The first run, for the empty prefix, stands at the gate while both saves take place.
  ASSERT_TRUE(b.wait_until([&] { return b.begun() == 1; }));
  a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  Process servers(a.command({"save", "mysql_servers"}));
  Process rules(a.command({"save", "mysql_query_rules"}));
  EXPECT_EQ(servers.wait().exit_code, 0);
  EXPECT_EQ(rules.wait().exit_code, 0);
  b.open_gate();
  ASSERT_TRUE(b.wait_until([&] { return b.begun() == 2; }));
  b.open_gate();
  EXPECT_TRUE(b.wait_until([&] { return b.handled().size() == 2; }));
  EXPECT_THAT(b.handled(), Each(0)) << b.handler_output();
  EXPECT_EQ(b.begun(), 2U);
  EXPECT_EQ(a.rows(servers_at_runtime), b.rows(servers_at_runtime));
  EXPECT_EQ(a.rows(rules_at_runtime), b.rows(rules_at_runtime));
}

TEST(EndToEnd, SavesOnTwoNodesAtTheSameTimeReachEachOther) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  cluster.b.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  Process servers(cluster.a.command({"save", "mysql_servers"}));
  Process rules(cluster.b.command({"save", "mysql_query_rules"}));
  EXPECT_EQ(servers.wait().exit_code, 0);
  EXPECT_EQ(rules.wait().exit_code, 0);
  EXPECT_TRUE(cluster.a.wait_until([&] { return count(cluster.a, "runtime_mysql_query_rules") == 1; }));
  EXPECT_TRUE(cluster.b.wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
  EXPECT_EQ(count(cluster.a, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(cluster.b, "runtime_mysql_query_rules"), 1U);
}

TEST(EndToEnd, AnEmptiedTableArrivesEmptied) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  ASSERT_TRUE(cluster.b.wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
  cluster.a.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(cluster.b.wait_until([&] { return count(cluster.b, "disk.mysql_servers") == 0; }));
  EXPECT_EQ(count(cluster.b, "runtime_mysql_servers"), 0U);
  EXPECT_EQ(count(cluster.b, "mysql_servers"), 0U);
}

TEST(EndToEnd, NodesBehindTheirOwnAgentsReachEachOther) {
  Node a;
  Node b;
  ConsulAgent server({.config = a.watch_config(), .dev = false});
  auto client_config = Json::parse(b.watch_config());
  client_config["server"] = false;
  client_config["bootstrap_expect"] = nullptr;
  client_config["retry_join"] = {"127.0.0.1:" + std::to_string(server.serf_port())};
  client_config["retry_interval"] = "1s";
  ConsulAgent client({.config = client_config.dump(), .dev = false});
  a.connect_to(server.http_port());
  b.connect_to(client.http_port());
  a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(b.wait_until([&] { return count(b, "runtime_mysql_servers") == 1; })) << client.log();
  b.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(b.run({"save", "mysql_query_rules"}).exit_code, 0);
  EXPECT_TRUE(a.wait_until([&] { return count(a, "runtime_mysql_query_rules") == 1; })) << server.log();
}

TEST(EndToEnd, AWatchThatFindsNothingChangesNothing) {
  Node node;
  node.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  node.forget_statements();
  ConsulAgent consul({.config = node.watch_config()});
  ASSERT_TRUE(node.wait_until([&] { return node.handled().size() == 1; }));
  EXPECT_THAT(node.handled(), Each(0)) << node.handler_output();
  // Behind it may stand that its record could not be written: it does not know yet where the agent listens.
  EXPECT_THAT(node.handler_output(),
              ::testing::StartsWith("nothing to do: Consul holds no configuration under proxysql/\n"));
  EXPECT_THAT(node.statements(), IsEmpty());
  EXPECT_EQ(count(node, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, RemovedKeysRemoveNothingFromANode) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  ASSERT_TRUE(cluster.b.wait_until([&] { return cluster.b.handled().size() == 2; }));
  cluster.consul.remove("proxysql/mysql_servers");
  ASSERT_TRUE(cluster.b.wait_until([&] { return cluster.b.handled().size() == 3; }));
  EXPECT_THAT(cluster.b.handled(), Each(0)) << cluster.b.handler_output();
  EXPECT_EQ(count(cluster.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, EveryByteArrives) {
  Pair pair;
  std::string controls;
  for (char c = 1; c < 32; ++c) controls += c;
  const std::vector<Cell> values = {std::nullopt,
                                    "",
                                    "it's \"quoted\" `so`",
                                    R"(back\slash \' \" \n \0 at the end \)",
                                    "line\nline\r\nline\ttab",
                                    controls + "\x7f",
                                    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xac",
                                    "\xff\xfe no UTF-8 \xc3",
                                    "NULL",
                                    "null",
                                    "'; DROP TABLE mysql_servers; --",
                                    "%s %n {} ${HOME} $(id)",
                                    std::string(70'000, 'x'),
                                    "  spaces  ",
                                    "0x1F",
                                    "007"};
  int id = 0;
  for (const auto& value : values) {
    pair.a.query("INSERT INTO mysql_query_rules (rule_id,active,match_pattern,error_msg,comment) VALUES (" +
                 std::to_string(++id) + ",1," + quote(value) + ',' + quote(value) + ",'')");
  }
  pair.a.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto saved = pair.a.run({"save", "mysql_query_rules"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(pair.a.rows(rules_at_runtime), pair.b.rows(rules_at_runtime));
  const auto got = pair.b.rows("SELECT match_pattern, error_msg FROM runtime_mysql_query_rules ORDER BY rule_id");
  ASSERT_EQ(got.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(got[i], Row({values[i], values[i]}));
  }
}

TEST(EndToEnd, EveryTableOfEveryConfigurationArrives) {
  Pair pair;
  const auto secret = std::string(Node::secret);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"mysql_servers",
       "(hostgroup_id,hostname,port,weight,comment) VALUES (1,'db-1',3306,5,'x'),(2,'db-2',3307,1,'')"},
      {"mysql_replication_hostgroups", "(writer_hostgroup,reader_hostgroup,comment) VALUES (1,2,'r')"},
      {"mysql_group_replication_hostgroups",
       "(writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,offline_hostgroup) VALUES (10,11,12,13)"},
      {"mysql_galera_hostgroups",
       "(writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,offline_hostgroup,comment) VALUES (20,21,22,23,'')"},
      {"mysql_aws_aurora_hostgroups", "(writer_hostgroup,reader_hostgroup,domain_name) VALUES (30,31,'.example.com')"},
      {"mysql_hostgroup_attributes", R"((hostgroup_id,hostgroup_settings) VALUES (1,'{"handle_warnings":1}'))"},
      {"mysql_servers_ssl_params", "(hostname,port,username,ssl_ca) VALUES ('db-1',3306,'app','/ca.pem')"},
      {"mysql_query_rules", "(rule_id,active,match_pattern,apply) VALUES (1,1,'^SELECT',1)"},
      {"mysql_query_rules_fast_routing",
       "(username,schemaname,flagIN,destination_hostgroup,comment) VALUES ('app','shop',0,2,'')"},
      {"mysql_users",
       "(username,password,default_hostgroup,default_schema) VALUES ('app','" + secret + "-of-app',1,'shop')"},
      {"mysql_firewall_whitelist_users",
       "(username,client_address,mode,comment) VALUES ('app','10.0.0.9','PROTECTING','')"},
      {"mysql_firewall_whitelist_rules",
       "(username,client_address,schemaname,digest,comment) VALUES ('app','10.0.0.9','shop','0x1234567890ABCDEF','')"},
      {"mysql_firewall_whitelist_sqli_fingerprints", "(fingerprint) VALUES ('1&sos')"},
  };
  for (const auto& [table, values] : rows) pair.a.query("INSERT INTO " + table + ' ' + values);
  pair.a.execute({"UPDATE global_variables SET variable_value='4321' WHERE variable_name='mysql-max_connections'",
                  "UPDATE global_variables SET variable_value='" + secret +
                      "-of-monitor' WHERE variable_name='mysql-monitor_password'"});
  for (const auto* words : {"SERVERS", "QUERY RULES", "USERS", "VARIABLES", "FIREWALL"}) {
    pair.a.query(std::string("LOAD MYSQL ") + words + " TO RUNTIME");
  }
  const auto saved = pair.a.run({"save", "--all"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  for (const auto& [table, values] : rows) {
    SCOPED_TRACE(table);
    EXPECT_THAT(runtime(pair.a, table), Not(IsEmpty()));
    EXPECT_EQ(runtime(pair.a, table), runtime(pair.b, table));
    EXPECT_EQ(count(pair.b, table), count(pair.b, "disk." + table));
  }
  // Two rows at runtime are one in memory, as on the node where it was entered.
  EXPECT_EQ(pair.b.rows("SELECT frontend, backend FROM mysql_users"), Rows({{"1", "1"}}));
  const std::string shared = " WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-interfaces')";
  EXPECT_EQ(runtime(pair.a, "global_variables", shared), runtime(pair.b, "global_variables", shared));
  EXPECT_EQ(pair.b.rows("SELECT variable_value FROM runtime_global_variables WHERE "
                        "variable_name='mysql-max_connections'"),
            Rows({{"4321"}}));
  const auto again = pair.b.run({"pull"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.out, "nothing to do: what came was applied or saved here before (`pull --force` applies it again)\n");
}

TEST(EndToEnd, WhatAMonitorShunnedArrivesAsOnline) {
  Pair pair;
  pair.a.execute({a_server, insert_server("10.0.0.2"), "LOAD MYSQL SERVERS TO RUNTIME",
                  "UPDATE runtime_mysql_servers SET status='SHUNNED' WHERE hostname='10.0.0.2'"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_EQ(pair.b.run({"pull"}).exit_code, 0);
  EXPECT_EQ(pair.b.rows("SELECT hostname, status FROM runtime_mysql_servers ORDER BY hostname"),
            Rows({{"10.0.0.1", "ONLINE"}, {"10.0.0.2", "ONLINE"}}));
}

TEST(EndToEnd, ASchedulerArrivesOnlyWhereItIsAccepted) {
  Pair pair;
  pair.a.execute(
      {"INSERT INTO scheduler (id,interval_ms,filename) VALUES (1,1000,'/bin/true')", "LOAD SCHEDULER TO RUNTIME"});
  const auto saved = pair.a.run({"save", "scheduler"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  const auto refused = pair.b.run({"pull"});
  EXPECT_EQ(refused.exit_code, 0) << all_of(refused);
  EXPECT_THAT(refused.err, HasSubstr("proxysql/scheduler: passed over: is not among the settings' \"accept\""));
  EXPECT_EQ(count(pair.b, "runtime_scheduler"), 0U);
  pair.b.change_settings(R"({"accept":["scheduler"]})");
  EXPECT_EQ(pair.b.run({"pull"}).exit_code, 0);
  EXPECT_EQ(runtime(pair.a, "scheduler"), runtime(pair.b, "scheduler"));
  EXPECT_EQ(count(pair.b, "runtime_scheduler"), 1U);
}

TEST(EndToEnd, ADocumentOf2016IsApplied) {
  Pair pair({}, {.version = StandinVersion::v1_1});
  // As the script of 2016 writes it; put where it belongs with the tool that its documentation uses.
  const std::string document =
      R"({"config_name":"mysql_servers","uuid":"0d1b0d6e-4f2c-4a3a-9d0c-0a3c4a1c1d7b","tables":{"mysql_servers":)"
      R"([["0","10.0.0.1","3306","ONLINE","1","0","1000","0"],["1","10.0.0.2","3307","OFFLINE_SOFT","9","0","10","0"]],)"
      R"("mysql_replication_hostgroups":[["0","1"]]}})";
  write_file(pair.b.file("document"), document);
  const auto url = pair.consul.address() + "/v1/kv/proxysql/mysql_servers";
  ProcessOptions curl;
  curl.argv = {"curl", "-sS", "-X", "PUT", "--data-binary", "@" + pair.b.file("document"), url};
  const auto put = run_process(std::move(curl));
  ASSERT_THAT(put.out, HasSubstr("true")) << put.err;
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(pair.b.rows(servers_at_runtime), Rows({{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "1000", "0"},
                                                   {"1", "10.0.0.2", "3307", "OFFLINE_SOFT", "9", "0", "10", "0"}}));
  EXPECT_EQ(pair.b.rows("SELECT * FROM runtime_mysql_replication_hostgroups"), Rows({{"0", "1"}}));
  // Rows without column names mean nothing to a ProxySQL with other columns.
  const auto other = pair.a.run({"pull"});
  EXPECT_EQ(other.exit_code, 6) << all_of(other);
  EXPECT_THAT(other.err, AllOf(HasSubstr("a row of 8 values"), HasSubstr("12 columns")));
  EXPECT_EQ(count(pair.a, "mysql_servers"), 0U);
}

TEST(EndToEnd, Version1And2UnderstandEachOther) {
  Pair pair({.version = StandinVersion::v1_1}, {});
  const auto secret = std::string(Node::secret);
  pair.a.execute({"INSERT INTO mysql_servers (hostgroup_id,hostname,port,weight) VALUES (1,'db-1',3306,7)",
                  "INSERT INTO mysql_replication_hostgroups VALUES (1,2)", "LOAD MYSQL SERVERS TO RUNTIME",
                  "INSERT INTO mysql_users (username,password) VALUES ('app','" + secret + "-of-app')",
                  "LOAD MYSQL USERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  const auto saved = pair.a.run({"save", "mysql_servers", "mysql_users", "mysql_query_rules"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(pair.b.rows("SELECT hostgroup_id,hostname,port,weight,gtid_port,max_latency_ms,comment FROM "
                        "runtime_mysql_servers"),
            Rows({{"1", "db-1", "3306", "7", "0", "0", ""}}));
  EXPECT_EQ(
      pair.b.rows("SELECT writer_hostgroup,reader_hostgroup,check_type FROM runtime_mysql_replication_hostgroups"),
      Rows({{"1", "2", "read_only"}}));
  EXPECT_EQ(pair.b.rows("SELECT username,password,frontend,backend FROM mysql_users"),
            Rows({{"app", secret + "-of-app", "1", "1"}}));
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);

  pair.b.execute({"UPDATE mysql_servers SET weight=8, status='OFFLINE_SOFT'", "LOAD MYSQL SERVERS TO RUNTIME",
                  "UPDATE mysql_users SET max_connections=5", "LOAD MYSQL USERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers", "mysql_users"}).exit_code, 0);
  const auto back = pair.a.run({"pull"});
  EXPECT_EQ(back.exit_code, 0) << all_of(back);
  EXPECT_EQ(pair.a.rows("SELECT status,weight FROM runtime_mysql_servers"), Rows({{"OFFLINE_SOFT", "8"}}));
  EXPECT_EQ(pair.a.rows("SELECT max_connections FROM mysql_users"), Rows({{"5"}}));

  // What 1.1 has no place for it says, and applies the rest.
  pair.b.execute({"UPDATE mysql_servers SET max_latency_ms=50, weight=9", "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers"}).exit_code, 0);
  const auto partial = pair.a.run({"pull"});
  EXPECT_EQ(partial.exit_code, 4) << all_of(partial);
  EXPECT_THAT(partial.err, HasSubstr("this ProxySQL has no column max_latency_ms: left out"));
  EXPECT_EQ(pair.a.rows("SELECT weight FROM runtime_mysql_servers"), Rows({{"9"}}));
}

TEST(EndToEnd, GarbageUnderThePrefixKeepsNothingElseFromArriving) {
  Cluster cluster;
  cluster.consul.put("proxysql/mysql_query_rules", "no JSON at all");
  cluster.consul.put("proxysql/mysql_users", R"({"config_name":"mysql_servers","uuid":"x","tables":{}})");
  cluster.consul.put("proxysql/my_notes", "remember the milk");
  cluster.consul.put("proxysql/", "");
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(cluster.b.wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
  const auto pulled = cluster.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 6) << all_of(pulled);
  EXPECT_THAT(pulled.err, AllOf(HasSubstr("proxysql/mysql_query_rules: document: is no JSON"),
                                HasSubstr("proxysql/mysql_users: document: is one of mysql_servers"),
                                HasSubstr("proxysql/my_notes: passed over: is no configuration")));
}

TEST(EndToEnd, TheInputOfAKeyWatchAndOfCurlIsTaken) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers", "mysql_query_rules"}).exit_code, 0);
  for (const auto* nothing : {"null", "null\n", "[]"}) EXPECT_EQ(pair.b.run({"update"}, nothing).exit_code, 0);
  // A key watch delivers one object.
  const auto entries = Json::parse(pair.consul.recurse("proxysql/mysql_servers"));
  ASSERT_EQ(entries.size(), 1U);
  const auto one = pair.b.run({"update"}, entries[0].dump());
  EXPECT_EQ(one.exit_code, 0) << all_of(one);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 0U);
  // As the documentation prints it, but for address and settings.
  auto piped = pair.b.command({});
  piped.argv = {"/bin/sh", "-c",
                "curl -s " + pair.consul.address() +
                    "/v1/kv/proxysql/?recurse | " PROXYSQL_CONSUL_PATH " --config-file " + pair.b.settings_file() +
                    " update"};
  const auto result = run_process(std::move(piped));
  EXPECT_EQ(result.exit_code, 0) << all_of(result);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);
  // Cut short on its way: nothing is touched.
  pair.a.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  auto text = pair.consul.recurse("proxysql/");
  text.resize(text.size() - 5);
  EXPECT_EQ(pair.b.run({"update"}, text).exit_code, 6);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

}  // namespace
}  // namespace proxysql_consul::testing
