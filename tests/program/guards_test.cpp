// save where something could be lost: restarts, lost states, tables that shrink, what a node cannot see, freezes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "proxysql_consul/model/document.h"
#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Guards : public Run {
 protected:
  /// As a scheduler would.
  Ran scheduled(NodeUnderTest& node, const std::string& configuration = "mysql_servers") {
    return node.run({"save", configuration, "--if-current"});
  }

  /// Loads another server, and looks as a scheduler does.
  Ran scheduled_change(NodeUnderTest& node) {
    node.execute({"INSERT OR IGNORE INTO mysql_servers(hostname) VALUES ('another')", "LOAD MYSQL SERVERS TO RUNTIME"});
    return scheduled(node);
  }

  void expect_refused(const Ran& ran, const std::string& why) {
    EXPECT_EQ(ran.status, 8);
    EXPECT_THAT(ran.err, ElementsAre(HasSubstr(why)));
  }
};

TEST_F(Guards, LetNoRestartedProxySqlEmptyTheFleet) {
  save_from_a({"db1", "db2"});
  EXPECT_EQ(b.update().status, 0);
  // LOADed and saved to Consul, but not to disk.
  a.engine.restart_with_disk();
  ASSERT_THAT(a.servers(), IsEmpty());
  expect_refused(scheduled(a),
                 "and this ProxySQL, which differs, has started, or this node's settings have changed, since this node "
                 "saved or applied that");
  EXPECT_EQ(hosts_in_consul(), (Texts{"db1", "db2"}));
  EXPECT_EQ(b.servers(), (Texts{"db1", "db2"}));
  // pull is the one way out that the words name, and after it the scheduler goes on.
  EXPECT_EQ(a.run({"pull"}).status, 0);
  EXPECT_EQ(a.servers(), (Texts{"db1", "db2"}));
  a.set_servers({"db1", "db3"});
  EXPECT_EQ(scheduled(a).status, 0);
  EXPECT_EQ(hosts_in_consul(), (Texts{"db1", "db3"}));
}

TEST_F(Guards, LetNoRestartWithinTheProcessRevertTheFleet) {
  a.set_servers({"old"});
  a.execute({"SAVE MYSQL SERVERS TO DISK"});
  a.clock.turn(std::chrono::seconds(100));
  save_from_a({"new"});
  a.clock.turn(std::chrono::seconds(100));
  a.engine.execute("PROXYSQL RESTART");
  ASSERT_EQ(a.servers(), Texts{"old"});
  expect_refused(scheduled(a), "has started, or");
  EXPECT_EQ(hosts_in_consul(), Texts{"new"});
}

TEST_F(Guards, KnowARestartThatChangedNothing) {
  save_from_a({"db1"});
  a.execute({"SAVE MYSQL SERVERS TO DISK"});
  a.clock.turn(std::chrono::seconds(100));
  a.engine.restart();
  EXPECT_EQ(scheduled(a).status, 0);
  // Compared and found equal, it counts from here on.
  a.set_servers({"db2"});
  EXPECT_EQ(scheduled(a).status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"db2"});
}

TEST_F(Guards, RefuseEveryChangeWhereTheServerTellsNoStart) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  old.set_servers({"db1"});
  EXPECT_EQ(scheduled(old).status, 0) << "a first version replaces none";
  EXPECT_EQ(scheduled(old).status, 0) << "unchanged";
  old.set_servers({"db2"});
  const auto refused = scheduled(old);
  expect_refused(refused, "does not tell whether it has started since");
  EXPECT_THAT(refused.err[0], HasSubstr("a plain `save mysql_servers` replaces it"));
  EXPECT_EQ(old.run({"save", "mysql_servers"}).status, 0);
}

TEST_F(Guards, LetNoTableBeEmptiedUnlookedAt) {
  save_from_a({"db1", "db2"});
  a.set_servers({});
  const auto refused = scheduled(a);
  expect_refused(refused, "table mysql_servers would lose 2 of the 2 rows");
  EXPECT_THAT(refused.err[0], HasSubstr("--allow-shrink"));
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current", "--allow-shrink"}).status, 0);
  EXPECT_THAT(hosts_in_consul(), IsEmpty());
}

