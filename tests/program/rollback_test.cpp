#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "proxysql_consul/model/document.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class RollbackCommand : public Run {
 protected:
  NodeUnderTest c{consul, dir, "host-c"};
  std::string first;
  std::string second;

  /// A saves one version and another; all have the second.
  void SetUp() override {
    first = save_from_a({"db1"});
    second = save_from_a({"db2"});
    for (auto* node : {&b, &c}) EXPECT_EQ(node->update().status, 0);
  }

  Ran roll_back(NodeUnderTest& node, const std::string& version) {
    return node.run({"rollback", "mysql_servers", version});
  }

  Document document() { return parse_document(consul.value_of(servers_key)); }

  Ran scheduled(NodeUnderTest& node) { return node.run({"save", "--all", "--if-current"}); }
};

TEST_F(RollbackCommand, ReachesEveryNodeAndItsFirstSaverToo) {
  const auto ran = roll_back(b, first);
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_EQ(ran.out, "mysql_servers: version " + first +
                         " of host-a at 2027-01-15T08:00:01Z is applied here, and saved as version " +
                         version_of(servers_key) + ", replacing version " + second +
                         " of host-a at 2027-01-15T08:00:02Z: 1 row added, 1 removed\n");
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
  EXPECT_EQ(document().origin.message, "rollback to " + first + " (host-a)");
  EXPECT_EQ(document().origin.host, "host-b");
  EXPECT_EQ(document().uuid, b.uuid());
  for (auto* node : {&a, &c}) {
    EXPECT_EQ(node->update().status, 0);
    EXPECT_EQ(node->servers(), Texts{"db1"});
  }
  b.engine.clear_log();
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.writes(), IsEmpty()) << "it has it already";
  EXPECT_THAT(consul.value_of(meta + "node/" + b.uuid()), HasSubstr(version_of(servers_key)));
}

TEST_F(RollbackCommand, ReachesTheSaverWhereItIsTheOneThatRollsBack) {
  EXPECT_EQ(roll_back(a, first).status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(RollbackCommand, IsNeverUndoneByASchedulersSave) {
  for (auto* node : {&a, &b, &c}) EXPECT_EQ(scheduled(*node).status, 0);
  EXPECT_EQ(roll_back(b, first).status, 0);
  const auto version = version_of(servers_key);
  // The nodes that do not have it yet hold what was rolled back, and the schedulers of all look for something to save.
  for (int round = 0; round < 2; ++round) {
    for (auto* node : {&a, &c}) EXPECT_EQ(scheduled(*node).status, 8);
    EXPECT_EQ(scheduled(b).status, 0);
    EXPECT_EQ(version_of(servers_key), version);
  }
  for (auto* node : {&c, &a, &b}) {
    EXPECT_EQ(node->update().status, 0);
    EXPECT_EQ(scheduled(*node).status, 0);
    EXPECT_EQ(version_of(servers_key), version);
    EXPECT_EQ(node->servers(), Texts{"db1"});
  }
}

TEST_F(RollbackCommand, GoesThereAndBackByMinusOne) {
  EXPECT_EQ(b.run({"rollback", "mysql_servers", "-1", "--message", "db2 lags"}).status, 0);
  EXPECT_EQ(document().origin.message, "rollback to " + first + " (host-a); db2 lags");
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
  EXPECT_EQ(roll_back(c, "-1").status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"db2"});
  EXPECT_EQ(document().origin.message, "rollback to " + second + " (host-a)");
  EXPECT_THAT(b.run({"history", "mysql_servers"}).out, HasSubstr("rollback to " + first));
}

TEST_F(RollbackCommand, IsRefusedWhileFrozen) {
  EXPECT_EQ(a.run({"freeze", "--reason", "black friday"}).status, 0);
  b.engine.clear_log();
  const auto before = read_file(b.state_file());
  const auto ran = roll_back(b, first);
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("black friday"), HasSubstr("`thaw` ends that"))));
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(read_file(b.state_file()), before);
}

