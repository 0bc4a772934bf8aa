// Three Consul servers of which the leader dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "proxysql_consul/model/document.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;
using namespace std::chrono_literals;
using Node = ConsulNode;

/// Three servers on distinct ports, and the leader's number.
class ConsulCluster : public ::testing::Test {
 protected:
  ConsulCluster() {
    std::vector<unsigned> serf;
    for (int i = 0; i < 3; ++i) serf.push_back(free_port());
    std::vector<std::future<std::unique_ptr<ConsulAgent>>> starting;
    Json join = Json::array();
    for (const auto port : serf) join.push_back("127.0.0.1:" + std::to_string(port));
    for (const auto port : serf) {
      const Json config = {
          {"bootstrap_expect", 3}, {"retry_join", join}, {"retry_interval", "200ms"}, {"ports", {{"serf_lan", port}}}};
      starting.push_back(std::async(std::launch::async, [text = config.dump()] {
        return std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = text, .dev = false});
      }));
    }
    for (auto& one : starting) servers.push_back(one.get());
  }

  std::size_t leader() const {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const auto self = Json::parse(http_request(servers[i]->http_port(), "GET", "/v1/agent/self").body);
      if (self["Stats"]["consul"]["leader"] == "true") return i;
    }
    throw std::runtime_error("no leader");
  }

  std::vector<std::unique_ptr<ConsulAgent>> servers;
};

TEST_F(ConsulCluster, ALeaderThatDiesDuringASaveDelaysItAlone) {
  const auto dying = leader();
  auto& agent = *servers[(dying + 1) % 3];
  Node node(agent.http_port());
  node.add_server("db1");
  bool ended = false;
  const auto ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call != "commit" || key != servers_key || ended) return;
    ended = true;
    servers[dying]->stop();
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(ended);
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db1"));
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), IsEmpty()) << "saved once";
}

TEST_F(ConsulCluster, ALeaderThatDiesDuringAnUpdateDelaysItAlone) {
  const auto dying = leader();
  auto& agent = *servers[(dying + 1) % 3];
  Node a(agent.http_port());
  a.add_rules(5000);
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_TRUE(parse_document(*agent.get(rules_key)).blob);
  Node b(agent.http_port());
  bool ended = false;
  const auto ran = b.run_here(
      {"update"},
      [&](const std::string& call, const std::string& key) {
        if (call != "get" || !key.starts_with("proxysql-meta/blob/") || ended) return;
        ended = true;
        servers[dying]->stop();
      },
      agent.recurse("proxysql/"));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(ended);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "5000");
}

}  // namespace
}  // namespace proxysql_consul::testing
