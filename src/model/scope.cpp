#include "proxysql_consul/model/scope.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

/// "rows by hostgroup_id, hostname"
std::string describe(const RowRule& rule) {
  std::vector<std::string> columns;
  for (const auto& condition : rule) columns.push_back(printable(condition.column, 64));
  return "rows by " + join(columns, " and ");
}

bool is_gone(const Table& servers, const RowView& row) {
  const auto status = servers.find("status");
  return is_servers_table(servers.name) && status && to_lower(row[*status].value_or("")) == "offline_hard";
}

void set_rows(const Table& from, Table& to) {
  if (from.rows != to.rows) to.rows = from.rows;
}

}  // namespace

bool CellRule::is_met_by(const CellView& cell) const {
  if (kind == Kind::null || !cell) return kind == Kind::null && !cell;
  if (kind == Kind::text) return *cell == text;
  if (kind == Kind::pattern) return fnmatch(text.c_str(), std::string(*cell).c_str(), 0) == 0;
  const auto number = to_integer(*cell);
  return number && *number >= low && *number <= high;
}

bool Scope::is_about(const std::vector<std::string>& names) const {
  return !tables.empty() &&
         std::any_of(names.begin(), names.end(), [&](const auto& name) { return tables.contains(name); });
}

void keep_own(const Catalogue& catalogue, Scope& scope) {
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  scope.added.clear();
  for (const auto& configuration : catalogue.all()) {
    const auto* built_in = find_configuration(configuration.name);
    // Variables count by name, and what is built in is so for all.
    const bool is_added =
        configuration.variables.empty() && (built_in == nullptr || built_in->local != configuration.local);
    if (is_added && !configuration.local.empty()) {
      scope.added.append(configuration.name).append(": ").append(join(configuration.local)).append("; ");
    }
    for (const auto& name : configuration.local) {
      if (!configuration.variables.empty()) {
        add(scope.exclude_variables, name);
        continue;
      }
      for (const auto& table : configuration.tables) {
        const auto [part, is_new] = scope.tables.try_emplace(table);
        if (is_new) part->second.is_given = false;
        add(part->second.columns, name);
      }
    }
  }
}

std::vector<std::string> describe(const Scope& scope) {
  std::vector<std::string> lines;
  for (const auto& [table, part] : scope.tables) {
    if (!part.is_given) continue;
    auto words = part.columns;
    for (const auto& rule : part.rows) words.push_back(describe(rule));
    lines.push_back(table + ": " + join(words));
  }
  return lines;
}

Sharing::Sharing(const Scope& scope, const std::vector<TableSchema>& schemas) {
  if (scope.tables.empty()) return;
  for (const auto& schema : schemas) {
    const auto found = scope.tables.find(schema.name);
    if (found == scope.tables.end()) continue;
    Split split{.schema = schema,
                .key = schema.key(),
                .columns = {},
                .names = found->second.columns,
                .entries = {},
                .entry_names = {},
                .met = std::vector<bool>(found->second.rows.size()),
                .keys = {}};
    for (const auto& name : split.names) {
      if (const auto position = schema.find(name)) split.columns.push_back(*position);
    }
    for (const auto& rule : found->second.rows) {
      auto& entry = split.entries.emplace_back(std::in_place);
      for (const auto& condition : rule) {
        const auto position = schema.find(condition.column);
        if (entry && position) entry->emplace_back(*position, condition);
        if (!position) entry.reset();
      }
      split.entry_names.push_back(describe(rule));
    }
    splits_.emplace(schema.name, std::move(split));
  }
}

const Sharing::Split* Sharing::find(std::string_view table) const {
  const auto found = splits_.find(table);
  return found == splits_.end() ? nullptr : &found->second;
}

Sharing Sharing::afresh() const {
  auto made = *this;
  for (auto& [name, split] : made.splits_) {
    split.keys.clear();
    split.met.assign(split.met.size(), false);
  }
  return made;
}

void Sharing::see(const std::vector<Table>& tables) {
  if (splits_.empty()) return;
  for (const auto& table : tables) see(table);
}

void Sharing::see(const Table& table) {
  const auto found = splits_.find(table.name);
  if (found == splits_.end()) return;
  auto& split = found->second;
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < split.entries.size(); ++i) {
      const auto& entry = split.entries[i];
      const bool is_met = entry && std::all_of(entry->begin(), entry->end(), [&](const auto& condition) {
                            return condition.second.is_met_by(row[condition.first]);
                          });
      if (!is_met) continue;
      split.met[i] = true;
      split.keys.insert(pick(row, split.key));
    }
  }
}

bool Sharing::is_local_column(std::string_view table, std::string_view column) const {
  const auto* split = find(table);
  return split != nullptr && std::find(split->names.begin(), split->names.end(), column) != split->names.end();
}

bool Sharing::is_local(const Split& split, const RowView& row) {
  return !split.keys.empty() && split.keys.contains(pick(row, split.key));
}

bool Sharing::is_local(std::string_view table, const RowView& row) const {
  const auto* split = find(table);
  return split != nullptr && is_local(*split, row);
}

/// The row of `shared` with the local cells of `own`.
void Sharing::add_mixed(const Split& split, const RowView& shared, const RowView& own, Rows& made) {
  std::vector<CellView> cells(shared.begin(), shared.end());
  const std::vector<CellView> kept(own.begin(), own.end());
  for (const auto position : split.columns) cells[position] = kept[position];
  made.push_back(std::span<const CellView>(cells));
}