TEST_F(RollbackCommand, IsRefusedForTheCurrentVersionAndAnUnknownOne) {
  b.engine.clear_log();
  const auto current = roll_back(b, second);
  EXPECT_EQ(current.status, 8);
  EXPECT_THAT(current.err, ElementsAre("error: version " + second +
                                       " is the current one of mysql_servers (`pull --force mysql_servers` "
                                       "applies it here once more)"));
  const auto unknown = roll_back(b, "7");
  EXPECT_EQ(unknown.status, 8);
  EXPECT_THAT(unknown.err, ElementsAre("error: there is no version 7 of mysql_servers (there are " + second +
                                       " (current), " + first + ")"));
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(b.run({"rollback", "mysql_users", "-1"}).status, 8) << "nothing is kept of it";
  EXPECT_EQ(b.run({"rollback", "mysql_servers"}).status, 2);
}

TEST_F(RollbackCommand, ShowsTheDifferenceInADryRun) {
  b.engine.clear_log();
  const auto before = consul.keys_under("");
  const auto ran = b.run({"rollback", "mysql_servers", "-1", "--dry-run"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "mysql_servers: 2 rows differ from version " + first +
                " of host-a at 2027-01-15T08:00:01Z\n"
                "  mysql_servers\n"
                "    - hostgroup_id=1, hostname=db1, port=3306: only in Consul\n"
                "    + hostgroup_id=1, hostname=db2, port=3306: only here\n"
                "-- mysql_servers: would be published as a new version, against Consul's: 1 row added, 1 removed\n");
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(consul.keys_under(""), before);
}

TEST_F(RollbackCommand, TakesWhatAFreezeStopsBackAgain) {
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/") && !consul.entries.contains("proxysql/freeze"))
      consul.set("proxysql/freeze", "now");
  };
  const auto ran = roll_back(b, first);
  consul.on_call = {};
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("the cluster is frozen: now; version " + second),
                                         HasSubstr("is applied here again (`thaw` ends that"))));
  EXPECT_EQ(b.servers(), Texts{"db2"});
  EXPECT_EQ(hosts_in_consul(), Texts{"db2"});
  EXPECT_FALSE(b.state().find("mysql_servers")->pending);
  consul.entries.erase("proxysql/freeze");
  EXPECT_EQ(scheduled(b).status, 0);
}

/// Whatever fails when: this node runs what Consul holds, or nothing that it has recorded counts and pull mends it.
TEST_F(RollbackCommand, KeepsInTheHistoryWhatWasLoadedHereAndNotSaved) {
  b.set_servers({"db2", "mine"});
  const auto ran = roll_back(b, first);
  EXPECT_EQ(ran.status, 0);
  const auto id = second + "." + b.uuid();
  EXPECT_THAT(ran.err,
              ElementsAre("warning: mysql_servers: what was loaded here was not saved: kept in the history as " + id));
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_EQ(roll_back(b, id).status, 0);
  EXPECT_EQ(b.servers(), (Texts{"db2", "mine"}));
}

TEST_F(RollbackCommand, SaysWhatItTookAwayWhereItIsStopped) {
  b.set_servers({"mine"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas " + servers_key)) consul.set(prefix + "freeze", "now");
  };
  const auto ran = roll_back(b, first);
  consul.on_call = nullptr;
  EXPECT_EQ(ran.status, 8);
  const auto id = second + "." + b.uuid();
  EXPECT_THAT(ran.err.back(), HasSubstr("is applied here, and what was loaded before is kept as " + id));
}

TEST_F(RollbackCommand, IsSeenByTheOthersFromItsBeginningUntilItEndedWell) {
  Ran shown;
  Ran checked;
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("TXN cas " + servers_key)) return;
    shown = c.run({"status"});
    consul.always = FakeConsul::Failure::away;
  };
  EXPECT_EQ(roll_back(b, first).status, 5);
  consul.on_call = nullptr;
  consul.always.reset();
  EXPECT_EQ(shown.status, 7);
  EXPECT_THAT(shown.out, HasSubstr("host-b  failed"));
  EXPECT_EQ(c.run({"status"}).status, 7) << "it runs another version than Consul holds";
  checked = b.run({"check"});
  EXPECT_EQ(checked.status, 7);
  EXPECT_THAT(checked.out, HasSubstr("problem  applied"));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db2"});
  EXPECT_EQ(c.run({"status"}).status, 0);
}

