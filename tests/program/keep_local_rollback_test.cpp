// What a node keeps local, through rollbacks: those that end well, those that are taken back, and those that never end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
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

TEST_F(KeepLocal, StaysThroughARollbackAndIsInNoneOfItsDocuments) {
  b.configure(R"("keep_local":{"mysql_servers":{"columns":["weight"],"rows":[{"hostgroup_id":900}]}})");
  share_two();
  load(b, {"UPDATE mysql_servers SET weight=7", server("900", "b-only", "1")});
  load(a, {"UPDATE mysql_servers SET comment='new'", server("900", "of-all", "1")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  EXPECT_EQ(b.run({"rollback", "mysql_servers", "-1"}).status, 0);
  EXPECT_THAT(servers_of(b), ElementsAre("1/db1/7/ONLINE/", "1/db2/7/ONLINE/", "900/b-only/1/ONLINE/"));
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/", "1/db2/1/ONLINE/"));
}

TEST_F(KeepLocal, RefusesARollbackThatCollidesAlsoWhenItOnlyShows) {
  b.configure(R"("keep_local":{"mysql_replication_hostgroups":{"rows":[{"writer_hostgroup":900}]}})");
  load(a, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  load(a, {"UPDATE mysql_replication_hostgroups SET reader_hostgroup=30"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  load(b, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (900,20)"});
  b.engine.clear_log();
  const auto state = b.state();
  for (const auto& words :
       {Texts{"rollback", "mysql_servers", "-1", "--dry-run"}, Texts{"rollback", "mysql_servers", "-1"}}) {
    const auto ran = b.run(words);
    EXPECT_EQ(ran.status, 6) << words.back();
    EXPECT_THAT(ran.err, Contains(AllOf(HasSubstr("nothing was written: "), HasSubstr("writer_hostgroup=900"),
                                        HasSubstr("writer_hostgroup=10"))))
        << words.back();
    EXPECT_EQ(b.state().find("mysql_servers")->version, state.find("mysql_servers")->version) << words.back();
  }
  EXPECT_THAT(b.writes(), IsEmpty());
}

TEST_F(KeepLocal, KnowsAfterARollbackWhatWasPassedOverOfTheVersionThatItPublished) {
  b.configure(R"("keep_local":{"mysql_servers":{"rows":[{"status":"OFFLINE_SOFT"}]}})");
  load(a, {server("1", "db1", "1"), server("1", "db2", "2")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  load(a, {server("1", "db2", "9"), server("1", "db3", "9")});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  ASSERT_EQ(b.update().status, 0);
  load(b, {"UPDATE mysql_servers SET status='OFFLINE_SOFT' WHERE hostname IN ('db2','db3')"});
  ASSERT_EQ(b.run({"pull", "--force"}).status, 0);
  EXPECT_EQ(b.state().find("mysql_servers")->passed_over.size(), 2U);
  ASSERT_EQ(b.run({"rollback", "mysql_servers", "-1"}).status, 0);
  EXPECT_THAT(servers_in_consul(), ElementsAre("1/db1/1/ONLINE/", "1/db2/2/ONLINE/"));
  EXPECT_EQ(b.state().find("mysql_servers")->passed_over.size(), 1U) << "db2 of the version of before, no db3";
  load(b, {"UPDATE mysql_servers SET status='ONLINE' WHERE hostname='db3'"});
  EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 0) << "Consul has no such row to lose";
  load(b, {"UPDATE mysql_servers SET status='ONLINE' WHERE hostname='db2'"});
  const auto ran = b.run({"save", "--if-current", "mysql_servers"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, Contains(AllOf(HasSubstr("hostname=db2"), HasSubstr("was passed over"))));
}

class KeepLocalInARollback : public KeepLocal {
 protected:
  /// B has both of A's versions, the second with db2, and weights and states of its own: those of db2 were LOADed and
  /// never saved to disk.
  void SetUp() override {
    b.configure(own_columns);
    for (const std::string host : {"db1", "db2"}) {
      load(a, {server("1", host, "1")});
      ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    }
    ASSERT_EQ(b.update().status, 0);
    load(b, {"UPDATE mysql_servers SET weight=7, status='OFFLINE_SOFT' WHERE hostname='db1'"});
    b.execute({"UPDATE mysql_servers SET weight=8 WHERE hostname='db2'", "LOAD MYSQL SERVERS TO RUNTIME"});
  }

  Ran roll_back() { return b.run({"rollback", "mysql_servers", "-1"}); }

  /// Begins to roll back and is killed when it is about to publish.
  void begin_to_roll_back() {
    consul.on_call = [](const std::string& call) {
      if (call.starts_with("TXN cas proxysql/")) throw Killed();
    };
    EXPECT_THROW(roll_back(), Killed);
    consul.on_call = nullptr;
    EXPECT_EQ(servers_of(b), one);
  }

  void expect_in_all_layers(const Texts& servers) {
    for (const auto* layer : {"", "runtime_", "disk."}) EXPECT_EQ(servers_of(b, layer), servers) << layer;
  }

  const Texts one = {"1/db1/7/OFFLINE_SOFT/"};
  const Texts both = {"1/db1/7/OFFLINE_SOFT/", "1/db2/8/ONLINE/"};
};

TEST_F(KeepLocalInARollback, ComesBackWithTheRowsWhereItIsTakenBack) {
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/")) consul.fail_on(1, FakeConsul::Failure::refused);
  };
  const auto ran = roll_back();
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, Contains(HasSubstr("is applied here again")));
  expect_in_all_layers(both);
}

TEST_F(KeepLocalInARollback, ComesBackWithTheRowsWhereItNeverEnded) {
  for (const auto& next : {Texts{"pull"}, Texts{"pull", "--force"}}) {
    begin_to_roll_back();
    const auto shown = b.run({"pull", "--dry-run"});
    EXPECT_THAT(shown.out, AllOf(HasSubstr("REPLACE INTO `mysql_servers` "), HasSubstr("'db2'"), HasSubstr("'8'")));
    EXPECT_EQ(b.run(next).status, 0);
    expect_in_all_layers(both);
  }
}

TEST_F(KeepLocalInARollback, ComesBackWithTheRowsAlsoThroughARestart) {
  begin_to_roll_back();
  b.clock.turn(std::chrono::minutes(1));
  b.engine.restart();
  EXPECT_EQ(b.update().status, 0);
  expect_in_all_layers(both);
}

TEST_F(KeepLocalInARollback, ComesBackWithTheRowsOfOneThatNeverEndedBeforeAnother) {
  begin_to_roll_back();
  begin_to_roll_back();
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/")) consul.fail_on(1, FakeConsul::Failure::refused);
  };
  EXPECT_EQ(roll_back().status, 5);
  consul.on_call = nullptr;
  expect_in_all_layers(both);
}

TEST_F(KeepLocalInARollback, ComesBackWithTheRowsThoughItWasKilledAtAnyStatement) {
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    load(b, {"UPDATE mysql_servers SET weight=1, status='ONLINE' WHERE hostname='db2'"});
    b.execute({"UPDATE mysql_servers SET weight=8 WHERE hostname='db2'", "LOAD MYSQL SERVERS TO RUNTIME"});
    int count = 0;
    b.engine.on_statement([&](std::string_view) {
      if (++count == n) throw Killed();
    });
    bool is_killed = false;
    try {
      EXPECT_EQ(roll_back().status, 0);
    } catch (const Killed&) {
      is_killed = true;
    }
    b.engine.on_statement(nullptr);
    if (!is_killed) {
      EXPECT_GT(n, 20);
      return expect_in_all_layers(one);
    }
    // What was published is what a pull takes.
    const auto wanted = servers_in_consul().size() == 1 ? one : both;
    // A save that finds the runtime that was there says nothing of memory.
    if (n % 2 == 0 && servers_of(b) == both) b.run({"save", "mysql_servers"});
    EXPECT_EQ(b.run({"pull", "--force"}).status, 0);
    for (const auto* layer : {"", "runtime_"}) EXPECT_EQ(servers_of(b, layer), wanted) << layer;
    if (wanted == both) continue;
    // There again, for what comes after the publishing, too.
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.update().status, 0);
  }
}

TEST_F(KeepLocalInARollback, GoesFromDiskWhereItIsPublished) {
  bool is_published = false;
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("TXN cas proxysql/")) return;
    is_published = true;
    EXPECT_EQ(servers_of(b), one);
    EXPECT_EQ(servers_of(b, "disk."), both);
  };
  b.engine.clear_log();
  const auto ran = roll_back();
  consul.on_call = nullptr;
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_TRUE(is_published);
  EXPECT_THAT(b.writes(), ElementsAre("REPLACE", "DELETE", "LOAD", "SAVE"));
  expect_in_all_layers(one);
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::saved);
  // Back there, db2 is new, and comes as the document has it.
  EXPECT_EQ(roll_back().status, 0);
  expect_in_all_layers({one[0], "1/db2/1/ONLINE/"});
}

