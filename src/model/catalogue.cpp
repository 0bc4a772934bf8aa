#include "proxysql_consul/model/catalogue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

constexpr std::array node_variables = {
    std::string_view{"mysql-interfaces"},
    std::string_view{"mysql-threads"},
    std::string_view{"admin-mysql_ifaces"},
    std::string_view{"admin-pgsql_ifaces"},
    std::string_view{"admin-telnet_admin_ifaces"},
    std::string_view{"admin-telnet_stats_ifaces"},
    std::string_view{"admin-restapi_port"},
    std::string_view{"admin-web_port"},
    std::string_view{"admin-version"},
    std::string_view{"admin-admin_credentials"},
    std::string_view{"admin-stats_credentials"},
    std::string_view{"admin-cluster_username"},
    std::string_view{"admin-cluster_password"},
    std::string_view{"pgsql-interfaces"},
    std::string_view{"pgsql-threads"},
    // Where ProxySQL writes a file is the node's own affair, and not that of who can write to Consul.
    std::string_view{"mysql-eventslog_filename"},
    std::string_view{"mysql-auditlog_filename"},
    std::string_view{"pgsql-eventslog_filename"},
    std::string_view{"pgsql-auditlog_filename"},
    std::string_view{"admin-ssl_keylog_file"},
    // A program that ProxySQL 1.x runs.
    std::string_view{"admin-proxysql_consul_script_path"},
    // Nothing that came later could be applied, not even its end.
    std::string_view{"admin-read_only"},
    std::string_view{"sqliteserver-mysql_ifaces"},
    std::string_view{"clickhouse-mysql_ifaces"},
    std::string_view{"mcp-port"},
    std::string_view{"genai-vector_db_path"},
    std::string_view{"duckdb-mysql_ifaces"},
    std::string_view{"duckdb-pgsql_ifaces"},
    std::string_view{"duckdb-database_path"},
};

/// Modules that came after this program was made, or that few have: nobody gets them who does not ask for them.
Configuration young_tables(std::string name, std::string words, std::vector<std::string> tables,
                           std::vector<std::string> local = {}) {
  return {.name = std::move(name),
          .words = std::move(words),
          .tables = std::move(tables),
          .variables = {},
          .accepted = false,
          .secrets = secret_patterns(),
          .local = std::move(local)};
}

Configuration young_variables(const std::string& module, std::string words, std::vector<std::string> tables = {}) {
  tables.emplace_back(variables_table);
  auto configuration = young_tables(module + "_variables", std::move(words), std::move(tables));
  configuration.variables = module + "-";
  return configuration;
}

/// Those of version 4.0, some of which have no variables at runtime, and bearer tokens that are called
/// mcp-query_endpoint_auth.
Configuration variables_of_4(const std::string& module, std::string words) {
  auto configuration = young_variables(module, std::move(words));
  configuration.tells_runtime = false;
  configuration.secrets.emplace_back("*_auth");
  return configuration;
}

const Configuration* find_in(std::span<const Configuration> configurations, std::string_view name) {
  const auto found = std::find_if(configurations.begin(), configurations.end(),
                                  [&](const Configuration& configuration) { return configuration.name == name; });
  return found == configurations.end() ? nullptr : &*found;
}

std::vector<std::string> names_of(std::span<const Configuration> configurations) {
  std::vector<std::string> names;
  for (const auto& configuration : configurations) names.push_back(configuration.name);
  return names;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void add_missing(std::vector<std::string>& list, std::vector<std::string> more) {
  for (auto& item : more) {
    if (!contains(list, item)) list.push_back(std::move(item));
  }
}

std::string covered_by(const Configuration& configuration) {
  return configuration.variables.empty() ? join(configuration.tables) : configuration.variables + "%";
}

/// An older program's settings may name what this one has built in.
bool covers_no_more(const Configuration& added, const Configuration& there) {
  const bool are_tables_there = std::all_of(added.tables.begin(), added.tables.end(),
                                            [&](const auto& table) { return contains(there.tables, table); });
  return added.name == there.name && added.words == there.words && are_tables_there &&
         (added.variables.empty() || added.variables == there.variables);
}

/// Why the two cannot stand in one catalogue; empty where they can.
std::string conflict_between(const Configuration& added, const Configuration& there) {
  if (added.name == there.name) return "has the name of another that covers " + covered_by(there);
  if (added.words == there.words) return "has the words of " + there.name;
  for (const auto& table : added.tables) {
    if (table != variables_table && contains(there.tables, table)) return "covers " + table + " of " + there.name;
  }
  const bool overlaps = !added.variables.empty() && !there.variables.empty() &&
                        (added.variables.starts_with(there.variables) || there.variables.starts_with(added.variables));
  return overlaps ? "covers " + added.variables + "% of " + there.name : std::string();
}

}  // namespace

