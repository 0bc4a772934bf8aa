#include "proxysql_consul/proxysql/sql.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

/// ProxySQL takes the same rows in statements of 1 MiB a fifth more slowly, and no faster in smaller ones than these.
constexpr std::size_t piece_bytes = std::size_t{256} * 1024;

void append_doubling(std::string& to, std::string_view text, char mark) {
  to += mark;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    to.append(text.substr(0, at + 1)) += mark;
    text.remove_prefix(at + 1);
  }
  to.append(text) += mark;
}

void append_quoted(std::string& to, const CellView& value) {
  if (value) {
    append_doubling(to, *value, '\'');
  } else {
    to += "NULL";
  }
}

/// The names of those columns of which it is true.
std::string names_of(const TableSchema& schema, const std::vector<bool>& which) {
  std::string names;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (which[i]) names.append(names.empty() ? "" : ",").append(quote_name(schema.columns[i].name));
  }
  return names;
}

void append_values(std::string& text, const RowView& row, const std::vector<bool>& in_use) {
  char before = '(';
  auto is_in_use = in_use.begin();
  for (const auto& cell : row) {
    if (!*is_in_use++) continue;
    text += before;
    append_quoted(text, cell);
    before = ',';
  }
  text += ')';
}

std::string condition_of(const TableSchema& schema, const std::vector<std::size_t>& key, const Row& values) {
  std::string condition;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) condition += " AND ";
    condition += quote_name(schema.columns[key[i]].name) + (values[i] ? "=" + quote(values[i]) : " IS NULL");
  }
  return condition;
}

/// That the rows `a` and `b` have the same in the columns for which `which` says true.
std::string same_cells(const TableSchema& schema, const std::vector<bool>& which) {
  std::string same;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!which[i]) continue;
    const auto& column = schema.columns[i];
    const auto name = quote_name(column.name);
    // By = an index is found, and without NULL it is the same.
    const auto* is = column.key > 0 && column.not_null ? "=" : " IS ";
    if (!same.empty()) same += " AND ";
    same.append("a.").append(name).append(is).append("b.").append(name);
  }
  return same;
}

void add_deletes(std::vector<std::string>& statements, const TableSchema& schema, const std::vector<std::size_t>& key,
                 const std::vector<Row>& gone, std::size_t batch_bytes) {
  // A list knows no limit, but row values would need SQLite 3.15.
  const bool as_list = key.size() == 1 && schema.columns[key[0]].not_null;
  const auto head = "DELETE FROM " + quote_name(schema.name) + " WHERE " +
                    (as_list ? quote_name(schema.columns[key[0]].name) + " IN (" : "");
  std::string text;
  std::size_t count = 0;
  const auto flush = [&] {
    if (as_list && !text.empty()) text += ')';
    if (!text.empty()) statements.push_back(std::exchange(text, {}));
    count = 0;
  };
  for (const auto& values : gone) {
    const auto term = as_list ? quote(values[0]) : "(" + condition_of(schema, key, values) + ")";
    const bool full = !as_list && count == max_keys_per_statement;
    if (full || (!text.empty() && text.size() + term.size() + 4 > batch_bytes)) flush();
    text += (text.empty() ? head : as_list ? "," : " OR ") + term;
    ++count;
  }
  flush();
}

}  // namespace

std::string quote(const CellView& value) {
  std::string quoted;
  append_quoted(quoted, value);
  return quoted;
}

std::string quote_name(std::string_view name) {
  std::string quoted;
  append_doubling(quoted, name, '`');
  return quoted;
}

std::string first_words(std::string_view statement) {
  const auto words = printable(statement.substr(0, statement.find_first_of("('")), 80);
  return words.substr(0, words.find_last_not_of(' ') + 1);
}

