// The tables of ProxySQL's admin interface, as 2.7.2 and 1.1.1 declare them: columns, defaults, keys,
// constraints. 3.0.1 has those of 2.7.2 and more. SQLite quotes a CHECK's text in its error, so the expressions keep
// the original's spelling and spaces.
#pragma once

#include <array>
#include <string_view>

namespace proxysql_consul::testing {

/// One table of data: `body` is what stands in the brackets of its CREATE TABLE, empty where that version lacks it.
struct SchemaEntry {
  std::string_view name;
  std::string_view body_2_7;
  std::string_view body_1_1;
  bool runtime_1_1 = false;  ///< 1.1 has a runtime_ table for three of its tables only
  bool on_disk = true;
};

inline constexpr std::string_view servers_body = R"(
  hostgroup_id INT NOT NULL DEFAULT 0 CHECK (hostgroup_id>=0),
  hostname VARCHAR NOT NULL,
  port INT NOT NULL DEFAULT 3306 CHECK (port >= 0 AND port <= 65535),
  gtid_port INT NOT NULL DEFAULT 0
    CHECK ((gtid_port <> port OR gtid_port=0) AND gtid_port >= 0 AND gtid_port <= 65535),
  status VARCHAR NOT NULL DEFAULT 'ONLINE'
    CHECK (UPPER(status) IN ('ONLINE','SHUNNED','OFFLINE_SOFT', 'OFFLINE_HARD')),
  weight INT NOT NULL DEFAULT 1 CHECK (weight >= 0 AND weight <=10000000),
  compression INT NOT NULL DEFAULT 0 CHECK (compression IN(0,1)),
  max_connections INT NOT NULL DEFAULT 1000 CHECK (max_connections >=0),
  max_replication_lag INT NOT NULL DEFAULT 0 CHECK (max_replication_lag >= 0 AND max_replication_lag <= 126144000),
  use_ssl INT NOT NULL DEFAULT 0 CHECK (use_ssl IN(0,1)),
  max_latency_ms INT UNSIGNED NOT NULL DEFAULT 0 CHECK (max_latency_ms>=0),
  comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (hostgroup_id, hostname, port))";

inline constexpr std::string_view servers_body_11 = R"(
  hostgroup_id INT NOT NULL DEFAULT 0,
  hostname VARCHAR NOT NULL,
  port INT NOT NULL DEFAULT 3306,
  status VARCHAR NOT NULL DEFAULT 'ONLINE'
    CHECK (UPPER(status) IN ('ONLINE','SHUNNED','OFFLINE_SOFT', 'OFFLINE_HARD')),
  weight INT NOT NULL DEFAULT 1 CHECK (weight >= 0),
  compression INT NOT NULL DEFAULT 0 CHECK (compression >=0 AND compression <= 102400),
  max_connections INT NOT NULL DEFAULT 1000 CHECK (max_connections >=0),
  max_replication_lag INT NOT NULL DEFAULT 0 CHECK (max_replication_lag >= 0 AND max_replication_lag <= 126144000),
  PRIMARY KEY (hostgroup_id, hostname, port))";

inline constexpr std::string_view replication_body =
    R"(
  writer_hostgroup INT NOT NULL PRIMARY KEY CHECK (writer_hostgroup>=0),
  reader_hostgroup INT NOT NULL CHECK (reader_hostgroup<>writer_hostgroup AND reader_hostgroup>=0),
  check_type VARCHAR NOT NULL DEFAULT 'read_only' CHECK (LOWER(check_type) IN ('read_only','innodb_read_only',)"
    R"('super_read_only','read_only|innodb_read_only','read_only&innodb_read_only')),
  comment VARCHAR NOT NULL DEFAULT '',
  UNIQUE (reader_hostgroup))";

inline constexpr std::string_view replication_body_11 = R"(
  writer_hostgroup INT NOT NULL PRIMARY KEY CHECK (writer_hostgroup>=0),
  reader_hostgroup INT NOT NULL CHECK (reader_hostgroup<>writer_hostgroup AND reader_hostgroup>0),
  UNIQUE (reader_hostgroup))";

