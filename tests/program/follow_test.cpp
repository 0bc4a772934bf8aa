// The resident update, on a clock that the test turns and a Consul in memory: what arrives, what is tried again, and
// what is said of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "program/follow_fixture.h"
#include "proxysql_consul/base/files.h"
#include "proxysql_consul/model/node_record.h"
#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(Follow, AppliesWhatIsThereAndEachChange) {
  save_from_a({"first"});
  const auto ran = follow({{seconds(5),
                            [&] {
                              EXPECT_THAT(b.servers(), ElementsAre("first"));
                              save_from_a({"second"});
                            }},
                           {seconds(10), [&] { EXPECT_THAT(b.servers(), ElementsAre("second")); }}},
                          seconds(11));
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.err, ElementsAre());
  EXPECT_THAT(ran.out, AllOf(HasSubstr("of host-a"), HasSubstr(": applied (N ms)"), Not(HasSubstr("nothing to do"))));
  EXPECT_THAT(ran.out, ::testing::MatchesRegex("(20[-0-9]+T[:0-9]+Z mysql_servers: version [^\n]*\n)+"))
      << "each line says when";
  EXPECT_TRUE(told_its_end) << "and the last that it was told to end";
}

TEST_F(Follow, IsQuietWhileNothingHappens) {
  save_from_a({"one"});
  consul.log.clear();
  follow({}, std::chrono::hours(1));
  // In each five minutes a query that waits, one that does not, and a look at the node's record.
  EXPECT_LE(consul.log.size(), 42U) << ::testing::PrintToString(consul.log);
}

TEST_F(Follow, TriesAgainWhatFailedUntilItSucceeds) {
  int failures = 5;
  b.engine.on_statement([&](std::string_view statement) {
    if (statement == "LOAD MYSQL SERVERS TO RUNTIME" && failures-- > 0) b.engine.fail_statement(1, "not now");
  });
  save_from_a({"one"});
  const auto version = version_of(servers_key);
  const auto ran = follow({{seconds(2), [&] { EXPECT_THAT(b.servers(), ElementsAre()); }},
                           {seconds(30), [&] { EXPECT_THAT(b.servers(), ElementsAre("one")); }}},
                          seconds(31));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, SizeIs(5)) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.out, HasSubstr("version " + version + " of host-a"));
  EXPECT_EQ(version_of(servers_key), version);
}

TEST_F(Follow, BringsAProxySqlUpToDateThatWasAway) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(3),
                            [&] {
                              b.is_away = true;
                              b.engine.restart();
                            }},
                           {seconds(4), [&] { save_from_a({"two"}); }},
                           {seconds(120), [&] { b.is_away = false; }},
                           {seconds(125), [&] { EXPECT_THAT(b.servers(), ElementsAre("two")); }}},
                          seconds(126));
  EXPECT_EQ(ran.status, 0);
  // Once for its absence, once for the change that came meanwhile, and that it is back.
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("connection lost; tries on"), HasSubstr(servers_key + ": proxysql"),
                                   HasSubstr("answers again"), HasSubstr("has started since")));
}

TEST_F(Follow, ShowsInTheStatusThatItsProxySqlIsAway) {
  save_from_a({"one"});
  Ran shown;
  follow({{seconds(3),
           [&] {
             b.is_away = true;
             b.engine.restart();
           }},
          {seconds(20), [&] { shown = a.run({"status"}); }},
          {seconds(30), [&] { b.is_away = false; }}},
         seconds(60));
  EXPECT_EQ(shown.status, 7);
  EXPECT_THAT(shown.out, HasSubstr("host-b  failed  2.7.2     mysql_servers: proxysql admin@127.0.0.1:6032: away"));
  EXPECT_EQ(a.run({"status"}).status, 0);
}

