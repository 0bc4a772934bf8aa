#include "standin/standin_cluster.h"

#include <array>

namespace proxysql_consul::testing {
namespace {

/// The text is PROXY_SELECT columns FROM from.
struct ClusterQuery {
  std::string_view columns;
  std::string_view from;
  StandinVersion since;
};

constexpr std::string_view servers_columns =
    "hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, max_replication_lag, "
    "use_ssl, max_latency_ms, comment";
constexpr std::string_view writers_columns =
    "writer_hostgroup, backup_writer_hostgroup, reader_hostgroup, offline_hostgroup, active, max_writers, "
    "writer_is_also_reader, max_transactions_behind, comment";
constexpr std::string_view users_columns =
    "username, password, use_ssl, default_hostgroup, default_schema, schema_locked, transaction_persistent, "
    "fast_forward, backend, frontend, max_connections, attributes, comment";
constexpr std::string_view rules_columns =
    "rule_id, username, schemaname, flagIN, client_addr, proxy_addr, proxy_port, digest, match_digest, match_pattern, "
    "negate_match_pattern, re_modifiers, flagOUT, replace_pattern, destination_hostgroup, cache_ttl, "
    "cache_empty_result, cache_timeout, reconnect, timeout, retries, delay, next_query_flagIN, mirror_flagOUT, "
    "mirror_hostgroup, error_msg, ok_msg, sticky_conn, multiplex, gtid_from_hostgroup, log, apply, attributes, comment";

constexpr std::string_view runtime_servers =
    "runtime_mysql_servers WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port";
constexpr std::string_view loaded_servers =
    "mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port";
constexpr std::string_view loaded_rules = "runtime_mysql_query_rules ORDER BY rule_id";
constexpr std::string_view loaded_users = "runtime_mysql_users";

constexpr std::array<ClusterQuery, 11> queries{{
    {servers_columns, runtime_servers, StandinVersion::v2_5},
    {servers_columns, loaded_servers, StandinVersion::v2_7},
    {"writer_hostgroup, reader_hostgroup, comment", "runtime_mysql_replication_hostgroups ORDER BY writer_hostgroup",
     StandinVersion::v2_5},
    {writers_columns, "runtime_mysql_group_replication_hostgroups ORDER BY writer_hostgroup", StandinVersion::v2_5},
    {writers_columns, "runtime_mysql_galera_hostgroups ORDER BY writer_hostgroup", StandinVersion::v2_5},
    {"writer_hostgroup, reader_hostgroup, active, aurora_port, domain_name, max_lag_ms, check_interval_ms, "
     "check_timeout_ms, writer_is_also_reader, new_reader_weight, add_lag_ms, min_lag_ms, lag_num_checks, comment",
     "runtime_mysql_aws_aurora_hostgroups ORDER BY writer_hostgroup", StandinVersion::v2_5},
    {"hostgroup_id, max_num_online_servers, autocommit, free_connections_pct, init_connect, multiplex, "
     "connection_warming, throttle_connections_per_sec, ignore_session_variables, hostgroup_settings, "
     "servers_defaults, comment",
     "runtime_mysql_hostgroup_attributes ORDER BY hostgroup_id", StandinVersion::v2_7},
    {"hostname, port, username, ssl_ca, ssl_cert, ssl_key, ssl_capath, ssl_crl, ssl_crlpath, ssl_cipher, tls_version, "
     "comment",
     "runtime_mysql_servers_ssl_params ORDER BY hostname, port, username", StandinVersion::v2_7},
    {users_columns, loaded_users, StandinVersion::v2_5},
    {rules_columns, loaded_rules, StandinVersion::v2_5},
    {"username, schemaname, flagIN, destination_hostgroup, comment",
     "runtime_mysql_query_rules_fast_routing ORDER BY username, schemaname, flagIN", StandinVersion::v2_5},
}};

}  // namespace

std::optional<std::string> cluster_statement(const StandinLayers& layers, const std::string& command) {
  if (!command.starts_with("PROXY_SELECT ")) return std::nullopt;
  for (const ClusterQuery& query : queries) {
    if (layers.version() < query.since) continue;
    if (!command.starts_with(upper(joined({"PROXY_SELECT ", query.columns, " FROM ", query.from})))) continue;
    if (query.from == runtime_servers) return as_peers_see_servers("main.runtime_mysql_servers");
    // These are answered with what the last LOAD was given: rules that it left out and digests as they were written
    // among them, servers where no monitor moved them, users in one row. Nothing of the rest differs from runtime.
    std::string from(query.from);
    if (query.from == loaded_servers) {
      from = StandinLayers::loaded_name("mysql_servers") + " ORDER BY hostgroup_id, hostname, port";
    }
    if (query.from == loaded_rules) from = StandinLayers::loaded_name("mysql_query_rules") + " ORDER BY rule_id";
    if (query.from == loaded_users) from = StandinLayers::loaded_name("mysql_users");
    // The columns that it names are not what it gets: check_type is there though nobody asks for it.
    const bool all = query.from.find("_hostgroups") != std::string_view::npos;
    return joined({"SELECT ", all ? "*" : query.columns, " FROM ", from});
  }
  return std::nullopt;
}

std::string as_peers_see_servers(const std::string& table) {
  // The servers of PostgreSQL have no GTIDs.
  return joined({"SELECT hostgroup_id, hostname, port, ", table.find("pgsql") == std::string::npos ? "gtid_port, " : "",
                 "REPLACE(status,'SHUNNED','ONLINE') AS status, weight, compression, max_connections,"
                 " max_replication_lag, use_ssl, max_latency_ms, comment FROM ",
                 table, " WHERE status<>'OFFLINE_HARD' ORDER BY hostgroup_id, hostname, port"});
}

}  // namespace proxysql_consul::testing
