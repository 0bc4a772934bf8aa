// update and pull: what of the documents is applied here, and what is recorded of that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "proxysql_consul/base/error.h"
#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Update : public Run {};

TEST_F(Update, PassesOverWhatThisNodeSaved) {
  save_from_a({"db1"});
  a.set_servers({"changed since"});
  const auto ran = a.run({"update", "--log-level", "debug"}, consul.watch(prefix));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "nothing to do: what came was applied or saved here before (`pull --force` applies it again)\n");
  EXPECT_THAT(ran.err, ::testing::Contains("debug: proxysql/mysql_servers: passed over: version " +
                                           version_of(servers_key) + " was saved by this node"));
  EXPECT_EQ(a.servers(), Texts{"changed since"});
  EXPECT_THAT(a.writes(), IsEmpty());
}

TEST_F(Update, ComparesWhatThisNodeSavedWhereTheRecordOfItIsGone) {
  save_from_a({"db1"});
  std::filesystem::remove(a.state_file());
  EXPECT_THAT(a.update().out, HasSubstr("runtime had it already"));
  EXPECT_THAT(a.writes(), ElementsAre("SAVE"));
  EXPECT_EQ(a.state().find("mysql_servers")->outcome, Outcome::applied);
  // And where it differs meanwhile, Consul's is what counts.
  std::filesystem::remove(a.state_file());
  a.set_servers({"changed since"});
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
}

TEST_F(Update, AppliesWithAWarningWhatANodeWithTheSameUuidSaved) {
  save_from_a({"db1"});
  write_file(b.uuid_file(), read_file(a.uuid_file()));
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: proxysql/mysql_servers: comes from host-a, which has the same UUID as this node: a "
                          "copied uuid_file? Remove it on one of the two, and the next run makes a new one"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, DoesNothingForAVersionThatItHasApplied) {
  b.clock.turn(std::chrono::seconds(10));
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  b.engine.clear_log();
  b.opened.clear();
  consul.log.clear();
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "nothing to do: what came was applied or saved here before (`pull --force` applies it again)\n");
  EXPECT_THAT(ran.err, IsEmpty());
  // Whether it has started since is all that ProxySQL is asked.
  EXPECT_EQ(b.engine.log().size(), 1U);
  EXPECT_THAT(consul.log, IsEmpty()) << "Consul was asked";
}

TEST_F(Update, PassesOverAnOlderVersionThanTheOneThatConsulHolds) {
  save_from_a({"old"});
  const auto stale = consul.watch(prefix);
  const auto stale_version = version_of(servers_key);
  save_from_a({"new"});
  EXPECT_EQ(b.update().status, 0);
  const auto ran = b.run({"update"}, stale);
  EXPECT_EQ(ran.status, 0);
  ASSERT_THAT(ran.err, SizeIs(1));
  EXPECT_THAT(ran.err[0],
              HasSubstr("proxysql/mysql_servers: passed over: version " + stale_version + " is older than "));
  EXPECT_EQ(b.servers(), Texts{"new"});
}

TEST_F(Update, AppliesAnOlderVersionThatIsTheCurrentOneOfANewConsul) {
  save_from_a({"old"});
  EXPECT_EQ(b.update().status, 0);
  consul = FakeConsul();
  consul.index = 5;
  a.set_servers({"after the rebuild"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"after the rebuild"});
  EXPECT_EQ(b.state().find("mysql_servers")->version, 6U);
}