TEST_F(KeepLocalInARollback, SaysWhatADiskThatIsFullDoesNotKeep) {
  b.engine.set_disk(DiskState::full);
  const auto ran = roll_back();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("mysql_servers: what is kept local of it is not on disk: "),
                                   HasSubstr("at runtime, but SAVE did not bring it to disk: ")));
  EXPECT_THAT(ran.out, HasSubstr("and saved as version " + version_of(servers_key)));
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::failed);
  b.engine.set_disk(DiskState::writable);
  EXPECT_EQ(b.update().status, 0);
  expect_in_all_layers(one);
}

TEST_F(KeepLocalInARollback, TellsWhatWasPublishedAlsoWhereItIsNotBroughtToDisk) {
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/")) b.engine.fail_statement(5, "no");
  };
  const auto ran = roll_back();
  consul.on_call = nullptr;
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("at runtime, but not brought to disk: ProxySQL Admin Error: no")));
  EXPECT_THAT(ran.out, HasSubstr("and saved as version " + version_of(servers_key)));
  EXPECT_EQ(b.run({"status"}).status, 7);
  EXPECT_EQ(b.update().status, 0);
  expect_in_all_layers(one);
}

TEST_F(KeepLocalInARollback, LeavesADiskAloneThatIsNotItsOwn) {
  b.configure(std::string(own_columns) + R"(,"save_to_disk":false)");
  ASSERT_EQ(b.run({"pull"}).status, 0);
  const auto disk = servers_of(b, "disk.");
  b.engine.clear_log();
  begin_to_roll_back();
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(servers_of(b), (Texts{one[0], "1/db2/1/ONLINE/"})) << "memory alone knew";
  EXPECT_EQ(servers_of(b, "disk."), disk);
  for (const auto& statement : b.engine.log()) EXPECT_THAT(statement, Not(HasSubstr("disk.mysql_servers (")));
}

}  // namespace
}  // namespace proxysql_consul::testing
