// What follow publishes of what is LOADed on its node, and what becomes of a LOAD that another node's version
// overtakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "program/follow_fixture.h"

namespace proxysql_consul::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(FollowAndPublish, SavesWhatIsLoadedHere) {
  const auto ran = follow({{seconds(5), [&] { b.set_servers({"mine"}); }},
                           {milliseconds(5060), [&] { EXPECT_EQ(versions(), 1U); }},
                           {seconds(60),
                            [&] {
                              b.set_servers({"mine", "too"});
                            }}},
                          seconds(300));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(versions(), 2U) << ::testing::PrintToString(consul.log);
  EXPECT_THAT(ran.err, ElementsAre());
  EXPECT_EQ(a.update().status, 0);
  EXPECT_THAT(a.servers(), ElementsAre("mine", "too"));
}

TEST_F(FollowAndPublish, GoesOnWithOneSessionAndAsksLittleInIt) {
  const auto asked = [&](const std::string& what) {
    const auto log = b.engine.log();
    return std::count_if(log.begin(), log.end(),
                         [&](const auto& statement) { return statement.find(what) != std::string::npos; });
  };
  const auto forget = [&] {
    b.engine.clear_log();
    b.opened.clear();
  };
  const auto expect_little = [&] {
    EXPECT_TRUE(b.opened.empty());
    EXPECT_EQ(asked("sqlite_master"), 0);
    EXPECT_LE(asked("stats_mysql_global"), 1)
        << "once a second, in any case" << ::testing::PrintToString(b.engine.log());
  };
  follow({{milliseconds(3500), [&] { b.set_servers({"mine"}); }},
          {milliseconds(5500),
           [&] {
             forget();
             b.set_servers({"mine", "too"});
           }},
          {milliseconds(5600),
           [&] {
             EXPECT_EQ(versions(), 2U);
             expect_little();
           }},
          {milliseconds(6500),
           [&] {
             forget();
             save_from_a({"theirs"});
           }},
          {milliseconds(6700),
           [&] {
             EXPECT_EQ(asked("LOAD MYSQL SERVERS TO RUNTIME"), 1);
             expect_little();
           }},
          {milliseconds(7500), [&] { b.engine.restart(); }},
          {milliseconds(9500), [&] { EXPECT_EQ(b.opened.size(), 1U); }}},
         seconds(20));
}

TEST_F(FollowAndPublish, SavesUsersToo) {
  follow({{seconds(5),
           [&] {
             b.execute({"INSERT INTO mysql_users(username,password) VALUES ('u','p')", "LOAD MYSQL USERS TO RUNTIME"});
           }}},
         seconds(60));
  EXPECT_EQ(calls("TXN cas " + users_key), 1U) << ::testing::PrintToString(consul.log);
}

TEST_F(FollowAndPublish, SavesWhatWasLoadedBeforeItBegan) {
  b.set_servers({"before"});
  follow({}, seconds(10));
  EXPECT_EQ(versions(), 1U);
}

TEST_F(FollowAndPublish, SavesNothingThatItAppliedOrThatAMonitorOrAStartBrought) {
  b.execute({"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)",
             "LOAD MYSQL SERVERS TO RUNTIME", "SAVE MYSQL SERVERS TO DISK"});
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  consul.log.clear();
  const auto ran = follow({{seconds(5), [&] { b.engine.set_read_only("first", 3306, true); }},
                           {seconds(10), [&] { b.engine.set_server_status(2, "first", 3306, "SHUNNED"); }},
                           {seconds(20),
                            [&] {
                              EXPECT_EQ(a.run({"pull"}).status, 0);
                              save_from_a({"second"});
                            }},
                           {seconds(30), [&] { b.engine.restart(); }},
                           {seconds(40), [&] { b.engine.execute("PROXYSQL RESTART"); }}},
                          seconds(100));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(versions(), 1U) << "A's alone" << ::testing::PrintToString(consul.log);
  EXPECT_THAT(b.servers(), ElementsAre("second"));
}

