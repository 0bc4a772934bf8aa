// update and pull: what is compared, what is believed of a record, and what is said of what ProxySQL did not keep.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "proxysql_consul/base/files.h"
#include "proxysql_consul/model/document.h"
#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Receive : public Run {};

TEST_F(Receive, ComparesAnewWhereProxySqlHasStartedSince) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  b.clock.turn(std::chrono::seconds(100));
  b.engine.restart();
  EXPECT_THAT(b.update().out, HasSubstr("unchanged, it was here already"));
  EXPECT_EQ(b.update().out,
            "nothing to do: what came was applied or saved here before (`pull --force` applies it again)\n");
  b.clock.turn(std::chrono::seconds(100));
  b.engine.restart_with_disk();
  EXPECT_THAT(b.update().out, HasSubstr(": applied ("));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Receive, ComparesAnewWhereTheSettingsHaveChanged) {
  const std::string accept = R"("accept":["mysql_variables"],)";
  const auto set = [](const std::string& value) {
    return Texts{
        "UPDATE global_variables SET variable_value='" + value + "' WHERE variable_name='mysql-max_connections'",
        "LOAD MYSQL VARIABLES TO RUNTIME"};
  };
  const auto value_on = [&](const std::string& table) {
    const auto answer =
        b.engine.execute("SELECT variable_value FROM " + table + " WHERE variable_name='mysql-max_connections'");
    return std::string(answer.rows.empty() ? "" : answer.rows[0][0].value_or(""));
  };
  a.execute(set("77"));
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  b.configure(accept + R"("save_to_disk":false,"exclude_variables":["mysql-max_conn*"])");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_NE(value_on("runtime_global_variables"), "77");
  b.configure(accept + R"("save_to_disk":false)");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(value_on("runtime_global_variables"), "77");
  EXPECT_NE(value_on("disk.global_variables"), "77");
  b.configure(accept + R"("save_to_disk":true)");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(value_on("disk.global_variables"), "77");
  EXPECT_EQ(b.update().out,
            "nothing to do: what came was applied or saved here before (`pull --force` applies it again)\n");
}

TEST_F(Receive, SaysWhatItReplacesThatNobodyLoaded) {
  b.set_servers({"db1", "db2", "db3"});
  b.execute({"UPDATE mysql_servers SET weight=7 WHERE hostname='db1'", "DELETE FROM mysql_servers WHERE hostname='db2'",
             "UPDATE mysql_servers SET weight=9 WHERE hostname='db3'",
             "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (5,'new')"});
  consul.set(servers_key, R"({"config_name":"mysql_servers","uuid":"u","tables":{"mysql_servers":)"
                          R"([["1","db1","1"],["1","db2","1"],["1","db3","9"]]},)"
                          R"("columns":{"mysql_servers":["hostgroup_id","hostname","weight"]}})");
  for (const Texts& words : {Texts{"pull", "--dry-run"}, Texts{"pull"}}) {
    const auto ran = b.run(words);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.err, ElementsAre("info: mysql_servers: replaces what was edited in memory and not LOADed: table "
                                     "mysql_servers, row hostgroup_id=1, hostname=db1, port=3306; table mysql_servers, "
                                     "row hostgroup_id=1, hostname=db2, port=3306; table mysql_servers, row "
                                     "hostgroup_id=5, hostname=new, port=3306"));
  }
  EXPECT_EQ(b.servers(), (Texts{"db1", "db2", "db3"}));
}

TEST_F(Receive, SaysWhatALoadMakesLiveThatNobodyLoaded) {
  b.configure(R"("accept":["mysql_servers","mysql_variables"],"exclude_variables":["mysql-monitor_*"])");
  b.execute(
      {"INSERT INTO mysql_galera_hostgroups(writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,"
       "offline_hostgroup) VALUES (1,2,3,4)",
       "UPDATE global_variables SET variable_value='secret' WHERE variable_name='mysql-monitor_password'"});
  consul.set(servers_key, R"({"config_name":"mysql_servers","uuid":"u","tables":{"mysql_servers":[["1","db1"]]},)"
                          R"("columns":{"mysql_servers":["hostgroup_id","hostname"]}})");
  consul.set(
      "proxysql/mysql_variables",
      R"({"config_name":"mysql_variables","uuid":"u","tables":{"global_variables":[["mysql-max_connections","77"]]},)"
      R"("columns":{"global_variables":["variable_name","variable_value"]}})");
  for (const Texts& words : {Texts{"pull", "--dry-run"}, Texts{"pull"}}) {
    const auto ran = b.run(words);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.err,
                ElementsAre("info: mysql_servers: LOAD MYSQL SERVERS TO RUNTIME makes live, too, what was edited in "
                            "memory and not LOADed: table mysql_galera_hostgroups, row writer_hostgroup=1",
                            "info: mysql_variables: LOAD MYSQL VARIABLES TO RUNTIME makes live, too, what was edited "
                            "in memory and not LOADed: mysql-monitor_password"));
  }
  EXPECT_EQ(b.servers(), Texts{"db1"});
  // A SAVE is of all variables, too.
  b.execute({"UPDATE global_variables SET variable_value='other' WHERE variable_name='mysql-monitor_password'",
             "UPDATE disk.global_variables SET variable_value='1' WHERE variable_name='mysql-max_connections'"});
  const auto saved = b.run({"pull", "--force"});
  EXPECT_EQ(saved.status, 0);
  EXPECT_THAT(saved.err,
              ElementsAre("info: mysql_variables: SAVE MYSQL VARIABLES TO DISK brings to disk, too, what was "
                          "edited in memory and not LOADed: mysql-monitor_password"));
}

