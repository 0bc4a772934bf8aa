#include "proxysql_consul/model/catalogue.h"

#include <algorithm>
#include <array>

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
};

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
      {.name = "mysql_users", .words = "MYSQL USERS", .tables = {"mysql_users"}, .variables = {}},
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
       .tables = {"pgsql_servers", "pgsql_replication_hostgroups", "pgsql_hostgroup_attributes"},
       .variables = {}},
      {.name = "pgsql_query_rules",
       .words = "PGSQL QUERY RULES",
       .tables = {"pgsql_query_rules", "pgsql_query_rules_fast_routing"},
       .variables = {}},
      {.name = "pgsql_users", .words = "PGSQL USERS", .tables = {"pgsql_users"}, .variables = {}},
      {.name = "pgsql_variables", .words = "PGSQL VARIABLES", .tables = {"global_variables"}, .variables = "pgsql-"},
      {.name = "pgsql_firewall",
       .words = "PGSQL FIREWALL",
       .tables = {"pgsql_firewall_whitelist_users", "pgsql_firewall_whitelist_rules",
                  "pgsql_firewall_whitelist_sqli_fingerprints"},
       .variables = {}},
  };
  return configurations;
}

const Configuration* find_configuration(std::string_view name) {
  const auto all = catalogue();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Configuration& c) { return c.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Configuration& named_configuration(const std::string& name) {
  if (const auto* configuration = find_configuration(name)) return *configuration;
  const auto suggestion = did_you_mean(name, configuration_names());
  throw Error(ExitCode::usage, "no configuration is called " + printable(name, 64),
              suggestion.empty() ? "there are " + join(configuration_names()) : suggestion);
}

std::vector<std::string> configuration_names() {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue()) names.emplace_back(configuration.name);
  return names;
}

bool is_users_table(std::string_view table) { return table == "mysql_users" || table == "pgsql_users"; }
bool is_servers_table(std::string_view table) { return table == "mysql_servers" || table == "pgsql_servers"; }
bool is_rules_table(std::string_view table) { return table == "mysql_query_rules" || table == "pgsql_query_rules"; }
bool has_inactive_rows(std::string_view table) { return is_rules_table(table) || is_users_table(table); }

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

}  // namespace proxysql_consul
