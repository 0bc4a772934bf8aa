// apply() against the stand-in, as it is and with every single statement failing in turn.
#include "proxysql_consul/proxysql/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/forms.h"
#include "standin/standin_engine.h"
#include "standin/standin_session.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using Texts = std::vector<std::string>;
using Rows = std::vector<Row>;

constexpr StandinVersion both_versions[] = {StandinVersion::v2_7, StandinVersion::v1_1};

const ApplyOptions dry_run = {.exclude_variables = {}, .save_to_disk = true, .dry_run = true};
const ApplyOptions without_disk = {.exclude_variables = {}, .save_to_disk = false, .dry_run = false};

const char* name_of(StandinVersion version) { return version == StandinVersion::v2_7 ? "2.7" : "1.1"; }

void execute(StandinEngine& engine, const Texts& statements) {
  for (const auto& statement : statements) {
    const auto answer = engine.execute(statement);
    ASSERT_TRUE(answer.ok) << statement << ": " << answer.error;
  }
}

Rows rows(StandinEngine& engine, const std::string& sql) {
  const auto answer = engine.execute(sql);
  EXPECT_TRUE(answer.ok) << sql << ": " << answer.error;
  return answer.rows;
}

Applied apply_to(AdminSession& session, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options = {}) {
  const auto server = read_server(session);
  return apply(session, server, *find_configuration(configuration), tables, options);
}

Applied apply_to(StandinEngine& engine, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options = {}) {
  StandinSession session(engine);
  return apply_to(session, configuration, tables, options);
}

std::string error_of(const std::function<void()>& action, ExitCode code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// What a document of a node of that version would hold after `statements` on its memory tables.
std::vector<Table> document(StandinVersion version, const std::string& configuration, const Texts& statements) {
  StandinEngine engine(version);
  execute(engine, statements);
  StandinSession session(engine);
  const auto server = read_server(session);
  const auto& known = *find_configuration(configuration);
  auto tables = read_tables(session, server, known, read_schemas(session, server, known), Layer::memory);
  for (auto& table : tables) table = shared_form(std::move(table), {});
  return tables;
}

Table& table_in(std::vector<Table>& tables, const std::string& name) {
  return *std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
}

/// The statements that changed something, shortened to their beginning.
Texts writes(StandinEngine& engine) {
  Texts found;
  for (const auto& statement : engine.log()) {
    if (statement.starts_with("SELECT ") || statement.starts_with("PRAGMA ")) continue;
    found.push_back(statement.substr(0, statement.find_first_of("(", 0)));
  }
  return found;
}

const Texts two_servers = {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(2,'b')"};
const Texts other_servers = {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (3,'c'),(4,'d'),(5,'e')"};
const std::string load_servers = "LOAD MYSQL SERVERS TO RUNTIME";
const std::string save_servers = "SAVE MYSQL SERVERS TO DISK";

void start_with(StandinEngine& engine, const Texts& statements, const std::string& load) {
  execute(engine, statements);
  execute(engine, {load});
  engine.clear_log();
}

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
    EXPECT_FALSE(applied.changed);
    // A run that was killed between LOAD and SAVE looks the same, so the SAVE is made up for.
    EXPECT_THAT(writes(engine), ElementsAre("SAVE " + words + " TO DISK"));
    engine.clear_log();
    apply_to(engine, configuration, document(StandinVersion::v2_7, configuration, statements), without_disk);
    EXPECT_THAT(writes(engine), IsEmpty());
  }
}

TEST(Apply, TakesWhatAMonitorDidForNoDifference) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  engine.set_server_status(1, "a", 3306, "SHUNNED");
  const auto tables = document(StandinVersion::v2_7, "mysql_servers", two_servers);
  EXPECT_FALSE(apply_to(engine, "mysql_servers", tables).changed);
  EXPECT_THAT(writes(engine), ElementsAre(save_servers));
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
      EXPECT_THAT(statement, EndsWith("VALUES ('2','b','3306','0','ONLINE','5','0','1000','0','0','0','')"));
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

TEST(Apply, WritesWithoutLoadingWhereOnlyMemoryDiffers) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  execute(engine, {"DELETE FROM mysql_servers WHERE hostname='a'"});
  engine.clear_log();
  EXPECT_TRUE(apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers)).changed);
  EXPECT_THAT(writes(engine), ElementsAre("REPLACE INTO `mysql_servers` ", save_servers));
}