TEST_F(FollowAndPublish, SaysARefusalOnceAndTriesAgainAfterTheFreeze) {
  EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
  const auto ran = follow({{seconds(5), [&] { b.set_servers({"mine"}); }},
                           {seconds(60),
                            [&] {
                              EXPECT_EQ(versions(), 1U);
                              EXPECT_EQ(a.run({"thaw"}).status, 0);
                            }},
                           {seconds(61), [&] { EXPECT_EQ(versions(), 2U); }}},
                          seconds(100));
  EXPECT_THAT(ran.err,
              ElementsAre(HasSubstr("info: the cluster is frozen"),
                          HasSubstr("error: mysql_servers: the cluster is frozen"), HasSubstr("info: thawed")));
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.run({"status"}).status, 0);
  EXPECT_THAT(a.servers(), ElementsAre("mine"));
}

TEST_F(FollowAndPublish, TriesWhatCannotBePublishedMoreAndMoreSeldom) {
  std::size_t tries = 0;
  const auto ran = follow({{seconds(5),
                            [&] {
                              consul.log.clear();
                              consul.denied = {servers_key};
                              b.set_servers({"mine"});
                            }},
                           {seconds(305),
                            [&] {
                              tries = calls("TXN cas " + servers_key);
                              consul.denied.clear();
                            }}},
                          seconds(400));
  EXPECT_EQ(ran.status, 0);
  EXPECT_GT(tries, 5U);
  EXPECT_LT(tries, 40U) << "twice as long each time, up to a minute";
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("error: mysql_servers: "))) << "and says it once";
  EXPECT_TRUE(consul.entries.contains(servers_key)) << "once it can be";
}

TEST_F(FollowAndPublish, SaysOnceThatItSavesNoEmptyTablesThatConsulDoesNotHold) {
  const auto ran = follow({{seconds(5), [&] { b.engine.execute("LOAD MYSQL USERS TO RUNTIME"); }}}, seconds(60));
  const std::string words = "mysql_users: not saved: all its tables are empty";
  const auto first = ran.out.find(words);
  ASSERT_NE(first, std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find(words, first + 1), std::string::npos) << ran.out;
}

TEST_F(FollowAndPublish, ShowsInTheStatusWhatIsNotPublished) {
  Ran shown;
  Ran checked;
  follow({{seconds(5),
           [&] {
             b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
           }},
          {seconds(10),
           [&] {
             shown = a.run({"status"});
             checked = b.run({"check"});
           }},
          {seconds(20), [&] { b.set_servers({"first"}); }}},
         seconds(100));
  EXPECT_EQ(shown.status, 7);
  EXPECT_THAT(shown.out, HasSubstr("loaded here and not published: table mysql_servers would lose 1 of the 1 rows"));
  EXPECT_THAT(checked.out, HasSubstr("warning  applied"));
  EXPECT_EQ(versions(), 0U);
  EXPECT_EQ(a.run({"status"}).status, 0) << "what was undone is no difference";
}

TEST_F(FollowAndPublish, TellsPrometheusSinceWhenSomethingIsNotPublished) {
  const auto file = dir.file("b.prom");
  b.configure("\"publish\":[\"mysql_servers\"],\"metrics_file\":\"" + file + "\"");
  const std::string series = "proxysql_consul_unpublished_since_timestamp_seconds{configuration=\"mysql_servers\"} ";
  const auto since = [&] {
    const auto text = read_file(file);
    const auto at = text.find(series) + series.size();
    return text.substr(at, text.find('\n', at) - at);
  };
  std::vector<std::string> told;
  std::string loaded_at;
  EXPECT_EQ(a.run({"freeze", "--reason", "noon"}).status, 0);
  follow({{seconds(5), [&] { told.push_back(since()); }},
          {seconds(10),
           [&] {
             b.set_servers({"mine"});
             loaded_at = std::to_string(std::chrono::system_clock::to_time_t(b.clock.now()));
           }},
          {seconds(15), [&] { told.push_back(since()); }},
          {seconds(100), [&] { told.push_back(since()); }},
          {seconds(101), [&] { EXPECT_EQ(a.run({"thaw"}).status, 0); }},
          {seconds(105), [&] { told.push_back(since()); }}},
         seconds(106));
  EXPECT_THAT(told, ElementsAre("0", loaded_at, loaded_at, "0"));
  EXPECT_EQ(versions(), 2U) << "and is published in the end";
}

