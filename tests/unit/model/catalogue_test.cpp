#include "proxysql_consul/model/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

Configuration audit_rules() {
  return {.name = "audit_rules", .words = "AUDIT RULES", .tables = {"audit_rules"}, .variables = {}};
}

Configuration audit_variables() {
  return {.name = "audit_variables", .words = "AUDIT VARIABLES", .tables = {"global_variables"}, .variables = "audit-"};
}

TEST(Catalogue, AcceptsWhatCannotLockAnOperatorOut) {
  for (const auto& configuration : catalogue()) {
    const std::string name(configuration.name);
    const bool risky = name == "admin_variables" || name == "proxysql_servers" || name == "scheduler" ||
                       name == "restapi_routes" || name == "coredump_filters";
    const bool young = !configuration.secrets.empty();
    EXPECT_EQ(configuration.accepted, !risky && !young) << name;
    EXPECT_EQ(find_configuration(name), &configuration);
  }
  EXPECT_EQ(find_configuration("mysql_server"), nullptr);
  EXPECT_EQ(configuration_names().size(), 28U);
}

TEST(Catalogue, KnowsSecrets) {
  const struct {
    const char* table;
    const char* column;
    const char* variable;
    const char* value;
    bool secret;
  } cases[] = {
      {"mysql_users", "password", "", "x", true},
      {"pgsql_users", "password", "", "x", true},
      {"mysql_users", "username", "", "x", false},
      {"mysql_users", "attributes", "", R"({"additional_password":"x"})", true},
      {"mysql_users", "attributes", "", "{}", false},
      {"global_variables", "variable_value", "mysql-monitor_password", "x", true},
      {"global_variables", "variable_value", "admin-stats_credentials", "x", true},
      {"global_variables", "variable_value", "mysql-monitor_username", "x", false},
      {"global_variables", "variable_name", "mysql-monitor_password", "mysql-monitor_password", false},
      {"scheduler", "arg3", "", "--password=x", true},
      {"scheduler", "filename", "", "/x", false},
      {"mysql_servers_ssl_params", "ssl_key", "", "/path", false},
  };
  for (const auto& [table, column, variable, value, secret] : cases) {
    const TableSchema schema{.name = table, .columns = {}};
    EXPECT_EQ(is_secret(schema, column, variable, value), secret) << table << "." << column << " " << variable;
  }
}

TEST(Catalogue, KnowsWhatMayBeDroppedWithoutLoss) {
  const struct {
    const char* table;
    const char* column;
    std::optional<std::string_view> value;
    bool is_default;
  } cases[] = {
      {"mysql_servers", "comment", std::nullopt, true},
      {"mysql_servers", "comment", "", true},
      {"mysql_servers", "comment", "x", false},
      {"mysql_servers", "use_ssl", "0", true},
      {"mysql_servers", "use_ssl", "1", false},
      {"mysql_replication_hostgroups", "check_type", "read_only", true},
      {"mysql_query_rules", "re_modifiers", "CASELESS", true},
      {"mysql_query_rules", "re_modifiers", std::nullopt, false},
      {"mysql_query_rules", "re_modifiers", "", false},
      {"mysql_query_rules", "multiplex", std::nullopt, true},
      {"mysql_query_rules", "multiplex", "0", false},
      {"mysql_query_rules", "sticky_conn", "0", false},
      {"mysql_query_rules", "error_msg", "", false},
      {"pgsql_query_rules", "cache_empty_result", "0", false},
      {"mysql_query_rules", "attributes", "", true},
      {"mysql_query_rules", "comment", "", true},
      {"mysql_query_rules", "flagIN", "0", true},
  };
  for (const auto& [table, column, value, is_default] : cases) {
    EXPECT_EQ(is_default_value(table, column, value), is_default) << table << " " << column;
  }
}

TEST(Catalogue, MasksWhatItDoesNotKnowWellByItsName) {
  const struct {
    const char* configuration;
    const char* table;
    const char* column;
    const char* variable;
    bool secret;
  } cases[] = {
      {"mysqlx_users", "mysqlx_users", "backend_password", "", true},
      {"mysqlx_users", "mysqlx_users", "backend_username", "", false},
      {"mysqlx_routes", "mysqlx_routes", "bind", "", false},
      {"mcp_profiles", "mcp_auth_profiles", "db_password", "", true},
      {"mcp_profiles", "mcp_auth_profiles", "API_TOKEN", "", true},
      {"mcp_profiles", "mcp_auth_profiles", "auth_profile_id", "", false},
      {"mcp_variables", "global_variables", "variable_value", "mcp-query_endpoint_auth", true},
      {"mcp_variables", "global_variables", "variable_value", "mcp-timeout_ms", false},
      {"genai_variables", "global_variables", "variable_value", "genai-llm_provider_key", true},
      {"mysqlx_variables", "mysqlx_variables", "variable_value", "mysqlx_tls_passphrase", true},
      {"ldap_variables", "global_variables", "variable_value", "ldap-bind_dn_credential", true},
      {"clickhouse_users", "clickhouse_users", "password", "", true},
      {"duckdb_variables", "global_variables", "variable_value", "duckdb-secret_directory", true},
      {"mysql_variables", "global_variables", "variable_value", "mysql-ssl_p2s_key", false},
  };
  for (const auto& [configuration, table, column, variable, secret] : cases) {
    const TableSchema schema{.name = table, .columns = {}, .secrets = find_configuration(configuration)->secrets};
    EXPECT_EQ(is_secret(schema, column, variable, "x"), secret) << table << "." << column << " " << variable;
  }
}