TEST(Apply, ShowsNoMomentWithAnEmptiedTable) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine, two_servers, load_servers);
    std::set<std::string> seen;
    engine.on_statement([&](std::string_view) {
      for (const std::string table : {"mysql_servers", "runtime_mysql_servers"}) {
        seen.insert(engine.execute("SELECT COUNT(*) FROM " + table).rows.at(0).at(0).value());
      }
    });
    apply_to(engine, "mysql_servers", document(version, "mysql_servers", other_servers));
    // Two before, five between REPLACE and DELETE, three after.
    EXPECT_EQ(seen, (std::set<std::string>{"2", "3", "5"}));
  }
}

TEST(Apply, RefusesAnAccountNamedLikeAnAdminOrStatsUser) {
  const struct {
    StandinVersion version;
    const char* credentials;
    const char* username;
  } cases[] = {
      {StandinVersion::v2_7, "admin:admin;radmin:radmin", "radmin"},
      {StandinVersion::v2_7, "root:x", "root"},
      {StandinVersion::v2_7, "admin:admin", "stats"},
      {StandinVersion::v1_1, "admin:admin", "admin"},
  };
  for (const auto& [version, credentials, username] : cases) {
    SCOPED_TRACE(std::string(name_of(version)) + " " + username);
    StandinEngine engine(version);
    execute(engine, {std::string("UPDATE global_variables SET variable_value='") + credentials +
                         "' WHERE variable_name='admin-admin_credentials'",
                     "LOAD ADMIN VARIABLES TO RUNTIME"});
    engine.clear_log();
    const auto tables = document(
        version, "mysql_users",
        {std::string("INSERT INTO mysql_users(username,password) VALUES ('x','y'),('") + username + "','secret')"});
    EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_users", tables); }, ExitCode::payload),
              std::string("table mysql_users: user ") + username +
                  " is named like an admin or stats user of this ProxySQL, and would break that login");
    EXPECT_THAT(writes(engine), IsEmpty());
  }
}

TEST(Apply, NamesWhatProxySqlDidNotTake) {
  const struct {
    const char* configuration;
    Texts statements;
    const char* warning;
  } cases[] = {
      {"mysql_variables",
       {"UPDATE global_variables SET variable_value='abc' WHERE variable_name='mysql-max_connections'"},
       "not taken by ProxySQL: mysql-max_connections: has another variable_value"},
      {"mysql_query_rules",
       {"INSERT INTO mysql_query_rules(rule_id,active,client_addr) VALUES (1,1,'10.%'),(2,1,'10.%.1')"},
       "not taken by ProxySQL: table mysql_query_rules, row rule_id=2: is missing"},
      {"mysql_servers",
       {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(2,3)"},
       "not taken by ProxySQL: table mysql_replication_hostgroups, row writer_hostgroup=2: is missing"},
  };
  for (const auto& [configuration, statements, warning] : cases) {
    SCOPED_TRACE(configuration);
    StandinEngine engine(StandinVersion::v2_7);
    const auto applied = apply_to(engine, configuration, document(StandinVersion::v2_7, configuration, statements));
    EXPECT_EQ(applied.outcome, Outcome::partial);
    EXPECT_TRUE(applied.changed);
    EXPECT_THAT(applied.warnings, ElementsAre(warning));
  }
}

TEST(Apply, NamesARefusedVariableAlsoWhereThereAreNoRuntimeTables) {
  StandinEngine engine(StandinVersion::v1_1);
  const auto applied = apply_to(
      engine, "mysql_variables",
      document(StandinVersion::v1_1, "mysql_variables",
               {"UPDATE global_variables SET variable_value='abc' WHERE variable_name='mysql-max_connections'"}));
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings,
              ElementsAre("not taken by ProxySQL: mysql-max_connections: has another variable_value"));
}