TEST_F(Guards, NeverUndoARollback) {
  const auto first = save_from_a({"db1"});
  const auto old = consul.value_of(servers_key);
  save_from_a({"db2"});
  consul.set(servers_key, old);  // by hand, from the history
  expect_refused(scheduled(a), "which this node has neither saved nor applied");
  // The node that saved it first follows like any other.
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
  EXPECT_EQ(scheduled(a).status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
}

TEST_F(Guards, FindTheWayOutOfALostState) {
  save_from_a({"db1"});
  std::filesystem::remove(a.state_file());
  a.set_servers({"db2"});
  expect_refused(scheduled(a), "which this node has neither saved nor applied");
  EXPECT_EQ(a.run({"pull"}).status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
  EXPECT_EQ(scheduled(a).status, 0);
}

TEST_F(Guards, KeepAnOlderServersPartPartialThoughItSavesUnchanged) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  a.execute({"INSERT INTO mysql_servers(hostname,use_ssl) VALUES ('db1',1)", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(old.update().status, 4);
  EXPECT_EQ(old.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(old.state().find("mysql_servers")->outcome, Outcome::partial);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied) << "it did not save it";
}

TEST_F(Guards, KnowAPartForAPartAlsoAfterAFailure) {
  consul.set(servers_key, R"({"config_name":"mysql_servers","uuid":"u","tables":{"mysql_servers":[["1","db1","x"]]},)"
                          R"("columns":{"mysql_servers":["hostgroup_id","hostname","of_the_future"]}})");
  EXPECT_EQ(b.update().status, 4);
  expect_refused(scheduled_change(b), "which this node has applied in part only");
  b.is_away = true;
  EXPECT_EQ(b.run({"pull", "--force"}).status, 4);
  b.is_away = false;
  expect_refused(scheduled_change(b), "which this node has applied in part only");
}

TEST_F(Guards, KeepATableEmptyThatASaverLacks) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  const Texts with_attributes = {
      "INSERT INTO mysql_hostgroup_attributes(hostgroup_id,init_connect) VALUES (1,'SET a=1')",
      "LOAD MYSQL SERVERS TO RUNTIME"};
  a.execute(with_attributes);
  b.execute(with_attributes);
  a.execute({"DELETE FROM mysql_hostgroup_attributes", "LOAD MYSQL SERVERS TO RUNTIME"});
  save_from_a({"db1"});
  EXPECT_EQ(old.update().status, 0);
  old.execute({"INSERT INTO mysql_servers(hostname) VALUES ('db2')", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(old.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.engine.execute("SELECT * FROM runtime_mysql_hostgroup_attributes").rows, ::testing::IsEmpty());
}

TEST_F(Guards, LetNoOlderServerDropWhatARuleSaysWithZero) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  a.execute(
      {"INSERT INTO mysql_query_rules(rule_id,active,multiplex) VALUES (1,1,0)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_EQ(old.update().status, 4);
  EXPECT_EQ(old.state().find("mysql_query_rules")->outcome, Outcome::partial);
  old.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (2,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  expect_refused(old.run({"save", "mysql_query_rules"}), "no column multiplex");
}

TEST_F(Guards, SeeARestartWithinTheSecondOfTheLastLoad) {
  a.execute({"SAVE MYSQL SERVERS TO DISK"});
  save_from_a({"db1"});
  a.engine.execute("PROXYSQL RESTART");
  EXPECT_NE(a.servers(), Texts{"db1"});
  EXPECT_EQ(a.run({"pull"}).status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
}

TEST_F(Guards, ReadTheTablesWhereChecksumsCanBeSwitchedOff) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v2_0);
  old.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(old.run({"save", "mysql_query_rules"}).status, 0);
  old.execute(
      {"UPDATE global_variables SET variable_value='false' WHERE variable_name='admin-checksum_mysql_query_rules'",
       "LOAD ADMIN VARIABLES TO RUNTIME", "INSERT INTO mysql_query_rules(rule_id,active) VALUES (2,1)",
       "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_THAT(scheduled(old, "mysql_query_rules").out, HasSubstr("1 row added"));
}

TEST_F(Guards, KeepVariablesThatASaverExcludes) {
  a.execute({"UPDATE global_variables SET variable_value='111' WHERE variable_name='mysql-monitor_ping_interval'",
             "LOAD MYSQL VARIABLES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  b.configure(R"("exclude_variables":["mysql-monitor_*"])");
  EXPECT_EQ(b.update().status, 0);
  b.execute({"UPDATE global_variables SET variable_value='77' WHERE variable_name='mysql-max_connections'",
             "LOAD MYSQL VARIABLES TO RUNTIME"});
  EXPECT_EQ(b.run({"save", "mysql_variables", "--if-current"}).status, 0);
  const auto text = consul.value_of("proxysql/mysql_variables");
  EXPECT_THAT(text, HasSubstr(R"(["mysql-monitor_ping_interval","111"])"));
  EXPECT_THAT(text, HasSubstr(R"(["mysql-max_connections","77"])"));
}

TEST_F(Guards, KeepInactiveRowsThatOnlyAMemorySaveSpeaksOf) {
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(2,0)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "--source", "memory"}).status, 0);
  const auto version = version_of(rules_key);
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged"));
  EXPECT_EQ(version_of(rules_key), version);
  EXPECT_EQ(b.update().status, 0);
  b.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (3,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(b.run({"save", "mysql_query_rules", "--if-current"}).status, 0);
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.engine.execute("SELECT rule_id, active FROM mysql_query_rules ORDER BY rule_id").rows,
            (Rows{{"1", "1"}, {"2", "0"}, {"3", "1"}}));
}

TEST_F(Guards, LetAMemorySaveThatWasNotLoadedReachItsOwnRuntime) {
  save_from_a({"db1"});
  a.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'db2')"});
  EXPECT_EQ(a.run({"save", "mysql_servers", "--source", "memory"}).status, 0);
  // Runtime lacks it, so the scheduler must not put the old state back.
  expect_refused(scheduled(a), "which this node saved from memory, and has not loaded since");
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.servers(), (Texts{"db1", "db2"}));
  EXPECT_EQ(scheduled(a).status, 0);
  EXPECT_EQ(hosts_in_consul(), (Texts{"db1", "db2"}));
}

TEST_F(Guards, RefuseAMemoryThatMayBeHalfWritten) {
  save_from_a({"db1", "db2"});
  b.set_servers({"old"});
  b.configure(R"("retry_seconds":0)");
  // The connection breaks after the REPLACE, and nobody can be reached after that.
  for (std::size_t statement = 1;; ++statement) {
    ASSERT_LT(statement, 60U);
    b.engine.execute("STANDIN CLEAR");
    std::filesystem::remove(b.state_file());
    b.set_servers({"old"});
    b.engine.clear_log();
    b.engine.plan(statement, Fault::drop);
    b.update();
    if (b.state().configurations.contains("mysql_servers") && b.state().find("mysql_servers")->applying) break;
  }
  b.engine.execute("STANDIN CLEAR");
  const auto refused = b.run({"save", "mysql_servers", "--source", "memory"});
  expect_refused(refused, "the memory tables may hold half of a version that an update was writing when it ended");
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.run({"save", "mysql_servers", "--source", "memory"}).status, 0);
}

TEST_F(Guards, WarnOfWhatMemoryHoldsAndRuntimeDoesNot) {
  save_from_a({"db1"});
  a.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'db2')"});
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("unchanged"));
  EXPECT_THAT(ran.err,
              ElementsAre("warning: mysql_servers: memory holds what runtime does not (not LOADed, or refused by "
                          "ProxySQL), so it was not saved: table mysql_servers, row hostgroup_id=1, hostname=db2, "
                          "port=3306; LOAD MYSQL SERVERS TO RUNTIME first, or save --source memory"));
  EXPECT_THAT(scheduled(a).err, IsEmpty());
  // A rule that ProxySQL leaves out without a word.
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,client_addr) VALUES (1,1,'10.%.1'),(2,1,NULL),(3,0,NULL)",
             "LOAD MYSQL QUERY RULES TO RUNTIME"});
  const auto rules = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(rules.status, 0);
  EXPECT_THAT(rules.err, ElementsAre(HasSubstr("so it was not saved: table mysql_query_rules, row rule_id=1; LOAD")));
}