TEST_F(Follow, FailsNothingThatConsulHoldsNoMore) {
  save_from_a({"one"});
  follow({{seconds(3), [&] { consul.entries.erase(servers_key); }},
          {seconds(10), [&] { consul.set(rules_key, consul.value_of(rules_key) + " "); }},
          {seconds(20),
           [&] {
             b.is_away = true;
             b.engine.restart();
           }},
          {seconds(40), [&] { b.is_away = false; }}},
         seconds(60));
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied);
}

TEST_F(Follow, SaysOnceThatConsulIsAwayAndOnceThatItIsBack) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(3), [&] { consul.always = FakeConsul::Failure::away; }},
                           {seconds(300),
                            [&] {
                              consul.always.reset();
                              save_from_a({"two"});
                            }},
                           {seconds(400), [&] { EXPECT_THAT(b.servers(), ElementsAre("two")); }}},
                          seconds(401));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre(HasSubstr(": away; tries on"), HasSubstr("consul http://127.0.0.1:8500: answers again")));
}

TEST_F(Follow, SaysHowItBeginsAndWhenItIsFrozenAndThawed) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(5),
                            [&] {
                              EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
                            }},
                           {seconds(400), [&] { EXPECT_EQ(a.run({"thaw"}).status, 0); }}},
                          seconds(500));
  // "proxysql-consul 2.0.0 with ..."
  const auto version = b.run({"--version"}).out;
  EXPECT_THAT(started, ::testing::StartsWith("info: " + version.substr(0, version.find(" with ")) +
                                             " follows proxysql/ in consul http://127.0.0.1:8500; publish: none; "
                                             "drift: warn"));
  EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("info: the cluster is frozen by "), HasSubstr(" by host-a since "),
                                         HasSubstr(": noon: applies nothing until the thaw")),
                                   "info: thawed: applies what comes again"));
}

TEST_F(Follow, RefusesToPublishWhatItsProxySqlDoesNotTell) {
  NodeUnderTest old(consul, dir, "host-old", "\"publish\":[\"mysql_servers\"]", StandinVersion::v2_5);
  consul.on_wait = [&](milliseconds time) {
    old.clock.turn(time);
    return true;
  };
  const auto ran = old.run({"follow"});
  consul.on_wait = {};
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err,
              ElementsAre(HasSubstr("publish: mysql_servers"),
                          HasSubstr("publish: this ProxySQL does not tell when somebody loads mysql_servers")));
  EXPECT_FALSE(parse_node_record(consul.value_of(meta + "node/" + old.uuid())).following);
}

class FollowAndDrift : public Follow {
 protected:
  void SetUp() override { save_from_a({"applied"}); }

  std::string outcome_of_b() {
    const auto record = parse_node_record(consul.value_of(meta + "node/" + b.uuid()));
    return record.configurations.at("mysql_servers").outcome;
  }
};

TEST_F(FollowAndDrift, IsToldOnceAndWhenItIsOver) {
  const auto ran = follow({{seconds(5), [&] { b.set_servers({"other"}); }},
                           {seconds(70), [&] { EXPECT_EQ(outcome_of_b(), "drifted"); }},
                           {seconds(300), [&] { b.set_servers({"applied"}); }},
                           {seconds(370), [&] { EXPECT_EQ(outcome_of_b(), "applied"); }}},
                          seconds(371));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("warning: mysql_servers: runtime differs from what was applied: 2 rows of "
                                             "mysql_servers")));
}

TEST_F(FollowAndDrift, IsMendedWhereThatIsAskedFor) {
  b.configure("\"drift\":\"repair\"");
  follow({{seconds(5), [&] { b.set_servers({"other"}); }},
          {seconds(70), [&] { EXPECT_THAT(b.servers(), ElementsAre("applied")); }}},
         seconds(71));
  EXPECT_EQ(outcome_of_b(), "applied");
}