TEST(Apply, NamesAtMostFiveOfWhatProxySqlDidNotTake) {
  StandinEngine engine(StandinVersion::v2_7);
  Texts statements;
  for (int i = 1; i <= 7; ++i) {
    statements.push_back("INSERT INTO mysql_query_rules(rule_id,active,client_addr) VALUES (" + std::to_string(i) +
                         ",1,'%.1')");
  }
  const auto applied =
      apply_to(engine, "mysql_query_rules", document(StandinVersion::v2_7, "mysql_query_rules", statements));
  ASSERT_EQ(applied.warnings.size(), 6U);
  EXPECT_EQ(applied.warnings[4], "not taken by ProxySQL: table mysql_query_rules, row rule_id=5: is missing");
  EXPECT_EQ(applied.warnings[5], "not taken by ProxySQL: and 2 more");
}

TEST(Apply, LeavesOutUnknownColumnsAndTablesWithAWarningEach) {
  StandinEngine engine(StandinVersion::v1_1);
  const auto applied = apply_to(
      engine, "mysql_servers",
      document(StandinVersion::v2_7, "mysql_servers",
               {"INSERT INTO mysql_servers(hostgroup_id,hostname,use_ssl,comment) VALUES (1,'a',1,'x'),(2,'b',0,'y')",
                "INSERT INTO mysql_galera_hostgroups VALUES (1,2,3,4,1,1,0,0,NULL)"}));
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings,
              ElementsAre("table mysql_servers: this ProxySQL has no column use_ssl, comment: left out",
                          "this ProxySQL has no table mysql_galera_hostgroups of mysql_servers: 1 rows left out"));
  EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers ORDER BY 1"), (Rows{{"a"}, {"b"}}));
}

TEST(Apply, DoesNotMissUnknownColumnsAndTablesThatCarryNothing) {
  StandinEngine engine(StandinVersion::v1_1);
  const auto applied = apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(applied.warnings, IsEmpty());
}

TEST(Apply, FillsColumnsThatTheDocumentLacksWithTheirDefaults) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied = apply_to(engine, "mysql_query_rules",
                                document(StandinVersion::v1_1, "mysql_query_rules",
                                         {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)"}));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT re_modifiers, attributes, comment FROM runtime_mysql_query_rules"),
            (Rows{{"CASELESS", "", std::nullopt}}));
}

TEST(Apply, IsPartialWhereTheServerHasNothingOfTheConfiguration) {
  const struct {
    StandinVersion version;
    const char* configuration;
    Table table;
    const char* warning;
  } cases[] = {
      {StandinVersion::v1_1,
       "mysql_firewall",
       {.name = "mysql_firewall_whitelist_sqli_fingerprints",
        .columns = {"active", "fingerprint"},
        .rows = {{"1", "x"}}},
       "this ProxySQL has no table mysql_firewall_whitelist_sqli_fingerprints of mysql_firewall: 1 rows left out"},
      {StandinVersion::v2_7,
       "pgsql_variables",
       {.name = "global_variables",
        .columns = {"variable_name", "variable_value"},
        .rows = {{"pgsql-max_connections", "5"}}},
       "this ProxySQL has no table global_variables of pgsql_variables: 1 rows left out"},
  };
  for (const auto& [version, configuration, table, warning] : cases) {
    SCOPED_TRACE(configuration);
    StandinEngine engine(version);
    const auto applied = apply_to(engine, configuration, {table});
    EXPECT_EQ(applied.outcome, Outcome::partial);
    EXPECT_FALSE(applied.changed);
    EXPECT_THAT(applied.warnings, ElementsAre(warning));
    EXPECT_THAT(writes(engine), IsEmpty());
  }
}

