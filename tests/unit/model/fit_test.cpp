#include "proxysql_consul/model/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "support/error_of.h"
#include "unit/model/schemas.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<TableSchema> schemas = {
    {.name = "mysql_servers",
     .columns = {column("hostname", std::nullopt, true, 1), column("status", "'ONLINE'", true),
                 column("autocommit", "-1", true), column("comment", "'it''s'", true), column("note", "NULL", false),
                 column("plain", std::nullopt, false)}}};

Fitted fit_servers(const std::vector<Table>& tables) {
  return fit(*find_configuration("mysql_servers"), tables, schemas, {}, {});
}

std::string error_of_fit(const Configuration& configuration, const std::vector<Table>& tables,
                         const std::vector<TableSchema>& known, const std::vector<std::string>& variables = {}) {
  return testing::error_of(ExitCode::payload, [&] { fit(configuration, tables, known, variables, {}); });
}

TEST(Fit, FitsColumnsByNameAndFillsInDefaults) {
  const auto fitted = fit_servers({{.name = "mysql_servers", .columns = {"plain", "hostname"}, .rows = {{"p", "a"}}}});
  ASSERT_EQ(fitted.tables.size(), 1U);
  EXPECT_EQ(fitted.tables[0].columns,
            (std::vector<std::string>{"hostname", "status", "autocommit", "comment", "note", "plain"}));
  EXPECT_EQ(fitted.tables[0].rows, (Rows{{"a", "ONLINE", "-1", "it's", std::nullopt, "p"}}));
  EXPECT_THAT(fitted.warnings, IsEmpty());
}

TEST(Fit, FitsByPositionWithoutColumnNames) {
  const Row row = {"a", "SHUNNED", "1", "", std::nullopt, std::nullopt};
  const auto fitted = fit_servers({{.name = "mysql_servers", .columns = {}, .rows = {row}}});
  EXPECT_EQ(fitted.tables[0].rows, (Rows{{"a", "ONLINE", "1", "", std::nullopt, std::nullopt}}));
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_servers"),
                         {{.name = "mysql_servers", .columns = {}, .rows = {row, {"a", "b"}}}}, schemas),
            "table mysql_servers: a row of 2 values without column names for 6 columns of this ProxySQL");
  EXPECT_THAT(fit_servers({{.name = "mysql_servers", .columns = {}, .rows = {}}}).tables.at(0).rows, IsEmpty());
}

TEST(Fit, WarnsOnlyOfWhatCarriedSomething) {
  const auto fitted = fit_servers({{.name = "mysql_servers",
                                    .columns = {"hostname", "gone", "zero", "used", "used2"},
                                    .rows = {{"a", "", "0", "x", std::nullopt}, {"b", std::nullopt, "0", "", "y"}}},
                                   {.name = "mysql_galera_hostgroups", .columns = {"x"}, .rows = {}},
                                   {.name = "mysql_new", .columns = {"x"}, .rows = {{"1"}, {"2"}}}});
  EXPECT_THAT(fitted.warnings, ElementsAre("table mysql_servers: this ProxySQL has no column used, used2: left out",
                                           "this ProxySQL has no table mysql_new of mysql_servers: 2 rows left out"));
}

TEST(Fit, RefusesAColumnThatIsMissingAndHasNoDefault) {
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_servers"),
                         {{.name = "mysql_servers", .columns = {"status"}, .rows = {{"ONLINE"}}}}, schemas),
            "table mysql_servers: the document lacks column hostname, which has no default");
  EXPECT_THAT(fit_servers({{.name = "mysql_servers", .columns = {"status"}, .rows = {}}}).tables.at(0).rows, IsEmpty());
}

TEST(Fit, RefusesTwoRowsForOneKey) {
  EXPECT_EQ(
      error_of_fit(*find_configuration("mysql_servers"),
                   {{.name = "mysql_servers", .columns = {"hostname"}, .rows = {{"a\n"}, {"b"}, {"a\n"}}}}, schemas),
      "table mysql_servers, row hostname=a : stands twice in the document");
}

TEST(Fit, FitsVariables) {
  const Table table{.name = "global_variables",
                    .columns = {"variable_name", "variable_value"},
                    .rows = {{"mysql-known", "1"},
                             {"mysql-threads", "8"},
                             {"mysql-unknown", "2"},
                             {"mysql-left_out", "3"},
                             {"mysql-unknown2", "4"}}};
  const auto fitted = fit(*find_configuration("mysql_variables"), {table}, variable_schemas,
                          {"mysql-known", "mysql-threads", "mysql-left_out"}, {"*left*"});
  EXPECT_EQ(fitted.tables.at(0).rows, (Rows{{"mysql-known", "1"}}));
  EXPECT_THAT(fitted.warnings, ElementsAre("this ProxySQL has no variable mysql-unknown, mysql-unknown2: left out"));
}

TEST(Fit, RefusesVariablesOfAnotherModule) {
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_variables"),
                         {{.name = "global_variables",
                           .columns = {"variable_name", "variable_value"},
                           .rows = {{"admin-refresh_interval", "1"}}}},
                         variable_schemas, {"admin-refresh_interval"}),
            "variable admin-refresh_interval is none of mysql_variables");
}

TEST(Fit, RefusesAccountsNamedLikeAdmins) {
  const std::vector<Table> tables = {
      {.name = "mysql_servers", .columns = {"username"}, .rows = {{"admin"}}},
      {.name = "mysql_users", .columns = {"username", "password"}, .rows = {{"app", "secret"}, {"radmin", "secret"}}}};
  refuse_admin_accounts(tables, {"admin", "ADMIN", "ap", "apps"});
  EXPECT_EQ(
      testing::error_of(ExitCode::payload,
                        [&] {
                          refuse_admin_accounts(tables, {"admin", "radmin"});
                        }),
      "table mysql_users: user radmin is named like an admin or stats user of this ProxySQL, and would break that "
      "login (rename the one or the other)");
}

}  // namespace
}  // namespace proxysql_consul