TEST_F(Receive, BringsANodeThatLostWhatItSavedItselfToConsulsVersion) {
  save_from_a({"db1"});
  a.clock.turn(std::chrono::seconds(100));
  a.engine.restart_with_disk();
  EXPECT_EQ(a.run({"pull"}).status, 0);
  EXPECT_EQ(a.servers(), Texts{"db1"});
}

TEST_F(Receive, FetchesAfterItHasTheLock) {
  save_from_a({"db1"});
  bool locked = false;
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("LIST")) locked = std::filesystem::exists(b.state_file() + ".lock");
  };
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_TRUE(locked);
}

TEST_F(Receive, WaitsForTheLockForAsLongAsARunMayLast) {
  save_from_a({"db1"});
  b.configure(R"("retry_seconds":0)");
  auto lock = std::make_optional<FileLock>(b.state_file() + ".lock", std::chrono::seconds(1), b.clock);
  b.clock.on_pause = [&] {
    if (b.clock.steady().time_since_epoch() > std::chrono::seconds(200)) lock.reset();
  };
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Receive, AppliesAnOlderVersionOnlyWhereConsulConfirmsIt) {
  save_from_a({"db1"});
  const auto older = consul.watch(prefix);
  save_from_a({"db2"});
  EXPECT_EQ(b.update().status, 0);
  for (const Texts& words : {Texts{"update"}, Texts{"pull", "--force"}}) {
    const bool pulls = words[0] == "pull";
    std::size_t reads = 0;
    consul.on_call = [&](const std::string& call) {
      if (call.starts_with("GET") && ++reads > 0) consul.always = FakeConsul::Failure::away;
    };
    const auto away = b.run(words, older);
    consul.always.reset();
    consul.on_call = {};
    EXPECT_EQ(away.status, pulls ? 0 : 5);
    EXPECT_EQ(b.servers(), Texts{"db2"});
  }
  const auto passed_over = b.run({"update"}, older);
  EXPECT_EQ(passed_over.status, 0);
  EXPECT_THAT(passed_over.err,
              ElementsAre(HasSubstr("is older than what came to this node before, and not what Consul holds")));
  // Nor where Consul holds none any more.
  const auto held = consul.entries.at(servers_key);
  consul.entries.erase(servers_key);
  EXPECT_THAT(b.run({"update"}, older).err, ElementsAre(HasSubstr("and not what Consul holds")));
  EXPECT_EQ(b.servers(), Texts{"db2"});
  consul.entries[servers_key] = held;
  // A Consul that was set up anew counts from the start.
  const auto text = consul.value_of(servers_key);
  consul.entries.clear();
  consul.index = 10;
  consul.set(servers_key, text);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.state().find("mysql_servers")->version, 11U);
}

TEST_F(Receive, AppliesNoOlderVersionAfterANewerOneThatFailed) {
  const auto older = [&] {
    save_from_a({"db1"});
    return consul.watch(prefix);
  }();
  save_from_a({"db2"});
  b.is_away = true;
  EXPECT_EQ(b.update().status, 4);
  b.is_away = false;
  EXPECT_THAT(b.run({"update"}, older).err, ElementsAre(HasSubstr("and not what Consul holds")));
  EXPECT_EQ(b.servers(), Texts{});
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db2"});
}

TEST_F(Receive, BringsToDiskWhatEditsKeptFromItOnceTheyAreUndone) {
  save_from_a({"db1"});
  b.set_servers({"db1"});
  b.execute({"INSERT INTO mysql_servers(hostname) VALUES ('draft')"});
  EXPECT_EQ(b.update().status, 4);
  EXPECT_EQ(b.update().status, 4) << "as long as the edits are there";
  b.execute({"DELETE FROM mysql_servers WHERE hostname='draft'"});
  EXPECT_THAT(b.update().out, HasSubstr("runtime had it already, now disk has it too"));
  EXPECT_EQ(b.engine.execute("SELECT hostname FROM disk.mysql_servers").rows, Rows{{"db1"}});
}