TEST(Apply, TakesThePositionalRowsOf2016) {
  StandinEngine engine(StandinVersion::v1_1);
  const Table table{
      .name = "mysql_servers", .columns = {}, .rows = {{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "100", "0"}}};
  EXPECT_EQ(apply_to(engine, "mysql_servers", {table}).outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT * FROM runtime_mysql_servers"), table.rows);
}

TEST(Apply, RefusesPositionalRowsOfAnotherWidthWithBothNumbers) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  const Table table{
      .name = "mysql_servers", .columns = {}, .rows = {{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "100", "0"}}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", {table}); }, ExitCode::payload),
            "table mysql_servers: a row of 8 values without column names for 12 columns of this ProxySQL");
  EXPECT_THAT(writes(engine), IsEmpty());
}

TEST(Apply, RefusesADocumentThatCannotBeWhole) {
  const struct {
    const char* configuration;
    Table table;
    const char* error;
  } cases[] = {
      {"mysql_servers",
       {.name = "mysql_servers", .columns = {"hostgroup_id", "port"}, .rows = {{"1", "3306"}}},
       "table mysql_servers: the document lacks column hostname, which has no default"},
      {"mysql_servers",
       {.name = "mysql_servers", .columns = {"hostgroup_id", "hostname"}, .rows = {{"1", "a"}, {"1", "a"}}},
       "table mysql_servers, row hostgroup_id=1, hostname=a, port=3306: stands twice in the document"},
      {"mysql_variables",
       {.name = "global_variables",
        .columns = {"variable_name", "variable_value"},
        .rows = {{"admin-refresh_interval", "1"}}},
       "variable admin-refresh_interval is none of mysql_variables"},
  };
  for (const auto& [configuration, table, error] : cases) {
    SCOPED_TRACE(error);
    StandinEngine engine(StandinVersion::v2_7);
    const auto refused = [&, name = configuration, &only = table] { apply_to(engine, name, {only}); };
    EXPECT_EQ(error_of(refused, ExitCode::payload), error);
    EXPECT_THAT(writes(engine), IsEmpty());
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
  EXPECT_FALSE(apply_to(engine, "mysql_query_rules", tables).changed);
  EXPECT_EQ(rows(engine, "SELECT rule_id FROM mysql_query_rules"), (Rows{{"1"}, {"9"}}));
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
    EXPECT_EQ(engine.log().back() == save_servers, save);
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

Table variables(Rows rows) {
  return {.name = "global_variables", .columns = {"variable_name", "variable_value"}, .rows = std::move(rows)};
}

TEST(Apply, LeavesVariablesThatTheDocumentLacksAlone) {
  for (const auto version : both_versions) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    const auto before = rows(engine, "SELECT * FROM global_variables WHERE variable_name<>'mysql-max_connections'");
    const auto applied = apply_to(engine, "mysql_variables", {variables({{"mysql-max_connections", "99"}})});
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_EQ(rows(engine, "SELECT * FROM global_variables WHERE variable_name<>'mysql-max_connections'"), before);
    EXPECT_EQ(rows(engine, "SELECT variable_value FROM global_variables WHERE variable_name='mysql-max_connections'"),
              (Rows{{"99"}}));
  }
}

TEST(Apply, NeverTouchesVariablesThatBelongToOneNode) {
  const struct {
    const char* configuration;
    Rows rows;
  } cases[] = {
      {"mysql_variables", {{"mysql-interfaces", "0.0.0.0:1"}, {"mysql-threads", "64"}, {"mysql-monitor_history", "7"}}},
      {"admin_variables",
       {{"admin-admin_credentials", "evil:evil"},
        {"admin-stats_credentials", "evil:evil"},
        {"admin-mysql_ifaces", "0.0.0.0:1"},
        {"admin-pgsql_ifaces", "0.0.0.0:1"},
        {"admin-telnet_admin_ifaces", "0.0.0.0:1"},
        {"admin-telnet_stats_ifaces", "0.0.0.0:1"},
        {"admin-restapi_port", "1"},
        {"admin-web_port", "1"},
        {"admin-version", "9"},
        {"admin-cluster_username", "evil"},
        {"admin-cluster_password", "evil"}}},
  };
  for (const auto& [configuration, wanted] : cases) {
    SCOPED_TRACE(configuration);
    StandinEngine engine(StandinVersion::v2_7);
    const auto before = rows(engine, "SELECT * FROM global_variables");
    engine.clear_log();
    const auto applied =
        apply_to(engine, configuration, {variables(wanted)}, {.exclude_variables = {"mysql-monitor_*"}});
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_FALSE(applied.changed);
    EXPECT_THAT(writes(engine), Each(StartsWith("SAVE ")));
    EXPECT_EQ(rows(engine, "SELECT * FROM global_variables"), before);
  }
}

TEST(Apply, LeavesOutVariablesThatTheServerDoesNotKnow) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied =
      apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "5"}, {"mysql-from_the_future", "1"}})});
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings, ElementsAre("this ProxySQL has no variable mysql-from_the_future: left out"));
  EXPECT_EQ(
      rows(engine, "SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysql-wait_timeout'"),
      (Rows{{"5"}}));
}