TEST_F(FollowAndPublish, AsksForLittleWhileNothingHappens) {
  std::size_t statements = 0;
  std::size_t requests = 0;
  std::size_t connections = 0;
  std::size_t whole_looks = 0;
  follow({{seconds(10),
           [&] {
             b.engine.on_statement([&](std::string_view statement) {
               if (statement.find("stats_mysql_global") != statement.npos) ++whole_looks;
             });
             statements = b.engine.log().size();
             requests = consul.log.size();
             connections = b.opened.size();
           }},
          {seconds(70),
           [&] {
             statements = b.engine.log().size() - statements;
             requests = consul.log.size() - requests;
             connections = b.opened.size() - connections;
           }}},
         seconds(71));
  EXPECT_LE(statements, 60U * 50U + 80U) << "a look in 20 ms is one small statement";
  EXPECT_LE(whole_looks, 62U) << "one in a second is large";
  EXPECT_LE(requests, 2U) << ::testing::PrintToString(consul.log);
  EXPECT_LE(connections, 1U);
}

TEST_F(FollowAndPublish, KeepsInTheHistoryWhatIsOvertaken) {
  const auto ran = follow({{seconds(5),
                            [&] {
                              consul.always = FakeConsul::Failure::away;
                              b.set_servers({"mine"});
                            }},
                           {seconds(60),
                            [&] {
                              consul.always.reset();
                              save_from_a({"theirs"});
                            }}},
                          seconds(200));
  EXPECT_THAT(b.servers(), ElementsAre("theirs"));
  const auto id = version_of(servers_key) + "." + b.uuid();
  EXPECT_THAT(history(), ::testing::Contains(meta + "history/mysql_servers/" + id));
  EXPECT_THAT(ran.err, ::testing::Contains("warning: mysql_servers: what was loaded here was overtaken by version " +
                                           version_of(servers_key) + ": kept in the history as " + id));
  EXPECT_THAT(b.run({"history", "mysql_servers"}).out, HasSubstr(id));
}

TEST_F(FollowAndPublish, KeepsWhatAFirstVersionOvertakes) {
  consul.entries.clear();
  consul.removed_at = ++consul.index;
  std::filesystem::remove(b.state_file());
  b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
  follow({{seconds(5),
           [&] {
             consul.always = FakeConsul::Failure::away;
             b.set_servers({"mine"});
           }},
          {seconds(60),
           [&] {
             consul.always.reset();
             EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
           }}},
         seconds(200));
  EXPECT_THAT(b.servers(), ElementsAre("first"));
  const auto key = meta + "history/mysql_servers/" + version_of(servers_key) + "." + b.uuid();
  ASSERT_THAT(history(), ElementsAre(key));
  EXPECT_THAT(consul.value_of(key), HasSubstr("\"mine\""));
}

TEST_F(FollowAndPublish, KeepsWhatWasLoadedBeforeItWhereItsStateIsGone) {
  std::filesystem::remove(b.state_file());
  b.set_servers({"mine"});
  const auto before = history();
  follow({}, seconds(20));
  EXPECT_THAT(b.servers(), ElementsAre("first"));
  const auto key = meta + "history/mysql_servers/" + version_of(servers_key) + "." + b.uuid();
  EXPECT_THAT(history(), ::testing::Contains(key));
  EXPECT_EQ(history().size(), before.size() + 1) << ::testing::PrintToString(history());
}