TEST_F(RollbackCommand, LeavesNothingThatASchedulerCouldPublish) {
  using Failure = FakeConsul::Failure;
  int marked = 0;
  int taken_back = 0;
  for (const auto failure : {Failure::away, Failure::lost_answer, Failure::refused}) {
    for (std::size_t n = 1; n < 16; ++n) {
      for (const bool for_good : {false, true}) {
        if (for_good && failure != Failure::away) continue;
        SCOPED_TRACE(::testing::Message() << static_cast<int>(failure) << " at " << n << (for_good ? " and on" : ""));
        b.set_servers({"db2"});
        EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
        const auto old = history().front();
        b.configure(R"("retry_seconds":0)");
        const auto start = consul.log.size();
        consul.on_call = [&](const std::string&) {
          if (for_good && consul.log.size() >= start + n) consul.always = failure;
        };
        if (!for_good) consul.fail_on(n, failure);
        const auto ran = roll_back(b, old.substr(old.rfind('/') + 1));
        consul.on_call = {};
        consul.always.reset();
        consul.planned.clear();
        const auto state = b.state();
        const auto* entry = state.find("mysql_servers");
        ASSERT_NE(entry, nullptr);
        EXPECT_TRUE(ran.status != 0 || hosts_in_consul() == b.servers());
        EXPECT_TRUE(b.servers() == hosts_in_consul() || entry->pending);
        marked += entry->pending ? 1 : 0;
        taken_back += ran.status != 0 && ran.err.back().find("is applied here again") != std::string::npos ? 1 : 0;
        const auto version = version_of(servers_key);
        const auto scheduled_run = b.run({"save", "mysql_servers", "--if-current"});
        EXPECT_EQ(version_of(servers_key), version) << "published by a scheduler: " << scheduled_run.out;
        EXPECT_EQ(b.run({"pull"}).status, 0);
        EXPECT_EQ(b.servers(), hosts_in_consul());
        EXPECT_FALSE(b.state().find("mysql_servers")->pending);
      }
    }
  }
  EXPECT_GT(marked, 0);
  EXPECT_GT(taken_back, 0);
}

TEST_F(RollbackCommand, PublishesNothingThatThisProxySqlDoesNotTake) {
  for (std::size_t n = 1; n < 40; n += 2) {
    SCOPED_TRACE(n);
    b.engine.clear_log();
    b.engine.fail_statement(n, "no");
    const auto ran = roll_back(b, first);
    const auto log = b.engine.log();
    b.engine.execute("STANDIN CLEAR");
    const bool is_saving = std::any_of(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(std::min(n, log.size())),
                                       [](const auto& statement) { return statement.starts_with("SAVE"); });
    if (ran.status == 0 || is_saving) {
      EXPECT_GT(n, 5U);
      EXPECT_EQ(hosts_in_consul(), Texts{"db1"}) << "what is at runtime is the new version";
      break;
    }
    EXPECT_EQ(hosts_in_consul(), Texts{"db2"});
    EXPECT_EQ(b.run({"pull"}).status, 0);
    EXPECT_EQ(b.servers(), Texts{"db2"});
  }
  const std::string key = "proxysql/mysql_variables";
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  const auto good = consul.value_of(key);
  consul.set(meta + "history/mysql_variables/7",
             R"({"config_name":"mysql_variables","uuid":"x","columns":{"global_variables":["variable_name",)"
             R"("variable_value"]},"tables":{"global_variables":[["mysql-max_connections","abc"]]}})");
  const auto ran = a.run({"rollback", "mysql_variables", "7"});
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err.back(), AllOf(HasSubstr("version 7 was not published: not taken by ProxySQL"),
                                    HasSubstr("is applied here again")));
  EXPECT_EQ(consul.value_of(key), good);
}