TEST_F(Guards, AskLittleWhereNothingChanged) {
  save_from_a({"db1"});
  a.engine.clear_log();
  consul.log.clear();
  EXPECT_THAT(scheduled(a).out, HasSubstr("unchanged"));
  for (const auto& statement : a.engine.log()) {
    EXPECT_THAT(statement, ::testing::Not(HasSubstr("runtime_mysql_servers"))) << "the whole table was read";
    EXPECT_FALSE(statement.starts_with("PROXY_SELECT")) << statement;
  }
  EXPECT_THAT(consul.log, ElementsAre("GET " + servers_key));
}

TEST_F(Guards, LeaveTheStateFileAloneWhereNothingChanged) {
  save_from_a({"db1"});
  const auto before = std::filesystem::last_write_time(a.state_file());
  const auto text = read_file(a.state_file());
  for (const Texts& words :
       {Texts{"save", "mysql_servers"}, Texts{"save", "mysql_servers", "--if-current"}, Texts{"pull"}}) {
    EXPECT_EQ(a.run(words).status, 0);
    EXPECT_EQ(std::filesystem::last_write_time(a.state_file()), before) << words[0];
    EXPECT_EQ(read_file(a.state_file()), text);
  }
}

TEST_F(Guards, TakeWhatAMonitorDoesForNoChange) {
  for (const auto version : {StandinVersion::v2_7, StandinVersion::v2_5}) {
    FakeConsul fresh;
    TempDir files;
    NodeUnderTest node(fresh, files, "node", {}, version);
    node.execute({"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
                  "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (10,'w'),(10,'r')",
                  "LOAD MYSQL SERVERS TO RUNTIME", "SAVE MYSQL SERVERS TO DISK"});
    EXPECT_EQ(node.run({"save", "mysql_servers"}).status, 0);
    const auto index = fresh.entries.at(servers_key).modify_index;
    node.engine.set_read_only("r", 3306, true);
    node.engine.set_server_status(10, "w", 3306, "SHUNNED");
    for (const auto& words : {Texts{"save", "mysql_servers"}, Texts{"save", "mysql_servers", "--if-current"}}) {
      EXPECT_EQ(node.run(words).status, 0);
      EXPECT_EQ(fresh.entries.at(servers_key).modify_index, index);
    }
    node.engine.clear_log();
    EXPECT_EQ(node.run({"pull", "--force"}).status, 0);
    EXPECT_THAT(node.writes(), IsEmpty()) << "a LOAD puts a read-only server among the writers";
  }
}

