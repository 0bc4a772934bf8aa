// Five nodes, each behind an agent of its own, of which each fares in a way of its own: what status and save --wait
// say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "support/http_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

struct Member {
  explicit Member(NodeOptions options = {}) : node(std::move(options)) {}

  /// Starts its agent, which joins another unless that is 0.
  void join(unsigned serf_port) {
    auto config = Json::parse(node.watch_config());
    if (serf_port != 0) {
      config["server"] = false;
      config["bootstrap_expect"] = nullptr;
      config["retry_join"] = {"127.0.0.1:" + std::to_string(serf_port)};
      config["retry_interval"] = "1s";
    }
    // So that an agent that has ended is missed sooner.
    config["gossip_lan"] = {{"suspicion_mult", 2}};
    agent = std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = config.dump(), .dev = false});
    node.connect_to(agent->http_port());
  }

  Node node;
  std::unique_ptr<ConsulAgent> agent;
};

class FiveNodes : public ::testing::Test {
 protected:
  FiveNodes() {
    saver.join(0);
    std::vector<std::future<void>> starting;
    for (auto* member : {&failing, &choosy, &frozen, &ended}) {
      starting.push_back(std::async(std::launch::async, [this, member] { member->join(saver.agent->serf_port()); }));
    }
    for (auto& one : starting) one.get();
    for (auto* member : {&saver, &failing, &choosy, &frozen, &ended}) {
      EXPECT_TRUE(member->node.wait_until([&] { return !member->node.handled().empty(); })) << member->agent->log();
    }
  }

  /// Returns once the catalog says that the agent has failed.
  void await_failure(const ConsulAgent& agent) const {
    const auto name = "node-" + std::to_string(agent.http_port());
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::string body;
    while (std::chrono::steady_clock::now() < until) {
      // Raft moves on with each change, so that the wait ends with the next; at the latest after a second.
      body = http_request(saver.agent->http_port(), "GET", "/v1/health/node/" + name).body;
      for (const auto& check : Json::parse(body)) {
        if (check.at("CheckID") == "serfHealth" && check.at("Status") == "critical") return;
      }
      http_request(saver.agent->http_port(), "GET", "/v1/health/state/any?index=" + index_of_health() + "&wait=1s");
    }
    FAIL() << "still thought to live: " << body;
  }

  Json status() const {
    const auto ran = saver.node.run({"status", "--json"});
    auto json = Json::parse(ran.out);
    EXPECT_EQ(ran.exit_code, json.at("converged") ? 0 : 7) << ran.out << ran.err;
    return json;
  }

  static std::string state_of(const Json& status, const Member& member) {
    for (const auto& node : status.at("nodes")) {
      if (node.at("uuid") == member.node.uuid()) return node.at("state");
    }
    return "unknown";
  }

  static std::string short_name(const Member& member) { return "(" + member.node.uuid().substr(0, 8) + ")"; }

  Member saver;
  Member failing{{.settings = R"({"retry_seconds":1})"}};
  Member choosy{{.settings = R"({"accept":["mysql_users"]})"}};
  Member frozen;
  Member ended;

 private:
  std::string index_of_health() const {
    std::uint64_t newest = 1;
    const auto body = http_request(saver.agent->http_port(), "GET", "/v1/health/state/any").body;
    for (const auto& check : Json::parse(body)) {
      newest = std::max(newest, check.at("ModifyIndex").get<std::uint64_t>());
    }
    return std::to_string(newest);
  }
};

TEST_F(FiveNodes, AreWaitedForAndToldApart) {
  saver.node.execute({insert_server("db1"), "LOAD MYSQL SERVERS TO RUNTIME"});
  auto ran = saver.node.run({"save", "mysql_servers", "--wait=60"});
  EXPECT_EQ(ran.exit_code, 0) << all_of(ran);
  EXPECT_THAT(ran.out, HasSubstr(": all 4 live nodes: each has it\n")) << "the fifth does not accept it";
  auto json = status();
  EXPECT_EQ(json.at("converged"), true) << json;
  EXPECT_EQ(json.at("configurations").at(0).at("nodes"), Json::parse(R"({"have":4,"of":4})"));
  for (const auto* member : {&saver, &failing, &choosy, &frozen, &ended}) EXPECT_EQ(state_of(json, *member), "ok");

  ASSERT_EQ(saver.node.run({"freeze", "--reason", "maintenance"}).exit_code, 0);
  const auto is_frozen = [&](const Member& member) { return state_of(status(), member) == "frozen"; };
  EXPECT_TRUE(frozen.node.wait_until([&] { return is_frozen(frozen); }));
  EXPECT_TRUE(choosy.node.wait_until([&] { return is_frozen(choosy); }));
  EXPECT_TRUE(saver.node.wait_until([&] { return is_frozen(saver); }));

  // The thaw stands at one node's gate; another node's ProxySQL ends, and so does the agent of a third.
  frozen.node.put_gate();
  failing.node.proxysql().stop();
  ended.agent->stop();
  ASSERT_EQ(saver.node.run({"thaw"}).exit_code, 0);
  saver.node.execute({insert_server("db2"), "LOAD MYSQL SERVERS TO RUNTIME"});
  await_failure(*ended.agent);
  ran = saver.node.run({"save", "mysql_servers", "--wait=1"});
  EXPECT_EQ(ran.exit_code, 7) << all_of(ran);
  EXPECT_THAT(ran.err, HasSubstr(short_name(frozen) + ": frozen, has not seen the thaw yet"));

  EXPECT_TRUE(failing.node.wait_until([&] { return state_of(status(), failing) == "failed"; }));
  json = status();
  EXPECT_EQ(json.at("converged"), false);
  EXPECT_EQ(json.at("configurations").at(0).at("nodes"), Json::parse(R"({"have":1,"of":3})"));
  EXPECT_EQ(state_of(json, saver), "ok");
  EXPECT_EQ(state_of(json, failing), "failed");
  EXPECT_TRUE(choosy.node.wait_until([&] { return state_of(status(), choosy) == "ok"; }));
  EXPECT_EQ(state_of(json, frozen), "frozen");
  EXPECT_EQ(state_of(json, ended), "gone");
  ran = saver.node.run({"status"});
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(short_name(failing) + "  failed"), HasSubstr(short_name(ended) + "  gone"),
                    HasSubstr("its Consul agent node-" + std::to_string(ended.agent->http_port()) + " has failed")))
      << ran.out;

  // All who live come back, and nobody waits for the one that does not.
  failing.node.proxysql().start();
  const auto pulled = failing.node.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  Process waiting(saver.node.command({"save", "mysql_servers", "--wait=60"}));
  frozen.node.open_gate();
  frozen.node.open_gate();
  const auto waited = waiting.wait();
  EXPECT_EQ(waited.exit_code, 0) << all_of(waited);
  EXPECT_EQ(saver.node.run({"status"}).exit_code, 0);
}

}  // namespace
}  // namespace proxysql_consul::testing
