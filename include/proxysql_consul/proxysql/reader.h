// Reading configurations from a ProxySQL of any version.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

/// The functions below throw what AdminSession::query() throws.

/// The shapes of the configuration's tables, as far as the server has them.
std::vector<TableSchema> read_schemas(AdminSession& session, const Inventory& inventory,
                                      const Configuration& configuration);

enum class Layer { memory, runtime };

/// The content of the tables in `schemas`, in the order of their primary keys, as it is. Runtime tables are read again
/// when a LOAD came between two of them.
std::vector<Table> read_tables(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                               const std::vector<TableSchema>& schemas, Layer layer);

/// The names of the server's admin and stats users.
std::vector<std::string> read_admins(AdminSession& session, const Inventory& inventory);

}  // namespace proxysql_consul