/// Of group replication and of Galera: the two tables are alike.
inline constexpr std::string_view cluster_hostgroups_body =
    R"(
  writer_hostgroup INT NOT NULL PRIMARY KEY CHECK (writer_hostgroup>=0),
  backup_writer_hostgroup INT NOT NULL
    CHECK (backup_writer_hostgroup>=0 AND backup_writer_hostgroup<>writer_hostgroup),
  reader_hostgroup INT NOT NULL CHECK (reader_hostgroup<>writer_hostgroup AND )"
    R"(backup_writer_hostgroup<>reader_hostgroup AND reader_hostgroup>0),
  offline_hostgroup INT NOT NULL CHECK (offline_hostgroup<>writer_hostgroup AND )"
    R"(offline_hostgroup<>reader_hostgroup AND backup_writer_hostgroup<>offline_hostgroup AND offline_hostgroup>=0),
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  max_writers INT NOT NULL DEFAULT 1 CHECK (max_writers >= 0),
  writer_is_also_reader INT NOT NULL DEFAULT 0 CHECK (writer_is_also_reader IN (0,1,2)),
  max_transactions_behind INT NOT NULL DEFAULT 0 CHECK (max_transactions_behind>=0),
  comment VARCHAR,
  UNIQUE (reader_hostgroup), UNIQUE (offline_hostgroup), UNIQUE (backup_writer_hostgroup))";

inline constexpr std::string_view aurora_body = R"(
  writer_hostgroup INT NOT NULL PRIMARY KEY CHECK (writer_hostgroup>=0),
  reader_hostgroup INT NOT NULL CHECK (reader_hostgroup<>writer_hostgroup AND reader_hostgroup>0),
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  aurora_port INT NOT NULL DEFAULT 3306,
  domain_name VARCHAR NOT NULL CHECK (SUBSTR(domain_name,1,1) = '.'),
  max_lag_ms INT NOT NULL DEFAULT 600000 CHECK (max_lag_ms>= 10 AND max_lag_ms <= 600000),
  check_interval_ms INT NOT NULL DEFAULT 1000 CHECK (check_interval_ms >= 100 AND check_interval_ms <= 600000),
  check_timeout_ms INT NOT NULL DEFAULT 800 CHECK (check_timeout_ms >= 80 AND check_timeout_ms <= 3000),
  writer_is_also_reader INT NOT NULL DEFAULT 0 CHECK (writer_is_also_reader IN (0,1)),
  new_reader_weight INT NOT NULL DEFAULT 1 CHECK (new_reader_weight >= 0 AND new_reader_weight <=10000000),
  add_lag_ms INT NOT NULL DEFAULT 30 CHECK (add_lag_ms >= 0 AND add_lag_ms <= 600000),
  min_lag_ms INT NOT NULL DEFAULT 30 CHECK (min_lag_ms >= 0 AND min_lag_ms <= 600000),
  lag_num_checks INT NOT NULL DEFAULT 1 CHECK (lag_num_checks >= 1 AND lag_num_checks <= 16),
  comment VARCHAR,
  UNIQUE (reader_hostgroup))";

inline constexpr std::string_view attributes_body = R"(
  hostgroup_id INT NOT NULL PRIMARY KEY,
  max_num_online_servers INT NOT NULL DEFAULT 1000000
    CHECK (max_num_online_servers>=0 AND max_num_online_servers <= 1000000),
  autocommit INT NOT NULL DEFAULT -1 CHECK (autocommit IN (-1, 0, 1)),
  free_connections_pct INT NOT NULL DEFAULT 10 CHECK (free_connections_pct >= 0 AND free_connections_pct <= 100),
  init_connect VARCHAR NOT NULL DEFAULT '',
  multiplex INT NOT NULL DEFAULT 1 CHECK (multiplex IN (0, 1)),
  connection_warming INT NOT NULL DEFAULT 0 CHECK (connection_warming IN (0, 1)),
  throttle_connections_per_sec INT NOT NULL DEFAULT 1000000
    CHECK (throttle_connections_per_sec >= 1 AND throttle_connections_per_sec <= 1000000),
  ignore_session_variables VARCHAR NOT NULL DEFAULT ''
    CHECK (JSON_VALID(ignore_session_variables) OR ignore_session_variables = ''),
  hostgroup_settings VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(hostgroup_settings) OR hostgroup_settings = ''),
  servers_defaults VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(servers_defaults) OR servers_defaults = ''),
  comment VARCHAR NOT NULL DEFAULT '')";

inline constexpr std::string_view ssl_params_body = R"(
  hostname VARCHAR NOT NULL,
  port INT NOT NULL DEFAULT 3306 CHECK (port >= 0 AND port <= 65535),
  username VARCHAR NOT NULL DEFAULT '', ssl_ca VARCHAR NOT NULL DEFAULT '', ssl_cert VARCHAR NOT NULL DEFAULT '',
  ssl_key VARCHAR NOT NULL DEFAULT '', ssl_capath VARCHAR NOT NULL DEFAULT '', ssl_crl VARCHAR NOT NULL DEFAULT '',
  ssl_crlpath VARCHAR NOT NULL DEFAULT '', ssl_cipher VARCHAR NOT NULL DEFAULT '',
  tls_version VARCHAR NOT NULL DEFAULT '', comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, port, username))";