TEST(Apply, TakesOneNumberOrTruthInOtherWordsForTheSame) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied =
      apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "007"}, {"mysql-monitor_enabled", "0"}})});
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(applied.warnings, IsEmpty());
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

TEST(Apply, PutsMemoryBackWhereAUniqueColumnCannotHoldTheDocument) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)"},
             load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", {});
  table_in(tables, "mysql_replication_hostgroups").rows = {{"5", "9", "read_only", ""}, {"6", "9", "read_only", ""}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", tables); }, ExitCode::proxysql),
            "proxysql: memory does not hold what was written: table mysql_replication_hostgroups, row "
            "writer_hostgroup=5: is missing; runtime is untouched, the memory tables are as before");
  for (const std::string prefix : {"", "runtime_"}) {
    EXPECT_EQ(rows(engine, "SELECT writer_hostgroup FROM " + prefix + "mysql_replication_hostgroups"), (Rows{{"1"}}));
  }
}

TEST(Apply, PutsAllTablesBackWhereTheLastCannotBeWritten) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", other_servers);
  auto& attributes = table_in(tables, "mysql_hostgroup_attributes");
  attributes.columns = {"hostgroup_id", "servers_defaults"};
  attributes.rows = {{"1", "no JSON"}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", tables); }, ExitCode::proxysql),
            "ProxySQL Admin Error: CHECK constraint failed: JSON_VALID(servers_defaults) OR servers_defaults = ''; "
            "runtime is untouched, the memory tables are as before");
  for (const std::string prefix : {"", "runtime_"}) {
    EXPECT_EQ(rows(engine, "SELECT hostname FROM " + prefix + "mysql_servers ORDER BY 1"), (Rows{{"a"}, {"b"}}));
  }
}

TEST(Apply, SeesThatAnotherSessionWroteInBetween) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  engine.on_statement([&](std::string_view statement) {
    if (statement.starts_with("DELETE")) engine.execute("UPDATE mysql_servers SET weight=9 WHERE hostname='c'");
  });
  EXPECT_THAT(
      error_of(
          [&] { apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", other_servers)); },
          ExitCode::proxysql),
      StartsWith("proxysql: memory does not hold what was written: table mysql_servers, row hostgroup_id=3, "
                 "hostname=c, port=3306: has another weight;"));
  engine.on_statement({});
  EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers ORDER BY 1"), (Rows{{"a"}, {"b"}}));
}

// --- every statement failing in turn ---------------------------------------------------------------------------------

/// A change that takes several statements, so that a mixture is possible at every point.
struct Change {
  std::string configuration;
  Texts before;
  Texts wanted;
};

std::string many(const std::string& head, int from, int to, const std::string& tail) {
  std::string sql = head;
  for (int i = from; i < to; ++i) sql += (i > from ? ",('" : "('") + std::to_string(i) + "'" + tail + ")";
  return sql;
}

