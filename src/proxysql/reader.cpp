#include "proxysql_consul/proxysql/reader.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/answers.h"
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

/// The rows of that table among `like`; nothing where it is not there, or with other columns.
std::optional<Rows> expected_rows(const std::vector<Table>& like, const TableSchema& schema) {
  const auto* found = find_table(like, schema.name);
  if (found == nullptr || found->columns != empty_table(schema).columns) return std::nullopt;
  return found->rows;
}

/// Puts an answer's rows into the columns of a table while they come.
class TableSink : public RowSink {
 public:
  /// `otherwise` says of each column of the schema what it holds where the answer lacks it; nothing where that is not
  /// known.
  TableSink(const TableSchema& schema, Rows like, std::vector<std::optional<Cell>> otherwise)
      : schema_(schema), otherwise_(std::move(otherwise)), rows_(std::move(like)) {}

  void begin(const std::vector<std::string>& columns) override {
    for (std::size_t i = 0; i < schema_.columns.size(); ++i) {
      const auto found = std::find(columns.begin(), columns.end(), schema_.columns[i].name);
      const bool is_there = found != columns.end();
      is_complete_ = is_complete_ && (is_there || otherwise_[i]);
      sources_.push_back(is_there ? std::optional(static_cast<std::size_t>(found - columns.begin())) : std::nullopt);
    }
    row_.resize(sources_.size());
  }

  void add(std::span<const CellView> cells) override {
    // One cell more than there are sources says whether the columns that were left out hold what they are taken for.
    if (tells_others_ && cells.back() != "1") is_complete_ = false;
    if (!is_complete_) return;
    for (std::size_t i = 0; i < sources_.size(); ++i) row_[i] = sources_[i] ? cells[*sources_[i]] : *otherwise_[i];
    rows_.push_back(row_);
  }

  /// The last column of the answer is no column of the table: it is 1 where those that the answer lacks are as said.
  void expect_word_of_others() { tells_others_ = true; }

  /// Nothing where a column is not known.
  std::optional<Table> take() {
    if (!is_complete_) return std::nullopt;
    auto table = empty_table(schema_);
    table.rows = rows_.take();
    return table;
  }

 private:
  const TableSchema& schema_;
  std::vector<std::optional<Cell>> otherwise_;
  std::vector<std::optional<std::size_t>> sources_;  ///< of each column, in the answer
  std::vector<CellView> row_;
  RowsLike rows_;
  bool tells_others_ = false;
  bool is_complete_ = true;
};

/// The whole table.
Table read_table(AdminSession& session, const Configuration& configuration, const TableSchema& schema,
                 const std::string& name, const Rows& like) {
  TableSink sink(schema, like, std::vector<std::optional<Cell>>(schema.columns.size()));
  session.stream(select_rows(schema, name, configuration.variables), sink);
  if (auto table = sink.take()) return std::move(*table);
  throw Error(ExitCode::proxysql, "proxysql: SELECT from " + name + ": the answer has other columns");
}

/// The same, where it most likely holds what `like` holds: of the columns of which that makes no use it is only asked
/// whether they are of use.
Table read_table_like(AdminSession& session, const Configuration& configuration, const TableSchema& schema,
                      const std::string& name, const Rows& like) {
  ColumnsInUse columns(schema);
  for (const auto& row : like) columns.see(row);
  const auto& in_use = columns.in_use();
  if (std::find(in_use.begin(), in_use.end(), false) == in_use.end() || !configuration.variables.empty()) {
    return read_table(session, configuration, schema, name, like);
  }
  std::vector<std::optional<Cell>> otherwise;
  for (const auto& column : schema.columns) otherwise.emplace_back(column.default_cell());
  TableSink sink(schema, like, std::move(otherwise));
  sink.expect_word_of_others();
  session.stream(select_columns(schema, name, in_use), sink);
  if (auto table = sink.take()) return std::move(*table);
  return read_table(session, configuration, schema, name, like);
}

/// Which of the tables hold rows. One question where there are many, since most of them are empty, and each question
/// about a runtime table makes the server build all of its configuration.
std::vector<bool> hold_rows(AdminSession& session, const std::vector<std::string>& tables) {
  constexpr std::size_t many = 3;
  if (tables.size() < many) return std::vector<bool>(tables.size(), true);
  std::string statement;
  for (const auto& table : tables) {
    statement.append(statement.empty() ? "SELECT " : ",").append("EXISTS(SELECT 1 FROM ").append(table).append(")");
  }
  const auto answer = query_row(session, statement, tables.size());
  std::vector<bool> hold;
  for (std::size_t i = 0; i < tables.size(); ++i) hold.push_back(answer[i] != "0");
  return hold;
}

/// Of the rules that it is given ProxySQL leaves out, in silence, those whose client_addr it does not understand. True
/// where there is none such.
bool are_all_at_work(AdminSession& session, const Table& rules) {
  const auto address = rules.find("client_addr");
  const bool may_lack_some =
      std::any_of(rules.rows.begin(), rules.rows.end(), [&](const RowView& row) { return !address || row[*address]; });
  if (!may_lack_some) return true;
  const auto count = query_row(session, "SELECT COUNT(*) FROM stats_mysql_query_rules", 1);
  return count[0] == std::to_string(rules.rows.size());
}

