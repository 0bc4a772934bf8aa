#include "proxysql_consul/proxysql/inventory.h"

#include <algorithm>

#include "proxysql_consul/proxysql/answers.h"

namespace proxysql_consul {

namespace {

constexpr std::string_view prefix_in = "SELECT DISTINCT substr(variable_name,1,instr(variable_name,'-')) FROM ";

/// Of the modules that are in every server of their version, whose variables need not be asked for.
bool is_of_old(std::string_view prefix) { return prefix == "mysql-" || prefix == "admin-" || prefix == "pgsql-"; }

}  // namespace

bool Inventory::has(const Configuration& configuration) const {
  return std::any_of(configuration.tables.begin(), configuration.tables.end(),
                     [&](const auto& table) { return has_table(configuration, table); });
}

bool Inventory::has_table(const Configuration& configuration, std::string_view table) const {
  if (table != variables_table || !tables.contains(table)) return tables.contains(table);
  // global_variables is everywhere; whether the module is there shows elsewhere.
  const auto& prefix = configuration.variables;
  if (prefix == "pgsql-") return tables.contains("pgsql_servers");
  if (is_of_old(prefix)) return true;
  // The disk brings variables also to a server that was started without their module, and nothing takes them there.
  return configuration.tells_runtime ? runtime_variables.contains(prefix) : variables.contains(prefix);
}

bool Inventory::has_runtime(const Configuration& configuration) const {
  return std::all_of(configuration.tables.begin(), configuration.tables.end(), [&](const auto& table) {
    if (!has_table(configuration, table)) return true;
    const auto& prefix = configuration.variables;
    return tables.contains(runtime_name(table)) &&
           (table != variables_table || is_of_old(prefix) || runtime_variables.contains(prefix));
  });
}

Configuration Inventory::here(Configuration configuration) const {
  if (configuration.tables.size() < 2 || configuration.variables.empty()) return configuration;
  const bool are_rows = has_table(configuration, variables_table);
  std::erase_if(configuration.tables, [&](const auto& table) { return (table == variables_table) != are_rows; });
  if (!are_rows) configuration.variables.clear();
  return configuration;
}

Inventory read_inventory(AdminSession& session) {
  Inventory inventory;
  const auto version = session.query("SELECT @@version").rows;
  if (!version.empty() && !version[0].empty()) inventory.version = version[0][0].value_or("");
  // No table's name ends like a prefix. Spelt in small letters the table of variables makes the server fill that of
  // runtime anew, whichever of the two a statement is about.
  const auto names = session.query("SELECT name FROM sqlite_master WHERE type='table' UNION ALL " +
                                   std::string(prefix_in) + "GLOBAL_VARIABLES");
  for (const auto& row : names.rows) {
    if (row.empty() || !row[0] || row[0]->empty()) continue;
    auto& kind = row[0]->ends_with('-') ? inventory.variables : inventory.tables;
    kind.emplace(*row[0]);
  }
  inventory.runtime_variables = inventory.variables;
  const auto& variables = inventory.variables;
  const auto runtime = runtime_name(variables_table);
  // Runtime's variables cost the server more than one look.
  if (!inventory.tables.contains(runtime) || std::all_of(variables.begin(), variables.end(), is_of_old)) {
    return inventory;
  }
  inventory.runtime_variables.clear();
  for (const auto& row : query_rows(session, std::string(prefix_in) + runtime, 1)) {
    inventory.runtime_variables.emplace(row[0].value_or(""));
  }
  return inventory;
}

std::vector<std::string> uncovered(const Inventory& inventory, const Catalogue& catalogue) {
  const auto is_covered = [&](const auto& covers) {
    const auto all = catalogue.all();
    return std::any_of(all.begin(), all.end(), covers);
  };
  std::vector<std::string> names;
  for (const auto& table : inventory.tables) {
    if (!inventory.tables.contains(runtime_name(table))) continue;
    const bool has_home = is_covered([&](const Configuration& configuration) {
      const auto& tables = configuration.tables;
      return std::find(tables.begin(), tables.end(), table) != tables.end();
    });
    if (!has_home) names.push_back(table);
  }
  for (const auto& prefix : inventory.variables) {
    const bool has_home = is_covered([&](const Configuration& configuration) {
      return !configuration.variables.empty() && prefix.starts_with(configuration.variables);
    });
    if (!has_home) names.push_back(prefix + "%");
  }
  return names;
}

std::vector<std::string> lacking(const Inventory& inventory, const Configuration& configuration) {
  std::vector<std::string> names;
  for (const auto& table : configuration.tables) {
    if (inventory.has_table(configuration, table)) continue;
    names.push_back(table == variables_table ? "variables " + configuration.variables + "%" : "table " + table);
  }
  return names;
}

std::string runtime_name(std::string_view table) { return "runtime_" + std::string(table); }

}  // namespace proxysql_consul
