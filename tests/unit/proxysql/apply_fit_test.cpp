// apply() of documents that do not fit this ProxySQL, and of values that belong to one node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/apply.h"
#include "standin/standin_engine.h"
#include "unit/proxysql/apply_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ApplyFit, RefusesAnAccountNamedLikeAnAdminOrStatsUser) {
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

TEST(ApplyFit, NamesWhatProxySqlDidNotTake) {
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

TEST(ApplyFit, NamesARefusedVariableAlsoWhereThereAreNoRuntimeTables) {
  StandinEngine engine(StandinVersion::v1_1);
  const auto applied = apply_to(
      engine, "mysql_variables",
      document(StandinVersion::v1_1, "mysql_variables",
               {"UPDATE global_variables SET variable_value='abc' WHERE variable_name='mysql-max_connections'"}));
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings,
              ElementsAre("not taken by ProxySQL: mysql-max_connections: has another variable_value"));
}

TEST(ApplyFit, NamesAtMostFiveOfWhatProxySqlDidNotTake) {
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

TEST(ApplyFit, LeavesOutUnknownColumnsAndTablesWithAWarningEach) {
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

TEST(ApplyFit, DoesNotMissUnknownColumnsAndTablesThatCarryNothing) {
  StandinEngine engine(StandinVersion::v1_1);
  const auto applied = apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", two_servers));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(applied.warnings, IsEmpty());
}

TEST(ApplyFit, FillsColumnsThatTheDocumentLacksWithTheirDefaults) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied = apply_to(engine, "mysql_query_rules",
                                document(StandinVersion::v1_1, "mysql_query_rules",
                                         {"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1)"}));
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT re_modifiers, attributes, comment FROM runtime_mysql_query_rules"),
            (Rows{{"CASELESS", "", std::nullopt}}));
}

TEST(ApplyFit, IsPartialWhereTheServerHasNothingOfTheConfiguration) {
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

TEST(ApplyFit, TakesThePositionalRowsOf2016) {
  StandinEngine engine(StandinVersion::v1_1);
  const Table table{
      .name = "mysql_servers", .columns = {}, .rows = {{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "100", "0"}}};
  EXPECT_EQ(apply_to(engine, "mysql_servers", {table}).outcome, Outcome::applied);
  EXPECT_EQ(rows(engine, "SELECT * FROM runtime_mysql_servers"), table.rows);
}

TEST(ApplyFit, RefusesPositionalRowsOfAnotherWidthWithBothNumbers) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  const Table table{
      .name = "mysql_servers", .columns = {}, .rows = {{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "100", "0"}}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", {table}); }, ExitCode::payload),
            "table mysql_servers: a row of 8 values without column names for 12 columns of this ProxySQL");
  EXPECT_THAT(writes(engine), IsEmpty());
}

TEST(ApplyFit, RefusesADocumentThatCannotBeWhole) {
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

TEST(ApplyFit, LeavesVariablesThatTheDocumentLacksAlone) {
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

TEST(ApplyFit, NeverTouchesVariablesThatBelongToOneNode) {
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
        apply_to(engine, configuration, {variables(wanted)}, {.scope = {.exclude_variables = {"mysql-monitor_*"}}});
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_FALSE(applied.changed);
    EXPECT_THAT(writes(engine), Each(StartsWith("SAVE ")));
    EXPECT_EQ(rows(engine, "SELECT * FROM global_variables"), before);
  }
}

TEST(ApplyFit, LeavesOutVariablesThatTheServerDoesNotKnow) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied =
      apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "5"}, {"mysql-from_the_future", "1"}})});
  EXPECT_EQ(applied.outcome, Outcome::partial);
  EXPECT_THAT(applied.warnings, ElementsAre("this ProxySQL has no variable mysql-from_the_future: left out"));
  EXPECT_EQ(
      rows(engine, "SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysql-wait_timeout'"),
      (Rows{{"5"}}));
}

TEST(ApplyFit, TakesOneNumberOrTruthInOtherWordsForTheSame) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto applied =
      apply_to(engine, "mysql_variables", {variables({{"mysql-wait_timeout", "007"}, {"mysql-monitor_enabled", "0"}})});
  EXPECT_EQ(applied.outcome, Outcome::applied);
  EXPECT_THAT(applied.warnings, IsEmpty());
}

}  // namespace
}  // namespace proxysql_consul::testing
