// apply() against the stand-in: what is written, loaded and saved, and in which order.
#include "proxysql_consul/proxysql/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "standin/standin_engine.h"
#include "standin/standin_session.h"
#include "unit/proxysql/apply_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Apply, BringsMemoryRuntimeAndDiskToTheDocument) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine, two_servers, load_servers);
    const auto applied = apply_to(engine, "mysql_servers", document(version, "mysql_servers", other_servers));
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_TRUE(applied.changed);
    EXPECT_THAT(applied.warnings, IsEmpty());
    EXPECT_THAT(applied.statements, IsEmpty());
    for (const std::string table : {"mysql_servers", "runtime_mysql_servers", "disk.mysql_servers"}) {
      EXPECT_EQ(rows(engine, "SELECT hostgroup_id, hostname FROM " + table + " ORDER BY 1"),
                (Rows{{"3", "c"}, {"4", "d"}, {"5", "e"}}))
          << table;
    }
  }
}

TEST(Apply, EmptiesTablesThatTheDocumentHoldsEmpty) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    auto before = two_servers;
    before.push_back("INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)");
    start_with(engine, before, load_servers);
    const auto applied = apply_to(engine, "mysql_servers", document(version, "mysql_servers", {}));
    EXPECT_EQ(applied.outcome, Outcome::applied);
    for (const std::string table : {"mysql_servers", "mysql_replication_hostgroups"}) {
      EXPECT_THAT(rows(engine, "SELECT * FROM " + table), IsEmpty());
      EXPECT_THAT(rows(engine, "SELECT * FROM runtime_" + table), IsEmpty());
    }
  }
}

TEST(Apply, LeavesTablesThatTheDocumentDoesNotHoldAsTheyAre) {
  StandinEngine engine(StandinVersion::v2_7);
  auto before = two_servers;
  before.push_back("INSERT INTO mysql_galera_hostgroups VALUES (1,2,3,4,1,1,0,0,NULL)");
  start_with(engine, before, load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", other_servers);
  std::erase_if(tables, [](const Table& table) { return table.name == "mysql_galera_hostgroups"; });
  EXPECT_EQ(apply_to(engine, "mysql_servers", tables).outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT writer_hostgroup FROM runtime_mysql_galera_hostgroups"), (Rows{{"1"}}));
}

TEST(Apply, NeitherWritesNorLoadsWhereRuntimeIsEqual) {
  const struct {
    const char* configuration;
    Texts statements;
    std::string words;
  } cases[] = {
      {"mysql_servers", two_servers, "MYSQL SERVERS"},
      {"mysql_query_rules",
       {"INSERT INTO mysql_query_rules(rule_id,active,match_pattern,replace_pattern) VALUES "
        "(1,1,'a',''),(2,1,'',NULL)"},
       "MYSQL QUERY RULES"},
      {"mysql_users",
       {"INSERT INTO mysql_users(username,password,default_schema) VALUES ('u','p',NULL)",
        "INSERT INTO mysql_users(username,password,frontend,backend) VALUES ('v','p',1,0)"},
       "MYSQL USERS"},
      {"mysql_variables",
       {"UPDATE global_variables SET variable_value='77' WHERE variable_name='mysql-max_connections'"},
       "MYSQL VARIABLES"},
      {"scheduler", {"INSERT INTO scheduler(id,interval_ms,filename) VALUES (1,1000,'/x')"}, "SCHEDULER"},
  };
  for (const auto& [configuration, statements, words] : cases) {
    SCOPED_TRACE(configuration);
    StandinEngine engine(StandinVersion::v2_7);
    start_with(engine, statements, "LOAD " + words + " TO RUNTIME");
    const auto applied = apply_to(engine, configuration, document(StandinVersion::v2_7, configuration, statements));
    EXPECT_EQ(applied.outcome, Outcome::applied);
    // A run that was killed between LOAD and SAVE looks the same, so the SAVE is made up for.
    EXPECT_TRUE(applied.changed);
    EXPECT_THAT(writes(engine), ElementsAre("SAVE " + words + " TO DISK"));
    for (const auto& options : {ApplyOptions(), without_disk}) {
      engine.clear_log();
      EXPECT_FALSE(
          apply_to(engine, configuration, document(StandinVersion::v2_7, configuration, statements), options).changed);
      EXPECT_THAT(writes(engine), IsEmpty());
    }
  }
}

TEST(Apply, TakesWhatAMonitorDidForNoDifference) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  execute(engine, {save_servers});
  engine.clear_log();
  engine.set_server_status(1, "a", 3306, "SHUNNED");
  const auto tables = document(StandinVersion::v2_7, "mysql_servers", two_servers);
  EXPECT_FALSE(apply_to(engine, "mysql_servers", tables).changed);
  EXPECT_THAT(writes(engine), IsEmpty());
  EXPECT_EQ(rows(engine, "SELECT status FROM runtime_mysql_servers WHERE hostname='a'"), (Rows{{"SHUNNED"}}));
}

TEST(Apply, ReplacesThenDeletesThenLoadsThenSaves) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine, two_servers, load_servers);
    apply_to(engine, "mysql_servers", document(version, "mysql_servers", other_servers));
    EXPECT_THAT(writes(engine), ElementsAre("REPLACE INTO `mysql_servers` ", "DELETE FROM `mysql_servers` WHERE ",
                                            load_servers, save_servers));
  }
}

