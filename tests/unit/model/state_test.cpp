#include "proxysql_consul/model/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/state_json.h"

namespace proxysql_consul {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Start first_start{
    .began = 1000, .servers_loads = 7, .loads = {{"mysql_query_rules", 1}, {"mysql_servers", 7}, {"mysql_users", 2}}};

State example() {
  State state;
  state.record("mysql_users", {.version = 18446744073709551615U,
                               .sha256 = std::string(64, 'a'),
                               .outcome = Outcome::partial,
                               .at = "2026-11-22T18:00:00Z",
                               .warnings = {"a \"quoted\" line", "\xC3\xA9"}});
  state.record("mysql_servers", {.version = 7, .sha256 = "b", .outcome = Outcome::failed, .at = "", .warnings = {}});
  return state;
}

TEST(State, ComesBackAsItWas) {
  for (const bool published : {true, false}) {
    auto state = example();
    state.published = published;
    state.record_index = 41;
    const auto again = parse_state(format_state(state), "f");
    EXPECT_EQ(again.published, published);
    EXPECT_EQ(again.record_index, 41U);
    ASSERT_EQ(again.configurations.size(), 2U);
    const auto* users = again.find("mysql_users");
    ASSERT_NE(users, nullptr);
    EXPECT_EQ(users->version, 18446744073709551615U);
    EXPECT_EQ(users->sha256, std::string(64, 'a'));
    EXPECT_EQ(users->outcome, Outcome::partial);
    EXPECT_EQ(users->at, "2026-11-22T18:00:00Z");
    EXPECT_EQ(users->warnings, (std::vector<std::string>{"a \"quoted\" line", "\xC3\xA9"}));
    EXPECT_EQ(again.find("mysql_servers")->outcome, Outcome::failed);
    EXPECT_EQ(again.find("scheduler"), nullptr);
  }
}

TEST(State, IsUnpublishedOnceSomethingIsRecorded) {
  State state;
  EXPECT_TRUE(state.published);
  state.record("mysql_users", {});
  EXPECT_FALSE(state.published);
}

TEST(State, CountsNothingThatWasRecordedUnderOtherSettings) {
  State state;
  state.observe(first_start);
  state.record("mysql_variables", {.version = 7, .sha256 = "a", .at = "", .warnings = {}});
  state.follow_settings({}, true);
  EXPECT_NE(state.counted("mysql_variables"), nullptr);
  state.follow_settings({}, false);
  EXPECT_NE(state.counted("mysql_variables"), nullptr) << "less is asked for";
  state.follow_settings({}, true);
  EXPECT_EQ(state.counted("mysql_variables"), nullptr) << "the disk may lack it";
  EXPECT_NE(state.at_runtime("mysql_variables"), nullptr);
  state.record("mysql_variables", {.version = 7, .sha256 = "a", .at = "", .warnings = {}});
  const std::vector<std::string> exclude = {"mysql-monitor_*"};
  state.follow_settings(exclude, true);
  EXPECT_EQ(state.at_runtime("mysql_variables"), nullptr);
  auto again = parse_state(format_state(state), "f");
  again.observe(state.start);
  again.record("mysql_variables", {.version = 7, .sha256 = "a", .at = "", .warnings = {}});
  again.follow_settings(exclude, true);
  EXPECT_NE(again.counted("mysql_variables"), nullptr) << "the settings are those that were recorded";
  again.follow_settings(exclude, true, "what is kept local");
  EXPECT_EQ(again.at_runtime("mysql_variables"), nullptr) << "what was left alone may differ";
}

TEST(State, TakesWhatWasSeenOfAStartBeforeForNoNewOne) {
  State state;
  const Start seen{.began = 100, .servers_loads = 4, .loads = {{"mysql_users", 1}, {"mysql_servers", 4}}};
  state.observe(seen);
  auto later = seen;
  later.servers_loads = 5;
  later.loads["mysql_servers"] = 5;
  state.observe(later);
  // Who has looked before that knows the start as it was then.
  auto carried = seen;
  carried.is_carried = true;
  carried.loads["mysql_servers"] = 6;
  state.observe(carried);
  EXPECT_EQ(state.start_number, 1U);
  EXPECT_EQ(state.start->servers_loads, 5U);
  auto anew = seen;
  anew.servers_loads = 1;
  anew.loads["mysql_servers"] = 6;
  state.observe(anew);
  EXPECT_EQ(state.start_number, 2U);
}

TEST(State, NamesItsOutcomes) {
  EXPECT_EQ(to_string(Outcome::applied), "applied");
  EXPECT_EQ(to_string(Outcome::saved), "saved");
  EXPECT_EQ(to_string(Outcome::partial), "partial");
  EXPECT_EQ(to_string(Outcome::failed), "failed");
}

TEST(State, TakesWarningsThatAreNoUtf8) {
  State state;
  state.record("mysql_users", {.version = 1, .sha256 = "", .outcome = Outcome::failed, .at = "", .warnings = {"\xFF"}});
  EXPECT_EQ(parse_state(format_state(state), "f").find("mysql_users")->warnings,
            std::vector<std::string>{"\xEF\xBF\xBD"});
}

TEST(State, RefusesWhatItDidNotWrite) {
  const auto whole = format_state(example());
  for (
      const std::string& text :
      {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string("{\"format\":1}"),
       std::string(R"({"format":2,"published":true,"configurations":{}})"),
       std::string(R"({"format":"1","published":true,"configurations":{}})"),
       std::string(R"({"format":1,"published":1,"configurations":{}})"),
       std::string(R"({"format":1,"published":true,"configurations":{"mysql_users":{}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":1,"sha256":"","outcome":7,"at":"","warnings":[]}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":"1","sha256":"","outcome":"applied","at":"","warnings":[]}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":1,"sha256":"","outcome":"applied","at":"","warnings":[1]}}})"),
       whole.substr(0, whole.size() / 2), whole + "x"}) {
    SCOPED_TRACE(text);
    try {
      parse_state(text, "/var/lib/x.state");
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::settings);
      EXPECT_STREQ(error.what(), "/var/lib/x.state: is no state file of proxysql-consul");
      EXPECT_EQ(error.hint(), "remove it; the next run makes a new one, and compares every configuration once more");
    }
  }
}

