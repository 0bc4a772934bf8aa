// What the ProxySQL on the other side says of itself: what tables it has is asked, never assumed.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

struct Inventory {
  std::string version;  ///< "2.7.2-3-gabc"
  std::set<std::string, std::less<>> tables;
  /// The prefixes of the variables that memory and runtime hold, as "mysql-".
  std::set<std::string, std::less<>> variables = {};
  std::set<std::string, std::less<>> runtime_variables = {};

  bool has(const Configuration& configuration) const;
  /// Whether it has the table, and of variables those of the configuration.
  bool has_table(const Configuration& configuration, std::string_view table) const;
  bool has_runtime(const Configuration& configuration) const;
  /// The same as this server has it: a module's variables may be a table of their own, or rows of global_variables.
  Configuration here(Configuration configuration) const;
};

/// Throws what AdminSession::query() throws.
Inventory read_inventory(AdminSession& session);

/// What the server could LOAD and no configuration of the catalogue covers: tables that have a twin in runtime, and
/// variables by the prefix that they share, as "debug-%".
std::vector<std::string> uncovered(const Inventory& inventory, const Catalogue& catalogue);

/// What the server has not of what the configuration covers, for people: "table audit_rules", "variables audit-%".
std::vector<std::string> lacking(const Inventory& inventory, const Configuration& configuration);

/// The table of runtime that mirrors `table`.
std::string runtime_name(std::string_view table);

}  // namespace proxysql_consul
