#include "proxysql_consul/model/mask.h"

#include <fnmatch.h>

#include <algorithm>
#include <string>
#include <utility>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_named(const std::vector<std::string>& patterns, std::string_view name) {
  if (patterns.empty()) return false;
  const auto text = to_lower(name);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return fnmatch(pattern.c_str(), text.c_str(), 0) == 0; });
}

}  // namespace

bool is_secret(const TableSchema& schema, std::string_view column, std::string_view variable, std::string_view value) {
  const auto& table = schema.name;
  if (is_named(schema.secrets, column == "variable_value" ? variable : column)) return true;
  if (column == "variable_value") {
    return contains(variable, "password") || contains(variable, "credentials") || contains(variable, "secret") ||
           contains(variable, "token");
  }
  if (contains(column, "password")) return true;
  // Programs are often given their passwords as arguments.
  if (table == "scheduler" && column.starts_with("arg")) return true;
  // An account's attributes can hold a second password.
  return column == "attributes" && contains(value, "password");
}

Table masked(const TableSchema& schema, Table table) {
  const auto name = table.find("variable_name");
  Rows rows;
  for (const auto& row : table.rows) {
    const auto variable = name ? row[*name].value_or("") : std::string_view();
    auto column = table.columns.begin();
    rows.start();
    for (const auto& cell : row) {
      const bool hidden = cell && !cell->empty() && is_secret(schema, *column, variable, *cell);
      rows.add(hidden ? "***" : cell);
      ++column;
    }
  }
  table.rows = std::move(rows);
  return table;
}

}  // namespace proxysql_consul