std::vector<Change> changes() {
  const std::string servers = "INSERT INTO mysql_servers(hostname,hostgroup_id,weight) VALUES ";
  const std::string groups = "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES ";
  const std::string rules = "INSERT INTO mysql_query_rules(rule_id,active,match_pattern,replace_pattern) VALUES ";
  const std::string users = "INSERT INTO mysql_users(username,password,frontend,backend) VALUES ";
  const std::string set = "UPDATE global_variables SET variable_value=";
  return {
      // Over 800 rows go: three DELETEs.
      {"mysql_servers",
       {many(servers, 0, 850, ",0,1"), groups + "(1,11),(2,12),(3,13)"},
       {many(servers, 845, 855, ",0,7"), groups + "(1,12),(2,11),(4,14)"}},
      {"mysql_query_rules",
       {many(rules, 1, 40, ",1,'a',NULL"), rules + "(600,0,'','')"},
       {many(rules, 30, 50, ",1,'b',''"), rules + "(601,0,NULL,NULL)"}},
      {"mysql_users",
       {many(users, 0, 30, ",'old',1,1"), users + "('u','old',1,0),('u','older',0,1)"},
       {many(users, 25, 35, ",'new',1,1"), users + "('u','new',1,1)"}},
      {"mysql_variables",
       {set + "'50' WHERE variable_name='mysql-max_connections'"},
       {set + "'60' WHERE variable_name='mysql-max_connections'",
        set + "'x' WHERE variable_name='mysql-default_schema'",
        set + "'false' WHERE variable_name='mysql-monitor_enabled'"}},
  };
}

/// The tables of a configuration, of one layer, as they are.
std::vector<Rows> snapshot(StandinEngine& engine, const std::string& configuration, const std::string& layer) {
  std::vector<Rows> all;
  for (const auto table : find_configuration(configuration)->tables) {
    auto prefix = layer;
    const auto known = engine.execute("SELECT name FROM sqlite_master WHERE name='" + std::string(table) + "'");
    if (known.rows.empty()) continue;
    if (layer == "runtime_") {
      const auto shown =
          engine.execute("SELECT name FROM sqlite_master WHERE name='runtime_" + std::string(table) + "'");
      // Where 1.1 shows no runtime table, the stand-in keeps one all the same.
      if (shown.rows.empty()) prefix = "hidden.hidden_";
    }
    const auto where = table == "global_variables" ? " WHERE variable_name LIKE 'mysql-%'" : "";
    auto found = rows(engine, "SELECT * FROM " + prefix + std::string(table) + where);
    std::sort(found.begin(), found.end());
    all.push_back(std::move(found));
  }
  return all;
}

/// What a node was, and what it is to become.
struct Goal {
  Goal(StandinVersion of_version, const Change& change)
      : version(of_version),
        configuration(change.configuration),
        setup(change.before),
        tables(document(version, configuration, change.wanted)) {
    load = "LOAD " + std::string(find_configuration(configuration)->words) + " TO RUNTIME";
    StandinEngine before(version);
    start_with(before, change.before, load);
    memory_before = snapshot(before, configuration, "");
    runtime_before = snapshot(before, configuration, "runtime_");
    StandinEngine wanted(version);
    start_with(wanted, change.wanted, load);
    memory_wanted = snapshot(wanted, configuration, "");
    runtime_wanted = snapshot(wanted, configuration, "runtime_");
  }

  StandinVersion version;
  std::string configuration;
  Texts setup;
  std::vector<Table> tables;
  std::string load;
  std::vector<Rows> memory_before, memory_wanted, runtime_before, runtime_wanted;
};

/// A node on its way there.
struct Trial : Goal {
  explicit Trial(const Goal& goal) : Goal(goal), engine(version) { start_with(engine, setup, load); }

  void expect_runtime_is_no_mixture() {
    const auto runtime = snapshot(engine, configuration, "runtime_");
    EXPECT_TRUE(runtime == runtime_before || runtime == runtime_wanted) << "runtime is a mixture";
  }

