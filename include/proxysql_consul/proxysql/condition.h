// What in a ProxySQL's own state stands in the way of being written to by this program.
#pragma once

#include <map>
#include <string>

#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

struct Condition {
  bool read_only = false;  ///< PROXYSQL READONLY: it takes no change of its memory tables
  bool has_peers = false;  ///< proxysql_servers is not empty, so native clustering is at work
  /// What each "admin-cluster_<name>_diffs_before_sync" is; clustering leaves alone what has 0.
  std::map<std::string, std::string, std::less<>> diffs_before_sync;
};

/// Throws what AdminSession::query() throws.
Condition read_condition(AdminSession& session, const Inventory& inventory);

/// The variable that makes native clustering leave a configuration alone, where it is 0.
std::string diffs_variable(std::string_view configuration);

}  // namespace proxysql_consul
