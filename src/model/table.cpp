#include "proxysql_consul/model/table.h"

#include <algorithm>

namespace proxysql_consul {

Cell Column::default_cell() const {
  if (!default_value || *default_value == "NULL") return std::nullopt;
  const auto& sql = *default_value;
  if (sql.size() < 2 || sql.front() != '\'' || sql.back() != '\'') return sql;
  std::string value;
  for (std::size_t i = 1; i + 1 < sql.size(); ++i) {
    value += sql[i];
    if (sql[i] == '\'') ++i;
  }
  return value;
}

std::optional<std::size_t> TableSchema::find(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return i;
  }
  return std::nullopt;
}

std::vector<std::size_t> TableSchema::key() const {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].key > 0) positions.push_back(i);
  }
  std::sort(positions.begin(), positions.end(),
            [&](std::size_t a, std::size_t b) { return columns[a].key < columns[b].key; });
  if (positions.empty()) {
    for (std::size_t i = 0; i < columns.size(); ++i) positions.push_back(i);
  }
  return positions;
}

ColumnsInUse::ColumnsInUse(const TableSchema& schema) {
  for (const auto& column : schema.columns) {
    defaults_.push_back(column.default_cell());
    in_use_.push_back(false);
  }
  for (const auto position : schema.key()) in_use_[position] = true;
}

void ColumnsInUse::see(const RowView& row) {
  std::size_t position = 0;
  for (const auto& cell : row) {
    if (!in_use_[position] && cell != defaults_[position]) in_use_[position] = true;
    ++position;
  }
}

std::optional<std::size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

const Table* find_table(const std::vector<Table>& tables, std::string_view name) {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

}  // namespace proxysql_consul
