// docs/integrations/: several clusters, several data centres, and moving here from what was there before. Each page's
// own blocks are run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "support/page.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

/// The environment in which a watch of the agent finds the program of that node.
std::map<std::string, std::string> environment_of(const Node& node) {
  return {{"PATH", std::filesystem::path(node.script()).parent_path().string() + ":/usr/bin:/bin"}};
}

Rows hosts_at_runtime(Node& node) { return node.rows("SELECT hostname FROM runtime_mysql_servers ORDER BY hostname"); }

void load_one_server(Node& node, const std::string& hostname) {
  node.execute({insert_server(hostname), "LOAD MYSQL SERVERS TO RUNTIME"});
}

void expect_success_of(const ProcessResult& result) { EXPECT_EQ(result.exit_code, 0) << all_of(result); }

TEST(PageSeveralClusters, SeeNothingOfEachOther) {
  Node production;
  Node staging;
  Node receiving;
  ConsulAgent consul({.config = page_block("several-clusters#watch"), .env = environment_of(receiving)});
  for (auto* node : {&production, &staging, &receiving}) node->connect_to(consul.http_port());
  production.change_settings(page_block("several-clusters#production"));
  receiving.change_settings(page_block("several-clusters#production"));
  staging.change_settings(page_block("several-clusters#staging"));
  load_one_server(staging, "of-staging");
  staging.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  expect_success_of(staging.run({"save", "mysql_servers", "mysql_query_rules"}));
  load_one_server(production, "of-production");
  expect_success_of(production.run({"save", "mysql_servers"}));
  EXPECT_TRUE(receiving.wait_until([&] { return hosts_at_runtime(receiving) == Rows{{"of-production"}}; }))
      << consul.log();
  EXPECT_EQ(hosts_at_runtime(staging), Rows{{"of-staging"}});

  run_shell(production, consul, "several-clusters#promote");
  EXPECT_TRUE(receiving.wait_until([&] { return count(receiving, "runtime_mysql_query_rules") == 1; })) << consul.log();
  EXPECT_EQ(hosts_at_runtime(receiving), Rows{{"of-production"}});
  expect_success_of(production.run({"pull"}));
  EXPECT_TRUE(receiving.wait_until([&] {
    const auto told = run_process(on_node(production, consul, page_block("several-clusters#look")));
    return told.exit_code == 0 && told.out.find("\nstaging/proxysql/ converged: 1 node") != std::string::npos &&
           told.out.starts_with("prod/proxysql/ converged: 2 nodes");
  })) << consul.log();
}

/// Two Consuls that are federated, with a node at each.
class PageDataCenters : public ::testing::Test {
 protected:
  static std::string config_of(const std::string& name, unsigned port, unsigned other) {
    return Json{{"datacenter", name},
                {"ports", {{"serf_wan", port}}},
                {"retry_join_wan", {"127.0.0.1:" + std::to_string(other)}},
                {"retry_interval_wan", "200ms"}}
        .dump();
  }

  void SetUp() override {
    first.connect_to(dc1.http_port());
    second.connect_to(dc2.http_port());
    load_one_server(first, "db-1");
    expect_success_of(first.run({"save", "mysql_servers"}));
  }

  unsigned ports[2] = {free_port(), free_port()};
  Node first;
  Node second;
  ConsulAgent dc1{{.config = config_of("dc1", ports[0], ports[1])}};
  ConsulAgent dc2{{.config = config_of("dc2", ports[1], ports[0])}};
};

TEST_F(PageDataCenters, CanShareOneTruth) {
  second.change_settings(page_block("data-centers#settings"));
  const auto pulled = second.run({"pull"});
  EXPECT_EQ(hosts_at_runtime(second), Rows{{"db-1"}}) << all_of(pulled);
  load_one_server(second, "db-2");
  expect_success_of(second.run({"save", "mysql_servers"}));
  EXPECT_THAT(dc2.keys("proxysql"), IsEmpty());
  expect_success_of(first.run({"pull"}));
  EXPECT_EQ(hosts_at_runtime(first), (Rows{{"db-1"}, {"db-2"}}));
  expect_success_of(first.run({"status"}));
  // dc1 knows nothing of the other's agent, which is no reason to take the node for gone.
  load_one_server(first, "db-3");
  expect_success_of(first.run({"save", "mysql_servers"}));
  const auto told = first.run({"status"});
  EXPECT_EQ(told.exit_code, 7) << all_of(told);
  EXPECT_THAT(told.out, HasSubstr("behind"));
}

