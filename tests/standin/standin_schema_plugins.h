// Tables that came after 3.0.1: those of 3.1 and its plugin mysqlx, and of a plugin that was made up for the tests.
#pragma once

#include <array>
#include <string_view>

#include "standin/standin_schema.h"

namespace proxysql_consul::testing {

inline constexpr std::string_view pgsql_ssl_params_body = R"(
  hostname VARCHAR NOT NULL, port INT NOT NULL DEFAULT 5432, username VARCHAR NOT NULL DEFAULT '',
  ssl_ca VARCHAR NOT NULL DEFAULT '', ssl_cert VARCHAR NOT NULL DEFAULT '', ssl_key VARCHAR NOT NULL DEFAULT '',
  ssl_crl VARCHAR NOT NULL DEFAULT '', ssl_crlpath VARCHAR NOT NULL DEFAULT '',
  ssl_protocol_version_range VARCHAR NOT NULL DEFAULT '', comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, port, username))";

inline constexpr std::string_view mysqlx_users_body = R"(
  username VARCHAR NOT NULL PRIMARY KEY,
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  require_tls INT NOT NULL DEFAULT 0 CHECK (require_tls IN (0,1)),
  allowed_auth_methods VARCHAR NOT NULL DEFAULT '', default_route VARCHAR, policy_profile VARCHAR,
  backend_auth_mode VARCHAR NOT NULL DEFAULT 'mapped', backend_username VARCHAR, backend_password VARCHAR,
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR NOT NULL DEFAULT '')";

inline constexpr std::string_view mysqlx_routes_body = R"(
  name VARCHAR NOT NULL PRIMARY KEY, bind VARCHAR NOT NULL, destination_hostgroup INT NOT NULL,
  fallback_hostgroup INT, strategy VARCHAR NOT NULL DEFAULT 'first_available',
  active INT NOT NULL DEFAULT 1 CHECK (active IN (0,1)),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR NOT NULL DEFAULT '',
  tls_mode VARCHAR NOT NULL DEFAULT 'inherit'
    CHECK (tls_mode IN ('inherit','disabled','preferred','required','passthrough')))";

inline constexpr std::string_view mysqlx_endpoints_body = R"(
  hostname VARCHAR NOT NULL, mysql_port INT NOT NULL, mysqlx_port INT NOT NULL DEFAULT 33060,
  use_ssl INT NOT NULL DEFAULT 0 CHECK (use_ssl IN (0,1)),
  attributes VARCHAR NOT NULL DEFAULT '' CHECK (JSON_VALID(attributes) OR attributes = ''),
  comment VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (hostname, mysql_port))";

inline constexpr std::string_view mysqlx_variables_body = R"(
  variable_name VARCHAR NOT NULL PRIMARY KEY, variable_value VARCHAR NOT NULL DEFAULT '')";

inline constexpr std::string_view audit_rules_body = R"(
  rule VARCHAR NOT NULL, schemaname VARCHAR NOT NULL DEFAULT '', active INT NOT NULL DEFAULT 1,
  destination VARCHAR, api_key VARCHAR, salt VARCHAR, bind VARCHAR NOT NULL DEFAULT '',
  PRIMARY KEY (rule, schemaname))";

inline constexpr std::array<SchemaEntry, 4> schema_3_1{{
    {"pgsql_servers_ssl_params", pgsql_ssl_params_body, {}},
    {"mysqlx_users", mysqlx_users_body, {}},
    {"mysqlx_routes", mysqlx_routes_body, {}},
    {"mysqlx_backend_endpoints", mysqlx_endpoints_body, {}},
}};

/// Of 3.1 alone: later these are among the other variables.
inline constexpr SchemaEntry mysqlx_variables_entry{"mysqlx_variables", mysqlx_variables_body, {}};

inline constexpr SchemaEntry audit_rules_entry{"audit_rules", audit_rules_body, {}};

}  // namespace proxysql_consul::testing
