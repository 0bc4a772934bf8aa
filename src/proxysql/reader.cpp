#include "proxysql_consul/proxysql/reader.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

constexpr int max_reads = 5;

/// What the peers of a cluster ask for, to the letter: the server knows the query by its text. It tells the servers of
/// the last LOAD, where runtime_mysql_servers tells what a monitor made of them.
constexpr std::string_view loaded_servers =
    "PROXY_SELECT hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, "
    "max_replication_lag, use_ssl, max_latency_ms, comment FROM mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY "
    "hostgroup_id, hostname, port";

/// How often the configuration was loaded. Its checksums may move by what a monitor does.
std::vector<std::uint64_t> counts_of(const std::vector<Load>& loads, const Configuration& configuration) {
  std::vector<std::uint64_t> counts;
  for (const auto& load : loads) {
    // mysql_servers has two rows, mysql_servers and mysql_servers_v2.
    if (load.name.starts_with(configuration.name)) counts.push_back(load.version);
  }
  return counts;
}

Table empty_table(const TableSchema& schema) {
  Table table{.name = schema.name, .columns = {}, .rows = {}};
  for (const auto& column : schema.columns) table.columns.push_back(column.name);
  return table;
}

Table read_table(AdminSession& session, const Configuration& configuration, const TableSchema& schema,
                 const std::string& name) {
  auto table = empty_table(schema);
  table.rows = session.query(select_rows(schema, name, configuration.variables)).rows;
  return table;
}

/// Nothing where the server does not know the query, or has columns that the query does not know.
std::optional<Table> read_loaded_servers(AdminSession& session, const TableSchema& schema) {
  QueryResult answer;
  try {
    answer = session.query(loaded_servers);
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // To SQLite, which gets what the server does not know, it is nonsense.
    if (std::string_view(error.what()).find("near \"PROXY_SELECT\"") == std::string_view::npos) throw;
    return std::nullopt;
  }
  auto table = empty_table(schema);
  std::vector<std::size_t> positions;
  for (const auto& column : table.columns) {
    const auto found = std::find(answer.columns.begin(), answer.columns.end(), column);
    if (found == answer.columns.end()) return std::nullopt;
    positions.push_back(static_cast<std::size_t>(found - answer.columns.begin()));
  }
  for (const auto& row : answer.rows) table.rows.push_back(pick(row, positions));
  return table;
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

std::vector<Table> read_tables(AdminSession& session, const Configuration& configuration,
                               const std::vector<TableSchema>& schemas, Layer layer) {
  std::vector<Table> tables;
  for (const auto& schema : schemas) {
    tables.push_back(read_table(session, configuration, schema, (layer == Layer::disk ? "disk." : "") + schema.name));
  }
  return tables;
}

RuntimeTables read_runtime(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                           const std::vector<TableSchema>& schemas) {
  // One SELECT is consistent in itself, several are not.
  for (int attempt = 0; attempt < max_reads; ++attempt) {
    const auto before = read_loads(session, inventory);
    const bool tells_loaded =
        std::any_of(before.begin(), before.end(), [](const Load& load) { return load.name == "mysql_servers_v2"; });
    RuntimeTables runtime{.tables = {}, .as_loaded = true, .load = load_of(before, configuration)};
    for (const auto& schema : schemas) {
      std::optional<Table> table;
      if (schema.name == "mysql_servers" && tells_loaded) table = read_loaded_servers(session, schema);
      if (is_servers_table(schema.name) && !table) runtime.as_loaded = false;
      runtime.tables.push_back(table ? std::move(*table)
                                     : read_table(session, configuration, schema, runtime_name(schema.name)));
    }
    if (counts_of(before, configuration) == counts_of(read_loads(session, inventory), configuration)) return runtime;
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