TEST_F(PageDataCenters, TheOthersWatchLooksAtTheOneTruth) {
  second.change_settings(page_block("data-centers#settings"));
  // The first look, after which the two are known to have joined.
  expect_success_of(second.run({"pull"}));
  auto config = Json::parse(config_of("dc3", free_port(), ports[0]));
  config.merge_patch(Json::parse(page_block("data-centers#watch")));
  Node third;
  ConsulAgent dc3({.config = config.dump(), .env = environment_of(third)});
  third.connect_to(dc3.http_port());
  third.change_settings(page_block("data-centers#settings"));
  EXPECT_TRUE(third.wait_until([&] { return hosts_at_runtime(third) == Rows{{"db-1"}}; }, std::chrono::seconds(40)))
      << dc3.log();
}

TEST_F(PageDataCenters, CanCarryOverAVersion) {
  second.change_settings(page_block("data-centers#settings"));
  expect_success_of(second.run({"pull", "--dry-run"}));
  second.change_settings(R"({"consul_datacenter":null})");
  const auto shown = run_shell(second, dc2, "data-centers#look");
  EXPECT_EQ(shown.out, dc1.get(servers_document));
  run_shell(second, dc2, "data-centers#carry-over");
  EXPECT_EQ(dc2.get(servers_document), dc1.get(servers_document));
  expect_success_of(second.run({"pull"}));
  EXPECT_EQ(hosts_at_runtime(second), Rows{{"db-1"}});
}

TEST_F(PageDataCenters, CanCarryOverALargeTable) {
  first.execute({"DELETE FROM mysql_servers",
                 "INSERT INTO mysql_servers (hostgroup_id,hostname,port) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                 "SELECT i+1 FROM n WHERE i<12000) SELECT 1, 'db-' || i, 3306 FROM n",
                 "LOAD MYSQL SERVERS TO RUNTIME"});
  expect_success_of(first.run({"save", "mysql_servers"}));
  ASSERT_THAT(dc1.keys("proxysql-meta/blob/"), Not(IsEmpty()));
  second.change_settings(page_block("data-centers#settings"));
  expect_success_of(second.run({"pull", "--dry-run"}));
  second.change_settings(R"({"consul_datacenter":null})");
  run_shell(second, dc2, "data-centers#carry-over");
  expect_success_of(second.run({"pull"}));
  EXPECT_EQ(count(second, "runtime_mysql_servers"), count(first, "runtime_mysql_servers"));
}

/// What a script of 2016 puts for a node's servers and rules: all columns by their places.
void save_as_in_2016(Node& node, ConsulAgent& consul, const std::string& configuration, const std::string& table) {
  Json rows = Json::array();
  for (const auto& row : node.rows("SELECT * FROM runtime_" + table)) {
    Json cells = Json::array();
    for (const auto& cell : row) cells.push_back(cell ? Json(*cell) : Json());
    rows.push_back(cells);
  }
  const Json document = {
      {"config_name", configuration}, {"uuid", "0d1b0d6e-4f2c-4a3a-9d0c-0a3c4a1c1d7b"}, {"tables", {{table, rows}}}};
  consul.put("proxysql/" + configuration, document.dump());
}

/// What such a script does with a document: it reads `tables` alone, and goes by position.
void receive_as_in_2016(Node& node, ConsulAgent& consul, const std::string& configuration, const std::string& load) {
  const auto document = Json::parse(consul.get("proxysql/" + configuration).value_or("{}"));
  EXPECT_TRUE(document.at("config_name").is_string());
  EXPECT_TRUE(document.at("uuid").is_string());
  for (const auto& [table, rows] : document.at("tables").items()) {
    if (node.rows("SELECT 1 FROM sqlite_master WHERE name='" + table + "'").empty()) continue;
    node.query("DELETE FROM " + table);
    for (const auto& row : rows) {
      std::string values;
      for (const auto& cell : row) {
        values += values.empty() ? "" : ",";
        values += cell.is_null() ? "NULL" : "'" + cell.get<std::string>() + "'";
      }
      node.query("INSERT INTO " + table + " VALUES (" + values + ")");
    }
  }
  node.query("LOAD " + load + " TO RUNTIME");
}

