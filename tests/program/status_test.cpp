// status: who has what, for people and scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "support/golden.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class Status : public Run {
 protected:
  /// What differs from run to run or from version to version made alike.
  std::string alike(std::string text) const {
    for (const auto* node : {&a, &b}) {
      const auto uuid = node->uuid();
      for (auto at = text.find(uuid); at != std::string::npos; at = text.find(uuid, at)) {
        text.replace(at, uuid.size(), "00000000-0000-4000-8000-00000000000" + std::string(node == &a ? "a" : "b"));
      }
    }
    return std::regex_replace(text, std::regex("\"program_version\": \"[^\"]*\""), "\"program_version\": \"2.0.0\"");
  }

  /// A cluster of which one node lags.
  void let_b_lag() {
    a.set_servers({"db1"});
    ASSERT_EQ(a.run({"save", "mysql_servers", "--message", "one"}).status, 0);
    ASSERT_EQ(b.update().status, 0);
    a.set_servers({"db1", "db2"});
    ASSERT_EQ(a.run({"save", "mysql_servers", "--message", "two more replicas"}).status, 0);
    consul.agents["elsewhere"] = true;
  }
};

TEST_F(Status, SaysThatNothingIsThere) {
  const auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "proxysql/ nothing is there: save first, or is consul_prefix another?\n");
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Status, ShowsWhoHasWhat) {
  let_b_lag();
  auto ran = b.run({"status"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, IsEmpty());
  expect_golden("status-behind.txt", ran.out);
  EXPECT_EQ(b.update().status, 0);
  ran = b.run({"status"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("converged: 2 nodes, and each has what it accepts\n"));
  EXPECT_THAT(b.writes(), ::testing::Contains("LOAD")) << "by update";
}

TEST_F(Status, TouchesNeitherProxySqlNorFiles) {
  save_from_a({"db1"});
  b.is_away = true;
  EXPECT_EQ(b.run({"status"}).status, 0);
  EXPECT_THAT(b.opened, IsEmpty());
  EXPECT_EQ(read_file(b.uuid_file()), "");
}

TEST_F(Status, IsAnObjectForScripts) {
  let_b_lag();
  consul.set(prefix + "freeze", R"({"reason":"maintenance","by":"alice","host":"host-a","at":"2027-01-15T08:00:00Z"})");
  a.update();
  const auto ran = b.run({"status", "--json"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_EQ(Json::parse(ran.out).begin().key(), "format") << "it parses";
  expect_golden("status.json", alike(ran.out));
}

TEST_F(Status, HasEveryKeyAlsoWhereNothingIsThere) {
  const auto ran = a.run({"status", "--json"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(Json::parse(ran.out), Json::parse(R"({"format":1,"prefix":"proxysql/","converged":true,"frozen":null,
                                                  "configurations":[],"nodes":[]})"));
}

TEST_F(Status, WaitsForNobodyWhoIsGone) {
  let_b_lag();
  consul.agents["agent-of-host-b"] = false;
  auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("its Consul agent agent-of-host-b has failed"));
  consul.agents.erase("agent-of-host-b");
  ran = a.run({"status"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("its Consul agent agent-of-host-b has left"));
}

TEST_F(Status, CountsNobodyAsGoneWhereItMayNotAskWhoLives) {
  let_b_lag();
  consul.agents["agent-of-host-b"] = false;
  consul.may_read_agents = false;
  const auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("warning: which Consul agents live may not be read, so no node counts as "
                                             "gone: the token's policy needs node_prefix \"\" { policy = \"read\" }")));
  EXPECT_THAT(ran.out, Not(HasSubstr("gone")));
}

TEST_F(Status, ShowsAFreezeAndWhoHasSeenIt) {
  save_from_a({"db1"});
  b.update();
  ASSERT_EQ(a.run({"freeze", "--reason", "maintenance"}).status, 0);
  b.update();
  const auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 0) << "everybody has what there is to have";
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\nfrozen by "), HasSubstr(": maintenance (`thaw` ends that)\n"),
                             HasSubstr("host-a  ok      2.7.2     has not seen the freeze yet; no `follow` runs there"),
                             HasSubstr("host-b  frozen  2.7.2\n")))
      << ran.out;
}

TEST_F(Status, IsCutAndColouredOnATerminal) {
  let_b_lag();
  b.terminal_width = 60;
  const auto ran = b.run({"status"});
  expect_golden("status-60-columns.txt", ran.out);
  b.environment["NO_COLOR"] = "1";
  const auto plain = b.run({"status"}).out;
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_THAT(plain, HasSubstr("…"));
}

TEST_F(Status, AppendsWhatChangesWhereNobodyLooks) {
  let_b_lag();
  int waits = 0;
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("WAIT")) return;
    ++waits;
    consul.on_call = nullptr;
    EXPECT_EQ(b.update().status, 0);
    // The second wait, after which nothing has changed, is the last.
    consul.on_call = [&](const std::string& next) {
      if (next.starts_with("WAIT")) a.clock.is_stopping = true;
    };
  };
  const auto ran = a.run({"status", "--watch"});
  EXPECT_EQ(waits, 1);
  EXPECT_EQ(ran.status, 0);
  const auto at = ran.out.find("\n2027-");
  ASSERT_NE(at, std::string::npos) << ran.out;
  EXPECT_THAT(ran.out.substr(at),
              ::testing::MatchesRegex("\n[-0-9T:]+Z host-b: ok\n"
                                      "[-0-9T:]+Z converged: 2 nodes, and each has what it accepts\n"));
}

