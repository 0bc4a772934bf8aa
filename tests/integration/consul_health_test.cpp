// `check --health` as a script check of a real agent, as docs/consul.md has it; and what `check` finds with a real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/consul_fixture.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

/// What the agent says of its script check.
struct Health {
  std::string status;
  std::string output;
};

class ConsulHealth : public ::testing::Test {
 protected:
  /// The blocks of docs/consul.md, with checks that come soon one after the other.
  std::string agent_config() const {
    auto config = Json::parse(replaced(doc_block("health"), "\"30s\"", "\"1s\""));
    config.merge_patch(Json::parse(doc_block("watch-args")));
    return config.dump();
  }

  void SetUp() override {
    node.set({{"consul_port", agent.http_port()}});
    ASSERT_EQ(chmod(node.config().c_str(), 0640), 0);
  }

  /// Waits, with Consul's blocking queries, until the check has that status.
  Health await(const std::string& status) {
    std::uint64_t index = 1;
    Health health;
    const auto until = std::chrono::steady_clock::now() + hang_limit;
    while (std::chrono::steady_clock::now() < until) {
      const auto reply = http_request(agent.http_port(), "GET",
                                      "/v1/health/checks/proxysql-consul?wait=5s&index=" + std::to_string(index));
      for (const auto& check : Json::parse(reply.body)) {
        health = {check.at("Status"), check.at("Output")};
        // Before the first run the check is critical, and says nothing.
        if (health.status == status && !health.output.empty()) return health;
        index = std::max(index, check.at("ModifyIndex").get<std::uint64_t>());
      }
    }
    ADD_FAILURE() << "not " << status << ": " << health.output << agent.log();
    return health;
  }

  ConsulNode node{1};
  ConsulAgent agent{
      {.config = agent_config(), .env = {{"PATH", search_path()}, {"PROXYSQL_CONSUL_CONFIG", node.config()}}}};
};

TEST_F(ConsulHealth, IsTheScriptChecksStatus) {
  EXPECT_EQ(await("passing").output, "OK: all checks passed\n");
  agent.put("proxysql/freeze", "black friday");
  EXPECT_THAT(await("warning").output, StartsWith("WARNING: frozen\nfrozen: "));
  agent.remove("proxysql/freeze");
  await("passing");
  node.proxysql.stop();
  EXPECT_THAT(await("critical").output, StartsWith("CRITICAL: proxysql\nproxysql: "));
  node.proxysql.start();
  await("passing");
}

TEST_F(ConsulHealth, LeavesNothingBehind) {
  const auto ran = node.run({"check"});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("may receive and save"));
  // The agent calls the watch's handler when it starts, which tells of the node.
  EXPECT_THAT(agent.keys(""), ::testing::Each(StartsWith("proxysql-meta/node/")));
}

TEST(ConsulHealthRights, AreTriedAsDocumented) {
  ConsulAgent agent({.config = acl_config(), .token = master_token});
  ConsulNode node(agent.http_port());
  const struct {
    std::string rules;
    int status;
    const char* said;
  } cases[] = {
      {doc_block("policy-save"), 0, "  may receive and save\n"},
      {doc_block("policy-receive"), 0, "  may receive, and not save\n"},
      {"key_prefix \"proxysql/\" { policy = \"read\" }", 7, "403"},
      {"key_prefix \"proxysql-meta/\" { policy = \"write\" }", 7, "403"},
  };
  for (const auto& [rules, status, said] : cases) {
    SCOPED_TRACE(rules);
    node.set({{"consul_token", make_token(agent, rules)}});
    const auto ran = node.run({"check"});
    EXPECT_EQ(ran.status, status) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr(said));
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