/// Nothing where the server does not know the query, has columns that the query does not know, or has left out some of
/// what it was given.
std::optional<Table> read_loaded(AdminSession& session, const TableSchema& schema, const Rows& like) {
  std::vector<std::optional<Cell>> otherwise;
  for (const auto& column : schema.columns) {
    // Of a rule that was loaded nobody is told that it is active.
    otherwise.push_back(column.name == "active" ? std::optional<Cell>("1") : std::nullopt);
  }
  TableSink sink(schema, like, std::move(otherwise));
  try {
    session.stream(cluster_query_of(schema.name), sink);
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // To SQLite, which gets what the server does not know, it is nonsense.
    if (std::string_view(error.what()).find("near \"PROXY_SELECT\"") == std::string_view::npos) throw;
    return std::nullopt;
  }
  auto table = sink.take();
  if (!table || !is_rules_table(schema.name)) return table;
  if (schema.name == "mysql_query_rules" && !are_all_at_work(session, *table)) return std::nullopt;
  return table->rows == like ? std::move(table) : runtime_form(std::move(*table));
}

}  // namespace

std::vector<TableSchema> read_schemas(AdminSession& session, const Inventory& inventory,
                                      const Configuration& configuration) {
  std::vector<TableSchema> schemas;
  for (const auto& table : configuration.tables) {
    if (!inventory.has_table(configuration, table)) continue;
    TableSchema schema{.name = table, .columns = {}, .secrets = configuration.secrets};
    // cid, name, type, notnull, dflt_value, pk
    for (const auto& row : query_rows(session, "PRAGMA table_info(" + schema.name + ")", 6)) {
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
                               const std::vector<TableSchema>& schemas, Layer layer, const std::vector<Table>& like) {
  std::vector<std::string> names;
  for (const auto& schema : schemas) names.push_back((layer == Layer::disk ? "disk." : "") + schema.name);
  const auto hold = hold_rows(session, names);
  std::vector<Table> tables;
  for (const auto& schema : schemas) {
    const auto& name = names[tables.size()];
    if (!hold[tables.size()]) {
      tables.push_back(empty_table(schema));
      continue;
    }
    const auto expected = expected_rows(like, schema);
    tables.push_back(expected ? read_table_like(session, configuration, schema, name, *expected)
                              : read_table(session, configuration, schema, name, {}));
  }
  return tables;
}

Table read_rows_like(AdminSession& session, const TableSchema& schema, const Rows& rows) {
  TableSink sink(schema, rows, std::vector<std::optional<Cell>>(schema.columns.size()));
  session.stream(select_rows_like(schema, rows), sink);
  return sink.take().value_or(empty_table(schema));
}

RowCounts count_rows(AdminSession& session, const std::vector<std::string>& tables) {
  std::string statement = "SELECT total_changes()";
  for (const auto& table : tables) statement.append(",(SELECT COUNT(*) FROM ").append(table).append(")");
  const auto answer = query_row(session, statement, tables.size() + 1);
  const auto number_at = [&](std::size_t position) {
    return static_cast<std::uint64_t>(to_integer(answer[position].value_or("")).value_or(0));
  };
  RowCounts counts{.writes = number_at(0), .tables = {}};
  for (std::size_t i = 1; i <= tables.size(); ++i) counts.tables.push_back(number_at(i));
  return counts;
}

bool is_on_disk(AdminSession& session, const std::vector<TableSchema>& schemas) {
  std::string statement;
  for (const auto& schema : schemas) {
    statement.append(statement.empty() ? "SELECT " : ",")
        .append(count_same_rows(schema, schema.name, "disk." + schema.name));
  }
  const auto counts = query_row(session, statement, 3 * schemas.size());
  for (std::size_t i = 0; i < 3 * schemas.size(); i += 3) {
    if (counts[i] != counts[i + 1] || counts[i] != counts[i + 2]) return false;
  }
  return true;
}

RuntimeTables read_runtime(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                           const std::vector<TableSchema>& schemas, const std::vector<Table>& like) {
  // One SELECT is consistent in itself, several are not.
  for (int attempt = 0; attempt < max_reads; ++attempt) {
    const auto before = read_loads(session, inventory);
    const bool is_of_a_cluster =
        std::any_of(before.begin(), before.end(), [](const Load& load) { return load.name == "mysql_servers_v2"; });
    RuntimeTables runtime{.tables = {}, .as_loaded = true, .load = load_of(before, configuration)};
    std::vector<std::string> names;
    for (const auto& schema : schemas) names.push_back(runtime_name(schema.name));
    const auto hold = hold_rows(session, names);
    for (const auto& schema : schemas) {
      const bool holds = hold[runtime.tables.size()];
      // Servers that were loaded and discovered away are not at runtime, and were loaded all the same.
      if (!holds && !is_servers_table(schema.name)) {
        runtime.tables.push_back(empty_table(schema));
        continue;
      }
      std::optional<Table> table;
      const auto expected = expected_rows(like, schema).value_or(Rows());
      if (is_of_a_cluster && !cluster_query_of(schema.name).empty()) table = read_loaded(session, schema, expected);
      if (is_servers_table(schema.name) && !table) runtime.as_loaded = false;
      runtime.tables.push_back(table ? std::move(*table)
                                     : read_table(session, configuration, schema, runtime_name(schema.name), expected));
    }
    if (counts_of(before, configuration) == counts_of(read_loads(session, inventory), configuration)) return runtime;
  }
  throw Unavailable(ExitCode::proxysql, "proxysql: reading " + configuration.name + ": its runtime was " +
                                            "loaded anew during each of " + std::to_string(max_reads) + " readings");
}

std::vector<std::string> read_admins(AdminSession& session, const Inventory& inventory) {
  const std::string table =
      inventory.tables.contains("runtime_global_variables") ? "runtime_global_variables" : "global_variables";
  std::vector<std::string> admins;
  const auto rows = query_rows(session,
                               "SELECT variable_value FROM " + table +
                                   " WHERE variable_name IN ('admin-admin_credentials','admin-stats_credentials')",
                               1);
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