TEST_F(FollowAndDrift, IsToldAloneWhileTheClusterIsFrozenAndMendedAfterwards) {
  b.configure("\"drift\":\"repair\"");
  const auto ran = follow({{seconds(5),
                            [&] {
                              EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
                            }},
                           {seconds(10), [&] { b.set_servers({"other"}); }},
                           {seconds(300),
                            [&] {
                              EXPECT_THAT(b.servers(), ElementsAre("other"));
                              EXPECT_EQ(outcome_of_b(), "drifted");
                              EXPECT_TRUE(b.state().frozen);
                              EXPECT_EQ(a.run({"thaw"}).status, 0);
                            }},
                           {seconds(370), [&] { EXPECT_THAT(b.servers(), ElementsAre("applied")); }}},
                          seconds(371));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("info: the cluster is frozen by host-a"),
                                   AllOf(HasSubstr("runtime differs from what was applied"),
                                         HasSubstr("the cluster is frozen by host-a"), HasSubstr("noon")),
                                   HasSubstr("info: thawed"), HasSubstr("rows of mysql_servers: applied again")));
  EXPECT_EQ(outcome_of_b(), "applied");
  EXPECT_FALSE(b.state().frozen);
}

TEST_F(FollowAndDrift, IsIgnoredWhereThatIsAskedFor) {
  b.configure("\"drift\":\"ignore\"");
  const auto ran = follow({{seconds(5), [&] { b.set_servers({"other"}); }}}, seconds(300));
  EXPECT_THAT(ran.err, ElementsAre());
  EXPECT_THAT(b.servers(), ElementsAre("other"));
}

TEST_F(FollowAndDrift, IsLookedForWhenConsulIsBack) {
  const auto ran = follow({{seconds(5),
                            [&] {
                              consul.always = FakeConsul::Failure::away;
                              b.set_servers({"other"});
                            }},
                           {seconds(400), [&] { consul.always.reset(); }},
                           {seconds(500), [&] { EXPECT_EQ(outcome_of_b(), "drifted"); }}},
                          seconds(501));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr(": away; tries on"), HasSubstr("answers again"),
                                   HasSubstr("runtime differs from what was applied")));
}

TEST_F(FollowAndDrift, IsNoWorkOfAMonitor) {
  EXPECT_EQ(b.run({"pull"}).status, 0);
  b.execute({"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)",
             "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  const auto ran = follow({{seconds(5), [&] { b.engine.set_read_only("applied", 3306, true); }}}, seconds(300));
  EXPECT_THAT(ran.err, ElementsAre());
}

TEST_F(Follow, TakesNoEmptyAnswerForADeletion) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(5), [&] { consul.hidden = {prefix}; }},
                           {seconds(10), [&] { consul.hidden = {}; }},
                           {seconds(15),
                            [&] {
                              consul.entries.clear();
                              consul.removed_at = ++consul.index;
                            }}},
                          seconds(60));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("one"));
}

TEST_F(Follow, GoesOnWithAConsulThatWasSetUpAnew) {
  save_from_a({"one"});
  follow({{seconds(5),
           [&] {
             consul.entries.clear();
             consul.index = 3;
             EXPECT_EQ(a.run({"save", "--force", "mysql_servers"}).status, 0);
           }},
          {seconds(400), [&] { save_from_a({"two"}); }},
          {seconds(410), [&] { EXPECT_THAT(b.servers(), ElementsAre("two")); }}},
         seconds(411));
}

TEST_F(Follow, AppliesWhatItMayReadAtLastThoughConsulTellsNoChange) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(5),
                            [&] {
                              consul.hidden = {servers_key};
                              a.set_servers({"two"});
                              consul.hidden = {};
                              EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
                              consul.hidden = {servers_key};
                            }},
                           {seconds(20),
                            [&] {
                              EXPECT_THAT(b.servers(), ElementsAre("one"));
                              consul.hidden = {};
                            }}},
                          std::chrono::minutes(15));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("two"));
}

TEST_F(Follow, GoesBackWithASnapshotThatWasRestored) {
  save_from_a({"first"});
  const auto snapshot = std::pair(consul.entries, consul.index);
  save_from_a({"second"});
  const auto ran = follow({{seconds(5),
                            [&] {
                              EXPECT_THAT(b.servers(), ElementsAre("second"));
                              consul.entries = snapshot.first;
                              consul.index = snapshot.second;
                            }}},
                          std::chrono::minutes(15));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("first"));
}