Table Sharing::combine(const Split& split, const Table& shared, const Table& own) {
  Table made{.name = shared.name, .columns = shared.columns, .rows = {}};
  const auto sorted = sorted_by(split.key, shared.rows);
  const auto sorted_own = sorted_by(split.key, own.rows);
  auto row = sorted.begin();
  auto other = sorted_own.begin();
  while (row != sorted.end() || other != sorted_own.end()) {
    const int side = row == sorted.end() ? 1 : other == sorted_own.end() ? -1 : compare_at(split.key, *row, *other);
    const bool local = is_local(split, side <= 0 ? *row : *other);
    if (side >= 0 && local) {
      made.rows.push_back(*other);
    } else if (side < 0 && !local) {
      made.rows.push_back(*row);
    } else if (side == 0) {
      add_mixed(split, *row, *other, made.rows);
    }
    if (side <= 0) ++row;
    if (side >= 0) ++other;
  }
  return made;
}

std::vector<Table> Sharing::combine(std::vector<Table> shared, const std::vector<Table>& own) const {
  if (splits_.empty()) return shared;
  for (auto& table : shared) {
    const auto* split = find(table.name);
    if (split == nullptr) continue;
    const Table none{.name = table.name, .columns = table.columns, .rows = {}};
    const auto* kept = find_table(own, table.name);
    set_rows(combine(*split, table, kept != nullptr ? *kept : none), table);
  }
  return shared;
}

std::vector<Table> Sharing::shared_rows(std::vector<Table> tables) const {
  for (auto& table : tables) {
    const auto* split = find(table.name);
    if (split != nullptr) table.rows.erase_if([&](const RowView& row) { return is_local(*split, row); });
  }
  return tables;
}

std::vector<Table> Sharing::local_rows(const std::vector<Table>& tables) const {
  std::vector<Table> local;
  for (const auto& table : tables) {
    const auto* split = find(table.name);
    if (split == nullptr) continue;
    local.push_back(table);
    local.back().rows.erase_if([&](const RowView& row) { return !is_local(*split, row); });
  }
  return local;
}

std::vector<Table> Sharing::left_out(const std::vector<Table>& memory, const std::vector<Table>& runtime) const {
  std::vector<Table> left;
  for (const auto& table : memory) {
    const auto* split = find(table.name);
    if (split == nullptr) continue;
    auto some = table;
    const OnlyInMemory is_inactive(table);
    some.rows.erase_if([&](const RowView& row) { return !is_inactive(row) && !is_gone(table, row); });
    if (some.rows.empty()) continue;
    std::set<Row> present;
    if (const auto* there = find_table(runtime, table.name)) {
      for (const auto& row : there->rows) present.insert(pick(row, split->key));
    }
    some.rows.erase_if([&](const RowView& row) { return present.contains(pick(row, split->key)); });
    left.push_back(std::move(some));
  }
  return left;
}

std::vector<Table> Sharing::with_left_out(std::vector<Table> runtime, const std::vector<Table>& left_out) const {
  for (auto& table : runtime) {
    const auto* split = find(table.name);
    const auto* left = find_table(left_out, table.name);
    if (split == nullptr || left == nullptr) continue;
    const bool decides_activity = is_local_column(table.name, "active") || is_local_column(table.name, "frontend");
    const bool decides_presence = is_local_column(table.name, "status");
    const OnlyInMemory is_inactive(*left);
    for (const auto& row : left->rows) {
      if ((decides_activity && is_inactive(row)) || (decides_presence && is_gone(*left, row)))
        table.rows.push_back(row);
    }
  }
  return runtime;
}

std::vector<Table> Sharing::document_of(std::vector<Table> runtime, const std::vector<Table>& left_out,
                                        const std::vector<Table>& theirs) const {
  auto tables = combine(with_left_out(std::move(runtime), left_out), theirs);
  for (auto& table : tables) {
    const auto* split = find(table.name);
    const auto* left = find_table(left_out, table.name);
    if (split == nullptr || left == nullptr || left->rows.empty()) continue;
    std::set<Row> keys;
    for (const auto& row : left->rows) keys.insert(pick(row, split->key));
    const OnlyInMemory is_inactive(table);
    const Table shape{.name = table.name, .columns = table.columns, .rows = {}};
    table.rows.erase_if([&](const RowView& row) {
      return (is_inactive(row) || is_gone(shape, row)) && !is_local(*split, row) &&
             keys.contains(pick(row, split->key));
    });
  }
  return tables;
}

std::vector<std::string> Sharing::describe_kept(const std::vector<Table>& tables) const {
  std::vector<std::string> lines;
  for (const auto& entry : splits_) {
    const auto& name = entry.first;
    const auto& split = entry.second;
    auto words = split.names;
    const auto* table = find_table(tables, name);
    const auto count = table == nullptr ? 0
                                        : std::count_if(table->rows.begin(), table->rows.end(),
                                                        [&](const RowView& row) { return is_local(split, row); });
    if (!split.entries.empty()) words.push_back(std::to_string(count) + (count == 1 ? " row" : " rows"));
    lines.push_back("of " + name + ": " + join(words));
  }
  return lines;
}

std::vector<std::string> Sharing::unmet(bool both) const {
  std::vector<std::string> lines;
  for (const auto& [name, split] : splits_) {
    for (std::size_t i = 0; i < split.met.size(); ++i) {
      if (split.met[i]) continue;
      lines.push_back("keep_local: entry " + std::to_string(i + 1) + " of " + name + " (" + split.entry_names[i] +
                      ") matches no row here" + (both ? " and none of Consul's" : ""));
    }
  }
  return lines;
}

}  // namespace proxysql_consul
