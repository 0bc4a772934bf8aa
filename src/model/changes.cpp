#include "proxysql_consul/model/changes.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

/// Both rows have the same key.
std::vector<std::size_t> differing_columns(const TableSchema& schema, const RowView& from, const RowView& to,
                                           Match match) {
  const auto name = match == Match::loaded ? schema.find("variable_name") : std::nullopt;
  const auto variable = name ? from[*name].value_or("") : std::string_view();
  std::vector<std::size_t> columns;
  std::size_t position = 0;
  auto other = to.begin();
  for (const auto& cell : from) {
    const auto there = *other++;
    const bool is_same =
        cell == there ||
        (match == Match::loaded && !is_secret(schema, schema.columns[position].name, variable, cell.value_or("")) &&
         is_same_value(cell, there));
    if (!is_same) columns.push_back(position);
    ++position;
  }
  return columns;
}

std::string describe(const TableSchema& schema, const Change& change) {
  switch (change.kind) {
    case Change::Kind::removed: return describe_row(schema, change.from) + ": is missing";
    case Change::Kind::added: return describe_row(schema, change.to) + ": is there though it should not be";
    case Change::Kind::changed: break;
  }
  std::vector<std::string> names;
  for (const auto position : change.columns) names.push_back(schema.columns[position].name);
  return describe_row(schema, change.from) + ": has another " + join(names);
}

}  // namespace

std::vector<Change> changes_between(const TableSchema& schema, const Table& from, const Table& to, Match match) {
  const auto key = schema.key();
  auto [before, after] = unequal_middles(from.rows, to.rows);
  sort_by(key, before);
  sort_by(key, after);
  std::vector<Change> changes;
  auto old_row = before.begin();
  auto new_row = after.begin();
  while (old_row != before.end() || new_row != after.end()) {
    if (old_row != before.end() && new_row != after.end() && *old_row == *new_row) {
      ++old_row;
      ++new_row;
      continue;
    }
    const int side = old_row == before.end() ? 1 : new_row == after.end() ? -1 : compare_at(key, *old_row, *new_row);
    if (side < 0) {
      changes.push_back({.kind = Change::Kind::removed, .from = *old_row++, .to = {}, .columns = {}});
    } else if (side > 0) {
      changes.push_back({.kind = Change::Kind::added, .from = {}, .to = *new_row++, .columns = {}});
    } else {
      auto columns = differing_columns(schema, *old_row, *new_row, match);
      if (!columns.empty()) {
        changes.push_back(
            {.kind = Change::Kind::changed, .from = *old_row, .to = *new_row, .columns = std::move(columns)});
      }
      ++old_row;
      ++new_row;
    }
  }
  return changes;
}

std::string describe_row(const TableSchema& schema, const RowView& row) {
  if (schema.name == "global_variables") return printable(row[0].value_or(""), 64);
  std::string name;
  for (const auto position : schema.key()) {
    const auto& column = schema.columns[position].name;
    const auto value = row[position].value_or("NULL");
    name.append(name.empty() ? "" : ", ").append(column).append("=");
    name.append(is_secret(schema, column, {}, value) ? "***" : printable(value, 64));
  }
  return "table " + schema.name + ", row " + name;
}

std::vector<std::string> differences(const TableSchema& schema, const Table& wanted, const Table& actual, Match match,
                                     bool only_wanted, std::size_t limit) {
  auto changes = changes_between(schema, wanted, actual, match);
  if (only_wanted) std::erase_if(changes, [](const Change& change) { return change.kind == Change::Kind::added; });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(limit, changes.size()); ++i) lines.push_back(describe(schema, changes[i]));
  if (changes.size() > limit) lines.push_back("and " + std::to_string(changes.size() - limit) + " more");
  return lines;
}

}  // namespace proxysql_consul