TEST_F(Receive, TakesTheDiskByTheLetter) {
  const auto write = [](NodeUnderTest& node, const std::string& name, const std::string& then) {
    node.execute({"DELETE FROM mysql_query_rules",
                  "INSERT INTO mysql_query_rules(rule_id,active,username) VALUES (1,1,'" + name + "')", then});
  };
  write(a, "7", "LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  write(b, "007", "SAVE MYSQL QUERY RULES TO DISK");
  write(b, "7", "LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_THAT(b.update().out, HasSubstr("runtime had it already, now disk has it too"));
  EXPECT_EQ(b.engine.execute("SELECT username FROM disk.mysql_query_rules").rows, Rows{{"7"}});
}

TEST_F(Receive, SaysWhatPullDidNotFind) {
  save_from_a({"db1"});
  const auto ran = b.run({"pull", "mysql_users", "mysql_servers"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_users: Consul holds no such key (save it on the node that "
                                   "has it, or may this token not read it?)"));
  EXPECT_EQ(b.servers(), Texts{"db1"}) << "the others are applied all the same";
  consul.hidden = {servers_key};
  EXPECT_EQ(b.run({"pull", "mysql_servers"}).status, 6);
}

TEST_F(Receive, SaysWhyThereIsNothingToDo) {
  for (const std::string nothing : {"null", "[]"}) {
    const auto ran = b.run({"update"}, nothing);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "nothing to do: Consul holds no configuration under proxysql/\n");
  }
  const auto folder = b.run({"update"}, R"([{"Key":"proxysql/","Value":null,"ModifyIndex":7}])");
  EXPECT_EQ(folder.out, "nothing to do: Consul holds no configuration under proxysql/\n");
  const auto freeze = b.run({"update"}, R"([{"Key":"proxysql/freeze","Value":"YXVkaXQ=","ModifyIndex":8}])");
  EXPECT_EQ(freeze.out, "nothing to do: the cluster is frozen: audit (`thaw` ends that)\n");
  save_from_a({"db1"});
  b.configure(R"("accept":["mysql_users"])");
  EXPECT_EQ(b.update().out, "nothing to do: this node accepts none of the configurations that came\n");
}

TEST_F(Receive, SaysSoWhereTheDiskIsFullAndTriesAgain) {
  save_from_a({"db1"});
  b.engine.set_disk(DiskState::full);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.out, HasSubstr(": applied, but not on disk ("));
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("at runtime, but SAVE did not bring it to disk")));
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::failed);
  EXPECT_EQ(std::to_string(b.state().find("mysql_servers")->version), version_of(servers_key)) << "it runs with it";
  EXPECT_EQ(b.update().status, 4) << "still full";
  b.engine.set_disk(DiskState::writable);
  b.engine.clear_log();
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.writes(), Texts{"SAVE"}) << "without a LOAD";
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied);
}

TEST_F(Receive, PassesOverAConfigurationThatThisProxySqlLacks) {
  NodeUnderTest newer(consul, dir, "newer", {}, StandinVersion::v3_0);
  newer.execute({"INSERT INTO pgsql_servers(hostgroup_id,hostname) VALUES (1,'pg1')", "LOAD PGSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(newer.run({"save", "pgsql_servers"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("info: proxysql/pgsql_servers: passed over: this ProxySQL 2.7.2-3-gstandin has no "
                                   "such configuration"));
  NodeUnderTest other(consul, dir, "other", {}, StandinVersion::v3_0);
  EXPECT_EQ(other.update().status, 0);
  EXPECT_EQ(other.engine.execute("SELECT hostname FROM runtime_pgsql_servers").rows, (Rows{{"pg1"}}));
}

TEST_F(Receive, ExchangesAllOfPgsqlBetweenNodesOf3_0) {
  NodeUnderTest from(consul, dir, "from", {}, StandinVersion::v3_0);
  NodeUnderTest to(consul, dir, "to", {}, StandinVersion::v3_0);
  from.execute({"INSERT INTO pgsql_servers(hostgroup_id,hostname) VALUES (1,'pg1')",
                "INSERT INTO pgsql_users(username,password) VALUES ('u','p')",
                "INSERT INTO pgsql_query_rules(rule_id,active) VALUES (1,1)",
                "UPDATE global_variables SET variable_value='77' WHERE variable_name='pgsql-max_connections'",
                "LOAD PGSQL SERVERS TO RUNTIME", "LOAD PGSQL USERS TO RUNTIME", "LOAD PGSQL QUERY RULES TO RUNTIME",
                "LOAD PGSQL VARIABLES TO RUNTIME"});
  EXPECT_EQ(from.run({"save", "--all"}).status, 0);
  const auto ran = to.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_EQ(to.engine.execute("SELECT username FROM pgsql_users").rows, (Rows{{"u"}}));
  EXPECT_EQ(to.engine
                .execute("SELECT variable_value FROM runtime_global_variables WHERE "
                         "variable_name='pgsql-max_connections'")
                .rows,
            (Rows{{"77"}}));
}