TEST(Apply, WritesOnlyWhatDiffers) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  auto wanted = two_servers;
  wanted.push_back("UPDATE mysql_servers SET weight=5 WHERE hostname='b'");
  apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", wanted));
  EXPECT_THAT(writes(engine), ElementsAre("REPLACE INTO `mysql_servers` ", load_servers, save_servers));
  for (const auto& statement : engine.log()) {
    if (statement.starts_with("REPLACE")) {
      EXPECT_THAT(statement, EndsWith("(`hostgroup_id`,`hostname`,`port`,`weight`) VALUES ('2','b','3306','5')"))
          << "columns that hold their default are not named";
    }
  }
}

TEST(Apply, LoadsWithoutWritingWhereOnlyRuntimeDiffers) {
  StandinEngine engine(StandinVersion::v2_7);
  execute(engine, two_servers);
  engine.clear_log();
  EXPECT_TRUE(apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers)).changed);
  EXPECT_THAT(writes(engine), ElementsAre(load_servers, save_servers));
}

TEST(Apply, LeavesWhatAnOperatorEditsInMemoryWhereRuntimeAndDiskAreEqual) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  execute(engine, {save_servers, "DELETE FROM mysql_servers WHERE hostname='a'"});
  engine.clear_log();
  const auto applied = apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers));
  EXPECT_FALSE(applied.changed);
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(writes(engine), IsEmpty());
}

TEST(Apply, NamesTheEditsThatKeepItFromTheDisk) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  execute(engine, {"UPDATE mysql_servers SET weight=9 WHERE hostname='a'"});
  engine.clear_log();
  const auto applied = apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers));
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings,
              ElementsAre("not brought to disk, since memory holds what nobody LOADed: table mysql_servers, row "
                          "hostgroup_id=1, hostname=a, port=3306: has another weight"));
  EXPECT_THAT(writes(engine), IsEmpty());
}

TEST(Apply, RewritesAMemoryThatAnEarlierRunLeftHalfWritten) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  execute(engine, {save_servers, "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (3,'c')"});
  engine.clear_log();
  ApplyOptions options;
  options.circumstances.interrupted = true;
  const auto applied =
      apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers), options);
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(writes(engine), ElementsAre("DELETE FROM `mysql_servers` WHERE "));
}

TEST(Apply, SaysSoWhereTheDiskTookNothing) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.execute("STANDIN DISK FULL");
  const auto applied = apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers));
  EXPECT_EQ(applied.outcome, Outcome::failed);
  const std::string what = "at runtime, but SAVE did not bring it to disk: table mysql_servers, row ";
  EXPECT_THAT(applied.warnings, ElementsAre(what + "hostgroup_id=1, hostname=a, port=3306: is missing",
                                            what + "hostgroup_id=2, hostname=b, port=3306: is missing"));
  EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers ORDER BY hostname"), (Rows{{"a"}, {"b"}}));
}

TEST(Apply, TakesVariablesOnDiskThatProxySqlKnowsNoMoreForNoFailure) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.execute("INSERT INTO disk.global_variables VALUES ('mysql-of_an_older_version','1')");
  const auto applied = apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "5"}})});
  EXPECT_EQ(applied.outcome, Outcome::applied) << ::testing::PrintToString(applied.warnings);
  EXPECT_EQ(rows(engine, "SELECT variable_value FROM disk.global_variables WHERE variable_name='mysql-wait_timeout'"),
            (Rows{{"5"}}));
}

TEST(Apply, WritesVariablesThatSomebodyDeletedFromMemory) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.execute("DELETE FROM global_variables WHERE variable_name='mysql-wait_timeout'");
  const auto applied = apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "5"}})});
  EXPECT_EQ(applied.outcome, Outcome::applied) << ::testing::PrintToString(applied.warnings);
  EXPECT_EQ(
      rows(engine, "SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysql-wait_timeout'"),
      (Rows{{"5"}}));
}