TEST_F(Guards, StopAtAFreezeThatCameBetween) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/") && !consul.entries.contains("proxysql/freeze")) {
      consul.set("proxysql/freeze", "now");
    }
  };
  expect_refused(a.run({"save", "mysql_servers"}), "the cluster is frozen: now");
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
}

TEST_F(Guards, RecordASaveThoughTidyingFails) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("KEYS")) consul.always = FakeConsul::Failure::away;
  };
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  consul.always.reset();
  EXPECT_EQ(std::to_string(a.state().find("mysql_servers")->version), version_of(servers_key));
  EXPECT_THAT(consul.value_of(meta + "node/" + a.uuid()), HasSubstr(version_of(servers_key)));
}

TEST_F(Guards, SaySoWhereNothingIsThereToSave) {
  a.configure(R"("accept":["scheduler"])");
  NodeUnderTest old(consul, dir, "old", R"("accept":["scheduler"])", StandinVersion::v1_1);
  const auto ran = old.run({"save", "--all"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "nothing to do: this ProxySQL 1.1.1.beta7 has none of the accepted configurations\n");
}

TEST_F(Guards, StandAlsoAfterAPullThatFailed) {
  a.set_servers({"old"});
  a.execute({"SAVE MYSQL SERVERS TO DISK"});
  save_from_a({"new"});
  a.clock.turn(std::chrono::seconds(100));
  a.engine.restart();
  for (std::size_t n = 1; n < 40; n += 3) {
    a.engine.fail_statement(n, "no");
    if (a.run({"pull"}).status == 0) break;
    a.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(scheduled(a).status, 8) << n;
    EXPECT_EQ(hosts_in_consul(), Texts{"new"}) << n;
  }
}

TEST_F(Guards, NoticeARestartBetweenAskingAndReading) {
  a.set_servers({"old"});
  a.execute({"SAVE MYSQL SERVERS TO DISK"});
  save_from_a({"new"});
  a.set_servers({"newer"});
  a.configure(R"("retry_seconds":5)");
  bool restarted = false;
  a.engine.on_statement([&](std::string_view sql) {
    if (restarted || !sql.starts_with("PRAGMA")) return;
    restarted = true;
    a.engine.restart();
  });
  const auto ran = scheduled(a);
  a.engine.on_statement({});
  EXPECT_TRUE(restarted);
  EXPECT_EQ(ran.status, 8) << ran.out;
  EXPECT_EQ(hosts_in_consul(), Texts{"new"});
}

TEST_F(Guards, LetNoEmptyProxySqlBeTheFirstToSpeak) {
  const auto ran = scheduled(a);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "mysql_servers: not saved: all its tables are empty, and Consul holds nothing yet (--allow-shrink saves "
            "it)\n");
  EXPECT_THAT(consul.keys_under(prefix), IsEmpty());
  save_from_a({"db1"});
  consul.entries.erase(servers_key);
  expect_refused(scheduled(a), "Consul holds no version any more, and this node has saved or applied one");
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"db1"});
}