inline constexpr std::string_view query_rules_body = R"(
  rule_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  active INT NOT NULL DEFAULT 0 CHECK (active IN (0,1)),
  username VARCHAR, schemaname VARCHAR,
  flagIN INT NOT NULL DEFAULT 0 CHECK (flagIN >= 0),
  client_addr VARCHAR, proxy_addr VARCHAR,
  proxy_port INT CHECK (proxy_port >= 0 AND proxy_port <= 65535),
  digest VARCHAR, match_digest VARCHAR, match_pattern VARCHAR,
  negate_match_pattern INT NOT NULL DEFAULT 0 CHECK (negate_match_pattern IN (0,1)),
  re_modifiers VARCHAR DEFAULT 'CASELESS',
  flagOUT INT CHECK (flagOUT >= 0),
  replace_pattern VARCHAR CHECK(CASE WHEN replace_pattern IS NULL THEN 1 WHEN replace_pattern IS NOT NULL )"
                                                     R"(AND match_pattern IS NOT NULL THEN 1 ELSE 0 END),
  destination_hostgroup INT DEFAULT NULL,
  cache_ttl INT CHECK(cache_ttl > 0),
  cache_empty_result INT DEFAULT NULL CHECK (cache_empty_result IN (0,1)),
  cache_timeout INT CHECK(cache_timeout >= 0),
  reconnect INT DEFAULT NULL CHECK (reconnect IN (0,1)),
  timeout INT UNSIGNED CHECK (timeout >= 0),
  retries INT CHECK (retries>=0 AND retries <=1000),
  delay INT UNSIGNED CHECK (delay >=0),
  next_query_flagIN INT UNSIGNED, mirror_flagOUT INT UNSIGNED, mirror_hostgroup INT UNSIGNED,
  error_msg VARCHAR, OK_msg VARCHAR,
  sticky_conn INT CHECK (sticky_conn IN (0,1)),
  multiplex INT CHECK (multiplex IN (0,1,2)),
  gtid_from_hostgroup INT UNSIGNED,
  log INT CHECK (log IN (0,1)),
  apply INT NOT NULL DEFAULT 0 CHECK(apply IN (0,1)),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR)";

inline constexpr std::string_view query_rules_body_11 = R"(
  rule_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  active INT NOT NULL DEFAULT 0 CHECK (active IN (0,1)),
  username VARCHAR, schemaname VARCHAR,
  flagIN INT NOT NULL DEFAULT 0,
  match_digest VARCHAR, match_pattern VARCHAR,
  negate_match_pattern INT NOT NULL DEFAULT 0 CHECK (negate_match_pattern IN (0,1)),
  flagOUT INT, replace_pattern VARCHAR,
  destination_hostgroup INT DEFAULT NULL,
  cache_ttl INT CHECK(cache_ttl > 0),
  reconnect INT DEFAULT NULL CHECK (reconnect IN (0,1)),
  timeout INT UNSIGNED, delay INT UNSIGNED, error_msg VARCHAR,
  apply INT NOT NULL DEFAULT 0 CHECK(apply IN (0,1)))";

inline constexpr std::string_view fast_routing_body = R"(
  username VARCHAR NOT NULL, schemaname VARCHAR NOT NULL, flagIN INT NOT NULL DEFAULT 0,
  destination_hostgroup INT NOT NULL CHECK (destination_hostgroup >= 0),
  comment VARCHAR NOT NULL,
  PRIMARY KEY (username, schemaname, flagIN))";

inline constexpr std::string_view users_body = R"(
  username VARCHAR NOT NULL, password VARCHAR,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  use_ssl INT NOT NULL DEFAULT 0 CHECK (use_ssl IN (0,1)),
  default_hostgroup INT NOT NULL DEFAULT 0, default_schema VARCHAR,
  schema_locked INT NOT NULL DEFAULT 0 CHECK (schema_locked IN (0,1)),
  transaction_persistent INT NOT NULL DEFAULT 1 CHECK (transaction_persistent IN (0,1)),
  fast_forward INT NOT NULL DEFAULT 0 CHECK (fast_forward IN (0,1)),
  backend INT NOT NULL DEFAULT 1 CHECK (backend IN (0,1)),
  frontend INT NOT NULL DEFAULT 1 CHECK (frontend IN (0,1)),
  max_connections INT NOT NULL DEFAULT 10000 CHECK (max_connections >=0),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (username, backend), UNIQUE (username, frontend))";

