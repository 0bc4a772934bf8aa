#include "proxysql_consul/proxysql/inventory.h"

#include <algorithm>

namespace proxysql_consul {

bool Inventory::has(const Configuration& configuration) const {
  const bool has_table = std::any_of(configuration.tables.begin(), configuration.tables.end(),
                                     [&](std::string_view table) { return tables.contains(table); });
  // global_variables is everywhere; whether the module is there shows in its other tables.
  if (configuration.variables == "pgsql-") return tables.contains("pgsql_servers");
  return has_table;
}

bool Inventory::has_runtime(const Configuration& configuration) const {
  return std::all_of(configuration.tables.begin(), configuration.tables.end(), [&](std::string_view table) {
    return !tables.contains(table) || tables.contains(runtime_name(table));
  });
}

Inventory read_inventory(AdminSession& session) {
  Inventory inventory;
  const auto version = session.query("SELECT @@version").rows;
  if (!version.empty() && !version[0].empty()) inventory.version = version[0][0].value_or("");
  for (const auto& row : session.query("SELECT name FROM sqlite_master WHERE type='table'").rows) {
    if (!row.empty() && row[0]) inventory.tables.emplace(*row[0]);
  }
  return inventory;
}

std::string runtime_name(std::string_view table) { return "runtime_" + std::string(table); }

}  // namespace proxysql_consul