class PageFrom2016 : public ::testing::TestWithParam<StandinVersion> {
 protected:
  PageFrom2016() : pair({.version = GetParam()}, {.version = GetParam()}) {}

  Pair pair;  ///< A is not moved yet, B is
};

TEST_P(PageFrom2016, BothWorkInOneClusterMeanwhile) {
  auto& [old_node, moved, consul] = pair;
  load_one_server(old_node, "db-1");
  old_node.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  save_as_in_2016(old_node, consul, "mysql_servers", "mysql_servers");
  save_as_in_2016(old_node, consul, "mysql_query_rules", "mysql_query_rules");
  run_shell(moved, consul, "from-2016#backup");
  EXPECT_THAT(read_file(moved.file("proxysql-2016.json")), HasSubstr("proxysql/mysql_query_rules"));
  EXPECT_THAT(run_shell(moved, consul, "from-2016#look").out, HasSubstr("LOAD MYSQL SERVERS TO RUNTIME"));
  EXPECT_THAT(hosts_at_runtime(moved), IsEmpty());
  run_shell(moved, consul, "from-2016#take");
  EXPECT_EQ(hosts_at_runtime(moved), Rows{{"db-1"}});
  EXPECT_EQ(runtime(moved, "mysql_query_rules"), runtime(old_node, "mysql_query_rules"));

  // To the one that is not moved, and from it again.
  load_one_server(moved, "db-2");
  expect_success_of(moved.run({"save", "mysql_servers"}));
  receive_as_in_2016(old_node, consul, "mysql_servers", "MYSQL SERVERS");
  EXPECT_EQ(runtime(old_node, "mysql_servers"), runtime(moved, "mysql_servers"));
  load_one_server(old_node, "db-3");
  save_as_in_2016(old_node, consul, "mysql_servers", "mysql_servers");
  expect_success_of(moved.run({"pull"}));
  EXPECT_EQ(runtime(old_node, "mysql_servers"), runtime(moved, "mysql_servers"));

  // The last one has moved.
  run_shell(old_node, consul, "from-2016#take");
  run_shell(old_node, consul, "from-2016#last");
  const auto document = Json::parse(consul.get(servers_document).value_or("{}"));
  EXPECT_THAT(document.at("columns").at("mysql_servers"), ::testing::Contains("hostname"));
  EXPECT_EQ(document.at("origin").at("message"), "moved from the script of 2016");
  EXPECT_THAT(consul.keys("proxysql-meta/history/mysql_servers/"), Not(IsEmpty()));
  run_shell(moved, consul, "from-2016#take");
  expect_success_of(moved.run({"status"}));
}

