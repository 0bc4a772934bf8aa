#include "standin/standin_modules.h"

#include <algorithm>

namespace proxysql_consul::testing {

const std::vector<Module>& modules() {
  static const std::vector<Module> all = {
      {"ADMIN VARIABLES", {}, "admin", "admin_variables", true},
      {"MYSQL VARIABLES", {}, "mysql", "mysql_variables", true},
      {"MYSQL SERVERS",
       {"mysql_servers", "mysql_replication_hostgroups", "mysql_group_replication_hostgroups",
        "mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups", "mysql_hostgroup_attributes",
        "mysql_servers_ssl_params"},
       "",
       "mysql_servers",
       true},
      {"MYSQL QUERY RULES", {"mysql_query_rules", "mysql_query_rules_fast_routing"}, "", "mysql_query_rules", true},
      {"MYSQL USERS", {"mysql_users"}, "", "mysql_users", true},
      {"MYSQL FIREWALL",
       {"mysql_firewall_whitelist_users", "mysql_firewall_whitelist_rules",
        "mysql_firewall_whitelist_sqli_fingerprints"},
       "",
       ""},
      {"SCHEDULER", {"scheduler"}, "", ""},
      {"PROXYSQL SERVERS", {"proxysql_servers"}, "", "proxysql_servers"},
      {"RESTAPI", {"restapi_routes"}, "", ""},
      {"COREDUMP", {"coredump_filters"}, "", ""},
      {"SQLITESERVER VARIABLES", {}, "sqliteserver", ""},
      // The row pgsql_variables of the checksums stays at version 0, whatever is loaded.
      {"PGSQL VARIABLES", {}, "pgsql", "", false, StandinVersion::v3_0},
      {"PGSQL SERVERS",
       {"pgsql_servers", "pgsql_replication_hostgroups", "pgsql_hostgroup_attributes", "pgsql_servers_ssl_params"},
       "",
       "pgsql_servers",
       false,
       StandinVersion::v3_0},
      {"PGSQL QUERY RULES",
       {"pgsql_query_rules", "pgsql_query_rules_fast_routing"},
       "",
       "pgsql_query_rules",
       false,
       StandinVersion::v3_0},
      {"PGSQL USERS", {"pgsql_users"}, "", "pgsql_users", false, StandinVersion::v3_0},
      {"PGSQL FIREWALL",
       {"pgsql_firewall_whitelist_users", "pgsql_firewall_whitelist_rules",
        "pgsql_firewall_whitelist_sqli_fingerprints"},
       "",
       "",
       false,
       StandinVersion::v3_0},
      {"MYSQLX USERS", {"mysqlx_users"}, "", "", false, StandinVersion::v3_1},
      {"MYSQLX ROUTES", {"mysqlx_routes"}, "", "", false, StandinVersion::v3_1},
      {"MYSQLX BACKEND ENDPOINTS", {"mysqlx_backend_endpoints"}, "", "", false, StandinVersion::v3_1},
      {"MYSQLX VARIABLES", {"mysqlx_variables"}, "mysqlx", "", false, StandinVersion::v3_1},
      {"AUDIT RULES", {"audit_rules"}, "", "", false, StandinVersion::plugin},
      {"AUDIT VARIABLES", {}, "audit", "", false, StandinVersion::plugin},
  };
  return all;
}

bool in_version(const Module& module, StandinVersion version) {
  return version == StandinVersion::v1_1 ? module.in_1_1 : version >= module.since;
}

const Module* find_module(const std::string& words, StandinVersion version) {
  const auto found = std::find_if(modules().begin(), modules().end(), [&](const Module& module) {
    return module.words == words && in_version(module, version);
  });
  return found == modules().end() ? nullptr : &*found;
}

}  // namespace proxysql_consul::testing
