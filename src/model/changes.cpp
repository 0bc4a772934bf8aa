#include "proxysql_consul/model/changes.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

/// Compares rows by the cells of their primary key.
class KeyOrder {
 public:
  explicit KeyOrder(const TableSchema& schema) : key_(schema.key()) {}

  int compare(const Row& a, const Row& b) const {
    for (const auto position : key_) {
      if (a[position] < b[position]) return -1;
      if (b[position] < a[position]) return 1;
    }
    return 0;
  }

  std::vector<const Row*> sort(const Table& table) const {
    std::vector<const Row*> rows;
    rows.reserve(table.rows.size());
    for (const auto& row : table.rows) rows.push_back(&row);
    const auto less = [this](const Row* a, const Row* b) { return compare(*a, *b) < 0; };
    if (!std::is_sorted(rows.begin(), rows.end(), less)) std::stable_sort(rows.begin(), rows.end(), less);
    return rows;
  }

 private:
  std::vector<std::size_t> key_;
};

/// Both rows have the same key.
std::vector<std::size_t> differing_columns(const TableSchema& schema, const Row& from, const Row& to, Match match) {
  const auto name = match == Match::loaded ? schema.find("variable_name") : std::nullopt;
  const auto is_same = [&](std::size_t i) {
    if (match == Match::exact || from[i] == to[i]) return from[i] == to[i];
    const auto variable = name ? from[*name].value_or("") : std::string();
    return !is_secret(schema.name, schema.columns[i].name, variable, from[i].value_or("")) &&
           is_same_value(from[i], to[i]);
  };
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!is_same(i)) columns.push_back(i);
  }
  return columns;
}

std::string describe(const TableSchema& schema, const Change& change) {
  switch (change.kind) {
    case Change::Kind::removed: return describe_row(schema, *change.from) + ": is missing";
    case Change::Kind::added: return describe_row(schema, *change.to) + ": is there though it should not be";
    case Change::Kind::changed: break;
  }
  std::vector<std::string> names;
  for (const auto position : change.columns) names.push_back(schema.columns[position].name);
  return describe_row(schema, *change.from) + ": has another " + join(names);
}

}  // namespace

std::vector<Change> changes_between(const TableSchema& schema, const Table& from, const Table& to, Match match) {
  const KeyOrder order(schema);
  const auto before = order.sort(from);
  const auto after = order.sort(to);
  std::vector<Change> changes;
  auto old_row = before.begin();
  auto new_row = after.begin();
  while (old_row != before.end() || new_row != after.end()) {
    const int side = old_row == before.end() ? 1 : new_row == after.end() ? -1 : order.compare(**old_row, **new_row);
    if (side < 0) {
      changes.push_back({.kind = Change::Kind::removed, .from = *old_row++, .to = nullptr, .columns = {}});
    } else if (side > 0) {
      changes.push_back({.kind = Change::Kind::added, .from = nullptr, .to = *new_row++, .columns = {}});
    } else {
      auto columns = differing_columns(schema, **old_row, **new_row, match);
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

std::string describe_row(const TableSchema& schema, const Row& row) {
  if (schema.name == "global_variables") return printable(row[0].value_or(""), 64);
  std::string name;
  for (const auto position : schema.key()) {
    name += (name.empty() ? "" : ", ") + schema.columns[position].name + "=" +
            printable(row[position].value_or("NULL"), 64);
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
