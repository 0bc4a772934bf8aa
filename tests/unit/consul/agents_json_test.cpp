#include "proxysql_consul/consul/agents_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(AgentsJson, ReadsWhatAnAgentSaysOfItself) {
  const auto self = parse_agent_self(
      R"({"Config":{"NodeName":"n1","Datacenter":"dc7","Version":"1.8.7"},"DebugConfig":{"Watches":[{},{}]},"Member":{"Name":"n1"}})");
  ASSERT_TRUE(self);
  EXPECT_EQ(self->node, "n1");
  EXPECT_EQ(self->datacenter, "dc7");
  EXPECT_EQ(self->version, "1.8.7");
  EXPECT_EQ(self->watches, 2U);
  EXPECT_FALSE(parse_agent_self(R"({"Config":{"NodeName":"n1"}})")->watches) << "it does not tell";
}

TEST(AgentsJson, TakesAnAgentForDeadWhoseSerfCheckIsCritical) {
  const auto health = parse_agent_health(R"([
      {"Node":"a","CheckID":"serfHealth","Status":"passing"},
      {"Node":"b","CheckID":"serfHealth","Status":"critical"},
      {"Node":"a","CheckID":"service:x","Status":"critical"},
      {"Node":"external","CheckID":"ping","Status":"passing"}])");
  ASSERT_TRUE(health);
  EXPECT_THAT(*health, ElementsAre(Pair("a", true), Pair("b", false)));
  EXPECT_THAT(*parse_agent_health("[]"), IsEmpty());
}

TEST(AgentsJson, ReadsTheLeader) {
  EXPECT_EQ(parse_leader("\"10.0.0.1:8300\"\n"), "10.0.0.1:8300");
  EXPECT_EQ(parse_leader("\"\""), "");
}

TEST(AgentsJson, TakesNothingElse) {
  for (const char* text : {"", "null", "{}", "3", "[1]", R"([{"Node":"a"}])", "{\"Config\":7}", "not json"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_agent_self(text));
    EXPECT_FALSE(parse_agent_health(text));
    EXPECT_FALSE(parse_leader(text));
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