TEST_P(PageFrom2016, AllInPlaceWritesNothing) {
  auto& [old_node, moved, consul] = pair;
  for (auto* node : {&old_node, &moved}) load_one_server(*node, "db-1");
  moved.execute({"SAVE MYSQL SERVERS TO DISK"});
  save_as_in_2016(old_node, consul, "mysql_servers", "mysql_servers");
  moved.forget_statements();
  run_shell(moved, consul, "from-2016#take");
  for (const auto* head : {"REPLACE", "DELETE", "LOAD", "SAVE"}) EXPECT_THAT(moved.statements(head), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Versions, PageFrom2016, ::testing::Values(StandinVersion::v1_1, StandinVersion::v2_7));

/// Names the two to each other, as peers of ProxySQL's clustering.
void make_peers(Pair& pair) {
  for (auto* node : {&pair.a, &pair.b}) {
    for (auto* peer : {&pair.a, &pair.b}) {
      node->query("INSERT INTO proxysql_servers (hostname,port) VALUES ('127.0.0.1'," +
                  std::to_string(peer->proxysql().port()) + ")");
    }
    node->query("LOAD PROXYSQL SERVERS TO RUNTIME");
  }
}

std::string clustering_in(const std::string& report) {
  const auto at = report.find("clustering");
  return at == std::string::npos ? report : report.substr(report.rfind('\n', at) + 1, 400);
}

TEST(PageNativeClustering, SwitchesOffWhatTravels) {
  Pair pair;
  make_peers(pair);
  const auto check = [&] {
    return clustering_in(run_process(on_node(pair.a, pair.consul, page_block("native-clustering#check"))).out);
  };
  const auto before = check();
  for (const auto& statement : statements_in(page_block("native-clustering#off"))) {
    if (!statement.starts_with("SET ")) continue;
    EXPECT_THAT(before, HasSubstr(statement.substr(4, statement.find('=') - 4)));
  }
  run_sql(pair.a, "native-clustering#off");
  EXPECT_THAT(check(), HasSubstr("spreads none of the accepted configurations"));
}

TEST(PageFromNativeClustering, MovesAPair) {
  Pair pair;
  make_peers(pair);
  for (auto* node : {&pair.a, &pair.b}) {
    run_sql(*node, "native-clustering#off");
    load_one_server(*node, "db-1");
  }
  load_one_server(pair.b, "only-here");
  run_shell(pair.a, pair.consul, "from-native-clustering#save");
  const auto compared = run_process(on_node(pair.b, pair.consul, page_block("from-native-clustering#compare")));
  EXPECT_EQ(compared.exit_code, 7);
  EXPECT_THAT(compared.out, HasSubstr("only-here"));
  run_shell(pair.b, pair.consul, "from-native-clustering#take");
  EXPECT_EQ(hosts_at_runtime(pair.b), Rows{{"db-1"}});
  expect_success_of(run_process(on_node(pair.b, pair.consul, page_block("from-native-clustering#compare"))));
  expect_success_of(pair.b.run({"status"}));
  run_sql(pair.a, "from-native-clustering#leave");
  EXPECT_EQ(count(pair.a, "runtime_proxysql_servers"), 0U);
}

/// The page's text with this build's program, in a directory of the test.
std::string on_one_machine(const std::string& text, const TempDir& dir) {
  return with(with(text, "/srv/two-nodes", dir.path().string()), "proxysql-consul --", PROXYSQL_CONSUL_PATH " --");
}

/// A node's settings as the page has them, with the port and the login of the test's ProxySQL.
void write_settings_of(const Node& node, const std::string& block, unsigned port, const TempDir& dir,
                       const std::string& name) {
  auto settings = nlohmann::json::parse(read_file(node.settings_file()));
  auto of_page = nlohmann::json::parse(with(block, "/srv/two-nodes", dir.path().string()));
  EXPECT_EQ(of_page.at("proxysql_admin_port"), port);
  of_page["proxysql_admin_port"] = settings.at("proxysql_admin_port");
  settings.merge_patch(of_page);
  write_file(dir.file(name), settings.dump());
}

TEST(PageOneMachine, LetsTwoNodesShareAConfiguration) {
  Pair pair;
  TempDir dir;
  write_settings_of(pair.a, page_block("one-machine#first"), 6032, dir, "a.cnf");
  write_settings_of(pair.b, page_block("one-machine#second"), 6042, dir, "b.cnf");
  const auto run = [&](const std::string& block) {
    return run_process(on_node(pair.a, pair.consul, on_one_machine(block, dir)));
  };
  expect_success_of(run(page_block("one-machine#give")));
  const Process follow(on_node(pair.b, pair.consul, "exec " + on_one_machine(page_block("one-machine#follow"), dir)));
  ASSERT_TRUE(await_record(pair.consul, [&] {
    return read_file(dir.file("b.state")).find("\"mysql_servers\"") != std::string::npos;
  })) << follow.err();
  run_sql(pair.a, "one-machine#change");
  const auto arrived = run(page_block("one-machine#arrive"));
  expect_success_of(arrived);
  EXPECT_THAT(arrived.out, ::testing::HasSubstr("converged: 2 nodes, and each has what it accepts"));
  EXPECT_EQ(hosts_at_runtime(pair.b), Rows{{"db-1"}});
  EXPECT_NE(read_file(dir.file("a.uuid")), read_file(dir.file("b.uuid")));
}

}  // namespace
}  // namespace proxysql_consul::testing