std::span<const Configuration> catalogue() {
  static const std::vector<Configuration> configurations = {
      {.name = "mysql_servers",
       .words = "MYSQL SERVERS",
       .tables = {"mysql_servers", "mysql_replication_hostgroups", "mysql_group_replication_hostgroups",
                  "mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups", "mysql_hostgroup_attributes",
                  "mysql_servers_ssl_params"},
       .variables = {}},
      {.name = "mysql_query_rules",
       .words = "MYSQL QUERY RULES",
       .tables = {"mysql_query_rules", "mysql_query_rules_fast_routing"},
       .variables = {}},
      {.name = "mysql_users", .words = "MYSQL USERS", .tables = {"mysql_users", "mysql_ldap_mapping"}, .variables = {}},
      {.name = "mysql_variables", .words = "MYSQL VARIABLES", .tables = {"global_variables"}, .variables = "mysql-"},
      {.name = "admin_variables",
       .words = "ADMIN VARIABLES",
       .tables = {"global_variables"},
       .variables = "admin-",
       .accepted = false},
      {.name = "mysql_firewall",
       .words = "MYSQL FIREWALL",
       .tables = {"mysql_firewall_whitelist_users", "mysql_firewall_whitelist_rules",
                  "mysql_firewall_whitelist_sqli_fingerprints"},
       .variables = {}},
      {.name = "scheduler", .words = "SCHEDULER", .tables = {"scheduler"}, .variables = {}, .accepted = false},
      {.name = "proxysql_servers",
       .words = "PROXYSQL SERVERS",
       .tables = {"proxysql_servers"},
       .variables = {},
       .accepted = false},
      {.name = "restapi_routes", .words = "RESTAPI", .tables = {"restapi_routes"}, .variables = {}, .accepted = false},
      {.name = "coredump_filters",
       .words = "COREDUMP",
       .tables = {"coredump_filters"},
       .variables = {},
       .accepted = false,
       .on_disk = false},
      {.name = "pgsql_servers",
       .words = "PGSQL SERVERS",
       .tables = {"pgsql_servers", "pgsql_replication_hostgroups", "pgsql_hostgroup_attributes",
                  "pgsql_servers_ssl_params"},
       .variables = {}},
      {.name = "pgsql_query_rules",
       .words = "PGSQL QUERY RULES",
       .tables = {"pgsql_query_rules", "pgsql_query_rules_fast_routing"},
       .variables = {}},
      {.name = "pgsql_users", .words = "PGSQL USERS", .tables = {"pgsql_users", "pgsql_ldap_mapping"}, .variables = {}},
      {.name = "pgsql_variables", .words = "PGSQL VARIABLES", .tables = {"global_variables"}, .variables = "pgsql-"},
      {.name = "pgsql_firewall",
       .words = "PGSQL FIREWALL",
       .tables = {"pgsql_firewall_whitelist_users", "pgsql_firewall_whitelist_rules",
                  "pgsql_firewall_whitelist_sqli_fingerprints"},
       .variables = {}},
      young_variables("ldap", "LDAP VARIABLES"),
      young_variables("sqliteserver", "SQLITESERVER VARIABLES"),
      young_tables("clickhouse_users", "CLICKHOUSE USERS", {"clickhouse_users"}),
      young_variables("clickhouse", "CLICKHOUSE VARIABLES"),
      young_tables("mysqlx_users", "MYSQLX USERS", {"mysqlx_users"}),
      young_tables("mysqlx_routes", "MYSQLX ROUTES", {"mysqlx_routes"}, {"bind"}),
      young_tables("mysqlx_backend_endpoints", "MYSQLX BACKEND ENDPOINTS", {"mysqlx_backend_endpoints"}),
      // A table of its own at first, rows of global_variables later.
      young_variables("mysqlx", "MYSQLX VARIABLES", {"mysqlx_variables"}),
      young_tables("mcp_query_rules", "MCP QUERY RULES", {"mcp_query_rules"}),
      young_tables("mcp_profiles", "MCP PROFILES", {"mcp_auth_profiles", "mcp_target_profiles"}),
      variables_of_4("mcp", "MCP VARIABLES"),
      variables_of_4("genai", "GENAI VARIABLES"),
      young_variables("duckdb", "DUCKDB VARIABLES"),
  };
  return configurations;
}

