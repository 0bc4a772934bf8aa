// The real program between a real Consul and ProxySQL (or its stand-in): what an operator does, and what arrives.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/sql.h"
#include "support/consul_agent.h"
#include "support/node_fixture.h"

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;

constexpr auto a_server = "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'10.0.0.1',3306)";
constexpr auto a_rule =
    "INSERT INTO mysql_query_rules (rule_id,active,match_pattern,destination_hostgroup) VALUES (1,1,'^SELECT',2)";
constexpr auto servers_at_runtime = "SELECT * FROM runtime_mysql_servers ORDER BY hostgroup_id, hostname, port";
constexpr auto rules_at_runtime = "SELECT * FROM runtime_mysql_query_rules ORDER BY rule_id";

std::string insert_server(const std::string& hostname) {
  return "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'" + hostname + "',3306)";
}

/// What ProxySQL has at runtime of one table; its rows come in no promised order.
std::vector<Row> runtime(Node& node, const std::string& table, const std::string& where = {}) {
  auto rows = node.rows("SELECT * FROM runtime_" + table + where);
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::size_t count(Node& node, const std::string& table) { return node.rows("SELECT 1 FROM " + table).size(); }

std::string all_of(const ProcessResult& result) {
  return result.out + result.err + (result.timed_out ? " (timed out)" : "");
}

/// Nodes A and B behind one agent, each with its watch, as they are once both have seen the empty prefix.
struct Cluster {
  explicit Cluster(NodeOptions a_options = {}, NodeOptions b_options = {})
      : a(std::move(a_options)), b(std::move(b_options)), consul({.config = Node::watch_config({&a, &b})}) {
    a.connect_to(consul.http_port());
    b.connect_to(consul.http_port());
    EXPECT_TRUE(wait_until([&] { return a.handled().size() == 1 && b.handled().size() == 1; }));
  }
  ~Cluster() {
    const auto output = consul.log() + a.handler_output() + b.handler_output();
    EXPECT_THAT(output, Not(HasSubstr(std::string(Node::secret))));
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Node a;
  Node b;
  ConsulAgent consul;
};

/// Nodes A and B and an agent without watches, for tests that call the program themselves.
struct Pair {
  explicit Pair(NodeOptions a_options = {}, NodeOptions b_options = {})
      : a(std::move(a_options)), b(std::move(b_options)) {
    a.connect_to(consul.http_port());
    b.connect_to(consul.http_port());
  }
  Node a;
  Node b;
  ConsulAgent consul;
};

// --- The watch ---

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
  EXPECT_TRUE(wait_until([&] { return b.state().find("mysql_servers") != std::string::npos; })) << consul.log();
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
  EXPECT_TRUE(wait_until([&] { return cluster.a.handled().size() == 2 && cluster.b.handled().size() == 2; }));
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
  ASSERT_TRUE(wait_until([&] { return b.begun() == 1; }));
  a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  Process servers(a.command({"save", "mysql_servers"}));
  Process rules(a.command({"save", "mysql_query_rules"}));
  EXPECT_EQ(servers.wait().exit_code, 0);
  EXPECT_EQ(rules.wait().exit_code, 0);
  b.open_gate();
  ASSERT_TRUE(wait_until([&] { return b.begun() == 2; }));
  b.open_gate();
  EXPECT_TRUE(wait_until([&] { return b.handled().size() == 2; }));
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
  EXPECT_TRUE(wait_until([&] { return count(cluster.a, "runtime_mysql_query_rules") == 1; }));
  EXPECT_TRUE(wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
  EXPECT_EQ(count(cluster.a, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(cluster.b, "runtime_mysql_query_rules"), 1U);
}

TEST(EndToEnd, AnEmptiedTableArrivesEmptied) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  ASSERT_TRUE(wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
  cluster.a.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(wait_until([&] { return count(cluster.b, "disk.mysql_servers") == 0; }));
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
  EXPECT_TRUE(wait_until([&] { return count(b, "runtime_mysql_servers") == 1; })) << client.log();
  b.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(b.run({"save", "mysql_query_rules"}).exit_code, 0);
  EXPECT_TRUE(wait_until([&] { return count(a, "runtime_mysql_query_rules") == 1; })) << server.log();
}

TEST(EndToEnd, AWatchThatFindsNothingChangesNothing) {
  Node node;
  node.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  node.forget_statements();
  ConsulAgent consul({.config = node.watch_config()});
  ASSERT_TRUE(wait_until([&] { return node.handled().size() == 1; }));
  EXPECT_THAT(node.handled(), Each(0)) << node.handler_output();
  EXPECT_EQ(node.handler_output(), "");
  EXPECT_THAT(node.statements(), IsEmpty());
  EXPECT_EQ(count(node, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, RemovedKeysRemoveNothingFromANode) {
  Cluster cluster;
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  ASSERT_TRUE(wait_until([&] { return cluster.b.handled().size() == 2; }));
  cluster.consul.remove("proxysql/mysql_servers");
  ASSERT_TRUE(wait_until([&] { return cluster.b.handled().size() == 3; }));
  EXPECT_THAT(cluster.b.handled(), Each(0)) << cluster.b.handler_output();
  EXPECT_EQ(count(cluster.b, "runtime_mysql_servers"), 1U);
}

// --- What arrives ---

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
  EXPECT_EQ(pair.b.rows("SELECT frontend, backend FROM mysql_users"), std::vector<Row>({{"1", "1"}}));
  const std::string shared = " WHERE variable_name LIKE 'mysql-%' AND variable_name NOT IN ('mysql-interfaces')";
  EXPECT_EQ(runtime(pair.a, "global_variables", shared), runtime(pair.b, "global_variables", shared));
  EXPECT_EQ(pair.b.rows("SELECT variable_value FROM runtime_global_variables WHERE "
                        "variable_name='mysql-max_connections'"),
            std::vector<Row>({{"4321"}}));
  const auto again = pair.b.run({"pull"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.out, "") << "everything is applied already";
}

TEST(EndToEnd, WhatAMonitorShunnedArrivesAsOnline) {
  Pair pair;
  pair.a.execute({a_server, insert_server("10.0.0.2"), "LOAD MYSQL SERVERS TO RUNTIME",
                  "UPDATE runtime_mysql_servers SET status='SHUNNED' WHERE hostname='10.0.0.2'"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_EQ(pair.b.run({"pull"}).exit_code, 0);
  EXPECT_EQ(pair.b.rows("SELECT hostname, status FROM runtime_mysql_servers ORDER BY hostname"),
            std::vector<Row>({{"10.0.0.1", "ONLINE"}, {"10.0.0.2", "ONLINE"}}));
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
  EXPECT_EQ(pair.b.rows(servers_at_runtime),
            std::vector<Row>({{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "1000", "0"},
                              {"1", "10.0.0.2", "3307", "OFFLINE_SOFT", "9", "0", "10", "0"}}));
  EXPECT_EQ(pair.b.rows("SELECT * FROM runtime_mysql_replication_hostgroups"), std::vector<Row>({{"0", "1"}}));
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
            std::vector<Row>({{"1", "db-1", "3306", "7", "0", "0", ""}}));
  EXPECT_EQ(
      pair.b.rows("SELECT writer_hostgroup,reader_hostgroup,check_type FROM runtime_mysql_replication_hostgroups"),
      std::vector<Row>({{"1", "2", "read_only"}}));
  EXPECT_EQ(pair.b.rows("SELECT username,password,frontend,backend FROM mysql_users"),
            std::vector<Row>({{"app", secret + "-of-app", "1", "1"}}));
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);

  pair.b.execute({"UPDATE mysql_servers SET weight=8, status='OFFLINE_SOFT'", "LOAD MYSQL SERVERS TO RUNTIME",
                  "UPDATE mysql_users SET max_connections=5", "LOAD MYSQL USERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers", "mysql_users"}).exit_code, 0);
  const auto back = pair.a.run({"pull"});
  EXPECT_EQ(back.exit_code, 0) << all_of(back);
  EXPECT_EQ(pair.a.rows("SELECT status,weight FROM runtime_mysql_servers"), std::vector<Row>({{"OFFLINE_SOFT", "8"}}));
  EXPECT_EQ(pair.a.rows("SELECT max_connections FROM mysql_users"), std::vector<Row>({{"5"}}));

  // What 1.1 has no place for it says, and applies the rest.
  pair.b.execute({"UPDATE mysql_servers SET max_latency_ms=50, weight=9", "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers"}).exit_code, 0);
  const auto partial = pair.a.run({"pull"});
  EXPECT_EQ(partial.exit_code, 4) << all_of(partial);
  EXPECT_THAT(partial.err, HasSubstr("this ProxySQL has no column max_latency_ms: left out"));
  EXPECT_EQ(pair.a.rows("SELECT weight FROM runtime_mysql_servers"), std::vector<Row>({{"9"}}));
}

// --- What is wrong under the prefix, and other shapes of input ---

TEST(EndToEnd, GarbageUnderThePrefixKeepsNothingElseFromArriving) {
  Cluster cluster;
  cluster.consul.put("proxysql/mysql_query_rules", "no JSON at all");
  cluster.consul.put("proxysql/mysql_users", R"({"config_name":"mysql_servers","uuid":"x","tables":{}})");
  cluster.consul.put("proxysql/my_notes", "remember the milk");
  cluster.consul.put("proxysql/", "");
  cluster.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(cluster.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(wait_until([&] { return count(cluster.b, "runtime_mysql_servers") == 1; }));
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

// --- pull ---

TEST(EndToEnd, PullForceFillsAProxySqlThatLostItsMemory) {
  Pair pair({.settings = R"({"save_to_disk":false})"});
  pair.b.execute({insert_server("10.0.0.5"), "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers"}).exit_code, 0);
  pair.a.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_query_rules"}).exit_code, 0);
  ASSERT_EQ(pair.a.run({"pull"}).exit_code, 0);
  ASSERT_EQ(count(pair.a, "runtime_mysql_servers"), 1U);
  pair.a.proxysql().stop();
  pair.a.proxysql().start();
  ASSERT_EQ(count(pair.a, "runtime_mysql_servers"), 0U);
  ASSERT_EQ(count(pair.a, "runtime_mysql_query_rules"), 0U);
  EXPECT_EQ(pair.a.run({"pull"}).exit_code, 0);
  EXPECT_EQ(count(pair.a, "runtime_mysql_servers"), 0U) << "the state file says it is applied";
  const auto forced = pair.a.run({"pull", "--force"});
  EXPECT_EQ(forced.exit_code, 0) << all_of(forced);
  EXPECT_EQ(count(pair.a, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(pair.a, "runtime_mysql_query_rules"), 1U) << "also what this node saved itself";
}

TEST(EndToEnd, PullTakesOnlyTheNamedConfigurations) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers", "mysql_query_rules"}).exit_code, 0);
  EXPECT_EQ(pair.b.run({"pull", "mysql_query_rules"}).exit_code, 0);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 0U);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);
}

// --- The command line of 2016, and how ProxySQL 1.x calls it ---

TEST(EndToEnd, TheCommandLinesOf2016AreTaken) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  auto after = pair.a.command({});
  after.argv = {PROXYSQL_CONSUL_PATH, "put", "mysql_servers", "--config-file=" + pair.a.settings_file()};
  const auto saved = run_process(after);
  EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_TRUE(pair.consul.get("proxysql/mysql_servers"));
  auto before = pair.b.command({}, pair.consul.recurse("proxysql/"));
  before.argv = {PROXYSQL_CONSUL_PATH, "--config-file=" + pair.b.settings_file(), "update"};
  const auto updated = run_process(before);
  EXPECT_EQ(updated.exit_code, 0) << all_of(updated);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, SaveToClusterOfVersion1RunsTheProgram) {
  Pair pair({.version = StandinVersion::v1_1}, {});
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  pair.a.query("SAVE MYSQL SERVERS TO CLUSTER");
  pair.a.query("SAVE MYSQL QUERY RULES TO CLUSTER");
  EXPECT_EQ(pair.b.run({"pull"}).exit_code, 0);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);
  // Its user is told when it fails.
  pair.consul.stop();
  pair.a.change_settings(R"({"retry_seconds":0})");
  EXPECT_THROW(pair.a.query("SAVE MYSQL SERVERS TO CLUSTER"), std::runtime_error);
}

