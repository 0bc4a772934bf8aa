// What include/proxysql_consul/consul/agents.h promises, held against real Consul agents and against those in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/consul_fixture.h"
#include "proxysql_consul/consul/agents.h"
#include "support/consul_agent.h"
#include "support/fake_agents.h"
#include "support/silent_log.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Json = nlohmann::json;

struct AgentsUnderTest {
  static std::string config() {
    auto json = Json::parse(acl_config());
    json["node_name"] = "here";
    json["watches"] = {{{"type", "keyprefix"}, {"prefix", "proxysql/"}, {"args", {"true"}}},
                       {{"type", "key"}, {"key", "other"}, {"args", {"true"}}}};
    return json.dump();
  }

  ConsulAgent agent{{.config = config(), .token = master_token}};
  FakeConsul fake;
};

class AgentsContract : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { both = std::make_unique<AgentsUnderTest>(); }
  static void TearDownTestSuite() { both.reset(); }

  static std::unique_ptr<Agents> open(const std::string& token = master_token) {
    if (std::string(GetParam()) == "fake") {
      both->fake.agents = {{"here", true}};
      both->fake.watches = 2;
      both->fake.may_read_agents = token == master_token;
      return std::make_unique<FakeAgents>(both->fake, "here");
    }
    ConsulOptions options;
    options.port = both->agent.http_port();
    options.token = token;
    return open_consul_agents(options, silent_log());
  }

  static std::unique_ptr<AgentsUnderTest> both;
};

std::unique_ptr<AgentsUnderTest> AgentsContract::both;

INSTANTIATE_TEST_SUITE_P(Of, AgentsContract, ::testing::Values("agent", "fake"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(AgentsContract, TellsOfItself) {
  const auto self = open()->self();
  ASSERT_TRUE(self);
  EXPECT_EQ(self->node, "here");
  EXPECT_EQ(self->datacenter, "dc1");
  EXPECT_THAT(self->version, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*"));
  EXPECT_EQ(self->watches, 2U);
}

TEST_P(AgentsContract, TellsWhoLivesAndWhoLeads) {
  EXPECT_THAT(*open()->health(), ElementsAre(Pair("here", true)));
  EXPECT_THAT(open()->leader().value_or("none"), HasSubstr("127.0.0.1:"));
}

TEST_P(AgentsContract, TellsNothingOfAgentsThatATokenMayNotRead) {
  const auto agents = open("");
  EXPECT_FALSE(agents->self());
  EXPECT_FALSE(agents->health());
  EXPECT_TRUE(agents->leader()) << "which needs no right";
}

TEST(AgentsThatAreAway, AreUnavailable) {
  ConsulOptions options;
  options.port = free_port();
  const auto agents = open_consul_agents(options, silent_log());
  EXPECT_THROW(agents->self(), Unavailable);
  EXPECT_THROW(agents->health(), Unavailable);
  EXPECT_THROW(agents->leader(), Unavailable);
  FakeConsul fake;
  fake.always = FakeConsul::Failure::away;
  EXPECT_THROW(FakeAgents(fake, "here").self(), Unavailable);
  EXPECT_THROW(FakeAgents(fake, "here").health(), Unavailable);
  EXPECT_THROW(FakeAgents(fake, "here").leader(), Unavailable);
}

}  // namespace
}  // namespace proxysql_consul::testing
