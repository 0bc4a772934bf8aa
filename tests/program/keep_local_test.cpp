// What one node keeps as its own, in every flow: B has keep_local, A has not, and each keeps what is its own through
// any number of the other's saves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "program/keep_local_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(KeepLocal, LeavesTheColumnsOfRowsThatAreHere) {
  b.configure(own_columns);
  share_two();
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/1/ONLINE/", "1/db2/1/ONLINE/"));
  load(b, {"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT' WHERE hostname='db1'"});
  load(a, {"UPDATE mysql_servers SET weight=9, comment='new'", server("1", "db3", "3")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.out, HasSubstr(": applied (N ms)"));
  // Of a row that is new here there is nothing to keep.
  const Texts kept = {"1/db1/7/OFFLINE_SOFT/new", "1/db2/1/ONLINE/new", "1/db3/3/ONLINE/"};
  for (const auto* layer : {"runtime_", "", "disk."}) EXPECT_EQ(servers_of(b, layer), kept) << layer;
  EXPECT_EQ(b.run({"diff"}).status, 0);
  EXPECT_THAT(b.run({"pull", "--force"}).out, HasSubstr("unchanged, it was here already"));
}

TEST_F(KeepLocal, LeavesTheColumnsOfConsulsDocumentInASave) {
  b.configure(own_columns);
  share_two();
  load(b, {"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT'"});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr("unchanged, Consul holds it"));
  load(b, {"UPDATE mysql_servers SET comment='b' WHERE hostname='db1'", server("1", "db3", "5")});
  const auto ran = b.run({"save", "mysql_servers"});
  EXPECT_THAT(ran.out, HasSubstr("1 row added, 1 changed"));
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/b", "1/db2/1/ONLINE/", "1/db3/5/ONLINE/"));
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(servers_of(a), servers_in_consul());
  load(b, {"DELETE FROM mysql_servers WHERE hostname='db2'"});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr("1 row removed"));
}

TEST_F(KeepLocal, NeitherGivesNorTakesLocalRows) {
  b.configure(own_rows);
  share_two();
  load(b, {server("900", "b-only", "1"), server("1", "local-1", "1")});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr("unchanged, Consul holds it"));
  EXPECT_EQ(b.run({"diff"}).status, 0);
  load(a, {server("901", "a-only", "1"), server("1", "local-1", "99"), server("1", "db3", "1")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr(": applied (N ms)")) << "no partial";
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/1/ONLINE/", "1/db2/1/ONLINE/", "1/db3/1/ONLINE/", "1/local-1/1/ONLINE/",
                                         "900/b-only/1/ONLINE/"));
  // What is local here stays in the document as Consul has it, through any number of saves.
  for (const auto* host : {"db4", "db5"}) {
    load(b, {server("1", host, "1"), "UPDATE mysql_servers SET weight=weight+1 WHERE hostgroup_id=900"});
    ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  }
  EXPECT_THAT(servers_in_consul(), AllOf(Contains("901/a-only/1/ONLINE/"), Contains("1/local-1/99/ONLINE/"),
                                         Contains("1/db5/1/ONLINE/"), Not(Contains(HasSubstr("b-only")))));
  load(b, {"DELETE FROM mysql_servers WHERE hostname='local-1'", server("1", "db6", "1")});
  ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  EXPECT_THAT(servers_in_consul(), Contains("1/local-1/99/ONLINE/")) << "deleted here alone";
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(servers_of(a), servers_in_consul());
}

