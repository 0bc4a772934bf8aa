#include "proxysql_consul/node/reading.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

/// The configurations that the server has, for people.
std::string names_on(const Inventory& inventory, const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue.all()) {
    if (inventory.has(configuration)) names.push_back(configuration.name);
  }
  return join(names);
}

std::vector<Table> shared(std::vector<Table> tables, const Settings& settings) {
  for (auto& table : tables) table = shared_form(std::move(table), settings.scope.exclude_variables);
  return tables;
}

}  // namespace

std::vector<const Configuration*> select_configurations(const std::vector<std::string>& names, const Settings& settings,
                                                        const Inventory& inventory) {
  std::vector<const Configuration*> selected;
  if (names.empty()) {
    for (const auto& configuration : settings.catalogue.all()) {
      if (settings.accepts(configuration.name) && inventory.has(configuration)) selected.push_back(&configuration);
    }
    return selected;
  }
  for (const auto& name : names) {
    const auto* configuration = settings.catalogue.find(name);
    if (configuration == nullptr || !inventory.has(*configuration)) {
      std::string what = name;
      // What the settings call so may be misspelt there.
      if (configuration != nullptr && find_configuration(name) == nullptr) {
        what.append(": no ").append(join(lacking(inventory, *configuration), ", no "));
      }
      throw Error(ExitCode::usage, "this ProxySQL " + inventory.version + " has no " + what,
                  "it has " + names_on(inventory, settings.catalogue));
    }
    if (std::find(selected.begin(), selected.end(), configuration) == selected.end()) selected.push_back(configuration);
  }
  return selected;
}

std::vector<Table> read_layer(AdminSession& session, const Configuration& configuration,
                              const std::vector<TableSchema>& schemas, const Settings& settings, Layer layer) {
  return shared(read_tables(session, configuration, schemas, layer), settings);
}

void name_columns(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                  std::vector<Table>& tables, const std::string& whose) {
  const bool is_named =
      std::all_of(tables.begin(), tables.end(), [](const Table& table) { return !table.columns.empty(); });
  if (is_named) return;
  const auto schemas = read_schemas(session, inventory, configuration);
  for (auto& table : tables) {
    const auto schema = std::find_if(schemas.begin(), schemas.end(),
                                     [&](const TableSchema& candidate) { return candidate.name == table.name; });
    if (schema == schemas.end()) {
      throw Error(ExitCode::payload,
                  whose + " names no columns, and this ProxySQL has no table " + printable(table.name, 64),
                  "roll back on a node whose ProxySQL has it");
    }
    // Rows of another width are refused when they are applied.
    for (const auto& column : schema->columns) table.columns.push_back(column.name);
    for (const auto& row : table.rows) {
      if (row.size() != table.columns.size()) return;
    }
  }
}

Reading read_shared(AdminSession& session, const Inventory& inventory, const Configuration& known,
                    const Settings& settings, bool from_memory) {
  Reading reading;
  reading.configuration = inventory.here(known);
  const auto& configuration = reading.configuration;
  reading.schemas = read_schemas(session, inventory, configuration);
  reading.from_memory = from_memory || !inventory.has_runtime(configuration);
  const bool has_local = settings.scope.is_about(configuration.tables);
  const auto note_left_out = [&](const std::vector<Table>& memory) {
    reading.left_out = Sharing(settings.scope, reading.schemas).left_out(memory, reading.tables);
  };
  if (reading.from_memory) {
    auto memory = read_tables(session, configuration, reading.schemas, Layer::memory);
    if (has_local) {
      reading.tables = shared(memory, settings);
      note_left_out(memory);
    } else {
      reading.tables = shared(std::move(memory), settings);
    }
    return reading;
  }
  auto runtime = read_runtime(session, inventory, configuration, reading.schemas);
  reading.tables = shared(std::move(runtime.tables), settings);
  reading.as_loaded = runtime.as_loaded;
  reading.load = std::move(runtime.load);
  if (has_local) note_left_out(read_tables(session, configuration, reading.schemas, Layer::memory));
  if (!reading.as_loaded) reading.memory = read_layer(session, configuration, reading.schemas, settings);
  return reading;
}

}  // namespace proxysql_consul