TEST_F(Follow, AsksNoFasterWhereConsulDoesNotWait) {
  save_from_a({"one"});
  answers_at_once = true;
  b.engine.clear_log();
  const auto ran = follow({{seconds(10), [&] { save_from_a({"two"}); }},
                           {seconds(11), [&] { EXPECT_THAT(b.servers(), ElementsAre("two")); }}},
                          seconds(60));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre());
  EXPECT_LE(calls("WAIT"), 610U) << "one in each tenth of a second";
  EXPECT_EQ(b.writes(), Texts({"REPLACE", "LOAD", "SAVE", "REPLACE", "DELETE", "LOAD", "SAVE"}))
      << "an answer is no proof of a change";
}

TEST_F(Follow, TriesOnWhateverAnAnswerIsThatIsNone) {
  save_from_a({"one"});
  using Failure = FakeConsul::Failure;
  std::vector<Happening> happenings;
  auto at = seconds(5);
  for (const auto failure : {Failure::refused, Failure::away, Failure::lost_answer}) {
    const auto name = std::to_string(static_cast<int>(failure));
    happenings.push_back({at, [&, failure] { consul.always = failure; }});
    happenings.push_back({at + seconds(200), [&, name] {
                            consul.always.reset();
                            save_from_a({"after-" + name});
                          }});
    happenings.push_back({at + seconds(300), [&, name] { EXPECT_THAT(b.servers(), ElementsAre("after-" + name)); }});
    at += seconds(400);
  }
  const auto ran = follow(happenings, at);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(b.servers().size(), 1U);
}

TEST_F(Follow, AsksAConsulThatIsAwayLessAndLessAndAtOnceWhenItIsAwayAgain) {
  save_from_a({"one"});
  std::vector<std::size_t> asked;
  const auto note = [&] { asked.push_back(calls("LIST") + calls("WAIT")); };
  const auto away = [&] { consul.always = FakeConsul::Failure::away; };
  const auto back = [&] { consul.always.reset(); };
  follow({{seconds(5), away},
          {seconds(6), note},
          {seconds(7), note},
          {seconds(1000), note},
          {seconds(1600), note},
          {seconds(1601), back},
          {seconds(1700), away},
          {seconds(1701), note},
          {seconds(1702), note}},
         seconds(1703));
  ASSERT_THAT(asked, SizeIs(6));
  EXPECT_GT(asked[1], asked[0]) << "soon at first";
  EXPECT_THAT(asked[3] - asked[2], AllOf(Ge(10U), Le(20U))) << "and in each minute in the end";
  EXPECT_GT(asked[5], asked[4]) << "what succeeded ends the back-off";
}

TEST_F(Follow, LeavesTheLockToOthersWhileItTriesAgain) {
  b.configure(R"("retry_seconds":60)");
  save_from_a({"one"});
  b.engine.on_statement([&](std::string_view statement) {
    if (!statement.starts_with("REPLACE")) return;
    b.is_away = true;
    b.engine.restart();
  });
  // From the first moment that somebody else cannot have the lock to the next that he can.
  milliseconds longest{0};
  std::optional<std::chrono::steady_clock::time_point> held_since;
  std::size_t times_held = 0;
  observe = [&] {
    try {
      const FileLock lock(b.state_file() + ".lock", milliseconds(0), b.clock);
      held_since.reset();
    } catch (const Locked&) {
      if (!held_since) ++times_held;
      if (!held_since) held_since = b.clock.steady();
      longest = std::max(longest, std::chrono::duration_cast<milliseconds>(b.clock.steady() - *held_since));
    }
    if (!held_since) b.is_away = false;
  };
  follow({}, std::chrono::minutes(10));
  EXPECT_GE(times_held, 5U);
  EXPECT_THAT(longest, AllOf(Ge(seconds(1)), Le(seconds(6))));
}