TEST_F(Receive, AppliesServersBeforeTheRulesThatNameThem) {
  a.set_servers({"db1"});
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "mysql_servers"}).status, 0);
  Texts loads;
  EXPECT_EQ(b.update().status, 0);
  for (const auto& statement : b.engine.log()) {
    if (statement.starts_with("LOAD")) loads.push_back(statement);
  }
  EXPECT_THAT(loads, ElementsAre("LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL QUERY RULES TO RUNTIME"));
}

TEST_F(Receive, TakesOtherTextForAnotherSecret) {
  a.execute({"UPDATE global_variables SET variable_value='0123' WHERE variable_name='mysql-monitor_password'",
             "LOAD MYSQL VARIABLES TO RUNTIME"});
  b.execute({"UPDATE global_variables SET variable_value='123' WHERE variable_name='mysql-monitor_password'",
             "LOAD MYSQL VARIABLES TO RUNTIME", "SAVE MYSQL VARIABLES TO DISK"});
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine
                .execute("SELECT variable_value FROM runtime_global_variables WHERE "
                         "variable_name='mysql-monitor_password'")
                .rows,
            (Rows{{"0123"}}));
}

TEST_F(Receive, SaysWhatMemoryHoldsWhereTheConnectionIsLostForGood) {
  save_from_a({"db1"});
  for (std::size_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    NodeUnderTest node(consul, dir, "node" + std::to_string(n));
    node.set_servers({"old"});
    node.engine.plan(n, Fault::drop);
    node.engine.on_statement([&](std::string_view) {
      if (node.engine.log().size() + 1 >= n) node.is_away = true;
    });
    const auto ran = node.update();
    if (ran.status == 0) break;
    const auto memory = node.engine.execute("SELECT hostname FROM mysql_servers ORDER BY 1").rows;
    const bool is_whole = memory == Rows{{"old"}} || memory == Rows{{"db1"}};
    const bool says = ran.err.back().find("may hold a part of the new version: do not LOAD them") != std::string::npos;
    EXPECT_TRUE(says || is_whole) << "statement " << n << ": " << ran.err.back();
    EXPECT_TRUE(!says || node.state().find("mysql_servers")->applying) << "statement " << n;
    node.is_away = false;
    node.engine.on_statement({});
    EXPECT_EQ(node.update().status, 0);
    EXPECT_EQ(node.servers(), Texts{"db1"});
    EXPECT_FALSE(node.state().find("mysql_servers")->applying);
  }
}

TEST_F(Receive, PutsMemoryBackAsItWasBeforeTheFirstAttempt) {
  save_from_a({"db1", "db2"});
  b.set_servers({"old"});
  // The connection breaks between REPLACE and DELETE; in the second attempt the DELETE is refused.
  int deletes = 0;
  b.engine.on_statement([&](std::string_view sql) {
    if (!sql.starts_with("DELETE")) return;
    if (++deletes <= 2) b.engine.plan(1, deletes == 1 ? Fault::drop : Fault::fail, "no");
  });
  const auto ran = b.update();
  b.engine.on_statement({});
  if (ran.status == 0) GTEST_FAIL() << "nothing was refused";
  EXPECT_THAT(ran.err.back(), EndsWith("; runtime is untouched, the memory tables are as before"));
  EXPECT_EQ(b.engine.execute("SELECT hostname FROM mysql_servers").rows, (Rows{{"old"}}));
}

TEST_F(Receive, AsksAnyServerForTheParts) {
  consul.value_limit = 20'000;
  Texts rules;
  for (int i = 1; i <= 60; ++i) {
    rules.push_back("INSERT INTO mysql_query_rules(rule_id,active,comment) VALUES (" + std::to_string(i) +
                    ",1,hex(randomblob(900)))");
  }
  rules.push_back("LOAD MYSQL QUERY RULES TO RUNTIME");
  a.execute(rules);
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  consul.opened.clear();
  EXPECT_EQ(b.update().status, 0);
  ASSERT_FALSE(consul.opened.empty());
  EXPECT_TRUE(consul.opened.front().stale);
  EXPECT_THAT(b.clock.pauses, SizeIs(1)) << "all nodes begin at once";
}

TEST_F(Receive, KeepsItsPlaceWithAStatsUserOutOfConfigurations) {
  b.is_away = false;
  save_from_a({"db1"});
  b.engine.execute("DROP TABLE mysql_servers");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("sees no configuration there (the user must be one of "
                                             "admin-admin_credentials, and not of admin-stats_credentials)")));
}

}  // namespace
}  // namespace proxysql_consul::testing