TEST(State, RemembersWhatItPassedOver) {
  auto state = example();
  state.published = true;
  state.pass_over("scheduler", 9, PassedOver::not_accepted, "2026-11-22T18:00:00Z");
  EXPECT_FALSE(state.published);
  state.published = true;
  state.pass_over("scheduler", 9, PassedOver::not_accepted, "2026-11-22T19:00:00Z");
  EXPECT_TRUE(state.published) << "the same again is no news";
  EXPECT_EQ(state.passed.at("scheduler").at, "2026-11-22T18:00:00Z");
  EXPECT_EQ(parse_state(format_state(state), "f").passed, state.passed);
  state.pass_over("scheduler", 9, PassedOver::frozen, "");
  EXPECT_FALSE(state.published);
  state.published = true;
  state.record("scheduler", {.version = 9, .sha256 = "a", .at = "", .warnings = {}});
  EXPECT_TRUE(state.passed.empty());
  state.published = true;
  state.pass_over("scheduler", 9, PassedOver::frozen, "");
  EXPECT_TRUE(state.passed.empty()) << "it holds that version";
  EXPECT_TRUE(state.published);
  state.pass_over("scheduler", 10, PassedOver::frozen, "");
  state.published = true;
  state.take_up("scheduler");
  EXPECT_FALSE(state.published) << "that it is passed over no more is news";
}

TEST(State, ReadsOverReasonsOfANewerVersion) {
  auto text = format_state(example());
  text.replace(text.find("\"passed\": {}"), 12, R"("passed": {"scheduler": {"attempted":1,"why":"asleep","at":""}})");
  EXPECT_TRUE(parse_state(text, "f").passed.empty());
}

TEST(State, TellsOfAFreezeAndOfAnotherProxySql) {
  auto state = example();
  for (const bool frozen : {true, false}) {
    state.published = true;
    state.tell_frozen(frozen);
    EXPECT_FALSE(state.published);
    state.published = true;
    state.tell_frozen(frozen);
    EXPECT_TRUE(state.published);
    EXPECT_EQ(parse_state(format_state(state), "f").frozen, frozen);
  }
  state.tell_proxysql_version("2.7.2");
  EXPECT_FALSE(state.published);
  state.published = true;
  state.tell_proxysql_version("");
  state.tell_proxysql_version("2.7.2");
  EXPECT_TRUE(state.published);
  EXPECT_EQ(parse_state(format_state(state), "f").proxysql_version, "2.7.2");
}