TEST_F(Guards, RememberAHalfWrittenMemoryThroughASaveOfRuntime) {
  save_from_a({"db1", "db2"});
  for (std::size_t statement = 1;; ++statement) {
    ASSERT_LT(statement, 100U);
    b.engine.execute("STANDIN CLEAR");
    std::filesystem::remove(b.state_file());
    b.set_servers({"old"});
    b.configure(R"("retry_seconds":0)");
    b.engine.plan(statement, Fault::drop);
    b.update();
    if (b.state().configurations.contains("mysql_servers") && b.state().find("mysql_servers")->applying) break;
  }
  b.engine.execute("STANDIN CLEAR");
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.run({"save", "mysql_servers", "--source", "memory"}).status, 8);
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.run({"save", "mysql_servers", "--source", "memory"}).status, 0);
  EXPECT_EQ(hosts_in_consul(), Texts{"old"});
}

TEST_F(Guards, LeaveToTheNextUpdateWhatTheDiskLacks) {
  save_from_a({"db1"});
  b.engine.set_disk(DiskState::full);
  EXPECT_EQ(b.update().status, 4);
  EXPECT_EQ(scheduled(b).status, 0);
  b.engine.set_disk(DiskState::writable);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT hostname FROM disk.mysql_servers").rows, (Rows{{"db1"}}));
}

TEST_F(Guards, LeaveToTheNextUpdateWhatOnlyMemoryShows) {
  for (auto* node : {&a, &b}) {
    node->execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  }
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (2,0)"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "--source", "memory"}).status, 0);
  EXPECT_THAT(scheduled(b, "mysql_query_rules").out, HasSubstr("unchanged"));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT rule_id FROM mysql_query_rules ORDER BY 1").rows, (Rows{{"1"}, {"2"}}));
}

TEST_F(Guards, LetADocumentBeReplacedThatProxySqlRefuses) {
  consul.set(users_key, R"({"config_name":"mysql_users","uuid":"x","columns":{"mysql_users":["username","active"]},)"
                        R"("tables":{"mysql_users":[["u","7"]]}})");
  for (int i = 0; i < 2; ++i) {
    const auto refused = b.update();
    EXPECT_EQ(refused.status, 4);
    EXPECT_THAT(refused.err.back(), ::testing::EndsWith("the memory tables are as before"));
  }
  EXPECT_EQ(b.run({"save", "mysql_users", "--source", "memory"}).status, 0);
}

TEST_F(Guards, CallNothingUnchangedThatWasAppliedInPart) {
  consul.set("proxysql/mysql_variables",
             R"({"config_name":"mysql_variables","uuid":"x","columns":{"global_variables":["variable_name",)"
             R"("variable_value"]},"tables":{"global_variables":[["mysql-max_connections","abc"]]}})");
  EXPECT_EQ(b.update().status, 4);
  expect_refused(scheduled(b, "mysql_variables"), "which this node has applied in part only");
}

TEST_F(Guards, CountActiveAccountsAlone) {
  a.execute({"INSERT INTO mysql_users(username,active) VALUES ('u',1),('v',1),('w',0)", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_users", "--source", "memory"}).status, 0);
  EXPECT_EQ(a.update().status, 0);
  a.execute({"DELETE FROM mysql_users WHERE active=1", "LOAD MYSQL USERS TO RUNTIME"});
  expect_refused(scheduled(a, "mysql_users"), "table mysql_users would lose 2 of the 2 rows");
}

TEST_F(Guards, SeeAnAccountThatWasLoadedAlone) {
  a.execute({"LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 0);
  a.engine.clear_log();
  EXPECT_EQ(a.run({"save", "--if-current", "mysql_users"}).status, 0);
  const auto log = a.engine.log();
  EXPECT_TRUE(std::any_of(log.begin(), log.end(), [](const std::string& statement) {
    return statement.find(" FROM runtime_mysql_users ") != std::string::npos;
  })) << "LOAD MYSQL USER name TO RUNTIME changes no checksum";
}

TEST_F(Guards, NameWhoSaved) {
  save_from_a({"db1"});
  EXPECT_EQ(parse_document(consul.value_of(servers_key)).origin.host, "host-a");
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr(R"("source":"runtime")"));
}

}  // namespace
}  // namespace proxysql_consul::testing
