// What fails on the node itself while it follows: what is refused, files that cannot be written, what a start brings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "program/follow_fixture.h"
#include "proxysql_consul/base/error.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using std::chrono::seconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::ptrdiff_t times_said(const Ran& ran, const std::string& words) {
  return std::count_if(ran.err.begin(), ran.err.end(), [&](const auto& line) { return line.find(words) != line.npos; });
}

TEST_F(FollowAndPublish, SaysARefusalOnceThoughSomethingElseFailsAgainAndAgain) {
  consul.set(users_key, "no document at all");
  const auto lose_all = [&] { b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"}); };
  const auto ran = follow({{seconds(5), lose_all}, {seconds(300), lose_all}}, seconds(600));
  EXPECT_GE(times_said(ran, users_key), 10) << "it fails again and again";
  EXPECT_EQ(times_said(ran, "mysql_servers would lose 1 of the 1 rows"), 2)
      << "at each LOAD" << ::testing::PrintToString(ran.err);
}

/// Nothing can be written beside B's state while this directory stands where the new state would be made.
class FollowAndAFullDisk : public FollowAndPublish {
 protected:
  std::string in_the_way() const { return b.state_file() + ".new"; }
  void fill_disk() const { std::filesystem::create_directory(in_the_way()); }
  void empty_disk() const { std::filesystem::remove(in_the_way()); }
};

TEST_F(FollowAndAFullDisk, IsSaidToBeThatAndNoAbsenceOfConsul) {
  const auto metrics = dir.file("b.prom");
  b.configure("\"publish\":[\"mysql_servers\"],\"metrics_file\":\"" + metrics + "\"");
  const auto ran = follow({{seconds(5),
                            [&] {
                              fill_disk();
                              b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
                            }},
                           {seconds(100), [&] { empty_disk(); }},
                           {seconds(200), [&] { b.set_servers({"mine"}); }}},
                          seconds(300));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(times_said(ran, "tries on"), 0) << ::testing::PrintToString(ran.err);
  EXPECT_EQ(times_said(ran, "answers again"), 0);
  EXPECT_GE(times_said(ran, in_the_way() + ": remove"), 1);
  EXPECT_THAT(b.notified, Each(Not(HasSubstr("tries on"))));
  EXPECT_THAT(read_file(metrics), HasSubstr("proxysql_consul_consul_up 1\n"));
  EXPECT_EQ(versions(), 1U) << "and it goes on afterwards";
}

TEST_F(FollowAndAFullDisk, EndsNothingWhereProxySqlIsAwayMeanwhile) {
  const auto ran = follow({{seconds(5),
                            [&] {
                              fill_disk();
                              consul.always = FakeConsul::Failure::away;
                              b.is_away = true;
                              b.engine.restart();
                            }},
                           {seconds(300),
                            [&] {
                              empty_disk();
                              consul.always.reset();
                              b.is_away = false;
                              save_from_a({"second"});
                            }}},
                          seconds(500));
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_EQ(times_said(ran, in_the_way() + ": remove"), 1) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(b.servers(), ElementsAre("second"));
}

TEST_F(FollowAndPublish, SaysOfWhatAStartBroughtThatNobodyLoadedIt) {
  b.set_servers({"old"});
  b.execute({"SAVE MYSQL SERVERS TO DISK"});
  b.set_servers({"first"});
  const auto ran = follow({{seconds(5), [&] { b.engine.restart(); }}}, seconds(60));
  EXPECT_THAT(b.servers(), ElementsAre("first"));
  const auto id = version_of(servers_key) + "." + b.uuid();
  EXPECT_THAT(ran.err,
              ::testing::Contains("warning: mysql_servers: ProxySQL holds something else than version " +
                                  version_of(servers_key) + ", which goes over it: kept in the history as " + id));
  EXPECT_EQ(times_said(ran, "was loaded here"), 0);
}

/// B's ProxySQL is away for a while, and has not started since.
class FollowAndAnAbsence : public FollowAndPublish {
 protected:
  void set_away(bool is_away) {
    b.is_away = is_away;
    b.engine.on_statement(is_away ? [](std::string_view) { throw Unavailable(ExitCode::proxysql, "gone away"); }
                                  : std::function<void(std::string_view)>());
  }
};

TEST_F(FollowAndAnAbsence, LeavesWhatWasLoadedAndRefusedBefore) {
  const auto lose_all = [&] { b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"}); };
  const auto ran = follow({{seconds(5), lose_all},
                           {seconds(20), [&] { set_away(true); }},
                           {seconds(40),
                            [&] {
                              EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::failed);
                              set_away(false);
                            }}},
                          seconds(300));
  EXPECT_THAT(b.servers(), ElementsAre()) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(history(), ElementsAre()) << "nothing overtook it";
  follow({}, seconds(100));
  EXPECT_THAT(b.servers(), ElementsAre()) << "nor is it taken for what was applied";
  EXPECT_EQ(b.run({"save", "--force", "mysql_servers"}).status, 0);
  EXPECT_EQ(a.update().status, 0);
  EXPECT_THAT(a.servers(), ElementsAre());
}

TEST_F(FollowAndAnAbsence, SavesAfterTheThawWhatWasLoadedBefore) {
  EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
  follow({{seconds(5), [&] { b.set_servers({"mine"}); }},
          {seconds(20), [&] { set_away(true); }},
          {seconds(40), [&] { set_away(false); }},
          {seconds(200), [&] { EXPECT_EQ(a.run({"thaw"}).status, 0); }}},
         seconds(300));
  EXPECT_THAT(b.servers(), ElementsAre("mine"));
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr("\"mine\""));
  EXPECT_THAT(history(), Each(Not(HasSubstr(b.uuid())))) << "nothing overtook it";
}