TEST_F(Follow, ReadsItsSettingsAnew) {
  save_from_a({"one"});
  bool asked = false;
  // `check` tells by its time whether the settings were changed since.
  const auto lock = b.state_file() + ".follow";
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  b.take_reload = [&] { return std::exchange(asked, false); };
  const auto ran = follow({{seconds(5),
                            [&] {
                              std::filesystem::last_write_time(lock, long_ago);
                              b.configure("\"nonsense\":1");
                              asked = true;
                            }},
                           {seconds(10),
                            [&] {
                              EXPECT_EQ(std::filesystem::last_write_time(lock), long_ago);
                              b.configure("\"accept\":[]");
                              asked = true;
                            }},
                           {seconds(15), [&] { save_from_a({"two"}); }}},
                          seconds(30));
  EXPECT_THAT(b.servers(), ElementsAre("one"));
  EXPECT_GT(std::filesystem::last_write_time(lock), long_ago);
  EXPECT_THAT(
      ran.err,
      ElementsAre(
          HasSubstr("unknown key"), HasSubstr("goes on with the settings as they were"),
          HasSubstr("read the settings anew: follows proxysql/ in consul http://127.0.0.1:8500; publish: none")));
}

TEST_F(Follow, MendsWhatFailedForARunBesideIt) {
  save_from_a({"one"});
  follow({{seconds(5),
           [&] {
             b.is_away = true;
             EXPECT_EQ(b.run({"pull"}).status, 4);
             b.is_away = false;
             EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::failed);
           }}},
         seconds(100));
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied);
}

TEST_F(Follow, SaysNothingOfWhatASaveBesideItHasOvertaken) {
  save_from_a({"one"});
  const auto ran = follow({{seconds(5),
                            [&] {
                              b.set_servers({"two"});
                              b.execute({"UPDATE mysql_users SET active=1", "LOAD MYSQL USERS TO RUNTIME"});
                              EXPECT_EQ(b.run({"save", "mysql_servers", "mysql_users"}).status, 0);
                            }}},
                          seconds(20));
  EXPECT_THAT(ran.err, ElementsAre());
}

TEST_F(Follow, GoesOnWithItsSettingsWhereItsProxySqlFindsTheNewOnesWrong) {
  save_from_a({"one"});
  bool asked = false;
  b.take_reload = [&] { return std::exchange(asked, false); };
  const auto ran = follow({{seconds(5),
                            [&] {
                              b.configure(R"("keep_local":{"mysql_servers":{"columns":["wieght"]}})");
                              asked = true;
                            }},
                           {seconds(15), [&] { save_from_a({"two"}); }}},
                          seconds(30));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("two"));
  EXPECT_THAT(ran.err,
              ElementsAre(HasSubstr("read the settings anew"), HasSubstr("there is no column wieght"),
                          HasSubstr("there is no column wieght"), HasSubstr("goes on with the settings as they were")));
}

TEST_F(Follow, ReadsItsKeysAnewAndTellsTheOthers) {
  hold(a, dir, {"k1"});
  hold(b, dir, {"k1"});
  save_from_a({"one"});
  bool asked = false;
  b.take_reload = [&] { return std::exchange(asked, false); };
  Texts told;
  const auto ran = follow({{seconds(5),
                            [&] {
                              hold(b, dir, {"k1", "k2"});
                              asked = true;
                            }},
                           {seconds(10),
                            [&] {
                              told = parse_node_record(consul.value_of(meta + "node/" + b.uuid())).keys;
                              hold(a, dir, {"k2", "k1"});
                              save_from_a({"two"});
                            }}},
                          seconds(30));
  EXPECT_THAT(told, ElementsAre("k1", "k2"));
  const auto last = parse_node_record(consul.value_of(meta + "node/" + b.uuid()));
  EXPECT_THAT(last.keys, ElementsAre("k1", "k2")) << "also when it ends";
  EXPECT_FALSE(last.following);
  EXPECT_THAT(b.servers(), ElementsAre("two"));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("read the settings anew")));
}