TEST_F(Update, PullsWhatConsulHolds) {
  save_from_a({"db1"});
  a.execute({"INSERT INTO mysql_users(username) VALUES ('u')", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 0);
  const auto ran = b.run({"pull", "mysql_users"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(ran.out, StartsWith("mysql_users: version " + version_of(users_key)));
  EXPECT_THAT(b.servers(), IsEmpty());
  EXPECT_FALSE(consul.opened.back().stale);
  EXPECT_EQ(b.run({"pull", "--stale"}).status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, PullsAgainByForce) {
  save_from_a({"db1"});
  for (auto* node : {&a, &b}) {
    EXPECT_EQ(node->run({"pull"}).status, 0);
    node->set_servers({"edited by hand"});
    EXPECT_EQ(node->run({"pull"}).status, 0);
    EXPECT_EQ(node->servers(), Texts{"edited by hand"});
    EXPECT_EQ(node->run({"pull", "--force"}).status, 0);
    EXPECT_EQ(node->servers(), Texts{"db1"});
  }
}

TEST_F(Update, PullsNothingFromAnEmptyConsul) {
  b.set_servers({"db1"});
  const auto ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: nothing is under proxysql/ in Consul: save first, or is consul_prefix another?"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, TakesTheObjectOfAKeyWatch) {
  save_from_a({"db1"});
  EXPECT_EQ(b.run({"update"}, consul.watch_key(servers_key)).status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, NeverDeletesForWhatIsMissing) {
  b.set_servers({"db1"});
  for (const std::string input : {"null", "[]"}) {
    const auto ran = b.run({"update"}, input);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.err, IsEmpty());
    EXPECT_EQ(b.servers(), Texts{"db1"});
  }
}

TEST_F(Update, RefusesInputThatIsNoWatchData) {
  const std::string hint =
      " (expected the JSON of a Consul watch of type keyprefix or key, or of /v1/kv/<prefix>?recurse)";
  const struct {
    const char* input;
    std::string error;
  } cases[] = {
      {"", "error: watch data: nothing came" + hint},
      {"[{\"Key\":\"proxysql/mysql_ser",
       "error: watch data: is no JSON, was cut short, or holds more than any Consul sends" + hint},
      {"42", "error: watch data: is neither array nor object" + hint},
      {"[1]", "error: watch data: an entry is no object" + hint},
      {"[{}]", "error: watch data: an entry has no \"Key\"" + hint},
  };
  for (const auto& [input, error] : cases) {
    SCOPED_TRACE(input);
    const auto ran = b.run({"update"}, input);
    EXPECT_EQ(ran.status, 6);
    EXPECT_THAT(ran.err, ElementsAre(error));
  }
  EXPECT_THAT(b.opened, IsEmpty());
  EXPECT_EQ(read_file(b.state_file()), "");
}

TEST_F(Update, AppliesTheOthersWhereOneDocumentIsBad) {
  save_from_a({"db1"});
  consul.set("proxysql/mysql_firewall", "{");
  consul.set(users_key, R"({"config_name":"mysql_users","uuid":"x","tables":{"mysql_users":[["a"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_users: table mysql_users: a row of 1 values without column "
                                   "names for 14 columns of this ProxySQL",
                                   "error: proxysql/mysql_firewall: document: is no JSON"));
  EXPECT_EQ(b.state().find("mysql_users")->outcome, Outcome::failed);
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied);
}

TEST_F(Update, ExitsWithTheLowestOfTheFailures) {
  save_from_a({"db1"});
  consul.set("proxysql/mysql_firewall", "{");
  consul.set(rules_key,
             R"({"config_name":"mysql_query_rules","uuid":"x","columns":{"mysql_query_rules":["rule_id","active",)"
             R"("flagIN"]},"tables":{"mysql_query_rules":[["1","1","-1"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(
      ran.err,
      ElementsAre("error: proxysql/mysql_query_rules: ProxySQL Admin Error: CHECK constraint failed: flagIN >= 0; "
                  "runtime is untouched, the memory tables are as before",
                  "error: proxysql/mysql_firewall: document: is no JSON"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, ReportsWhatWasAppliedInPart) {
  consul.set(rules_key,
             R"({"config_name":"mysql_query_rules","uuid":"x","columns":{"mysql_query_rules":["rule_id","active",)"
             R"("client_addr"]},"tables":{"mysql_query_rules":[["1","1","10.%.1"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_EQ(ran.out, "mysql_query_rules: version 101 of node x: applied in part (N ms)\n");
  EXPECT_THAT(ran.err, ElementsAre("warning: mysql_query_rules: not taken by ProxySQL: table mysql_query_rules, row "
                                   "rule_id=1: is missing"));
  EXPECT_EQ(b.state().find("mysql_query_rules")->outcome, Outcome::partial);
}

TEST_F(Update, SaysWhereItWasHereAlready) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"db1"});
  const auto what = "mysql_servers: version " + version + " of host-a at 2027-01-15T08:00:01Z: ";
  EXPECT_EQ(b.update().out, what + "runtime had it already, now disk has it too (N ms)\n");
  EXPECT_EQ(b.writes(), Texts{"SAVE"});
  b.engine.clear_log();
  std::filesystem::remove(b.state_file());
  EXPECT_EQ(b.update().out, what + "unchanged, it was here already (N ms)\n");
  EXPECT_THAT(b.writes(), IsEmpty());
}

TEST_F(Update, AppliesNothingWhileFrozenAndAllAfterwards) {
  save_from_a({"db1"});
  consul.set("proxysql/freeze", "black friday");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "nothing to do: the cluster is frozen: black friday (`thaw` ends that)\n");
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(b.writes(), IsEmpty());
  const auto pulled = b.run({"pull"});
  EXPECT_EQ(pulled.status, 8);
  EXPECT_THAT(pulled.err,
              ElementsAre("error: the cluster is frozen: black friday (`thaw` ends that; then pull again)"));
  EXPECT_THAT(b.writes(), IsEmpty());
  consul.entries.erase("proxysql/freeze");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Update, TouchesOnlyWhatTheSettingsAccept) {
  b.configure(R"("accept":["mysql_users"])");
  save_from_a({"db1"});
  consul.set("proxysql/nonsense", "?");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("info: proxysql/mysql_servers: passed over: is not among the settings' \"accept\"",
                                   "info: proxysql/nonsense: passed over: is no configuration"));
  EXPECT_THAT(b.opened, IsEmpty());
}

