// What the ProxySQL on the other side says of itself: what tables it has is asked, never assumed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

struct Inventory {
  std::string version;  ///< "2.7.2-3-gabc"
  std::set<std::string, std::less<>> tables;

  bool has(const Configuration& configuration) const;
  bool has_runtime(const Configuration& configuration) const;
};

/// Throws what AdminSession::query() throws.
Inventory read_inventory(AdminSession& session);

/// What the server could LOAD and no configuration of the catalogue covers: tables that have a twin in runtime, and
/// variables by the prefix that they share, as "debug-%". Throws what AdminSession::query() throws.
std::vector<std::string> read_uncovered(AdminSession& session, const Inventory& inventory);

/// The table of runtime that mirrors `table`.
std::string runtime_name(std::string_view table);

}  // namespace proxysql_consul