TEST_F(Status, DrawsAnewOnATerminal) {
  let_b_lag();
  a.terminal_width = 80;
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("WAIT")) return;
    consul.on_call = nullptr;
    EXPECT_EQ(b.update().status, 0);
    a.clock.is_stopping = true;
  };
  const auto ran = a.run({"status", "--watch"});
  EXPECT_EQ(ran.status, 0);
  const std::string clear = "\x1b[H\x1b[2J";
  EXPECT_TRUE(ran.out.starts_with(clear));
  const auto second = ran.out.find(clear, 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_THAT(ran.out.substr(0, second), HasSubstr("not converged: 1 of 2 nodes lacks something"));
  EXPECT_THAT(ran.out.substr(second), Not(HasSubstr("not converged")));
}

TEST_F(Status, WatchesForScriptsAnObjectALine) {
  let_b_lag();
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("WAIT")) return;
    consul.on_call = nullptr;
    EXPECT_EQ(b.update().status, 0);
    a.clock.is_stopping = true;
  };
  const auto ran = a.run({"status", "--watch", "--json"});
  std::istringstream lines(ran.out);
  std::vector<bool> converged;
  for (std::string line; std::getline(lines, line);) converged.push_back(Json::parse(line).at("converged"));
  EXPECT_THAT(converged, ElementsAre(false, true));
}

TEST_F(Status, EndsItsWatchWhenItsReaderHasGoneThoughThereIsNoNews) {
  let_b_lag();
  for (const bool is_away : {false, true}) {
    int waits = 0;
    a.has_reader = true;
    consul.on_call = [&](const std::string& call) {
      if (!call.starts_with("WAIT")) return;
      a.has_reader = ++waits < 3;
      // It would go on for ever otherwise.
      a.clock.is_stopping = waits > 500;
      if (is_away && waits == 2) consul.always = FakeConsul::Failure::away;
    };
    const auto ran = a.run({"status", "--watch"});
    consul.on_call = nullptr;
    consul.always.reset();
    EXPECT_EQ(ran.status, 7);
    EXPECT_FALSE(a.clock.is_stopping) << is_away;
    EXPECT_EQ(ran.out.find("\n2027-"), std::string::npos) << ran.out;
  }
}

TEST_F(Status, PassesOverWhatIsNoRecordOfANode) {
  let_b_lag();
  EXPECT_EQ(b.update().status, 0);
  consul.set(meta + "node/hello", "{}");
  consul.set(meta + "node/", "");
  consul.set(meta + "node/11111111-1111-4111-8111-111111111111", "no JSON");
  const auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("converged: 2 nodes, "));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("node/: passed over: is no record of a node"),
                                   HasSubstr("node/11111111-1111-4111-8111-111111111111: passed over: "),
                                   HasSubstr("node/hello: passed over: ")));
  consul.set(meta + "node/11111111-1111-4111-8111-111111111111", R"({"format":2})");
  EXPECT_EQ(a.run({"status"}).status, 7) << "a newer program's";
}

TEST_F(Status, FailsWhereConsulIsAway) {
  consul.always = FakeConsul::Failure::away;
  const auto ran = a.run({"status", "--json"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(ran.out, "");
}

}  // namespace
}  // namespace proxysql_consul::testing