/// What the process holds open from descriptor 3 up, as /proc names it: "socket:[4711]".
std::vector<std::string> descriptors_of(pid_t pid) {
  std::vector<std::string> open;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    if (std::stoi(entry.path().filename().string()) < 3) continue;
    open.push_back(std::filesystem::read_symlink(entry.path(), gone).string());
  }
  return open;
}

TEST(EndToEnd, WhatProxySqlHandsDownIsClosed) {
  Node node({.version = StandinVersion::v1_1});
  const SilentServer consul;
  node.connect_to(consul.port());
  // As in ProxySQL: sockets and pipes without close-on-exec, here held by the test.
  const SilentServer first;
  const int handed_down = ::fcntl(first.descriptor(), F_DUPFD, 40);
  const auto name = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(handed_down)).string();
  auto command = node.command({"put", "mysql_servers"});
  command.inherit_fds = {handed_down};
  Process hanging(std::move(command));
  ASSERT_TRUE(consul.await_client());
  EXPECT_THAT(descriptors_of(hanging.pid()), Not(::testing::Contains(name)));
  ::close(handed_down);
}

TEST(EndToEnd, NoSocketOfVersion1IsHeldByTheProgramItRan) {
  Node node({.version = StandinVersion::v1_1});
  const SilentServer consul;
  node.connect_to(consul.port());
  // The query blocks until the program ends, so another process waits for it.
  const auto script = node.file("pid");
  write_file(node.script(), "#!/bin/sh\necho $$ >'" + script + "'\nexec '" PROXYSQL_CONSUL_PATH "' --config-file '" +
                                node.settings_file() + "' \"$@\"\n");
  std::set<std::string> of_proxysql;
  for (const auto& open : descriptors_of(node.proxysql().pid())) of_proxysql.insert(open);
  const auto options = node.proxysql().admin();
  const auto asking = std::async(std::launch::async, [&] {
    EXPECT_THROW(open_admin_session(options)->query("SAVE MYSQL SERVERS TO CLUSTER"), Error);
  });
  ASSERT_TRUE(consul.await_client());
  const auto pid = std::stoi(read_file(script));
  for (const auto& open : descriptors_of(node.proxysql().pid())) of_proxysql.insert(open);
  ASSERT_GT(of_proxysql.size(), 2U);
  for (const auto& open : descriptors_of(pid)) EXPECT_FALSE(of_proxysql.contains(open)) << open;
  ::kill(pid, SIGKILL);
}