TEST_F(KeepLocal, TakesAKeyForLocalThatMeetsAnEntryOnEitherSide) {
  b.configure(R"("keep_local":{"mysql_servers":{"rows":[{"comment":"mine*"}]}})");
  share_two();
  load(b, {"UPDATE mysql_servers SET comment='mine, too', weight=7 WHERE hostname='db1'"});
  load(a, {"UPDATE mysql_servers SET weight=3", "UPDATE mysql_servers SET comment='mine' WHERE hostname='db2'"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/7/ONLINE/mine, too", "1/db2/1/ONLINE/"));
  load(b, {server("1", "db3", "1")});
  ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/3/ONLINE/", "1/db2/3/ONLINE/mine", "1/db3/1/ONLINE/"));
}

TEST_F(KeepLocal, GivesNothingLocalInTheFirstSave) {
  b.configure(own_rows);
  load(b, {server("1", "db1", "1"), server("900", "b-only", "1")});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr(", 1 row\n"));
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/"));
}

TEST_F(KeepLocal, TakesTheClustersValuesWhenTheSettingIsTakenBack) {
  b.configure(own_columns);
  share_two();
  load(b, {"UPDATE mysql_servers SET weight=7 WHERE hostname='db1'"});
  EXPECT_THAT(b.run({"pull"}).out, HasSubstr("nothing to do"));
  b.configure("");
  EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 8) << "nobody asked to give the weight to all";
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(servers_of(b), servers_in_consul());
  b.configure(own_rows);
  EXPECT_THAT(b.run({"pull"}).out, HasSubstr("unchanged, it was here already"));
}

TEST_F(KeepLocal, OverwritesNoRowThatWasPassedOverAndIsSharedAgain) {
  const auto pull = HasSubstr("`pull --force mysql_servers` takes Consul's version, a plain `save mysql_servers` ");
  for (const std::string edit : {"UPDATE mysql_servers SET status='ONLINE' WHERE hostname='db2'",
                                 "DELETE FROM mysql_servers WHERE hostname='db2'"}) {
    SCOPED_TRACE(edit);
    b.configure(R"("keep_local":{"mysql_servers":{"rows":[{"status":"OFFLINE_SOFT"}]}})");
    load(a, {server("1", "db1", "1"), server("1", "db2", "1"), "UPDATE mysql_servers SET comment=''"});
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.run({"pull", "--force"}).status, 0);
    load(b, {"UPDATE mysql_servers SET status='OFFLINE_SOFT' WHERE hostname='db2'"});
    load(a, {"UPDATE mysql_servers SET comment='new', weight=9 WHERE hostname='db2'"});
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.update().status, 0);
    EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 0) << "it is local";
    load(b, {edit});
    const auto ran = b.run({"save", "--if-current", "mysql_servers"});
    EXPECT_EQ(ran.status, 8);
    EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("hostname=db2"), HasSubstr("was passed over"), pull)));
    EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/", "1/db2/9/ONLINE/new"));
    ASSERT_EQ(b.run({"pull", "--force"}).status, 0);
    EXPECT_EQ(servers_of(b), servers_in_consul());
    load(b, {"UPDATE mysql_servers SET weight=5 WHERE hostname='db2'"});
    EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 0) << "it is known again";
    ASSERT_EQ(a.update().status, 0);
  }
}

TEST_F(KeepLocal, CountsAShrinkInSharedRows) {
  b.configure(own_rows);
  Texts statements;
  for (int i = 0; i < 20; ++i) statements.push_back(server("900", "local-" + std::to_string(i), "1"));
  for (int i = 0; i < 10; ++i) statements.push_back(server("1", "db" + std::to_string(i), "1"));
  load(a, statements);
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  EXPECT_EQ(servers_of(b).size(), 10U);
  load(b, {"DELETE FROM mysql_servers WHERE hostname>'db3'"});
  const auto ran = b.run({"save", "--if-current", "mysql_servers"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("would lose 6 of the 10 rows")));
  load(b, {"DELETE FROM mysql_servers"});
  EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 8) << "all of what is shared";
}

TEST_F(KeepLocal, PublishesNoLocalChangeAndCallsItNoDrift) {
  b.configure(own_columns);
  share_two();
  const auto version = version_of(servers_key);
  load(b, {"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT'"});
  EXPECT_THAT(b.run({"save", "--if-current", "mysql_servers"}).out, HasSubstr("unchanged"));
  EXPECT_EQ(version_of(servers_key), version);
  EXPECT_THAT(b.run({"pull", "--force"}).out, HasSubstr("unchanged, it was here already"));
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/7/OFFLINE_SOFT/", "1/db2/7/OFFLINE_SOFT/"));
}

