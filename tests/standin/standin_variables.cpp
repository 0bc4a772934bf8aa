#include "standin/standin_variables.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "standin/standin_sql.h"

namespace proxysql_consul::testing {
namespace {

using Kind = VariableSpec::Kind;

constexpr VariableSpec known_variables[] = {
#include "standin/standin_variables.inc"
};

constexpr VariableSpec pgsql_variables[] = {
#include "standin/standin_variables_pgsql.inc"
};
constexpr VariableSpec sqlite_variables[] = {
    {"sqliteserver-mysql_ifaces", "127.0.0.1:6030", Kind::text, 0, 0},
    {"sqliteserver-read_only", "false", Kind::boolean, 0, 0},
};
/// Of modules that came after 3.0.
constexpr VariableSpec plugin_variables[] = {
    {"mysqlx-thread_pool_size", "4", Kind::integer, 1, 1024},
    {"mysqlx-tls_mode", "preferred", Kind::text, 0, 0},
    {"audit-level", "1", Kind::integer, 0, 9},
    {"audit-api_token", "", Kind::text, 0, 0},
    {"audit-ifaces", "127.0.0.1:6099", Kind::text, 0, 0},
};
constexpr VariableSpec pgsql_ifaces = {"admin-pgsql_ifaces", "0.0.0.0:6132", Kind::text, 0, 0};

/// 1.1 knows these of them, and one of its own.
constexpr std::string_view variables_11[] = {"admin-admin_credentials",
                                             "admin-mysql_ifaces",
                                             "admin-read_only",
                                             "admin-refresh_interval",
                                             "admin-stats_credentials",
                                             "admin-telnet_admin_ifaces",
                                             "admin-telnet_stats_ifaces",
                                             "admin-version",
                                             "mysql-commands_stats",
                                             "mysql-connect_retries_delay",
                                             "mysql-connect_retries_on_failure",
                                             "mysql-connect_timeout_server",
                                             "mysql-connect_timeout_server_max",
                                             "mysql-connection_max_age_ms",
                                             "mysql-default_charset",
                                             "mysql-default_query_delay",
                                             "mysql-default_query_timeout",
                                             "mysql-default_reconnect",
                                             "mysql-default_schema",
                                             "mysql-free_connections_pct",
                                             "mysql-have_compress",
                                             "mysql-init_connect",
                                             "mysql-interfaces",
                                             "mysql-long_query_time",
                                             "mysql-max_connections",
                                             "mysql-max_transaction_time",
                                             "mysql-monitor_connect_interval",
                                             "mysql-monitor_connect_timeout",
                                             "mysql-monitor_enabled",
                                             "mysql-monitor_history",
                                             "mysql-monitor_password",
                                             "mysql-monitor_ping_interval",
                                             "mysql-monitor_ping_timeout",
                                             "mysql-monitor_username",
                                             "mysql-multiplexing",
                                             "mysql-ping_interval_server_msec",
                                             "mysql-ping_timeout_server",
                                             "mysql-poll_timeout",
                                             "mysql-query_digests",
                                             "mysql-query_retries_on_failure",
                                             "mysql-server_capabilities",
                                             "mysql-server_version",
                                             "mysql-sessions_sort",
                                             "mysql-shun_on_failures",
                                             "mysql-shun_recovery_time_sec",
                                             "mysql-stacksize",
                                             "mysql-threads",
                                             "mysql-threshold_query_length",
                                             "mysql-wait_timeout"};

constexpr VariableSpec consul_script = {consul_script_variable, "/usr/local/bin/proxysql-consul", Kind::text, 0, 0};

}  // namespace

const VariableSpec* find_variable(std::string_view name, StandinVersion version) {
  const auto find_in = [&](const VariableSpec* begin, const VariableSpec* end) -> const VariableSpec* {
    const auto* found = std::find_if(begin, end, [&](const VariableSpec& spec) { return spec.name == name; });
    return found == end ? nullptr : found;
  };
  if (version == StandinVersion::v1_1) {
    if (name == consul_script.name) return &consul_script;
    if (std::find(std::begin(variables_11), std::end(variables_11), name) == std::end(variables_11)) return nullptr;
  }
  if (version == StandinVersion::v2_7_sqlite) {
    if (const auto* found = find_in(std::begin(sqlite_variables), std::end(sqlite_variables))) return found;
  }
  if (version == StandinVersion::plugin) {
    if (const auto* found = find_in(std::begin(plugin_variables), std::end(plugin_variables))) return found;
  }
  if (version >= StandinVersion::v3_0) {
    if (name == pgsql_ifaces.name) return &pgsql_ifaces;
    if (const auto* found = find_in(std::begin(pgsql_variables), std::end(pgsql_variables))) return found;
  }
  return find_in(std::begin(known_variables), std::end(known_variables));
}

std::map<std::string, std::string> default_variables(StandinVersion version) {
  std::map<std::string, std::string> out;
  for (const VariableSpec& spec : known_variables) {
    if (find_variable(spec.name, version) != nullptr) out.emplace(spec.name, spec.value);
  }
  if (version == StandinVersion::v1_1) {
    out.emplace(consul_script.name, consul_script.value);
    out["admin-version"] = "1.1.1.beta7";
  }
  if (version == StandinVersion::v2_0) out["admin-version"] = "2.0.18";
  if (version == StandinVersion::v2_5) out["admin-version"] = "2.5.5";
  if (version >= StandinVersion::v3_0) {
    for (const VariableSpec& spec : pgsql_variables) out.emplace(spec.name, spec.value);
    out.emplace(pgsql_ifaces.name, pgsql_ifaces.value);
    out["admin-version"] = version == StandinVersion::v3_0 ? "3.0.1" : "3.1.0";
  }
  if (version == StandinVersion::v2_7_sqlite) {
    for (const VariableSpec& spec : sqlite_variables) out.emplace(spec.name, spec.value);
  }
  if (version == StandinVersion::plugin) {
    for (const VariableSpec& spec : plugin_variables) out.emplace(spec.name, spec.value);
  }
  return out;
}

std::optional<std::string> accepted(const VariableSpec& spec, const std::string& value, const std::string& current) {
  const std::string word = upper(value);
  switch (spec.kind) {
    case Kind::text: return value;
    case Kind::boolean:
      if (word == "TRUE" || word == "1") return "true";
      if (word == "FALSE" || word == "0") return "false";
      return std::nullopt;
    case Kind::integer: {
      // As the original does: what does not begin with a digit is 0, and whether 0 will do is up to the range.
      const long number = std::strtol(value.c_str(), nullptr, 10);
      if (number < spec.lowest || number > spec.highest) return std::nullopt;
      return std::to_string(number);
    }
    case Kind::fixed: break;
  }
  return value == current ? std::optional(value) : std::nullopt;
}

}  // namespace proxysql_consul::testing
