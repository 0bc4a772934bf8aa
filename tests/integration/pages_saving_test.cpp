// docs/integrations/: how a change gets from a ProxySQL into Consul. Each page's own blocks are run; where the stand-in
// has no scheduler and no REST API, the test does what ProxySQL does with the rows that the page wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "proxysql_consul/model/state_json.h"
#include "support/http_server.h"
#include "support/page.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr auto two_servers =
    "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'db-1',3306), (1,'db-2',3306)";

/// The weights of a node's servers, in the order of their names.
Rows weights(Node& node) { return node.rows("SELECT weight FROM runtime_mysql_servers ORDER BY hostname"); }

/// Waits, with Consul's blocking queries, until the key has another version than this one.
void await_change(ConsulAgent& consul, const std::string& key, std::uint64_t version) {
  for (int attempt = 0; attempt < 10 && consul.modify_index(key) == version; ++attempt) {
    const auto query = "/v1/kv/" + key + "?wait=10s&index=" + std::to_string(version);
    http_request(consul.http_port(), "GET", query);
  }
  ASSERT_NE(consul.modify_index(key), version);
}

TEST(PageProxySql1, SavesOnSaveToCluster) {
  Pair pair({.version = StandinVersion::v1_1});
  run_sql(pair.a, "proxysql-1#script-path");
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME",
                  "INSERT INTO mysql_users (username,password) VALUES ('app','x')", "LOAD MYSQL USERS TO RUNTIME"});
  run_sql(pair.a, "proxysql-1#save");
  run_shell(pair.a, pair.consul, "proxysql-1#others");
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U) << all_of(pulled);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U) << all_of(pulled);
  EXPECT_EQ(count(pair.b, "mysql_users"), 1U) << all_of(pulled);
}

/// Whether the node says that it holds what Consul has of the servers.
bool has_current(const Node& node, ConsulAgent& consul) {
  const auto text = node.state();
  if (text.empty()) return false;
  const auto state = parse_state(text, "state");
  const auto* known = state.find("mysql_servers");
  return known != nullptr && known->version == consul.modify_index(servers_document);
}

TEST(PageFollow, PublishesALoad) {
  Pair pair;
  pair.a.execute({two_servers, "LOAD MYSQL SERVERS TO RUNTIME"});
  for (auto* node : {&pair.a, &pair.b}) node->change_settings(page_block("follow#settings"));
  run_shell(pair.a, pair.consul, "follow#first");
  const auto script = "exec " + page_block("follow#follow");
  const Process first(on_node(pair.a, pair.consul, script));
  const Process second(on_node(pair.b, pair.consul, script));
  ASSERT_TRUE(pair.b.wait_until([&] { return has_current(pair.b, pair.consul); })) << second.err();
  run_sql(pair.b, "follow#change");
  ASSERT_TRUE(pair.a.wait_until([&] { return weights(pair.a) == Rows{{"1"}, {"500"}}; })) << first.err();
  ASSERT_TRUE(pair.a.wait_until([&] { return has_current(pair.a, pair.consul); })) << first.err();
  const auto told = run_process(on_node(pair.a, pair.consul, page_block("follow#look")));
  EXPECT_EQ(told.exit_code, 0) << all_of(told);
  EXPECT_THAT(told.out, HasSubstr("as it was before Consul"));
}

/// What ProxySQL does with each active row of its scheduler, once.
void run_scheduler(Node& node) {
  for (const auto& row : node.rows("SELECT filename,arg1,arg2,arg3,arg4,arg5 FROM runtime_scheduler WHERE active=1")) {
    ProcessOptions options;
    for (const auto& word : row) {
      if (!word) break;
      options.argv.emplace_back(*word);
    }
    const auto ran = run_process(std::move(options));
    EXPECT_EQ(ran.exit_code, 0) << all_of(ran);
  }
}

TEST(PageScheduler, SavesAChange) {
  Pair pair;
  pair.a.execute({two_servers, "LOAD MYSQL SERVERS TO RUNTIME"});
  run_shell(pair.a, pair.consul, "scheduler#first");
  run_shell(pair.b, pair.consul, "scheduler#others");
  EXPECT_EQ(weights(pair.b), (Rows{{"1"}, {"1"}}));
  const auto quick = with(page_block("scheduler#schedule", pair.b), ",10000,", ",1000,");
  pair.b.execute(statements_in(quick));
  const auto before = pair.consul.modify_index(servers_document);
  run_sql(pair.b, "scheduler#change");
  if (!pair.b.proxysql().is_real()) run_scheduler(pair.b);
  await_change(pair.consul, servers_document, before);
  const auto pulled = pair.a.run({"pull"});
  EXPECT_EQ(weights(pair.a), (Rows{{"1"}, {"500"}})) << all_of(pulled);
}

/// What ProxySQL answers to a request for a route: what the script printed, or 424 and why.
HttpReply answer_of_route(Node& node, const HttpRequest& request) {
  const auto found = node.rows("SELECT script FROM runtime_restapi_routes WHERE active=1 AND method='" +
                               request.method + "' AND '/sync/' || uri = '" + request.target + "'");
  if (found.size() != 1) return {.status = 404, .body = "{}"};
  ProcessOptions script;
  script.argv = {std::string(found[0][0].value_or("")), request.body};
  const auto ran = run_process(std::move(script));
  if (ran.exit_code == 0 && Json::accept(ran.out)) return {.status = 200, .body = ran.out};
  return {.status = 424, .body = Json{{"script_exit_status", ran.exit_code}, {"script_stderr", ran.err}}.dump()};
}

class PageRestApi : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto script = node.file("proxysql-consul-rest");
    write_file(script, page_block("restapi#script", node));
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    node.connect_to(consul.http_port());
    node.change_settings(R"({"retry_seconds":1})");
    node.execute({two_servers, "LOAD MYSQL SERVERS TO RUNTIME"});
    const bool is_real = node.proxysql().is_real();
    if (!is_real)
      server = std::make_unique<HttpServer>([this](const auto& request) { return answer_of_route(node, request); });
    port = is_real ? free_port() : server->port();
    if (is_real) node.execute({"SET admin-restapi_port=" + std::to_string(port)});
    node.execute(statements_in(with(page_block("restapi#route"), "/usr/local/bin/proxysql-consul-rest", script)));
  }

  ProcessResult call() {
    auto script = with(page_block("restapi#call"), "6070", std::to_string(port));
    script =
        with(script, "curl -sS", "curl -sS --retry 20 --retry-connrefused --retry-max-time 30 -w ' HTTP %{http_code}'");
    return run_process(on_node(node, consul, script));
  }

  ConsulAgent consul;
  Node node;
  std::unique_ptr<HttpServer> server;
  unsigned port = 0;
};

TEST_F(PageRestApi, Saves) {
  const auto saved = call();
  EXPECT_THAT(saved.out, HasSubstr("{\"saved\": true}")) << all_of(saved);
  EXPECT_THAT(saved.out, HasSubstr("HTTP 200"));
  EXPECT_THAT(consul.get(servers_document).value_or(""), HasSubstr("over the REST API"));
}

TEST_F(PageRestApi, AnswersWithTheReason) {
  consul.stop();
  const auto failed = call();
  EXPECT_THAT(failed.out, HasSubstr("HTTP 424")) << all_of(failed);
  EXPECT_THAT(failed.out, HasSubstr("script_stderr"));
  EXPECT_THAT(failed.out, HasSubstr("is the Consul agent running"));
}

}  // namespace
}  // namespace proxysql_consul::testing