  void expect_memory_is_no_mixture() {
    const auto memory = snapshot(engine, configuration, "");
    EXPECT_TRUE(memory == memory_before || memory == memory_wanted) << "memory is a mixture";
  }

  void expect_that_a_second_run_completes() {
    engine.execute("STANDIN CLEAR");
    StandinSession session(engine);
    const auto applied = apply_to(session, configuration, tables);
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_THAT(applied.warnings, IsEmpty());
    EXPECT_TRUE(snapshot(engine, configuration, "") == memory_wanted);
    EXPECT_TRUE(snapshot(engine, configuration, "runtime_") == runtime_wanted);
    EXPECT_TRUE(snapshot(engine, configuration, "disk.") == memory_wanted);
  }

  StandinEngine engine;
};

/// Runs `once(trial, n)` for n = 1, 2, ... on new nodes, for every change and version, until it says that statement n
/// was not reached.
void for_each_statement(const std::function<bool(Trial&, std::size_t)>& once) {
  for (const auto version : both_versions) {
    for (const auto& change : changes()) {
      const Goal goal(version, change);
      std::size_t n = 1;
      for (bool reached = true; reached; ++n) {
        SCOPED_TRACE(std::string(name_of(version)) + ", " + change.configuration + ", statement " + std::to_string(n));
        Trial trial(goal);
        reached = once(trial, n);
        if (::testing::Test::HasFailure()) return;
        ASSERT_LT(n, 100U);
      }
      // Schemas and contents are read, two statements or more change memory, LOAD, a reading, SAVE.
      EXPECT_GT(n, 8U);
    }
  }
}

TEST(ApplyFailing, LeavesNoMixtureWhereAnyOneStatementIsRefused) {
  for_each_statement([](Trial& trial, std::size_t n) {
    StandinSession session(trial.engine);
    trial.engine.fail_statement(n, "planned");
    std::string error;
    try {
      EXPECT_EQ(apply_to(session, trial.configuration, trial.tables).outcome, Outcome::applied);
    } catch (const Error& caught) {
      error = caught.what();
      EXPECT_EQ(caught.code(), ExitCode::proxysql);
    }
    const auto log = trial.engine.log();
    const bool reached = log.size() >= n;
    trial.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(reached, !error.empty()) << error;
    trial.expect_runtime_is_no_mixture();
    trial.expect_memory_is_no_mixture();
    if (!reached) {
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "") == trial.memory_wanted);
      return false;
    }
    const auto& failed = log[n - 1];
    if (failed.starts_with("REPLACE") || failed.starts_with("DELETE") || failed.starts_with("LOAD")) {
      EXPECT_THAT(error, EndsWith("planned; runtime is untouched, the memory tables are as before"));
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "") == trial.memory_before);
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "runtime_") == trial.runtime_before);
    }
    trial.expect_that_a_second_run_completes();
    return true;
  });
}

TEST(ApplyFailing, LeavesNoMixtureAtRuntimeWhereTheConnectionIsLostBeforeAnyStatement) {
  for_each_statement([](Trial& trial, std::size_t n) {
    StandinSession session(trial.engine);
    trial.engine.plan(n, Fault::drop);
    bool lost = false;
    try {
      apply_to(session, trial.configuration, trial.tables);
    } catch (const Unavailable&) {
      lost = true;
    }
    const auto log = trial.engine.log();
    trial.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(lost, log.size() >= n);
    trial.expect_runtime_is_no_mixture();
    // There is no session left to put memory back with, so it may be between the two; but it never is empty.
    const auto memory = snapshot(trial.engine, trial.configuration, "");
    for (std::size_t i = 0; i < memory.size(); ++i) {
      EXPECT_TRUE(!memory[i].empty() || trial.memory_before[i].empty() || trial.memory_wanted[i].empty());
    }
    trial.expect_that_a_second_run_completes();
    return lost;
  });
}

/// A session whose n-th statement is carried out, but not answered; or which fails from the n-th on.
class FailingSession : public AdminSession {
 public:
  enum class Kind { lost_answer, refused_from, refused_twice };