TEST(State, TellsByWhatWasNotLoadedSinceThatNothingHasStarted) {
  auto then = first_start;
  then.epochs = {{"mysql_servers", 1500}, {"mysql_users", 1200}};
  const auto now = [](std::uint64_t servers, std::int64_t servers_at, std::uint64_t users, std::int64_t users_at) {
    return Start{.loads = {{"mysql_query_rules", 1}, {"mysql_servers", servers}, {"mysql_users", users}},
                 .epochs = {{"mysql_servers", servers_at}, {"mysql_users", users_at}}};
  };
  const struct {
    const char* what;
    Start start;
    bool same;
  } cases[] = {
      {"nothing happened", now(7, 1500, 2, 1200), true},
      {"servers were loaded", now(8, 1600, 2, 1200), true},
      {"both were loaded, or PROXYSQL RESTART", now(8, 1600, 3, 1600), false},
      {"a process that has loaded them as often", now(7, 1600, 2, 1600), false},
      {"a time that was set back", now(1, 1500, 1, 1200), false},
      {"what was loaded is of this very second", {.loads = first_start.loads, .epochs = {}}, false},
  };
  for (const auto& [what, start, same] : cases) EXPECT_EQ(is_surely_same_start(then, start), same) << what;
  EXPECT_FALSE(is_surely_same_start(first_start, now(7, 1500, 2, 1200))) << "which tells no times";
  State state;
  state.observe(then);
  auto loaded = then;
  loaded.loads["mysql_servers"] = 8;
  loaded.epochs["mysql_servers"] = 1600;
  state.observe(loaded);
  EXPECT_EQ(state.start->epochs, then.epochs) << "what still tells is no news";
  loaded.loads["mysql_users"] = 3;
  loaded.epochs["mysql_users"] = 1700;
  state.observe(loaded);
  EXPECT_EQ(state.start->epochs, loaded.epochs);
}

TEST(State, TellsAStartFromTheSame) {
  const auto now = [](std::int64_t began, std::uint64_t servers_loads, std::uint64_t rules, std::uint64_t servers,
                      std::uint64_t users) {
    return Start{.began = began,
                 .servers_loads = servers_loads,
                 .loads = {{"mysql_query_rules", rules}, {"mysql_servers", servers}, {"mysql_users", users}}};
  };
  const struct {
    const char* what;
    Start start;
    bool same;
  } cases[] = {
      {"nothing happened", now(1000, 7, 1, 7, 2), true},
      {"the clocks' seconds differ by one", now(1001, 7, 1, 7, 2), true},
      {"the clocks' seconds differ by two", now(998, 7, 1, 7, 2), true},
      {"began later", now(1003, 7, 1, 7, 2), false},
      {"began earlier, on a machine whose time was set", now(900, 7, 1, 7, 2), false},
      {"servers were loaded", now(1000, 8, 1, 8, 2), true},
      {"all but one was loaded", now(1000, 8, 2, 8, 2), true},
      {"everything was loaded, or PROXYSQL RESTART and then servers", now(1000, 8, 2, 9, 3), false},
      {"PROXYSQL RESTART", now(1000, 1, 2, 8, 3), false},
      {"PROXYSQL RESTART where servers were loaded once", now(1000, 7, 2, 8, 3), false},
      {"a process that had started within the same second", now(1000, 7, 1, 2, 3), false},
      {"no loads are told any more", {.began = 1000, .servers_loads = 7, .loads = {}}, false},
  };
  for (const auto& [what, start, same] : cases) EXPECT_EQ(is_same_start(first_start, start), same) << what;
}

TEST(State, CountsForTheStartThatItWasRecordedFor) {
  State state;
  state.record("mysql_users", {.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}});
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "no start was observed";
  state.observe(first_start);
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "it was recorded for none";
  state.record("mysql_users", {.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}});
  ASSERT_NE(state.counted("mysql_users"), nullptr);
  // Read anew, by another run.
  state = parse_state(format_state(state), "f");
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "nobody asked yet";
  state.observe(first_start);
  EXPECT_NE(state.counted("mysql_users"), nullptr);
  state.observe(std::nullopt);
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "a ProxySQL that does not tell";
  auto later = first_start;
  later.began += 100;
  state.observe(later);
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "a restart";
  state.observe(first_start);
  EXPECT_EQ(state.counted("mysql_users"), nullptr) << "which is not undone";
}

TEST(State, CountsNotWhileMemoryIsBeingWritten) {
  State state;
  state.observe(first_start);
  const ConfigurationState applied{.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}};
  state.record("mysql_users", applied);
  state.mark_applying("mysql_users");
  state.mark_applying("mysql_servers");
  state = parse_state(format_state(state), "f");
  state.observe(first_start);
  EXPECT_EQ(state.counted("mysql_users"), nullptr);
  EXPECT_TRUE(state.find("mysql_users")->applying);
  EXPECT_EQ(state.find("mysql_users")->version, 3U);
  ASSERT_NE(state.find("mysql_servers"), nullptr) << "known from now on";
  EXPECT_TRUE(state.find("mysql_servers")->applying);
  state.record("mysql_users", applied);
  EXPECT_NE(state.counted("mysql_users"), nullptr);
}

