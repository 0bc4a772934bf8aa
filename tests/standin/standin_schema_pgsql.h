// The tables that 3.0.1 has for PostgreSQL; where they are those of MySQL, the declarations are shared.
#pragma once

#include <array>
#include <string_view>

#include "standin/standin_schema.h"

namespace proxysql_consul::testing {

/// No gtid_port, and another port.
inline constexpr std::string_view pgsql_servers_body = R"(
  hostgroup_id INT NOT NULL DEFAULT 0 CHECK (hostgroup_id>=0),
  hostname VARCHAR NOT NULL,
  port INT NOT NULL DEFAULT 5432 CHECK (port >= 0 AND port <= 65535),
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

/// A database in place of a schema, and no gtid_from_hostgroup.
inline constexpr std::string_view pgsql_query_rules_body = R"(
  rule_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  active INT NOT NULL DEFAULT 0 CHECK (active IN (0,1)),
  username VARCHAR, database VARCHAR,
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
  log INT CHECK (log IN (0,1)),
  apply INT NOT NULL DEFAULT 0 CHECK(apply IN (0,1)),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR)";

inline constexpr std::string_view pgsql_fast_routing_body = R"(
  username VARCHAR NOT NULL, database VARCHAR NOT NULL, flagIN INT NOT NULL DEFAULT 0,
  destination_hostgroup INT NOT NULL CHECK (destination_hostgroup >= 0),
  comment VARCHAR NOT NULL,
  PRIMARY KEY (username, database, flagIN))";

/// No default_schema, no schema_locked.
inline constexpr std::string_view pgsql_users_body = R"(
  username VARCHAR NOT NULL, password VARCHAR,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  use_ssl INT NOT NULL DEFAULT 0 CHECK (use_ssl IN (0,1)),
  default_hostgroup INT NOT NULL DEFAULT 0,
  transaction_persistent INT NOT NULL DEFAULT 1 CHECK (transaction_persistent IN (0,1)),
  fast_forward INT NOT NULL DEFAULT 0 CHECK (fast_forward IN (0,1)),
  backend INT NOT NULL DEFAULT 1 CHECK (backend IN (0,1)),
  frontend INT NOT NULL DEFAULT 1 CHECK (frontend IN (0,1)),
  max_connections INT NOT NULL DEFAULT 10000 CHECK (max_connections >=0),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (username, backend), UNIQUE (username, frontend))";

inline constexpr std::string_view pgsql_firewall_rules_body = R"(
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  username VARCHAR NOT NULL, client_address VARCHAR NOT NULL, database VARCHAR NOT NULL,
  flagIN INT NOT NULL DEFAULT 0, digest VARCHAR NOT NULL, comment VARCHAR NOT NULL,
  PRIMARY KEY (username, client_address, database, flagIN, digest))";

inline constexpr std::array<SchemaEntry, 9> pgsql_schema{{
    {"pgsql_servers", pgsql_servers_body, {}},
    {"pgsql_replication_hostgroups", replication_body, {}},
    {"pgsql_hostgroup_attributes", attributes_body, {}},
    {"pgsql_query_rules", pgsql_query_rules_body, {}},
    {"pgsql_query_rules_fast_routing", pgsql_fast_routing_body, {}},
    {"pgsql_users", pgsql_users_body, {}},
    {"pgsql_firewall_whitelist_users", firewall_users_body, {}},
    {"pgsql_firewall_whitelist_rules", pgsql_firewall_rules_body, {}},
    {"pgsql_firewall_whitelist_sqli_fingerprints", fingerprints_body, {}},
}};

}  // namespace proxysql_consul::testing