TEST_F(KeepLocal, TakesWhatAMonitorDoesForNoDifference) {
  for (const auto version : {StandinVersion::v2_7, StandinVersion::v2_5}) {
    FakeConsul fresh;
    TempDir files;
    NodeUnderTest giver(fresh, files, "giver", {}, version);
    NodeUnderTest keeper(fresh, files, "keeper", own_columns, version);
    load(giver, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
                 server("10", "w", "1"), server("10", "r", "1")});
    ASSERT_EQ(giver.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(keeper.update().status, 0);
    load(keeper, {"UPDATE mysql_servers SET weight=7"});
    keeper.engine.set_read_only("r", 3306, true);
    keeper.engine.set_server_status(10, "w", 3306, "SHUNNED");
    EXPECT_EQ(keeper.run({"diff"}).status, 0);
    EXPECT_THAT(keeper.run({"save", "mysql_servers"}).out, HasSubstr("unchanged, Consul holds it"));
    EXPECT_THAT(keeper.run({"pull", "--force"}).out, HasSubstr("unchanged, it was here already"));
    load(giver, {"UPDATE mysql_servers SET comment='new', weight=9"});
    ASSERT_EQ(giver.run({"save", "mysql_servers"}).status, 0);
    EXPECT_EQ(keeper.update().status, 0);
    EXPECT_THAT(servers_of(keeper, ""), ElementsAre("10/r/7/ONLINE/new", "10/w/7/ONLINE/new"));
  }
}