TEST_F(RollbackCommand, OpensVersionsInBlobs) {
  consul.value_limit = 4096;
  Texts hosts;
  for (int i = 0; i < 200; ++i) hosts.push_back("a-server-of-some-length-" + std::to_string(i));
  const auto large = save_from_a(hosts);
  ASSERT_TRUE(document().blob.has_value());
  save_from_a({"db3"});
  EXPECT_EQ(roll_back(b, large).status, 0);
  EXPECT_TRUE(document().blob.has_value());
  EXPECT_EQ(b.servers().size(), 200U);
  EXPECT_EQ(c.update().status, 0);
  EXPECT_EQ(c.servers().size(), 200U);
}

TEST_F(RollbackCommand, PublishesTheVersionWhole) {
  // A variable that this node excludes, one that it does not know, and a column and a table that it lacks.
  consul.set(meta + "history/mysql_variables/7",
             R"({"config_name":"mysql_variables","uuid":"x","columns":{"global_variables":["variable_name",)"
             R"("variable_value"]},"tables":{"global_variables":[["mysql-max_connections","77"],)"
             R"(["mysql-monitor_ping_interval","111"],["mysql-of_the_future","1"]]}})");
  b.configure(R"("exclude_variables":["mysql-monitor_*"])");
  const auto ran = b.run({"rollback", "mysql_variables", "7"});
  EXPECT_EQ(ran.status, 4) << "partial here";
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("this ProxySQL has no variable mysql-of_the_future: left out")));
  const auto text = consul.value_of("proxysql/mysql_variables");
  for (const auto* row : {R"(["mysql-max_connections","77"])", R"(["mysql-monitor_ping_interval","111"])",
                          R"(["mysql-of_the_future","1"])"}) {
    EXPECT_THAT(text, HasSubstr(row));
  }
  EXPECT_THAT(text, HasSubstr("rollback to 7 (node x)"));
}

TEST_F(RollbackCommand, NamesTheColumnsOfADocumentOf2016) {
  consul.set(
      meta + "history/mysql_query_rules/7",
      R"({"config_name":"mysql_query_rules","uuid":"x","tables":{"mysql_query_rules_fast_routing":[["u","s","0","5","c"]]}})");
  EXPECT_EQ(b.run({"rollback", "mysql_query_rules", "7"}).status, 0);
  EXPECT_THAT(consul.value_of(rules_key),
              HasSubstr(R"("columns":{"mysql_query_rules_fast_routing":["username","schemaname")"));
  EXPECT_EQ(c.update().status, 0);
  consul.set(
      meta + "history/mysql_query_rules/8",
      R"({"config_name":"mysql_query_rules","uuid":"x","tables":{"mysql_query_rules_fast_routing":[["u","s"]]}})");
  const auto ran = b.run({"rollback", "mysql_query_rules", "8"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_FALSE(b.state().find("mysql_query_rules")->pending);
}

TEST_F(RollbackCommand, PublishesNothingThatConsulHoldsAlready) {
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto current = version_of(servers_key);
  const auto ran = roll_back(b, first);
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("nothing to publish, Consul holds the same as version " + current));
  EXPECT_EQ(version_of(servers_key), current);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(RollbackCommand, BringsBackWhatWasDeletedInConsul) {
  consul.entries.erase(servers_key);
  EXPECT_EQ(roll_back(b, "-1").status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
}

TEST_F(RollbackCommand, TellsWhomItReplacedInThatVeryMoment) {
  bool done = false;
  consul.on_call = [&](const std::string& call) {
    if (done || !call.starts_with("TXN cas proxysql/")) return;
    done = true;
    consul.set(servers_key, consul.value_of(servers_key) + " ");
  };
  const auto ran = roll_back(b, first);
  consul.on_call = {};
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ::testing::Contains(HasSubstr("which was saved in this very moment")));
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
}

}  // namespace
}  // namespace proxysql_consul::testing