TEST_F(FollowAndPublish, KeepsNothingOfANewNodeThatHasNothingOrTheSame) {
  std::filesystem::remove(b.state_file());
  const auto before = history();
  follow({}, seconds(20));
  EXPECT_EQ(history(), before) << "the same";
  std::filesystem::remove(b.state_file());
  b.execute({"DELETE FROM mysql_servers", "LOAD MYSQL SERVERS TO RUNTIME"});
  follow({}, seconds(20));
  EXPECT_THAT(b.servers(), ElementsAre("first"));
  EXPECT_EQ(history(), before) << "nothing";
}

TEST_F(FollowAndPublish, KeepsAsManyOvertakenVersionsAsSavedOnes) {
  for (auto* node : {&a, &b}) node->configure("\"publish\":[\"mysql_servers\"],\"history_limit\":2");
  std::vector<Happening> happenings;
  for (int round = 0; round < 5; ++round) {
    const auto name = std::to_string(round);
    happenings.push_back({seconds(100 * round + 5), [this, name] {
                            consul.always = FakeConsul::Failure::away;
                            b.set_servers({"mine" + name});
                          }});
    happenings.push_back({seconds(100 * round + 60), [this, name] {
                            consul.always.reset();
                            EXPECT_EQ(a.run({"pull", "--force"}).status, 0);
                            save_from_a({"theirs" + name});
                          }});
  }
  follow(happenings, seconds(600));
  EXPECT_EQ(a.run({"save", "--force", "--message", "trims", "mysql_servers"}).status, 0);
  const auto all = history();
  const auto overtaken =
      std::count_if(all.begin(), all.end(), [&](const auto& key) { return key.find(b.uuid()) != key.npos; });
  EXPECT_EQ(overtaken, 2) << ::testing::PrintToString(all);
  EXPECT_EQ(all.size(), 4U);
}

/// Somebody replaces B's servers by "mine" and LOADs that, right before B's n-th statement after A has saved "theirs".
class FollowAndLoadsMeanwhile : public FollowAndPublish {
 protected:
  /// False where B made fewer statements.
  bool disturb_before(std::size_t n) {
    std::size_t left = 0;
    bool is_done = false;
    bool is_own = false;
    b.engine.on_statement([&](std::string_view) {
      if (is_own || left == 0 || --left > 0) return;
      is_own = true;
      for (const auto* statement :
           {"DELETE FROM mysql_servers", "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'mine')",
            "LOAD MYSQL SERVERS TO RUNTIME"}) {
        EXPECT_TRUE(b.engine.execute(statement).ok);
      }
      is_own = false;
      is_done = true;
    });
    std::string theirs;
    ran = follow({{seconds(5),
                   [&] {
                     theirs = save_from_a({"theirs"});
                     left = n;
                   }},
                  {milliseconds(5500), [&] { left = 0; }}},
                 seconds(8));
    b.engine.on_statement({});
    return is_done;
  }

  Ran ran{};
};

TEST_F(FollowAndLoadsMeanwhile, LoseNothingAtWhateverMomentTheyCome) {
  std::size_t moments = 0;
  while (disturb_before(moments + 1)) {
    ++moments;
    SCOPED_TRACE(moments);
    EXPECT_EQ(ran.status, 0);
    EXPECT_TRUE(is_kept("mine")) << ::testing::PrintToString(ran.err) << ran.out;
    EXPECT_TRUE(is_kept("theirs"));
    // Consul's version is at B's runtime, whichever of the two it is.
    EXPECT_THAT(consul.value_of(servers_key), HasSubstr("\"" + b.servers().at(0) + "\"")) << ran.out;
    EXPECT_EQ(b.servers().size(), 1U);
    EXPECT_EQ(a.run({"pull"}).status, 0);
    EXPECT_EQ(a.servers(), b.servers());
    if (::testing::Test::HasFailure()) break;
    // All begins anew.
    consul.entries.clear();
    consul.removed_at = ++consul.index;
    EXPECT_EQ(a.run({"save", "--force", "mysql_servers"}).status, 0);
    save_from_a({"first"});
    EXPECT_EQ(b.run({"pull", "--force"}).status, 0);
  }
  EXPECT_GE(moments, 30U) << "those of a whole delivery";
}

}  // namespace
}  // namespace proxysql_consul::testing
