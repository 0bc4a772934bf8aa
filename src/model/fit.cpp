#include "proxysql_consul/model/fit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

[[noreturn]] void refuse_misfit(const std::string& what) { throw Error(ExitCode::payload, what); }

/// `from` as the document has it, and `to` as it is here, row by row.
void warn_of_columns(const Table& from, const Table& to, const Sharing* sharing, std::vector<std::string>& warnings) {
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < from.columns.size(); ++i) {
    if (to.find(from.columns[i])) continue;
    if (sharing != nullptr && sharing->is_local_column(to.name, from.columns[i])) continue;
    bool carries = false;
    for (std::size_t number = 0; number < from.rows.size() && !carries; ++number) {
      carries = !is_default_value(to.name, from.columns[i], from.rows[number][i]) &&
                (sharing == nullptr || !sharing->is_local(to.name, to.rows[number]));
    }
    if (carries) lost.push_back(printable(from.columns[i], 64));
  }
  if (!lost.empty()) {
    warnings.push_back("table " + to.name + ": this ProxySQL has no column " + join(lost) + ": left out");
  }
}

Table fit_table(Table from, const TableSchema& schema, Sharing* sharing, std::vector<std::string>& warnings) {
  if (from.columns.empty()) {
    for (const auto& row : from.rows) {
      if (row.size() == schema.columns.size()) continue;
      refuse_misfit("table " + schema.name + ": a row of " + std::to_string(row.size()) +
                    " values without column names for " + std::to_string(schema.columns.size()) +
                    " columns of this ProxySQL");
    }
    for (const auto& column : schema.columns) from.columns.push_back(column.name);
  }
  Table to{.name = schema.name, .columns = {}, .rows = {}};
  std::vector<std::optional<std::size_t>> sources;
  std::vector<Cell> defaults;
  for (const auto& column : schema.columns) {
    to.columns.push_back(column.name);
    sources.push_back(from.find(column.name));
    defaults.push_back(column.default_cell());
    if (!sources.back() && column.not_null && !defaults.back() && !from.rows.empty()) {
      refuse_misfit("table " + schema.name + ": the document lacks column " + column.name + ", which has no default");
    }
  }
  if (to.columns == from.columns) {
    if (sharing != nullptr) sharing->see(from);
    return from;
  }
  for (const auto& row : from.rows) {
    const std::vector<CellView> cells(row.begin(), row.end());
    to.rows.start();
    for (std::size_t i = 0; i < sources.size(); ++i) {
      to.rows.add(sources[i] ? cells[*sources[i]] : defaults[i]);
    }
  }
  if (sharing != nullptr) sharing->see(to);
  warn_of_columns(from, to, sharing, warnings);
  return to;
}

void refuse_doubled_keys(const TableSchema& schema, const Table& table) {
  const auto key = schema.key();
  const auto sorted = sorted_by(key, table.rows);
  const auto doubled = std::adjacent_find(
      sorted.begin(), sorted.end(), [&](const RowView& a, const RowView& b) { return compare_at(key, a, b) == 0; });
  if (doubled != sorted.end()) refuse_misfit(describe_row(schema, *doubled) + ": stands twice in the document");
}

void fit_variables(Table& table, const Configuration& configuration, const std::vector<std::string>& known,
                   std::vector<std::string>& warnings) {
  const auto name = table.find("variable_name").value_or(0);
  constexpr std::size_t max_named = 10;
  std::vector<std::string> unknown;
  std::size_t count = 0;
  const auto is_unknown = [&](const RowView& row) {
    return std::find(known.begin(), known.end(), row[name].value_or("")) == known.end();
  };
  for (const auto& row : table.rows) {
    const auto variable = row[name].value_or("");
    if (!variable.starts_with(configuration.variables)) {
      refuse_misfit("variable " + printable(variable, 64) + " is none of " + std::string(configuration.name));
    }
    if (is_unknown(row) && ++count <= max_named) unknown.push_back(printable(variable, 64));
  }
  table.rows.erase_if(is_unknown);
  if (count > max_named) unknown.push_back("and " + std::to_string(count - max_named) + " more");
  if (count > 0) warnings.push_back("this ProxySQL has no variable " + join(unknown) + ": left out");
}

/// What is local of `theirs` in the column at `position` and says something, by key; empty where nothing is.
std::map<Row, Cell> absent_cells(const Sharing& sharing, const std::vector<std::size_t>& key, const Table& theirs,
                                 const Table& here, std::size_t position) {
  const auto& column = theirs.columns[position];
  const bool is_local = sharing.is_local_column(here.name, column);
  std::map<Row, Cell> cells;
  for (std::size_t number = 0; number < theirs.rows.size(); ++number) {
    const auto row = here.rows[number];
    const auto cell = theirs.rows[number][position];
    if (!is_default_value(here.name, column, cell) && (is_local || sharing.is_local(here.name, row))) {
      cells.emplace(pick(row, key), copy_of(cell));
    }
  }
  return cells;
}

