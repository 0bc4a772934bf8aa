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

std::vector<std::string> read_uncovered(AdminSession& session, const Inventory& inventory) {
  const auto covers = [](const auto& is_there) {
    const auto all = catalogue();
    return std::any_of(all.begin(), all.end(), is_there);
  };
  std::vector<std::string> uncovered;
  for (const auto& table : inventory.tables) {
    const bool is_covered = covers([&](const Configuration& configuration) {
      const auto& tables = configuration.tables;
      return std::find(tables.begin(), tables.end(), table) != tables.end();
    });
    if (inventory.tables.contains(runtime_name(table)) && !is_covered) uncovered.push_back(table);
  }
  std::set<std::string> prefixes;
  for (const auto& row : session.query("SELECT variable_name FROM global_variables").rows) {
    const auto name = row.at(0).value_or("");
    const auto prefix = name.substr(0, name.find('-') + 1);
    const bool is_covered = covers([&](const Configuration& configuration) {
      return !configuration.variables.empty() && name.starts_with(configuration.variables);
    });
    if (!is_covered && !prefix.empty()) prefixes.insert(std::string(prefix) + "%");
  }
  uncovered.insert(uncovered.end(), prefixes.begin(), prefixes.end());
  return uncovered;
}

std::string runtime_name(std::string_view table) { return "runtime_" + std::string(table); }

}  // namespace proxysql_consul