std::vector<std::string> statements_of(const TableSchema& schema, const std::vector<Change>& changes,
                                       std::size_t batch_bytes) {
  const auto key = schema.key();
  std::vector<std::string> statements;
  ColumnsInUse columns(schema);
  std::size_t bytes = 0;
  for (const auto& change : changes) {
    if (change.kind == Change::Kind::removed) continue;
    columns.see(change.to);
    bytes += change.to.bytes().size();
  }
  const auto& in_use = columns.in_use();
  // What is too much for one statement goes quicker in small ones.
  if (bytes > batch_bytes) batch_bytes = std::min(batch_bytes, piece_bytes);
  const auto head = "REPLACE INTO " + quote_name(schema.name) + " (" + names_of(schema, in_use) + ") VALUES ";
  std::string batch;
  std::vector<Row> gone;
  for (const auto& change : changes) {
    if (change.kind == Change::Kind::removed) {
      gone.push_back(pick(change.from, key));
      continue;
    }
    const auto before = batch.size();
    batch += before == 0 ? head : ",";
    append_values(batch, change.to, in_use);
    if (before == 0 || batch.size() <= batch_bytes) continue;
    // This row begins the next statement.
    auto next = head + batch.substr(before + 1);
    batch.resize(before);
    statements.push_back(std::exchange(batch, std::move(next)));
  }
  if (!batch.empty()) statements.push_back(std::move(batch));
  add_deletes(statements, schema, key, gone, batch_bytes);
  return statements;
}

std::vector<std::string> statements_between(const TableSchema& schema, const Table& from, const Table& to,
                                            std::size_t batch_bytes) {
  return statements_of(schema, changes_between(schema, from, to), batch_bytes);
}

std::vector<std::string> masked_statements_between(const TableSchema& schema, const Table& from, const Table& to) {
  auto changes = changes_between(schema, from, to);
  Table shown{.name = schema.name, .columns = to.columns, .rows = {}};
  const auto shown_row = [](Change& change) -> RowView& {
    return change.kind == Change::Kind::removed ? change.from : change.to;
  };
  for (auto& change : changes) shown.rows.push_back(shown_row(change));
  shown = masked(schema, std::move(shown));
  auto row = shown.rows.begin();
  for (auto& change : changes) shown_row(change) = *row++;
  return statements_of(schema, changes, default_batch_bytes);
}

std::string count_same_rows(const TableSchema& schema, std::string_view table, std::string_view other) {
  const auto count = [](std::string_view from) { return "(SELECT COUNT(*) FROM " + std::string(from) + ")"; };
  const auto both = std::string(table) + " AS a JOIN " + std::string(other) + " AS b ON " +
                    same_cells(schema, std::vector<bool>(schema.columns.size(), true));
  return count(table) + "," + count(other) + "," + count(both);
}

std::string copy_rows_that_differ(const TableSchema& schema, std::string_view table, std::string_view other,
                                  const std::vector<bool>& which) {
  auto compared = which;
  for (const auto position : schema.key()) compared[position] = true;
  const auto names = names_of(schema, std::vector<bool>(schema.columns.size(), true));
  return "REPLACE INTO " + std::string(other) + " (" + names + ") SELECT " + names + " FROM " + std::string(table) +
         " AS a WHERE NOT EXISTS (SELECT 1 FROM " + std::string(other) + " AS b WHERE " + same_cells(schema, compared) +
         ")";
}

std::string select_rows(const TableSchema& schema, std::string_view table, std::string_view variables) {
  auto text = select_columns(schema, table, std::vector<bool>(schema.columns.size(), true));
  if (variables.empty()) return text;
  // A range rather than LIKE, which would fold case.
  auto end = std::string(variables);
  ++end.back();
  const auto order = text.find(" ORDER BY ");
  return text.insert(order,
                     " WHERE variable_name>=" + quote(std::string(variables)) + " AND variable_name<" + quote(end));
}

std::string select_rows_like(const TableSchema& schema, const Rows& rows) {
  const auto key = schema.key();
  std::string condition;
  for (const auto& row : rows) {
    condition.append(condition.empty() ? " WHERE (" : ") OR (").append(condition_of(schema, key, pick(row, key)));
  }
  auto text = select_rows(schema, schema.name);
  return text.insert(text.find(" ORDER BY "), condition + ")");
}

std::string select_columns(const TableSchema& schema, std::string_view table, const std::vector<bool>& which) {
  std::string order;
  for (const auto position : schema.key()) {
    order.append(order.empty() ? "" : ",").append(quote_name(schema.columns[position].name));
  }
  std::string others;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (which[i]) continue;
    others.append(others.empty() ? "," : " AND ").append(quote_name(schema.columns[i].name));
    others.append(" IS ").append(quote(schema.columns[i].default_cell()));
  }
  // The table's name stays unquoted and in lower case: ProxySQL refreshes runtime tables that it finds in the text.
  return "SELECT " + names_of(schema, which) + others + " FROM " + std::string(table) + " ORDER BY " + order;
}

}  // namespace proxysql_consul