inline constexpr std::string_view users_body_11 = R"(
  username VARCHAR NOT NULL, password VARCHAR,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  use_ssl INT NOT NULL DEFAULT 0 CHECK (use_ssl IN (0,1)),
  default_hostgroup INT NOT NULL DEFAULT 0, default_schema VARCHAR,
  schema_locked INT NOT NULL DEFAULT 0 CHECK (schema_locked IN (0,1)),
  transaction_persistent INT NOT NULL DEFAULT 0 CHECK (transaction_persistent IN (0,1)),
  fast_forward INT NOT NULL DEFAULT 0 CHECK (fast_forward IN (0,1)),
  backend INT NOT NULL DEFAULT 1 CHECK (backend IN (0,1)),
  frontend INT NOT NULL DEFAULT 1 CHECK (frontend IN (0,1)),
  max_connections INT NOT NULL DEFAULT 10000 CHECK (max_connections >=0),
  PRIMARY KEY (username, backend), UNIQUE (username, frontend))";

inline constexpr std::string_view variables_body =
    "variable_name VARCHAR NOT NULL PRIMARY KEY, variable_value VARCHAR NOT NULL";

inline constexpr std::string_view firewall_users_body = R"(
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  username VARCHAR NOT NULL, client_address VARCHAR NOT NULL,
  mode VARCHAR NOT NULL DEFAULT 'OFF' CHECK (mode IN ('OFF','DETECTING','PROTECTING')),
  comment VARCHAR NOT NULL,
  PRIMARY KEY (username, client_address))";

inline constexpr std::string_view firewall_rules_body = R"(
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  username VARCHAR NOT NULL, client_address VARCHAR NOT NULL, schemaname VARCHAR NOT NULL,
  flagIN INT NOT NULL DEFAULT 0, digest VARCHAR NOT NULL, comment VARCHAR NOT NULL,
  PRIMARY KEY (username, client_address, schemaname, flagIN, digest))";

inline constexpr std::string_view fingerprints_body = R"(
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  fingerprint VARCHAR NOT NULL,
  PRIMARY KEY (fingerprint))";

inline constexpr std::string_view scheduler_body = R"(
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  interval_ms INTEGER NOT NULL CHECK (interval_ms>=100 AND interval_ms<=100000000),
  filename VARCHAR NOT NULL,
  arg1 VARCHAR, arg2 VARCHAR, arg3 VARCHAR, arg4 VARCHAR, arg5 VARCHAR,
  comment VARCHAR NOT NULL DEFAULT '')";

inline constexpr std::string_view restapi_body = R"(
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  timeout_ms INTEGER NOT NULL CHECK (timeout_ms>=100 AND timeout_ms<=100000000),
  method VARCHAR NOT NULL CHECK (UPPER(method) IN ('GET','POST')),
  uri VARCHAR NOT NULL, script VARCHAR NOT NULL, comment VARCHAR NOT NULL DEFAULT '')";

inline constexpr std::string_view proxysql_servers_body = R"(
  hostname VARCHAR NOT NULL, port INT NOT NULL DEFAULT 6032,
  weight INT NOT NULL DEFAULT 0 CHECK (weight >= 0),
  comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, port))";

inline constexpr std::string_view coredump_body =
    "filename VARCHAR NOT NULL, line INT NOT NULL, PRIMARY KEY (filename, line)";

inline constexpr std::string_view collations_body = R"(
  Id INTEGER NOT NULL PRIMARY KEY, Collation VARCHAR NOT NULL, Charset VARCHAR NOT NULL,
  "Default" VARCHAR NOT NULL)";

inline constexpr std::array<SchemaEntry, 19> schema{{
    {"mysql_servers", servers_body, servers_body_11, true, true},
    {"mysql_replication_hostgroups", replication_body, replication_body_11, true, true},
    {"mysql_group_replication_hostgroups", cluster_hostgroups_body, {}},
    {"mysql_galera_hostgroups", cluster_hostgroups_body, {}},
    {"mysql_aws_aurora_hostgroups", aurora_body, {}},
    {"mysql_hostgroup_attributes", attributes_body, {}},
    {"mysql_servers_ssl_params", ssl_params_body, {}},
    {"mysql_query_rules", query_rules_body, query_rules_body_11, true, true},
    {"mysql_query_rules_fast_routing", fast_routing_body, {}},
    {"mysql_users", users_body, users_body_11},
    {"global_variables", variables_body, variables_body},
    {"mysql_firewall_whitelist_users", firewall_users_body, {}},
    {"mysql_firewall_whitelist_rules", firewall_rules_body, {}},
    {"mysql_firewall_whitelist_sqli_fingerprints", fingerprints_body, {}},
    {"scheduler", scheduler_body, {}},
    {"restapi_routes", restapi_body, {}},
    {"proxysql_servers", proxysql_servers_body, {}},
    {"coredump_filters", coredump_body, {}, false, false},
    {"mysql_collations", collations_body, collations_body},
}};

}  // namespace proxysql_consul::testing