void add_column(const std::vector<std::size_t>& key, const std::string& column, const std::map<Row, Cell>& cells,
                Table& table) {
  const auto otherwise = default_value(table.name, column);
  Rows rows;
  for (const auto& row : table.rows) {
    const auto there = cells.find(pick(row, key));
    rows.push_back(row);
    rows.add(there != cells.end() ? there->second : otherwise);
  }
  table.columns.push_back(column);
  table.rows = std::move(rows);
}

/// Short, since the state holds one a row, and of no use to who reads it.
std::string key_digest(const TableSchema& schema, const RowView& row) {
  std::string text = schema.name;
  for (const auto& cell : pick(row, schema.key())) {
    text.push_back('\0');
    if (cell) text.append("=").append(*cell);
  }
  return sha256_hex(text).substr(0, 16);
}

}  // namespace

Fitted fit(const Configuration& configuration, const std::vector<Table>& tables,
           const std::vector<TableSchema>& schemas, const std::vector<std::string>& known_variables,
           const std::vector<std::string>& excluded_variables, Sharing* sharing) {
  Fitted fitted;
  for (const auto& table : tables) {
    const auto schema =
        std::find_if(schemas.begin(), schemas.end(), [&](const TableSchema& s) { return s.name == table.name; });
    if (schema == schemas.end()) {
      if (!table.rows.empty()) {
        fitted.warnings.push_back("this ProxySQL has no table " + printable(table.name, 64) + " of " +
                                  std::string(configuration.name) + ": " + std::to_string(table.rows.size()) +
                                  " rows left out");
      }
      continue;
    }
    auto local = shared_form(fit_table(table, *schema, sharing, fitted.warnings), excluded_variables);
    if (!configuration.variables.empty()) fit_variables(local, configuration, known_variables, fitted.warnings);
    refuse_doubled_keys(*schema, local);
    fitted.tables.push_back(std::move(local));
  }
  return fitted;
}

void refuse_nul(const std::vector<Table>& tables) {
  for (const auto& table : tables) {
    for (const auto& row : table.rows) {
      for (const auto& cell : row) {
        if (cell && cell->find('\0') != std::string::npos) {
          throw Error(ExitCode::payload,
                      "table " + table.name + " holds a NUL byte, which no other ProxySQL could store");
        }
      }
    }
  }
}

void refuse_admin_accounts(const std::vector<Table>& tables, const std::vector<std::string>& admins) {
  for (const auto& table : tables) {
    const auto username = table.find("username");
    if (!is_users_table(table.name) || !username) continue;
    for (const auto& row : table.rows) {
      if (!row[*username] || std::find(admins.begin(), admins.end(), *row[*username]) == admins.end()) continue;
      throw Error(ExitCode::payload,
                  "table " + table.name + ": user " + printable(*row[*username], 64) +
                      " is named like an admin or stats user of this ProxySQL, and would break that login",
                  "rename the one or the other");
    }
  }
}

void carry_absent_cells(const Sharing& sharing, const std::vector<TableSchema>& schemas,
                        const std::vector<Table>& theirs, std::vector<Table>& tables) {
  if (!sharing.has_local()) return;
  for (const auto& schema : schemas) {
    const auto table =
        std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.name == schema.name; });
    const auto* from = find_table(theirs, schema.name);
    if (table == tables.end() || from == nullptr) continue;
    std::optional<Table> here;
    for (std::size_t i = 0; i < from->columns.size(); ++i) {
      if (schema.find(from->columns[i])) continue;
      std::vector<std::string> unsaid;
      if (!here) here = fit_table(*from, schema, nullptr, unsaid);
      const auto cells = absent_cells(sharing, schema.key(), *from, *here, i);
      if (!cells.empty()) add_column(schema.key(), from->columns[i], cells, *table);
    }
  }
}

std::vector<std::string> passed_over(const Sharing& sharing, const std::vector<TableSchema>& schemas,
                                     const std::vector<Table>& document) {
  std::vector<std::string> keys;
  if (!sharing.has_local()) return keys;
  for (const auto& schema : schemas) {
    const auto* table = find_table(document, schema.name);
    if (table == nullptr) continue;
    for (const auto& row : table->rows) {
      if (sharing.is_local(schema.name, row)) keys.push_back(key_digest(schema, row));
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool is_passed_over(const std::vector<std::string>& keys, const TableSchema& schema, const RowView& row) {
  return !keys.empty() && std::binary_search(keys.begin(), keys.end(), key_digest(schema, row));
}

}  // namespace proxysql_consul