TEST_F(KeepLocal, KeepsAServerThatIsOfflineHardHereAlone) {
  b.configure(own_columns);
  share_two();
  load(b, {"UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE hostname='db1'"});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr("unchanged, Consul holds it"));
  EXPECT_EQ(b.run({"diff"}).status, 0);
  load(a, {"UPDATE mysql_servers SET comment='new'"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(servers_of(b, ""), ElementsAre("1/db1/1/OFFLINE_HARD/new", "1/db2/1/ONLINE/new"));
  load(b, {server("1", "db3", "1")});
  ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  EXPECT_THAT(servers_in_consul(), Contains("1/db1/1/ONLINE/new"));
  ASSERT_EQ(b.run({"save", "mysql_servers", "--source=memory", "--force"}).status, 0);
  EXPECT_THAT(servers_in_consul(), Contains("1/db1/1/ONLINE/new"));
}

TEST_F(KeepLocal, KeepsARuleThatIsInactiveHereAlone) {
  b.configure(R"("keep_local":{"mysql_query_rules":{"columns":["active"]}})");
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,comment) VALUES (1,1,'x'),(2,1,'y')",
             "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  b.execute({"UPDATE mysql_query_rules SET active=0 WHERE rule_id=1", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged, Consul holds it"));
  EXPECT_EQ(b.run({"diff"}).status, 0);
  b.execute(
      {"INSERT INTO mysql_query_rules(rule_id,active,comment) VALUES (3,1,'z')", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(b.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_EQ(a.update().status, 0);
  EXPECT_THAT(rows_of(a.engine, "SELECT rule_id,active,comment FROM mysql_query_rules ORDER BY 1"),
              ElementsAre("1/1/x", "2/1/y", "3/1/z"));
  a.execute({"UPDATE mysql_query_rules SET comment='new'", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  EXPECT_THAT(rows_of(b.engine, "SELECT rule_id,active,comment FROM mysql_query_rules ORDER BY 1"),
              ElementsAre("1/0/new", "2/1/new", "3/1/new"));
}

TEST_F(KeepLocal, StaysOutOfWhatIsKeptInTheHistory) {
  b.configure(R"("keep_local":{"mysql_servers":{"columns":["weight"],"rows":[{"hostgroup_id":900}]}})");
  share_two();
  load(a, {"UPDATE mysql_servers SET comment='new'", server("900", "of-all", "1")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  load(b, {"UPDATE mysql_servers SET weight=7, comment='unsaved' WHERE hostname='db1'", server("900", "b-only", "1")});
  EXPECT_EQ(b.run({"rollback", "mysql_servers", "-1"}).status, 0);
  Texts kept;
  for (const auto& key : history()) {
    if (key.find('.') != std::string::npos) kept.push_back(consul.value_of(key));
  }
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_THAT(servers_in(kept[0]), ElementsAre("1/db1/1/ONLINE/unsaved", "1/db2/1/ONLINE/new", "900/of-all/1/ONLINE/"));
}

TEST_F(KeepLocal, IsNothingThatFollowPublishesOrFindsDrifted) {
  share_two();
  b.configure(std::string(own_columns) + R"(,"publish":["mysql_servers"])");
  const auto version = version_of(servers_key);
  const auto follow_while = [&](const std::function<void()>& something) {
    const auto begun = b.clock.steady();
    bool has_happened = false;
    const auto look = [&] {
      const auto passed = b.clock.steady() - begun;
      if (!has_happened && passed >= std::chrono::seconds(5)) {
        has_happened = true;
        something();
      }
      b.clock.is_stopping = passed >= std::chrono::minutes(5);
    };
    consul.on_wait = [&](std::chrono::milliseconds time) {
      b.clock.turn(time);
      look();
      return true;
    };
    b.clock.on_pause = look;
    const auto ran = b.run({"follow"});
    consul.on_wait = {};
    b.clock.on_pause = {};
    b.clock.is_stopping = false;
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.err, ElementsAre(HasSubstr(" follows proxysql/ in "), HasSubstr("ends, as it was told to")));
    EXPECT_EQ(b.state().find("mysql_servers")->drifted, false);
  };
  follow_while([&] { load(b, {"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT'"}); });
  EXPECT_EQ(version_of(servers_key), version);
  follow_while([&] { load(b, {"UPDATE mysql_servers SET weight=8, comment='shared' WHERE hostname='db1'"}); });
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/shared", "1/db2/1/ONLINE/"));
  b.configure(std::string(own_columns) + R"(,"drift":"repair")");
  follow_while([&] { load(b, {"UPDATE mysql_servers SET weight=9 WHERE hostname='db1'"}); });
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/9/OFFLINE_SOFT/shared", "1/db2/7/OFFLINE_SOFT/"));
}

TEST_F(KeepLocal, SaysThatALoadMakesLocalEditsLive) {
  b.configure(own_columns);
  share_two();
  b.execute({"UPDATE mysql_servers SET weight=7 WHERE hostname='db1'"});
  load(a, {"UPDATE mysql_servers SET comment='new'"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains(HasSubstr("LOAD MYSQL SERVERS TO RUNTIME makes live, too, what is kept local and was "
                                          "edited in memory and not LOADed: table mysql_servers, row hostgroup_id=1, "
                                          "hostname=db1, port=3306")));
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/7/ONLINE/new", "1/db2/1/ONLINE/new"));
}

TEST_F(KeepLocal, TakesWhatIsMarkedAtRuntimeAloneForLocal) {
  b.configure(R"("keep_local":{"mysql_servers":{"rows":[{"comment":"mine*"}]}})");
  share_two();
  load(b, {server("1", "b-1", "1"), server("1", "b-2", "1"), "UPDATE mysql_servers SET comment='mine', weight=7"});
  b.execute({"UPDATE mysql_servers SET comment='' WHERE hostname IN ('db1','b-1')",
             "DELETE FROM mysql_servers WHERE hostname='b-2'"});
  load(a, {"UPDATE mysql_servers SET weight=3", server("1", "db3", "1")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(servers_of(b, ""),
              ElementsAre("1/b-1/7/ONLINE/", "1/db1/7/ONLINE/", "1/db2/7/ONLINE/mine", "1/db3/1/ONLINE/"));
  EXPECT_THAT(ran.err, Contains(AllOf(HasSubstr("makes live, too, what is kept local"), HasSubstr("hostname=b-1"),
                                      HasSubstr("hostname=b-2"), HasSubstr("hostname=db1"))));
}

TEST_F(KeepLocal, DoesNotWarnInASaveOfLocalEditsInMemory) {
  b.configure(own_columns);
  share_two();
  b.execute({"UPDATE mysql_servers SET weight=7 WHERE hostname='db1'"});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).err, IsEmpty());
  b.execute({"UPDATE mysql_servers SET comment='c' WHERE hostname='db1'"});
  EXPECT_THAT(b.run({"save", "mysql_servers"}).err, ElementsAre(HasSubstr("memory holds what runtime does not")));
}

TEST_F(KeepLocal, SaysWhatIsKeptLocal) {
  b.configure(R"("keep_local":{"mysql_servers":{"columns":["weight"],"rows":[{"hostgroup_id":"900-999"}]}})");
  share_two();
  load(b, {server("900", "b-only", "1"), "UPDATE mysql_servers SET weight=7"});
  EXPECT_THAT(b.run({"diff"}).out,
              AllOf(HasSubstr("mysql_servers: the same as version"),
                    HasSubstr("  (kept local, and not compared: of mysql_servers: weight, 1 row)\n")));
  EXPECT_THAT(b.run({"check"}).out,
              HasSubstr("keep_local             this node keeps local of mysql_servers: weight, 1 row\n"));
  ASSERT_EQ(b.run({"pull", "--force"}).status, 0);
  EXPECT_THAT(a.run({"status"}).out, HasSubstr("keeps local mysql_servers: weight, rows by hostgroup_id\n"));
  EXPECT_THAT(a.run({"status", "--json"}).out, HasSubstr("\"mysql_servers: weight, rows by hostgroup_id\""));
  b.configure("");
  ASSERT_EQ(b.run({"pull"}).status, 0);
  EXPECT_THAT(a.run({"status"}).out, Not(HasSubstr("keeps local")));
}

TEST_F(KeepLocal, NotesAnEntryThatMatchesNothingOnEitherSide) {
  b.configure(R"("keep_local":{"mysql_servers":{"rows":[{"hostname":"lokal-*"},{"hostname":"db1"}]}})");
  load(a, {server("1", "db1", "1"), server("1", "db2", "1")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto unmet =
      HasSubstr("keep_local: entry 1 of mysql_servers (rows by hostname) matches no row here and none of Consul's");
  EXPECT_THAT(b.update().err, ElementsAre(unmet));
  EXPECT_THAT(b.run({"save", "mysql_servers"}).err, ElementsAre(unmet));
  EXPECT_THAT(b.run({"save", "--if-current", "mysql_servers"}).err, IsEmpty());
  EXPECT_THAT(b.run({"check"}).out, HasSubstr("keep_local: entry 1 of mysql_servers (rows by hostname) matches no row "
                                              "here; "));
}

TEST_F(KeepLocal, FailsBeforeItWritesWhereARowThatIsKeptCollides) {
  b.configure(R"("keep_local":{"mysql_replication_hostgroups":{"rows":[{"writer_hostgroup":900}]},)"
              R"("mysql_users":{"rows":[{"username":"app","backend":0}]}})");
  load(b, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (900,20)"});
  load(a, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  b.engine.clear_log();
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("nothing was written: table mysql_replication_hostgroups, row "),
                                         HasSubstr("writer_hostgroup=900, which is kept local, "),
                                         HasSubstr("writer_hostgroup=10"),
                                         HasSubstr("no two may have the same reader_hostgroup"))));
  load(a, {"DELETE FROM mysql_replication_hostgroups",
           "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (900,30)"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  load(b, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (11,30)"});
  const auto refused = b.run({"save", "mysql_servers"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.err, ElementsAre(AllOf(HasSubstr("writer_hostgroup=900"), HasSubstr("writer_hostgroup=11"))));
}

TEST_F(KeepLocal, RemovesNoRowFromConsulThatOnlyCollidesHere) {
  b.configure(R"("keep_local":{"mysql_replication_hostgroups":{"rows":[{"writer_hostgroup":900}]}})");
  load(b, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (900,20)"});
  const auto names_both =
      AllOf(HasSubstr("table mysql_replication_hostgroups, row writer_hostgroup=900, which is kept local, and "),
            HasSubstr("row writer_hostgroup=10 cannot stand side by side"));
  for (const auto* share :
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
        "UPDATE mysql_replication_hostgroups SET reader_hostgroup=20"}) {
    SCOPED_TRACE(share);
    load(a, {share, "DELETE FROM mysql_servers", server("1", "db1", "1")});
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.update().status, 6);
    const auto version = version_of(servers_key);
    for (const auto* how : {"--source=runtime", "--if-current", "--dry-run"}) {
      const auto ran = b.run({"save", "mysql_servers", how});
      EXPECT_EQ(ran.status, 8) << how;
      EXPECT_THAT(ran.err, Contains(AllOf(names_both, HasSubstr("`save --force mysql_servers` ")))) << how;
    }
    EXPECT_EQ(version_of(servers_key), version);
    // The other way, without the row that stands in its way here.
    load(a, {"UPDATE mysql_replication_hostgroups SET reader_hostgroup=30"});
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.update().status, 0);
  }
  load(a, {"UPDATE mysql_replication_hostgroups SET reader_hostgroup=20"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 6);
  const auto forced = b.run({"save", "--force", "mysql_servers"});
  EXPECT_EQ(forced.status, 0);
  EXPECT_THAT(forced.err, Contains(AllOf(HasSubstr("drops from Consul's document: "), names_both)));
}

TEST_F(KeepLocal, RefusesWhatNoProxySqlHas) {
  const struct {
    const char* setting;
    const char* message;
  } cases[] = {
      {R"({"mysql_server":{"columns":["weight"]}})",
       "keep_local: there is no table mysql_server (did you mean 'mysql_servers'?)"},
      {R"({"mysql_servers":{"columns":["wieght"]}})",
       "keep_local: mysql_servers: there is no column wieght (did you mean 'weight'?)"},
      {R"({"mysql_servers":{"rows":[{"host":"x"}]}})", "keep_local: mysql_servers: there is no column host"},
      {R"({"mysql_servers":{"columns":["hostname"]}})",
       "keep_local: mysql_servers: hostname is a column of the primary key"},
  };
  share_two();
  for (const auto& each : cases) {
    SCOPED_TRACE(each.setting);
    b.configure(std::string(R"("keep_local":)") + each.setting);
    for (const auto& words : {Texts{"save", "mysql_servers"}, Texts{"pull", "--force"}, Texts{"diff"}}) {
      const auto ran = b.run(words);
      EXPECT_EQ(ran.status, 3) << words[0];
      EXPECT_THAT(ran.err, Contains(HasSubstr(each.message))) << words[0];
    }
    consul.on_wait = [&](std::chrono::milliseconds time) {
      b.clock.turn(time);
      return true;
    };
    const auto followed = b.run({"follow"});
    consul.on_wait = {};
    EXPECT_EQ(followed.status, 3);
    EXPECT_THAT(followed.err, Contains(HasSubstr(each.message)));
  }
}

TEST_F(KeepLocal, NotesWhatAnotherVersionHas) {
  NodeUnderTest old(consul, dir, "old",
                    R"("keep_local":{"mysql_servers":{"columns":["comment","weight"]},)"
                    R"("mysql_galera_hostgroups":{"columns":["comment"]}})",
                    StandinVersion::v1_1);
  share_two();
  const auto ran = old.update();
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.err, AllOf(Contains(HasSubstr("keep_local: this ProxySQL has no column comment in mysql_servers")),
                             Contains(HasSubstr("keep_local: this ProxySQL has no table mysql_galera_hostgroups"))));
}

TEST_F(KeepLocal, CarriesOverLocalCellsThatHaveNoPlaceHere) {
  NodeUnderTest old(consul, dir, "old",
                    R"("keep_local":{"mysql_servers":{"columns":["comment"],"rows":[{"hostgroup_id":900}]}})",
                    StandinVersion::v1_1);
  share_two();
  load(a, {server("900", "db9", "1"), "UPDATE mysql_servers SET comment='c '||hostname",
           "UPDATE mysql_servers SET max_latency_ms=5 WHERE hostgroup_id=900"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(old.update().status, 0);
  EXPECT_THAT(old.run({"save", "mysql_servers"}).out, HasSubstr("unchanged, Consul holds it"));
  load(old, {server("1", "db3", "3"), "DELETE FROM mysql_servers WHERE hostname='db2'"});
  for (const auto* how : {"--source=runtime", "--source=memory", "--force"}) {
    const auto ran = old.run({"save", "mysql_servers", how});
    EXPECT_EQ(ran.status, 0) << how << ::testing::PrintToString(ran.err);
    EXPECT_THAT(ran.err, Not(Contains(HasSubstr("drops from")))) << how;
    ASSERT_EQ(a.update().status, 0) << how;
    EXPECT_THAT(rows_of(a.engine,
                        "SELECT hostname,weight,comment,max_latency_ms,use_ssl FROM runtime_mysql_servers "
                        "ORDER BY hostgroup_id,hostname"),
                ElementsAre("db1/1/c db1/0/0", "db3/3//0/0", "db9/1/c db9/5/0"))
        << how;
    load(old, {"UPDATE mysql_servers SET max_connections=max_connections+1"});
  }
  load(a, {"UPDATE mysql_servers SET max_latency_ms=7 WHERE hostname='db1'"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(old.update().status, 4) << "partial";
  load(old, {"UPDATE mysql_servers SET max_connections=5"});
  const auto refused = old.run({"save", "mysql_servers"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.err, Contains(HasSubstr("no column max_latency_ms: left out")));
  ASSERT_EQ(old.run({"save", "--force", "mysql_servers"}).status, 0);
  ASSERT_EQ(a.update().status, 0);
  EXPECT_THAT(rows_of(a.engine, "SELECT hostname,comment,max_latency_ms FROM mysql_servers ORDER BY hostname"),
              ElementsAre("db1/c db1/0", "db3//0", "db9/c db9/5"));
}

TEST_F(KeepLocal, NotesATableOfThePluginsThatOnlyTheSettingsKnow) {
  const std::string rules =
      R"("configurations":[{"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rules"]}],)";
  b.configure(rules + R"("keep_local":{"audit_rules":{"columns":["bind"]}})");
  share_two();
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/1/ONLINE/", "1/db2/1/ONLINE/"));
  const auto ran = b.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("keep_local: this ProxySQL has no table audit_rules")));
  b.configure(rules + R"("keep_local":{"audit_rule":{"columns":["bind"]}})");
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 3);
}

TEST_F(KeepLocal, PassesLocalRowsOverThatHaveNoPlaceHere) {
  NodeUnderTest old(consul, dir, "old", R"("keep_local":{"mysql_servers":{"rows":[{"hostgroup_id":"900-999"}]}})",
                    StandinVersion::v1_1);
  load(a, {server("1", "db1", "1"), server("900", "db9", "1"),
           "UPDATE mysql_servers SET max_latency_ms=5 WHERE hostgroup_id=900"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = old.update();
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.out, HasSubstr(": applied (N ms)"));
}

}  // namespace
}  // namespace proxysql_consul::testing
