#include "proxysql_consul/proxysql/reader.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

constexpr int max_reads = 5;

/// What the peers of a cluster ask for, to the letter: the server knows each query by its text, and answers with what
/// the last LOAD was given, from memory. A runtime_ table it would have to make first: of servers that tells what a
/// monitor made of them, and of a hundred thousand rules it takes ten times as long.
constexpr std::string_view loaded_servers =
    "PROXY_SELECT hostgroup_id, hostname, port, gtid_port, status, weight, compression, max_connections, "
    "max_replication_lag, use_ssl, max_latency_ms, comment FROM mysql_servers_v2 WHERE status<>'OFFLINE_HARD' ORDER BY "
    "hostgroup_id, hostname, port";
constexpr std::string_view loaded_rules =
    "PROXY_SELECT rule_id, username, schemaname, flagIN, client_addr, proxy_addr, proxy_port, digest, match_digest, "
    "match_pattern, negate_match_pattern, re_modifiers, flagOUT, replace_pattern, destination_hostgroup, cache_ttl, "
    "cache_empty_result, cache_timeout, reconnect, timeout, retries, delay, next_query_flagIN, mirror_flagOUT, "
    "mirror_hostgroup, error_msg, ok_msg, sticky_conn, multiplex, gtid_from_hostgroup, log, apply, attributes, comment "
    "FROM runtime_mysql_query_rules ORDER BY rule_id";
constexpr std::string_view loaded_routes =
    "PROXY_SELECT username, schemaname, flagIN, destination_hostgroup, comment FROM "
    "runtime_mysql_query_rules_fast_routing ORDER BY username, schemaname, flagIN";

std::string_view cluster_query_of(std::string_view table) {
  if (table == "mysql_servers") return loaded_servers;
  if (table == "mysql_query_rules") return loaded_rules;
  if (table == "mysql_query_rules_fast_routing") return loaded_routes;
  return {};
}

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

/// Of the rules that it is given ProxySQL leaves out, in silence, those whose client_addr it does not understand. True
/// where there is none such.
bool are_all_at_work(AdminSession& session, const Table& rules) {
  const auto address = rules.find("client_addr");
  const bool may_lack_some =
      std::any_of(rules.rows.begin(), rules.rows.end(), [&](const RowView& row) { return !address || row[*address]; });
  if (!may_lack_some) return true;
  const auto rows = session.query("SELECT COUNT(*) FROM stats_mysql_query_rules").rows;
  return rows.at(0).at(0) == std::to_string(rules.rows.size());
}

/// `answer` with the columns of `schema`; nothing where it lacks one.
std::optional<Table> with_columns_of(const TableSchema& schema, const QueryResult& answer) {
  auto table = empty_table(schema);
  std::vector<std::optional<std::size_t>> sources;
  for (const auto& column : table.columns) {
    const auto found = std::find(answer.columns.begin(), answer.columns.end(), column);
    const bool is_there = found != answer.columns.end();
    // Of a rule that was loaded nobody is told that it is active.
    if (!is_there && column != "active") return std::nullopt;
    sources.push_back(is_there ? std::optional(static_cast<std::size_t>(found - answer.columns.begin()))
                               : std::nullopt);
  }
  for (const auto& row : answer.rows) {
    const std::vector<CellView> cells(row.begin(), row.end());
    table.rows.start();
    for (const auto& source : sources) table.rows.add(source ? cells[*source] : "1");
  }
  return table;
}

/// Nothing where the server does not know the query, has columns that the query does not know, or has left out some of
/// what it was given.
std::optional<Table> read_loaded(AdminSession& session, const TableSchema& schema) {
  QueryResult answer;
  try {
    answer = session.query(cluster_query_of(schema.name));
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // To SQLite, which gets what the server does not know, it is nonsense.
    if (std::string_view(error.what()).find("near \"PROXY_SELECT\"") == std::string_view::npos) throw;
    return std::nullopt;
  }
  auto table = with_columns_of(schema, answer);
  if (!table || !is_rules_table(schema.name)) return table;
  if (schema.name == "mysql_query_rules" && !are_all_at_work(session, *table)) return std::nullopt;
  return runtime_form(std::move(*table));
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
      schema.columns.push_back({.name = std::string(row[1].value_or("")),
                                .default_value = copy_of(row[4]),
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

bool is_on_disk(AdminSession& session, const std::vector<TableSchema>& schemas) {
  return std::all_of(schemas.begin(), schemas.end(), [&](const TableSchema& schema) {
    const auto counts = session.query(count_same_rows(schema, schema.name, "disk." + schema.name)).rows.at(0).copy();
    return counts.at(0) == counts.at(1) && counts.at(0) == counts.at(2);
  });
}

RuntimeTables read_runtime(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                           const std::vector<TableSchema>& schemas) {
  // One SELECT is consistent in itself, several are not.
  for (int attempt = 0; attempt < max_reads; ++attempt) {
    const auto before = read_loads(session, inventory);
    const bool is_of_a_cluster =
        std::any_of(before.begin(), before.end(), [](const Load& load) { return load.name == "mysql_servers_v2"; });
    RuntimeTables runtime{.tables = {}, .as_loaded = true, .load = load_of(before, configuration)};
    for (const auto& schema : schemas) {
      std::optional<Table> table;
      if (is_of_a_cluster && !cluster_query_of(schema.name).empty()) table = read_loaded(session, schema);
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
    auto rest = row[0].value_or("");
    while (!rest.empty()) {
      const auto pair = rest.substr(0, rest.find(';'));
      if (const auto name = pair.substr(0, pair.find(':')); !name.empty()) admins.emplace_back(name);
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    }
  }
  return admins;
}

}  // namespace proxysql_consul
