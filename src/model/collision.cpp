#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/scope.h"

namespace proxysql_consul {
namespace {

/// The keys beside the primary one that no two rows of ProxySQL's tables may share.
std::vector<std::vector<std::string_view>> unique_keys(std::string_view table) {
  if (is_users_table(table)) return {{"username", "frontend"}};
  if (table.ends_with("_group_replication_hostgroups") || table.ends_with("_galera_hostgroups")) {
    return {{"reader_hostgroup"}, {"offline_hostgroup"}, {"backup_writer_hostgroup"}};
  }
  if (table.ends_with("_replication_hostgroups") || table.ends_with("_aws_aurora_hostgroups")) {
    return {{"reader_hostgroup"}};
  }
  return {};
}

/// What a row holds at `positions`, or nothing where it is like no other there: NULL is like nothing else, not even
/// NULL.
std::optional<Row> unique_values(const RowView& row, const std::vector<std::size_t>& positions) {
  auto values = pick(row, positions);
  if (std::find(values.begin(), values.end(), std::nullopt) != values.end()) return std::nullopt;
  return values;
}

}  // namespace

std::optional<std::string> Sharing::collision(const std::vector<Table>& tables) const {
  return collision(tables, tables);
}

std::optional<std::string> Sharing::collision(const std::vector<Table>& tables, const std::vector<Table>& with) const {
  for (const auto& entry : splits_) {
    const auto& name = entry.first;
    const auto& split = entry.second;
    const auto* table = find_table(tables, name);
    const auto* others = find_table(with, name);
    if (table == nullptr || others == nullptr) continue;
    const auto key = split.schema.key();
    for (const auto& columns : unique_keys(name)) {
      std::vector<std::size_t> positions;
      for (const auto column : columns) {
        if (const auto position = split.schema.find(column)) positions.push_back(*position);
      }
      if (positions.size() != columns.size()) continue;
      std::map<Row, RowView> seen;
      for (const auto& row : table->rows) {
        if (auto values = unique_values(row, positions)) seen.emplace(std::move(*values), row);
      }
      const auto say = [&](const RowView& one) {
        return describe_row(split.schema, one) + (is_local(split, one) ? ", which is kept local," : "");
      };
      for (const auto& row : others->rows) {
        const auto values = unique_values(row, positions);
        if (!values) continue;
        const auto there = seen.find(*values);
        if (there == seen.end() || compare_at(key, there->second, row) == 0) continue;
        return say(there->second) + " and " + say(row) + " cannot stand side by side: no two may have the same " +
               join(std::vector<std::string>(columns.begin(), columns.end()), " and ");
      }
    }
  }
  return std::nullopt;
}

}  // namespace proxysql_consul