TEST_F(FollowAndPublish, LooksForNothingToKeepWhereNobodyLoadedAnything) {
  b.execute({"LOAD MYSQL SERVERS TO RUNTIME"});
  std::size_t looks = 0;
  follow({{seconds(5),
           [&] {
             consul.log.clear();
             save_from_a({"theirs"});
           }},
          {seconds(20), [&] { looks = calls("LIST " + meta + "history/"); }}},
         seconds(21));
  EXPECT_THAT(b.servers(), ElementsAre("theirs"));
  EXPECT_EQ(looks, 0U) << ::testing::PrintToString(consul.log);
}

TEST_F(FollowAndPublish, KeepsNothingOfWhatItDoesNotAccept) {
  b.configure(R"("publish":["mysql_servers"],"accept":[])");
  const auto ran = follow({{seconds(5),
                            [&] {
                              EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
                            }},
                           {seconds(6), [&] { b.set_servers({"mine"}); }},
                           {seconds(10),
                            [&] {
                              EXPECT_EQ(a.run({"thaw"}).status, 0);
                              save_from_a({"theirs"});
                            }}},
                          seconds(60));
  EXPECT_THAT(b.servers(), ElementsAre("mine"));
  EXPECT_EQ(times_said(ran, "overtaken"), 0) << ::testing::PrintToString(ran.err);
}

TEST_F(Follow, LeavesNoFilesOfARunThatWasKilled) {
  save_from_a({"one"});
  EXPECT_EQ(b.run({"pull"}).status, 0);
  const auto target = dir.file("of-somebody-else");
  write_file(target, "untouched");
  write_file(b.state_file() + ".new", "half a sta");
  follow({}, seconds(5));
  EXPECT_FALSE(std::filesystem::exists(b.state_file() + ".new"));
  // Whoever may write the directory could have put a link there.
  std::filesystem::create_symlink(target, b.state_file() + ".new");
  follow({}, seconds(5));
  EXPECT_FALSE(std::filesystem::is_symlink(b.state_file() + ".new"));
  EXPECT_EQ(read_file(target), "untouched");
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(::testing::MatchesRegex(".*\\.state\\.[^lf].*")));
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
