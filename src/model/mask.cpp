#include "proxysql_consul/model/mask.h"

#include <string>
#include <utility>

#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

bool is_secret(std::string_view table, std::string_view column, std::string_view variable, std::string_view value) {
  if (column == "variable_value") {
    return contains(variable, "password") || contains(variable, "credentials") || contains(variable, "secret") ||
           contains(variable, "token");
  }
  if (contains(column, "password")) return true;
  // Programs are often given their passwords as arguments.
  if (table == "scheduler" && column.starts_with("arg")) return true;
  // An account's attributes can hold a second password.
  return is_users_table(table) && column == "attributes" && contains(value, "password");
}

Table masked(Table table) {
  const auto name = table.find("variable_name");
  Rows rows;
  for (const auto& row : table.rows) {
    const auto variable = name ? row[*name].value_or("") : std::string_view();
    auto column = table.columns.begin();
    rows.start();
    for (const auto& cell : row) {
      const bool hidden = cell && !cell->empty() && is_secret(table.name, *column, variable, *cell);
      rows.add(hidden ? "***" : cell);
      ++column;
    }
  }
  table.rows = std::move(rows);
  return table;
}

}  // namespace proxysql_consul
