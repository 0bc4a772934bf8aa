// What the stand-in's parts say to each other and to those who carry statements to it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul::testing {

/// In the order of their release, so that versions can be compared.
enum class StandinVersion {
  v1_1,  ///< the build of 2016 that has SAVE ... TO CLUSTER
  v2_0,  ///< 2.0 to 2.4.7: the tables of 2.7, but nothing by PROXY_SELECT and no mysql_servers_v2
  v2_5,  ///< 2.4.8 to 2.5.5: the tables of 2.7 and PROXY_SELECT, but no mysql_servers_v2
  v2_7,
  v2_7_sqlite,  ///< 2.7 started with --sqlite3-server
  v3_0,         ///< 2.7 and the configurations of PostgreSQL
  v3_1,         ///< 3.0 with the plugin mysqlx, whose variables are a table
  plugin,       ///< 3.1, the variables of mysqlx among the others, and a plugin "audit" that nobody knows
};

/// As on the command line.
inline constexpr std::array<std::pair<StandinVersion, std::string_view>, 8> version_names{
    {{StandinVersion::v1_1, "1.1"},
     {StandinVersion::v2_0, "2.0"},
     {StandinVersion::v2_5, "2.5"},
     {StandinVersion::v2_7, "2.7"},
     {StandinVersion::v2_7_sqlite, "2.7-sqlite"},
     {StandinVersion::v3_0, "3.0"},
     {StandinVersion::v3_1, "3.1"},
     {StandinVersion::plugin, "plugin"}}};

/// A stats user sees a database of its own, without the configuration.
enum class Role { admin, stats };

/// What a test planned for a statement; the carrier of the statement acts on all but `fail`.
enum class Fault {
  none,
  fail,  ///< answer with an error
  drop,  ///< close this connection without an answer
  exit,  ///< end the server without an answer
  hang,  ///< never answer
  kill,  ///< SIGKILL the client (unix socket only), then drop
};

struct Answer {
  bool ok = true;
  std::string error;        ///< as the client sees it
  unsigned error_code = 0;  ///< 1045, or 1205 for "database is locked"
  bool has_result_set = false;
  std::vector<std::string> columns;
  Rows rows;
  std::uint64_t affected = 0;
  std::string info;
  Fault fault = Fault::none;
  unsigned start = 0;  ///< during which start it was answered
};

struct Account {
  std::string password;
  Role role = Role::admin;
};

}  // namespace proxysql_consul::testing