TEST(EndToEnd, SaveNeverReadsItsInput) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  // sleep keeps the pipe open for as long as the program runs, and longer.
  auto command = pair.a.command({});
  command.argv = {"/bin/sh", "-c",
                  "mkfifo '" + pair.a.file("pipe") + "'; exec <>'" + pair.a.file("pipe") +
                      "' " PROXYSQL_CONSUL_PATH " --config-file '" + pair.a.settings_file() + "' save mysql_servers"};
  command.limit = std::chrono::seconds(15);
  const auto saved = run_process(std::move(command));
  EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_FALSE(saved.timed_out);
}

// --- When something is away ---

TEST(EndToEnd, AServerThatIsAwayEndsTheRunWithItsExitStatus) {
  struct Case {
    const char* what;
    bool proxysql_away;
    std::vector<std::string> arguments;
    int exit_code;
  };
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  const auto input = pair.consul.recurse("proxysql/");
  pair.b.change_settings(R"({"retry_seconds":1})");
  pair.a.change_settings(R"({"retry_seconds":1})");
  pair.b.proxysql().stop();
  pair.consul.stop();
  const std::vector<Case> cases = {{"ProxySQL away", true, {"update"}, 4},
                                   {"ProxySQL away", true, {"save", "mysql_servers"}, 4},
                                   {"Consul away", false, {"pull"}, 5},
                                   {"Consul away", false, {"save", "mysql_servers"}, 5}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    SCOPED_TRACE(one.arguments[0]);
    const auto began = std::chrono::steady_clock::now();
    const auto result = (one.proxysql_away ? pair.b : pair.a).run(one.arguments, input);
    EXPECT_EQ(result.exit_code, one.exit_code) << all_of(result);
    EXPECT_THAT(std::chrono::steady_clock::now() - began, Lt(std::chrono::seconds(5)));
    EXPECT_THAT(result.err, HasSubstr(one.proxysql_away ? "is ProxySQL running" : "is the Consul agent running"));
    EXPECT_LE(std::count(result.err.begin(), result.err.end(), '\n'), 3) << result.err;
  }
  // What could not be applied is applied by the next run.
  pair.consul.start();
  pair.b.proxysql().start();
  const auto completed = pair.b.run({"update"}, input);
  EXPECT_EQ(completed.exit_code, 0) << all_of(completed);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, ASilentServerEndsTheRunWithItsExitStatus) {
  Node no_consul({.settings = R"({"retry_seconds":1})"});
  Node no_proxysql({.settings = R"({"retry_seconds":1})"});
  const SilentServer silent;
  no_consul.connect_to(silent.port());
  no_proxysql.connect_to(silent.port());
  no_proxysql.change_settings("{\"proxysql_admin_port\":" + std::to_string(silent.port()) + "}");
  Process pull(no_consul.command({"pull"}));
  Process save(no_proxysql.command({"save", "mysql_servers"}));
  const auto saved = save.wait();
  EXPECT_EQ(saved.exit_code, 4) << all_of(saved);
  const auto pulled = pull.wait();
  EXPECT_EQ(pulled.exit_code, 5) << all_of(pulled);
  EXPECT_FALSE(pulled.timed_out);
  check_no_secret(all_of(saved) + all_of(pulled));
}

