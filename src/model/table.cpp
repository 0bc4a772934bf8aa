#include "proxysql_consul/model/table.h"

#include <algorithm>

namespace proxysql_consul {

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

std::optional<std::size_t> Table::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

Row pick(const Row& row, const std::vector<std::size_t>& positions) {
  Row picked;
  picked.reserve(positions.size());
  for (const auto position : positions) picked.push_back(row[position]);
  return picked;
}

}  // namespace proxysql_consul