bool is_name(std::string_view text) {
  constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

const Configuration* find_configuration(std::string_view name) { return find_in(catalogue(), name); }

std::vector<std::string> configuration_names() { return names_of(catalogue()); }

Catalogue::Catalogue() : configurations_(catalogue().begin(), catalogue().end()) {}

std::string Catalogue::conflict_with(const Configuration& added) const {
  for (const auto& there : configurations_) {
    if (find_configuration(there.name) != nullptr && covers_no_more(added, there)) return {};
    auto conflict = conflict_between(added, there);
    if (!conflict.empty()) return conflict;
  }
  return {};
}

bool Catalogue::add(Configuration added) {
  const auto equal = std::find_if(configurations_.begin(), configurations_.end(), [&](const Configuration& there) {
    return find_configuration(there.name) != nullptr && covers_no_more(added, there);
  });
  if (equal == configurations_.end()) {
    configurations_.push_back(std::move(added));
    return true;
  }
  add_missing(equal->secrets, std::move(added.secrets));
  add_missing(equal->local, std::move(added.local));
  return false;
}

std::vector<std::string> Catalogue::names() const { return names_of(configurations_); }

const Configuration* Catalogue::find(std::string_view name) const { return find_in(configurations_, name); }

const Configuration& Catalogue::named(const std::string& name) const {
  if (const auto* configuration = find(name)) return *configuration;
  const auto suggestion = did_you_mean(name, names());
  throw Error(ExitCode::usage, "no configuration is called " + printable(name, 64),
              suggestion.empty() ? "there are " + join(names()) : suggestion);
}

std::vector<std::string> Catalogue::local_columns(std::string_view table) const {
  if (table == variables_table) return {};
  for (const auto& configuration : configurations_) {
    if (contains(configuration.tables, table)) return configuration.local;
  }
  return {};
}

std::vector<std::string> Catalogue::local_variables() const {
  std::vector<std::string> patterns;
  for (const auto& configuration : configurations_) {
    if (!configuration.variables.empty()) add_missing(patterns, configuration.local);
  }
  return patterns;
}

std::vector<std::string> secret_patterns() { return {"*pass*", "*secret*", "*token*", "*key*", "*credential*"}; }

bool is_users_table(std::string_view table) { return table == "mysql_users" || table == "pgsql_users"; }
bool is_servers_table(std::string_view table) { return table == "mysql_servers" || table == "pgsql_servers"; }
bool is_rules_table(std::string_view table) { return table == "mysql_query_rules" || table == "pgsql_query_rules"; }
bool has_inactive_rows(std::string_view table) {
  return is_rules_table(table) || is_users_table(table) || table == "mysqlx_users" || table == "clickhouse_users";
}

bool is_shared_variable(std::string_view name) {
  return std::find(node_variables.begin(), node_variables.end(), name) == node_variables.end();
}

bool is_default_value(std::string_view table, std::string_view column, const std::optional<std::string_view>& value) {
  if (is_rules_table(table)) {
    // Most columns of a rule are NULL where it says nothing, and 0 or '' says something: multiplex=0, error_msg=''.
    if (column == "re_modifiers") return value == "CASELESS";
    if (!value) return true;
    if (column == "flagIN" || column == "negate_match_pattern" || column == "apply") return *value == "0";
    return (column == "attributes" || column == "comment") && value->empty();
  }
  if (!value || value->empty() || *value == "0") return true;
  return column == "check_type" && *value == "read_only";
}

std::optional<std::string> default_value(std::string_view table, std::string_view column) {
  if (is_rules_table(table)) {
    if (column == "re_modifiers") return "CASELESS";
    if (column == "flagIN" || column == "negate_match_pattern" || column == "apply") return "0";
    return column == "attributes" ? std::optional<std::string>("") : std::nullopt;
  }
  if (column == "check_type") return "read_only";
  constexpr std::array texts = {
      std::string_view{"comment"},
      std::string_view{"attributes"},
      std::string_view{"ignore_session_variables"},
      std::string_view{"hostgroup_settings"},
      std::string_view{"servers_defaults"},
  };
  return std::find(texts.begin(), texts.end(), column) != texts.end() ? "" : "0";
}

}  // namespace proxysql_consul
