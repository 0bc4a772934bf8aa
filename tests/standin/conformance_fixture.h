// What the conformance tests share: a server for each version, and short words for asking it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "support/proxysql_server.h"

namespace proxysql_consul::testing {

/// What ProxySQL asks its peers, word by word: the servers and query rules as they were loaded.
inline constexpr std::string_view servers_as_loaded =
    "PROXY_SELECT hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, "
    "max_replication_lag, use_ssl, max_latency_ms, comment FROM mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY "
    "hostgroup_id, hostname, port";
inline constexpr std::string_view rules_as_loaded =
    "PROXY_SELECT rule_id, username, schemaname, flagIN, client_addr, proxy_addr, proxy_port, digest, match_digest, "
    "match_pattern, negate_match_pattern, re_modifiers, flagOUT, replace_pattern, destination_hostgroup, cache_ttl, "
    "cache_empty_result, cache_timeout, reconnect, timeout, retries, delay, next_query_flagIN, mirror_flagOUT, "
    "mirror_hostgroup, error_msg, ok_msg, sticky_conn, multiplex, gtid_from_hostgroup, log, apply, attributes, comment "
    "FROM runtime_mysql_query_rules ORDER BY rule_id";

class AdminTest : public ::testing::Test {
 protected:
  virtual ProxySqlServer& server() = 0;

  QueryResult run(const std::string& sql) { return server().query(sql); }
  Rows rows(const std::string& sql) { return run(sql).rows; }
  void run_all(const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) run(sql);
  }
  std::string value(const std::string& sql) { return std::string(rows(sql).at(0).at(0).value_or("NULL")); }
  std::string memory_variable(const std::string& name) {
    return value("SELECT variable_value FROM global_variables WHERE variable_name='" + name + "'");
  }
  std::string of_global(const std::string& name) {
    return value("SELECT Variable_Value FROM stats.stats_mysql_global WHERE Variable_Name='" + name + "'");
  }
  /// The error of a statement that must fail, "" where it does not.
  std::string error_of(const std::string& sql) {
    try {
      run(sql);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void expect_error(const std::string& sql, const std::string& text) {
    const std::string error = error_of(sql);
    EXPECT_TRUE(error.ends_with(": " + text)) << sql << "\nfailed with: " << error << "\ninstead of: " << text;
  }
};

/// Against 2.7 and 3.0: the real ProxySQL where PROXYSQL_BIN names one of that version, else the stand-in.
class Conformance : public AdminTest, public ::testing::WithParamInterface<StandinVersion> {
 protected:
  static void TearDownTestSuite() { by_version.clear(); }
  ProxySqlServer& server() override {
    auto& server = by_version[GetParam()];
    if (!server) server = std::make_unique<ProxySqlServer>(ProxySqlServerOptions{.version = GetParam(), .exact = true});
    return *server;
  }
  bool is_3_0() const { return GetParam() >= StandinVersion::v3_0; }

  void SetUp() override {
    std::vector<std::string> tables = {"mysql_servers",
                                       "mysql_replication_hostgroups",
                                       "mysql_group_replication_hostgroups",
                                       "mysql_galera_hostgroups",
                                       "mysql_aws_aurora_hostgroups",
                                       "mysql_hostgroup_attributes",
                                       "mysql_servers_ssl_params",
                                       "mysql_query_rules",
                                       "mysql_query_rules_fast_routing",
                                       "mysql_users",
                                       "mysql_firewall_whitelist_users",
                                       "mysql_firewall_whitelist_rules",
                                       "mysql_firewall_whitelist_sqli_fingerprints",
                                       "scheduler",
                                       "restapi_routes",
                                       "proxysql_servers",
                                       "coredump_filters"};
    std::vector<std::string> modules = {"MYSQL SERVERS", "MYSQL QUERY RULES", "MYSQL USERS",      "MYSQL FIREWALL",
                                        "SCHEDULER",     "RESTAPI",           "PROXYSQL SERVERS", "COREDUMP"};
    if (is_3_0()) {
      tables.insert(tables.end(),
                    {"pgsql_servers", "pgsql_replication_hostgroups", "pgsql_hostgroup_attributes", "pgsql_query_rules",
                     "pgsql_query_rules_fast_routing", "pgsql_users", "pgsql_firewall_whitelist_users",
                     "pgsql_firewall_whitelist_rules", "pgsql_firewall_whitelist_sqli_fingerprints"});
      modules.insert(modules.end(), {"PGSQL SERVERS", "PGSQL QUERY RULES", "PGSQL USERS", "PGSQL FIREWALL"});
    }
    for (const std::string& table : tables) run("DELETE FROM " + table);
    for (const std::string& module : modules) run("LOAD " + module + " TO RUNTIME");
  }

  static inline std::map<StandinVersion, std::unique_ptr<ProxySqlServer>> by_version;
};

/// For INSTANTIATE_TEST_SUITE_P.
inline std::string version_name(const ::testing::TestParamInfo<StandinVersion>& info) {
  return info.param == StandinVersion::v2_7 ? "2_7" : "3_0";
}

}  // namespace proxysql_consul::testing
