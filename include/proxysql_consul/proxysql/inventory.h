// What the ProxySQL on the other side says of itself: what tables it has is asked, never assumed.
#pragma once

#include <set>
#include <string>

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

/// The table of runtime that mirrors `table`.
std::string runtime_name(std::string_view table);

}  // namespace proxysql_consul