TEST(Apply, ShowsNoMomentWithAnEmptiedTable) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine, two_servers, load_servers);
    std::set<std::string> seen;
    engine.on_statement([&](std::string_view) {
      for (const std::string table : {"mysql_servers", "runtime_mysql_servers"}) {
        seen.emplace(engine.execute("SELECT COUNT(*) FROM " + table).rows.at(0).at(0).value());
      }
    });
    apply_to(engine, "mysql_servers", document(version, "mysql_servers", other_servers));
    // Two before, five between REPLACE and DELETE, three after.
    EXPECT_EQ(seen, (std::set<std::string>{"2", "3", "5"}));
  }
}

TEST(Apply, BringsInactiveRowsOfTheDocumentToMemory) {
  StandinEngine engine(StandinVersion::v2_7);
  const Texts rules = {"INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (1,1,'a'),(2,0,'b')"};
  const auto tables = document(StandinVersion::v2_7, "mysql_query_rules", rules);
  EXPECT_EQ(apply_to(engine, "mysql_query_rules", tables).outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT rule_id, active, match_pattern FROM mysql_query_rules"),
            (Rows{{"1", "1", "a"}, {"2", "0", "b"}}));
  EXPECT_EQ(rows(engine, "SELECT rule_id FROM runtime_mysql_query_rules"), (Rows{{"1"}}));
  EXPECT_FALSE(apply_to(engine, "mysql_query_rules", tables).changed);
}

TEST(Apply, BringsInactiveRowsAlsoWhereRuntimeIsEqual) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)"},
             "LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto applied =
      apply_to(engine, "mysql_query_rules",
               document(StandinVersion::v2_7, "mysql_query_rules",
                        {"INSERT INTO mysql_query_rules(rule_id,active,comment) VALUES (1,1,NULL),(2,0,'off')"}));
  EXPECT_TRUE(applied.changed);
  EXPECT_THAT(writes(engine), ElementsAre("REPLACE INTO `mysql_query_rules` ", "SAVE MYSQL QUERY RULES TO DISK"));
}

TEST(Apply, LeavesTheOperatorsOwnInactiveRowsWhereRuntimeIsEqual) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(9,0)"},
             "LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto tables = document(StandinVersion::v2_7, "mysql_query_rules",
                               {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)"});
  StandinSession session(engine);
  const auto apply = [&](bool from_memory, const std::vector<Table>& wanted) {
    const Wanted document{.tables = wanted, .from_memory = from_memory};
    return Application(*find_configuration("mysql_query_rules"), document, {}).run(session, read_inventory(session));
  };
  EXPECT_EQ(apply(false, tables).outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT rule_id FROM mysql_query_rules"), (Rows{{"1"}, {"9"}}));
  EXPECT_FALSE(apply(false, tables).changed);
  // They stay also where the active ones change, unless the document speaks of them.
  const auto two = document(StandinVersion::v2_7, "mysql_query_rules",
                            {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(2,1)"});
  EXPECT_TRUE(apply(false, two).changed);
  EXPECT_EQ(rows(engine, "SELECT rule_id FROM mysql_query_rules"), (Rows{{"1"}, {"2"}, {"9"}}));
  EXPECT_TRUE(apply(true, two).changed);
  EXPECT_EQ(rows(engine, "SELECT rule_id FROM mysql_query_rules"), (Rows{{"1"}, {"2"}}));
}

TEST(Apply, LetsAnInactiveAccountGiveWayToAnActiveOneOfItsName) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_users(username,active,frontend,backend) VALUES ('u',0,1,0),('v',0,1,0)"},
             "LOAD MYSQL USERS TO RUNTIME");
  const auto users = document(StandinVersion::v2_7, "mysql_users", {"INSERT INTO mysql_users(username) VALUES ('u')"});
  StandinSession session(engine);
  const Wanted wanted{.tables = users, .from_memory = false};
  const auto applied =
      Application(*find_configuration("mysql_users"), wanted, {}).run(session, read_inventory(session));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(applied.notices, ElementsAre("table mysql_users, row username=u, backend=0: is inactive here, and gives "
                                           "way to an account of its name"));
  EXPECT_EQ(rows(engine, "SELECT username, active FROM mysql_users ORDER BY username"), (Rows{{"u", "1"}, {"v", "0"}}));
}

TEST(Apply, TakesNullAndEmptyOfAnAccountForTheSameWhereRuntimeDoes) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(StandinVersion::v2_7);
    const auto tables = document(version, "mysql_users",
                                 {"INSERT INTO mysql_users(username,password,default_schema) VALUES ('u',NULL,NULL)"});
    const auto applied = apply_to(engine, "mysql_users", tables);
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_THAT(applied.warnings, IsEmpty());
    EXPECT_FALSE(apply_to(engine, "mysql_users", tables).changed);
  }
}

TEST(Apply, SavesToDiskUnlessThatIsOff) {
  for (const bool save : {true, false}) {
    StandinEngine engine(StandinVersion::v2_7);
    start_with(engine, {}, load_servers);
    apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers),
             save ? ApplyOptions{} : without_disk);
    EXPECT_EQ(writes(engine).back() == save_servers, save);
    EXPECT_EQ(rows(engine, "SELECT * FROM disk.mysql_servers").size(), save ? 2U : 0U);
  }
}