TEST_F(Follow, IsRefusedWhereAnotherRuns) {
  save_from_a({"one"});
  std::optional<Ran> second;
  const auto ran = follow({{seconds(5), [&] { second = b.run({"follow"}); }}}, seconds(10));
  EXPECT_EQ(ran.status, 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 8);
  EXPECT_THAT(second->err, ElementsAre(HasSubstr("follow runs on this node already")));
}

TEST_F(Follow, TellsTheOthersThatItRuns) {
  save_from_a({"one"});
  const auto following = [&] { return parse_node_record(consul.value_of(meta + "node/" + b.uuid())).following; };
  follow({{seconds(5), [&] { EXPECT_TRUE(following()); }}}, seconds(10));
  EXPECT_FALSE(following());
}

TEST_F(Follow, TellsTheOthersAnewWhereConsulHasLostItsRecord) {
  save_from_a({"one"});
  const auto key = [&] { return meta + "node/" + b.uuid(); };
  std::string record;
  follow({{seconds(10),
           [&] {
             record = consul.value_of(key());
             consul.set(key(), "as it was in a snapshot");
           }},
          {std::chrono::minutes(11),
           [&] {
             EXPECT_EQ(consul.value_of(key()), record);
             consul.entries.erase(key());
           }},
          {std::chrono::minutes(22), [&] { EXPECT_EQ(consul.value_of(key()), record); }}},
         std::chrono::minutes(23));
}

TEST_F(Follow, TellsTheServiceManagerHowItStands) {
  b.configure(R"("retry_seconds":0)");
  bool asked = false;
  b.take_reload = [&] { return std::exchange(asked, false); };
  follow({{seconds(5), [&] { consul.always = FakeConsul::Failure::away; }},
          {seconds(20), [&] { consul.always.reset(); }},
          {seconds(60), [&] { asked = true; }}},
         seconds(70));
  ASSERT_GE(b.notified.size(), 6U) << ::testing::PrintToString(b.notified);
  const std::string ready = "READY=1\nSTATUS=follows consul http://127.0.0.1:8500";
  EXPECT_EQ(b.notified.front(), ready);
  EXPECT_THAT(b.notified, Contains(StartsWith("READY=1\nSTATUS=tries on: ")));
  EXPECT_THAT(b.notified[b.notified.size() - 3], "RELOADING=1");
  EXPECT_THAT(b.notified[b.notified.size() - 2], ready);
  EXPECT_EQ(b.notified.back(), "STOPPING=1");
}

TEST_F(Follow, KeepsItsWatchdogQuietForAsLongAsItGoesOn) {
  b.watchdog = seconds(30);
  follow({}, std::chrono::minutes(10));
  EXPECT_THAT(std::count(b.notified.begin(), b.notified.end(), "WATCHDOG=1"), AllOf(Ge(20), Le(22)));
}

TEST_F(Follow, RenewsItsMetricsWhileNothingHappens) {
  save_from_a({"one"});
  const auto file = dir.file("b.prom");
  b.configure("\"drift\":\"ignore\",\"metrics_file\":\"" + file + "\"");
  std::string first;
  follow({{seconds(5), [&] { write_file(file, "old"); }},
          {seconds(100), [&] { first = read_file(file); }},
          {seconds(101),
           [&] {
             b.is_away = true;
             b.engine.restart();
           }}},
         seconds(200));
  EXPECT_THAT(first, HasSubstr("proxysql_consul_in_sync{configuration=\"mysql_servers\"} 1\n"));
  EXPECT_THAT(first, HasSubstr("proxysql_consul_proxysql_up 1\n"));
  EXPECT_THAT(read_file(file), HasSubstr("proxysql_consul_proxysql_up 0\n"));
}

}  // namespace
}  // namespace proxysql_consul::testing