TEST(Catalogue, KeepsTheAddressesOfAModuleOnItsNode) {
  EXPECT_EQ(Catalogue().local_columns("mysqlx_routes"), std::vector<std::string>{"bind"});
  EXPECT_TRUE(Catalogue().local_columns("mysql_servers").empty());
  EXPECT_TRUE(Catalogue().local_columns("global_variables").empty());
  for (const auto* name : {"sqliteserver-mysql_ifaces", "clickhouse-mysql_ifaces", "duckdb-mysql_ifaces",
                           "duckdb-pgsql_ifaces", "duckdb-database_path", "mcp-port", "genai-vector_db_path"}) {
    EXPECT_FALSE(is_shared_variable(name)) << name;
  }
  EXPECT_TRUE(is_shared_variable("sqliteserver-read_only"));
}

TEST(Catalogue, KnowsTheTablesWhoseInactiveRowsMemoryAloneShows) {
  for (const auto* table : {"mysqlx_users", "clickhouse_users", "mysql_users", "pgsql_query_rules"}) {
    EXPECT_TRUE(has_inactive_rows(table)) << table;
  }
  for (const auto* table : {"mysqlx_routes", "mcp_query_rules", "scheduler"}) {
    EXPECT_FALSE(has_inactive_rows(table)) << table;
  }
}

TEST(Catalogue, CoversEachTableAndPrefixOnce) {
  Catalogue catalogue;
  for (const auto& one : catalogue.all()) {
    for (const auto& other : catalogue.all()) {
      if (&one == &other) continue;
      EXPECT_NE(one.words, other.words);
      for (const auto& table : one.tables) {
        const bool is_doubled = std::find(other.tables.begin(), other.tables.end(), table) != other.tables.end();
        EXPECT_TRUE(table == variables_table || !is_doubled) << table;
      }
    }
  }
}

TEST(Catalogue, TakesMoreBehindTheBuiltInOnes) {
  Catalogue catalogue;
  const auto count = catalogue.all().size();
  EXPECT_EQ(catalogue.find("audit_rules"), nullptr);
  EXPECT_EQ(catalogue.conflict_with(audit_rules()), "");
  EXPECT_TRUE(catalogue.add(audit_rules()));
  EXPECT_TRUE(catalogue.add(audit_variables()));
  EXPECT_EQ(catalogue.all()[count].name, "audit_rules");
  EXPECT_EQ(catalogue.all()[count + 1].name, "audit_variables");
  EXPECT_EQ(&catalogue.named("audit_rules"), catalogue.find("audit_rules"));
  EXPECT_EQ(find_configuration("audit_rules"), nullptr) << "of another catalogue";
  try {
    catalogue.named("audit_rule");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_EQ(error.hint(), "did you mean 'audit_rules'?");
  }
}

TEST(Catalogue, KnowsWhatCannotStandBesideTheOthers) {
  const struct {
    Configuration added;
    const char* conflict;
  } cases[] = {
      {{.name = "mysql_users", .words = "X USERS", .tables = {"x_users"}, .variables = {}},
       "has the name of another that covers mysql_users, mysql_ldap_mapping"},
      {{.name = "x_users", .words = "MYSQL USERS", .tables = {"x_users"}, .variables = {}},
       "has the words of mysql_users"},
      {{.name = "x_users", .words = "X USERS", .tables = {"x", "mysql_users"}, .variables = {}},
       "covers mysql_users of mysql_users"},
      {{.name = "x_variables", .words = "X VARIABLES", .tables = {"global_variables"}, .variables = "mysql-"},
       "covers mysql-% of mysql_variables"},
      {{.name = "mysql_variables", .words = "MYSQL VARIABLES", .tables = {"global_variables"}, .variables = "my-"},
       "has the name of another that covers mysql-%"},
      {audit_rules(), "has the name of another that covers audit_rules"},
      {audit_variables(), ""},
  };
  Catalogue catalogue;
  catalogue.add(audit_rules());
  for (const auto& [added, conflict] : cases) EXPECT_EQ(catalogue.conflict_with(added), conflict) << added.name;
}

TEST(Catalogue, TakesWhatAnOlderProgramHadToBeTold) {
  const Configuration cases[] = {
      {.name = "mysqlx_users",
       .words = "MYSQLX USERS",
       .tables = {"mysqlx_users"},
       .variables = {},
       .secrets = {"policy_profile"},
       .local = {"comment"}},
      {.name = "mcp_profiles", .words = "MCP PROFILES", .tables = {"mcp_auth_profiles"}, .variables = {}},
      {.name = "mysqlx_variables", .words = "MYSQLX VARIABLES", .tables = {"mysqlx_variables"}, .variables = {}},
      {.name = "mysqlx_variables",
       .words = "MYSQLX VARIABLES",
       .tables = {"global_variables"},
       .variables = "mysqlx-",
       .local = {"mysqlx-interfaces"}},
  };
  Catalogue catalogue;
  const auto count = catalogue.all().size();
  for (const auto& added : cases) {
    EXPECT_EQ(catalogue.conflict_with(added), "") << added.name;
    EXPECT_FALSE(catalogue.add(added)) << added.name;
  }
  EXPECT_EQ(catalogue.all().size(), count);
  const auto& secrets = catalogue.find("mysqlx_users")->secrets;
  EXPECT_EQ(std::count(secrets.begin(), secrets.end(), "policy_profile"), 1);
  EXPECT_EQ(catalogue.local_columns("mysqlx_users"), std::vector<std::string>{"comment"});
  EXPECT_EQ(catalogue.local_variables(), std::vector<std::string>{"mysqlx-interfaces"});
}

}  // namespace
}  // namespace proxysql_consul