TEST(Apply, SendsNoSaveForWhatHasNoDiskTable) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied = apply_to(engine, "coredump_filters",
                                document(StandinVersion::v2_7, "coredump_filters",
                                         {"INSERT INTO coredump_filters VALUES ('MySQL_Session.cpp',42)"}));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(writes(engine), ElementsAre("REPLACE INTO `coredump_filters` ", "LOAD COREDUMP TO RUNTIME"));
}

TEST(Apply, OnlyReadsInADryRun) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine, two_servers, load_servers);
    const auto applied = apply_to(engine, "mysql_servers", document(version, "mysql_servers", other_servers), dry_run);
    EXPECT_TRUE(applied.changed);
    EXPECT_THAT(writes(engine), IsEmpty());
    ASSERT_EQ(applied.statements.size(), 4U);
    EXPECT_THAT(applied.statements[0], StartsWith("REPLACE INTO `mysql_servers` ("));
    EXPECT_EQ(applied.statements[1],
              "DELETE FROM `mysql_servers` WHERE (`hostgroup_id`='1' AND `hostname`='a' AND `port`='3306') OR "
              "(`hostgroup_id`='2' AND `hostname`='b' AND `port`='3306')");
    EXPECT_EQ(applied.statements[2], load_servers);
    EXPECT_EQ(applied.statements[3], save_servers);
  }
}

TEST(Apply, MasksSecretsInADryRun) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto users = apply_to(engine, "mysql_users",
                              document(StandinVersion::v2_7, "mysql_users",
                                       {"INSERT INTO mysql_users(username,password,attributes) VALUES "
                                        "('u','hunter2','{\"additional_password\":\"hunter2\"}')"}),
                              dry_run);
  const auto monitor =
      apply_to(engine, "mysql_variables", {variables({{"mysql-monitor_password", "hunter2"}})}, dry_run);
  ASSERT_FALSE(users.statements.empty());
  ASSERT_FALSE(monitor.statements.empty());
  EXPECT_THAT(users.statements, Each(Not(HasSubstr("hunter2"))));
  EXPECT_THAT(monitor.statements, Each(Not(HasSubstr("hunter2"))));
  EXPECT_THAT(users.statements[0], HasSubstr("('u','***',"));
  EXPECT_THAT(monitor.statements[0], EndsWith("VALUES ('mysql-monitor_password','***')"));
}

TEST(Apply, SwapsValuesOfAUniqueColumn) {
  const struct {
    const char* what;
    const char* configuration;
    Texts before;
    Texts wanted;
    const char* select;
    Rows rows;
  } cases[] = {
      {"readers in a ring",
       "mysql_servers",
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,11),(2,12),(3,13)"},
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,12),(2,13),(3,11)"},
       "SELECT writer_hostgroup, reader_hostgroup FROM mysql_replication_hostgroups ORDER BY 1",
       {{"1", "12"}, {"2", "13"}, {"3", "11"}}},
      {"a reader to another writer",
       "mysql_servers",
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,11),(2,12)"},
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (2,11),(5,12)"},
       "SELECT writer_hostgroup, reader_hostgroup FROM mysql_replication_hostgroups ORDER BY 1",
       {{"2", "11"}, {"5", "12"}}},
      {"one account row becomes two",
       "mysql_users",
       {"INSERT INTO mysql_users(username,password,backend,frontend) VALUES ('u','p',1,1)"},
       {"INSERT INTO mysql_users(username,password,backend,frontend) VALUES ('u','p',1,0),('u','q',0,1)"},
       "SELECT password, backend, frontend FROM mysql_users ORDER BY backend",
       {{"q", "0", "1"}, {"p", "1", "0"}}},
      {"two account rows become one",
       "mysql_users",
       {"INSERT INTO mysql_users(username,password,backend,frontend) VALUES ('u','p',1,0),('u','q',0,1)"},
       {"INSERT INTO mysql_users(username,password,backend,frontend) VALUES ('u','r',1,1)"},
       "SELECT password, backend, frontend FROM mysql_users ORDER BY backend",
       {{"r", "1", "1"}}},
  };
  for (const auto version : both_versions) {
    for (const auto& [what, configuration, before, wanted, select, expected] : cases) {
      SCOPED_TRACE(std::string(name_of(version)) + ": " + what);
      StandinEngine engine(version);
      start_with(engine, before,
                 std::string("LOAD ") + std::string(find_configuration(configuration)->words) + " TO RUNTIME");
      const auto applied = apply_to(engine, configuration, document(version, configuration, wanted));
      EXPECT_EQ(applied.outcome, Outcome::applied);
      EXPECT_EQ(rows(engine, select), expected);
    }
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