TEST(State, IsNoNewsToOthersWhereOnlyTheStartIsAnother) {
  State state;
  const ConfigurationState applied{
      .version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "early", .warnings = {}};
  state.record("mysql_users", applied);
  state.published = true;
  state.observe(first_start);
  auto again = applied;
  again.at = "late";
  state.record("mysql_users", again);
  EXPECT_TRUE(state.published);
  EXPECT_EQ(state.find("mysql_users")->at, "early");
  EXPECT_NE(state.counted("mysql_users"), nullptr);
  again.warnings = {"news"};
  state.record("mysql_users", again);
  EXPECT_FALSE(state.published);
}

TEST(State, StaysAsItIsWhereTheSecondsWobble) {
  State state;
  state.observe(first_start);
  const auto text = format_state(state);
  auto wobble = first_start;
  for (const int seconds : {1, 0, -1, 0}) {
    wobble.began = first_start.began + seconds;
    state.observe(wobble);
    EXPECT_EQ(format_state(state), text);
  }
  wobble.began = first_start.began + 2;
  state.observe(wobble);
  EXPECT_EQ(state.start->began, wobble.began) << "a clock that drifts";
  EXPECT_EQ(state.start_number, 1U);
}

TEST(State, ComparesOnceMoreWhatANewerVersionRecorded) {
  auto state = parse_state(R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":7,)"
                           R"("sha256":"a","outcome":"drifted","at":"t","warnings":[]}}})",
                           "f");
  EXPECT_EQ(state.find("mysql_users")->outcome, Outcome::failed);
}

TEST(State, CountsAsItDidAfterAFailure) {
  State state;
  state.observe(first_start);
  state.record("mysql_users", {.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}});
  auto later = first_start;
  later.began += 100;
  state.observe(later);
  state.fail("mysql_users", 5, "u", "why");
  EXPECT_EQ(state.find("mysql_users")->attempted, 5U);
  EXPECT_EQ(state.find("mysql_users")->start, 1U) << "a failure is no comparison";
  EXPECT_EQ(state.find("mysql_users")->outcome, Outcome::failed);
  EXPECT_EQ(state.find("mysql_users")->version, 3U);
  EXPECT_FALSE(state.published);
}

TEST(State, TellsOfADriftWhereItIsNews) {
  State state;
  state.record("mysql_users", {.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}});
  const auto& known = state.configurations.at("mysql_users");
  EXPECT_FALSE(state.tell_drift("mysql_users", "", "u"));
  EXPECT_TRUE(state.tell_drift("mysql_users", "2 rows", "u"));
  EXPECT_FALSE(state.tell_drift("mysql_users", "2 rows", "v"));
  EXPECT_EQ(known.at, "u");
  EXPECT_TRUE(state.tell_drift("mysql_users", "3 rows", "v"));
  EXPECT_EQ(known.warnings, std::vector<std::string>{"3 rows"});
  EXPECT_TRUE(state.tell_drift("mysql_users", "", "w"));
  EXPECT_EQ(known.warnings, std::vector<std::string>());
  // As a file may say that somebody has edited.
  state.configurations.at("mysql_users").drifted = true;
  EXPECT_TRUE(state.tell_drift("mysql_users", "2 rows", "x"));
}

TEST(State, CountsNothingWhileARollbackIsPending) {
  State state;
  state.observe(first_start);
  const ConfigurationState applied{.version = 3, .sha256 = "a", .outcome = Outcome::applied, .at = "t", .warnings = {}};
  state.record("mysql_users", applied);
  ASSERT_NE(state.counted("mysql_users"), nullptr);
  state.mark_pending("mysql_users");
  state.mark_pending("mysql_servers");
  auto read = parse_state(format_state(state), "f");
  read.observe(first_start);
  for (const auto* name : {"mysql_users", "mysql_servers"}) {
    EXPECT_TRUE(read.find(name)->pending) << name;
    EXPECT_EQ(read.counted(name), nullptr) << name;
    EXPECT_EQ(read.at_runtime(name), nullptr) << name;
  }
  read.fail("mysql_users", 4, "u", "why");
  EXPECT_TRUE(read.find("mysql_users")->pending) << "a failure ends nothing";
  read.record("mysql_users", applied);
  EXPECT_NE(read.counted("mysql_users"), nullptr);
}

TEST(State, ReadsWhatVersion200Wrote) {
  const auto state = parse_state(R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":7,)"
                                 R"("sha256":"a","outcome":"saved","at":"t","warnings":[]}}})",
                                 "f");
  EXPECT_EQ(state.find("mysql_users")->version, 7U);
  EXPECT_FALSE(state.start.has_value());
}

}  // namespace
}  // namespace proxysql_consul