TEST(EndToEnd, AnUpdateWaitsForAProxySqlThatStartsLater) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  pair.b.proxysql().stop();
  Process update(pair.b.command({"update"}, pair.consul.recurse("proxysql/")));
  EXPECT_TRUE(wait_until([&] { return update.err().find("trying again") != std::string::npos; }));
  pair.b.proxysql().start();
  const auto result = update.wait();
  EXPECT_EQ(result.exit_code, 0) << all_of(result);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEnd, ASaveWaitsForAConsulThatStartsLater) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  pair.consul.stop();
  Process save(pair.a.command({"save", "mysql_servers"}));
  EXPECT_TRUE(wait_until([&] { return save.err().find("trying again") != std::string::npos; }));
  pair.consul.start();
  const auto result = save.wait();
  EXPECT_EQ(result.exit_code, 0) << all_of(result);
  EXPECT_TRUE(pair.consul.get("proxysql/mysql_servers"));
}

// --- Many at once ---

TEST(EndToEnd, ManyRunsAtOnceEndWithTheNewestVersion) {
  Pair pair;
  std::vector<std::string> deliveries;
  for (int i = 1; i <= 6; ++i) {
    pair.a.execute({insert_server("10.0.0." + std::to_string(i)), "LOAD MYSQL SERVERS TO RUNTIME"});
    ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
    deliveries.push_back(pair.consul.recurse("proxysql/"));
  }
  pair.b.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  // The newest first, so that older ones come after it.
  std::vector<std::unique_ptr<Process>> runs;
  for (auto delivery = deliveries.rbegin(); delivery != deliveries.rend(); ++delivery) {
    runs.push_back(std::make_unique<Process>(pair.b.command({"update"}, *delivery)));
    runs.push_back(std::make_unique<Process>(pair.b.command({"save", "mysql_query_rules"})));
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  EXPECT_EQ(pair.a.rows(servers_at_runtime), pair.b.rows(servers_at_runtime));
  EXPECT_EQ(count(pair.b, "mysql_servers"), 6U);
  EXPECT_EQ(count(pair.b, "disk.mysql_servers"), 6U);
  const auto state = Json::parse(pair.b.state());
  EXPECT_EQ(state["configurations"]["mysql_servers"]["version"], pair.consul.modify_index("proxysql/mysql_servers"));
  EXPECT_EQ(state["configurations"]["mysql_query_rules"]["outcome"], "saved");
}

TEST(EndToEnd, SavesOfOneConfigurationAtOnceLeaveAWholeDocument) {
  Pair pair;
  pair.a.execute({insert_server("of-a"), "LOAD MYSQL SERVERS TO RUNTIME"});
  pair.b.execute({insert_server("of-b"), "LOAD MYSQL SERVERS TO RUNTIME"});
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 4; ++i) {
    for (auto* node : {&pair.a, &pair.b}) {
      runs.push_back(std::make_unique<Process>(node->command({"save", "mysql_servers"})));
    }
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  // The last one wins, whole; the other node takes it.
  for (auto* node : {&pair.a, &pair.b}) {
    const auto result = node->run({"pull"});
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  EXPECT_EQ(pair.a.rows(servers_at_runtime), pair.b.rows(servers_at_runtime));
  EXPECT_THAT(pair.a.rows(servers_at_runtime), SizeIs(1));
}

TEST(EndToEnd, FirstRunsAtOnceAgreeOnOneUuid) {
  Pair pair;
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 8; ++i) {
    // Each document is another one: Consul takes equal bytes for no change.
    runs.push_back(std::make_unique<Process>(
        pair.a.command({"save", "mysql_servers", "--force", "--message", std::to_string(i)})));
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  const auto history = pair.consul.keys("proxysql-meta/history/mysql_servers/");
  EXPECT_EQ(history.size(), 7U);
  for (const auto& key : history) {
    EXPECT_EQ(Json::parse(pair.consul.get(key).value_or("{}")).value("uuid", ""), pair.a.uuid());
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