  FailingSession(StandinEngine& engine, Kind kind, std::size_t first, std::size_t second = 0)
      : session_(engine), kind_(kind), first_(first), second_(second) {}

  Result query(std::string_view statement) override {
    ++count_;
    if (kind_ == Kind::refused_from && count_ >= first_) throw Error(ExitCode::proxysql, "refused");
    if (kind_ == Kind::refused_twice && (count_ == first_ || count_ == second_)) {
      throw Error(ExitCode::proxysql, "refused");
    }
    if (lost_) throw Unavailable(ExitCode::proxysql, "lost");
    auto result = session_.query(statement);
    if (kind_ == Kind::lost_answer && count_ == first_) {
      lost_ = true;
      throw Unavailable(ExitCode::proxysql, "lost");
    }
    return result;
  }

  std::size_t count() const { return count_; }

 private:
  StandinSession session_;
  Kind kind_;
  std::size_t first_;
  std::size_t second_;
  std::size_t count_ = 0;
  bool lost_ = false;
};

TEST(ApplyFailing, LeavesNoMixtureAtRuntimeWhereTheAnswerToAnyStatementIsLost) {
  for_each_statement([](Trial& trial, std::size_t n) {
    FailingSession session(trial.engine, FailingSession::Kind::lost_answer, n);
    bool lost = false;
    try {
      apply_to(session, trial.configuration, trial.tables);
    } catch (const Unavailable&) {
      lost = true;
    }
    EXPECT_EQ(lost, session.count() >= n);
    trial.expect_runtime_is_no_mixture();
    trial.expect_that_a_second_run_completes();
    return lost;
  });
}

TEST(ApplyFailing, SaysSoWhereMemoryCannotBePutBack) {
  for_each_statement([](Trial& trial, std::size_t n) {
    FailingSession session(trial.engine, FailingSession::Kind::refused_from, n);
    std::string error;
    try {
      apply_to(session, trial.configuration, trial.tables);
    } catch (const Error& caught) {
      error = caught.what();
    }
    const bool reached = session.count() >= n;
    EXPECT_EQ(reached, !error.empty());
    trial.expect_runtime_is_no_mixture();
    const auto memory = snapshot(trial.engine, trial.configuration, "");
    if (memory != trial.memory_before && memory != trial.memory_wanted) {
      EXPECT_EQ(error,
                "refused; runtime is untouched, but the memory tables could not be put back (refused): do not LOAD "
                "them; the next update rewrites them");
    }
    trial.expect_that_a_second_run_completes();
    return reached;
  });
}

TEST(ApplyFailing, IsHonestAboutMemoryWhereAnyTwoStatementsAreRefused) {
  const Change change{"mysql_servers",
                      {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(2,'b')",
                       "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)"},
                      {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (2,'c'),(3,'b')",
                       "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (3,2)"}};
  const Goal goal(StandinVersion::v1_1, change);
  for (std::size_t first = 1;; ++first) {
    bool first_reached = false;
    for (std::size_t second = first + 1;; ++second) {
      SCOPED_TRACE("statements " + std::to_string(first) + " and " + std::to_string(second));
      Trial trial(goal);
      FailingSession session(trial.engine, FailingSession::Kind::refused_twice, first, second);
      std::string error;
      try {
        apply_to(session, trial.configuration, trial.tables);
      } catch (const Error& caught) {
        error = caught.what();
      }
      first_reached = session.count() >= first;
      trial.expect_runtime_is_no_mixture();
      const auto memory = snapshot(trial.engine, trial.configuration, "");
      if (memory != trial.memory_before && memory != trial.memory_wanted) {
        EXPECT_THAT(error, HasSubstr("but the memory tables could not be put back (refused)"));
      } else {
        EXPECT_THAT(error.ends_with("the memory tables are as before") ? memory : trial.memory_before,
                    trial.memory_before);
      }
      trial.expect_that_a_second_run_completes();
      if (HasFailure()) return;
      if (session.count() < second) break;
    }
    if (!first_reached) break;
    ASSERT_LT(first, 100U);
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
