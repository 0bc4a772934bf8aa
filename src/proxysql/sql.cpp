#include "proxysql_consul/proxysql/sql.h"

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

// SQLite limits the depth of an expression to 1,000, and a chain of ORs is as deep as it is long.
constexpr std::size_t max_keys_per_delete = 400;

std::string quote_doubling(std::string_view text, char mark) {
  std::string quoted(1, mark);
  for (const char c : text) {
    if (c == mark) quoted += mark;
    quoted += c;
  }
  return quoted + mark;
}

std::string names_of(const std::vector<Column>& columns) {
  std::string names;
  for (const auto& column : columns) names += (names.empty() ? "" : ",") + quote_name(column.name);
  return names;
}

std::string values_of(const TableSchema& schema, const Row& row, bool masked) {
  const auto name = schema.find("variable_name");
  const auto variable = name ? row[*name].value_or("") : std::string();
  std::string values = "(";
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) values += ',';
    const bool mask =
        masked && row[i] && is_secret(schema.name, schema.columns[i].name, variable, *row[i]) && !row[i]->empty();
    values += mask ? "'***'" : quote(row[i]);
  }
  return values + ')';
}

std::string condition_of(const TableSchema& schema, const std::vector<std::size_t>& key, const Row& values) {
  std::string condition;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) condition += " AND ";
    condition += quote_name(schema.columns[key[i]].name) + (values[i] ? "=" + quote(values[i]) : " IS NULL");
  }
  return condition;
}

void add_deletes(std::vector<Statement>& statements, const TableSchema& schema, const std::vector<std::size_t>& key,
                 const std::vector<Row>& gone, std::size_t batch_bytes) {
  // A list knows no limit, but row values would need SQLite 3.15.
  const bool as_list = key.size() == 1 && schema.columns[key[0]].not_null;
  const auto head = "DELETE FROM " + quote_name(schema.name) + " WHERE " +
                    (as_list ? quote_name(schema.columns[key[0]].name) + " IN (" : "");
  std::string text;
  std::size_t count = 0;
  const auto flush = [&] {
    if (as_list && !text.empty()) text += ')';
    if (!text.empty()) statements.push_back({text, text});
    text.clear();
    count = 0;
  };
  for (const auto& values : gone) {
    const auto term = as_list ? quote(values[0]) : "(" + condition_of(schema, key, values) + ")";
    const bool full = !as_list && count == max_keys_per_delete;
    if (full || (!text.empty() && text.size() + term.size() + 4 > batch_bytes)) flush();
    text += (text.empty() ? head : as_list ? "," : " OR ") + term;
    ++count;
  }
  flush();
}

}  // namespace

std::string quote(const Cell& value) { return value ? quote_doubling(*value, '\'') : "NULL"; }

std::string quote_name(std::string_view name) { return quote_doubling(name, '`'); }

std::string first_words(std::string_view statement) {
  const auto words = printable(statement.substr(0, statement.find_first_of("('")), 80);
  return words.substr(0, words.find_last_not_of(' ') + 1);
}

std::vector<Statement> statements_between(const TableSchema& schema, const Table& from, const Table& to,
                                          std::size_t batch_bytes) {
  const auto key = schema.key();
  std::vector<Statement> statements;
  const auto head = "REPLACE INTO " + quote_name(schema.name) + " (" + names_of(schema.columns) + ") VALUES ";
  Statement batch;
  const auto flush = [&] {
    if (!batch.text.empty()) statements.push_back(std::move(batch));
    batch = {};
  };
  std::vector<Row> gone;
  for (const auto& change : changes_between(schema, from, to)) {
    if (change.kind == Change::Kind::removed) {
      gone.push_back(pick(*change.from, key));
      continue;
    }
    const auto cells = values_of(schema, *change.to, false);
    if (!batch.text.empty() && batch.text.size() + cells.size() + 1 > batch_bytes) flush();
    batch.text += (batch.text.empty() ? head : ",") + cells;
    batch.shown += (batch.shown.empty() ? head : ",") + values_of(schema, *change.to, true);
  }
  flush();
  add_deletes(statements, schema, key, gone, batch_bytes);
  return statements;
}

std::string select_rows(const TableSchema& schema, std::string_view table, std::string_view variables) {
  std::string order;
  for (const auto position : schema.key()) {
    order += (order.empty() ? "" : ",") + quote_name(schema.columns[position].name);
  }
  // The table's name stays unquoted and in lower case: ProxySQL refreshes runtime tables that it finds in the text.
  auto text = "SELECT " + names_of(schema.columns) + " FROM " + std::string(table);
  if (!variables.empty()) {
    // A range rather than LIKE, which would fold case.
    auto end = std::string(variables);
    ++end.back();
    text += " WHERE variable_name>=" + quote(std::string(variables)) + " AND variable_name<" + quote(end);
  }
  return text + " ORDER BY " + order;
}

}  // namespace proxysql_consul