TEST_F(Update, RefusesADocumentUnderAnothersKey) {
  save_from_a({"db1"});
  consul.set(users_key, consul.value_of(servers_key));
  consul.entries.erase(servers_key);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_users: document: is one of mysql_servers"));
}

TEST_F(Update, PrintsADryRunOfUpdateAndChangesNothing) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"old"});
  consul.log.clear();
  const auto ran = b.run({"update", "--dry-run"}, consul.watch(prefix));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "-- mysql_servers: version " + version +
                " of host-a at 2027-01-15T08:00:01Z\n"
                "REPLACE INTO `mysql_servers` (`hostgroup_id`,`hostname`,`port`) VALUES ('1','db1','3306');\n"
                "DELETE FROM `mysql_servers` WHERE (`hostgroup_id`='1' AND `hostname`='old' AND `port`='3306');\n"
                "LOAD MYSQL SERVERS TO RUNTIME;\n"
                "SAVE MYSQL SERVERS TO DISK;\n");
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(read_file(b.uuid_file()), "");
  EXPECT_EQ(read_file(b.state_file()), "");
  EXPECT_THAT(consul.log, IsEmpty());
}

TEST_F(Update, PublishesWhatThisNodeHolds) {
  const auto version = save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  const auto& record = consul.value_of(meta + "node/" + b.uuid());
  EXPECT_THAT(record, AllOf(HasSubstr("\"host\": \"host-b\""), HasSubstr("\"version\": " + version),
                            HasSubstr("\"outcome\": \"applied\"")));
  EXPECT_TRUE(b.state().published);
}

TEST_F(Update, FailsNothingWhereItsRecordCannotBePublished) {
  save_from_a({"db1"});
  const auto watch = consul.watch(prefix);
  consul.always = FakeConsul::Failure::away;
  const auto ran = b.run({"update"}, watch);
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("warning: this node's record for the others could not be written: fake consul: TXN "
                                   "cas proxysql-meta/node/" +
                                   b.uuid() + ": away"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_FALSE(b.state().published);
  consul.always = {};
  EXPECT_EQ(b.run({"update"}, watch).status, 0);
  EXPECT_TRUE(b.state().published);
  EXPECT_NE(consul.value_of(meta + "node/" + b.uuid()), "");
}

}  // namespace
}  // namespace proxysql_consul::testing
