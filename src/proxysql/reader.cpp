#include "proxysql_consul/proxysql/reader.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

constexpr int max_reads = 5;

/// The LOADs of a configuration so far, as the server counts them; empty where it does not.
std::vector<Row> read_checksums(AdminSession& session, const Inventory& inventory, const Configuration& configuration) {
  if (!inventory.tables.contains("runtime_checksums_values")) return {};
  auto rows = session.query("SELECT name, version, epoch, checksum FROM runtime_checksums_values ORDER BY name").rows;
  // mysql_servers has two rows, mysql_servers and mysql_servers_v2.
  std::erase_if(rows, [&](const Row& row) { return !row[0].value_or("").starts_with(configuration.name); });
  return rows;
}

}  // namespace

std::vector<TableSchema> read_schemas(AdminSession& session, const Inventory& inventory,
                                      const Configuration& configuration) {
  std::vector<TableSchema> schemas;
  // A server without the module may have the table all the same: global_variables is everywhere.
  if (!inventory.has(configuration)) return schemas;
  for (const auto table : configuration.tables) {
    if (!inventory.tables.contains(table)) continue;
    TableSchema schema{.name = std::string(table), .columns = {}};
    // cid, name, type, notnull, dflt_value, pk
    for (const auto& row : session.query("PRAGMA table_info(" + schema.name + ")").rows) {
      if (row.size() < 6)
        throw Error(ExitCode::proxysql, "proxysql: PRAGMA table_info(" + schema.name + "): unknown answer");
      schema.columns.push_back({.name = row[1].value_or(""),
                                .default_value = row[4],
                                .not_null = row[3] == "1",
                                .key = static_cast<std::size_t>(to_integer(row[5].value_or("")).value_or(0))});
    }
    // Seen once under load, and never again: better read anew than taken for a table without columns.
    if (schema.columns.empty()) {
      throw Unavailable(ExitCode::proxysql, "proxysql: PRAGMA table_info(" + schema.name + "): no answer");
    }
    schemas.push_back(std::move(schema));
  }
  return schemas;
}

std::vector<Table> read_tables(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                               const std::vector<TableSchema>& schemas, Layer layer) {
  // One SELECT is consistent in itself, several are not.
  const bool bracket = layer == Layer::runtime && schemas.size() > 1;
  for (int attempt = 0; attempt < max_reads; ++attempt) {
    const auto before = bracket ? read_checksums(session, inventory, configuration) : std::vector<Row>();
    std::vector<Table> tables;
    for (const auto& schema : schemas) {
      const auto name = layer == Layer::runtime ? runtime_name(schema.name) : schema.name;
      Table table{.name = schema.name, .columns = {}, .rows = {}};
      for (const auto& column : schema.columns) table.columns.push_back(column.name);
      table.rows = session.query(select_rows(schema, name, configuration.variables)).rows;
      tables.push_back(std::move(table));
    }
    if (!bracket || before == read_checksums(session, inventory, configuration)) return tables;
  }
  throw Unavailable(ExitCode::proxysql, "proxysql: reading " + std::string(configuration.name) + ": its runtime was " +
                                            "loaded anew during each of " + std::to_string(max_reads) + " readings");
}

std::vector<std::string> read_admins(AdminSession& session, const Inventory& inventory) {
  const std::string table =
      inventory.tables.contains("runtime_global_variables") ? "runtime_global_variables" : "global_variables";
  std::vector<std::string> admins;
  const auto rows = session
                        .query("SELECT variable_value FROM " + table +
                               " WHERE variable_name IN ('admin-admin_credentials','admin-stats_credentials')")
                        .rows;
  for (const auto& row : rows) {
    // "admin:secret;radmin:secret"
    std::string_view rest = row[0] ? std::string_view(*row[0]) : std::string_view();
    while (!rest.empty()) {
      const auto pair = rest.substr(0, rest.find(';'));
      if (const auto name = pair.substr(0, pair.find(':')); !name.empty()) admins.emplace_back(name);
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    }
  }
  return admins;
}

}  // namespace proxysql_consul
