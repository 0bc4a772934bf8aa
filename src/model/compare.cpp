#include "proxysql_consul/model/compare.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/monitor.h"

namespace proxysql_consul {
namespace {

std::vector<std::string> variables_in(const Local& here) {
  std::vector<std::string> names;
  if (here.configuration.variables.empty()) return names;
  for (const auto& table : here.tables) {
    for (const auto& row : table.rows) names.emplace_back(row[0].value_or(""));
  }
  return names;
}

std::set<Row> keys_of(const TableSchema& schema, const Table& table) {
  const auto key = schema.key();
  std::set<Row> keys;
  for (const auto& row : table.rows) keys.insert(pick(row, key));
  return keys;
}

/// The inactive rows of `from` that have a key of `wanted` and none of `present`.
void add_inactive(const TableSchema& schema, const Table& from, const std::set<Row>& wanted, Table& to) {
  const OnlyInMemory is_inactive(from);
  const auto key = schema.key();
  const auto present = keys_of(schema, to);
  for (const auto& row : from.rows) {
    const auto at = pick(row, key);
    if (is_inactive(row) && wanted.contains(at) && !present.contains(at)) to.rows.push_back(row);
  }
}

/// A variable that the document does not name is left alone by every node.
void drop_unnamed_variables(const Table& wanted, Table& table) {
  std::set<CellView> names;
  for (const auto& row : wanted.rows) names.insert(row[0]);
  table.rows.erase_if([&](const RowView& row) { return !names.contains(row[0]); });
}

}  // namespace

Comparison compare(const Local& here, const std::vector<Table>& there) {
  Sharing sharing(here.scope, here.schemas);
  sharing.see(here.tables);
  sharing.see(here.left_out);
  auto fitted =
      fit(here.configuration, there, here.schemas, variables_in(here), here.scope.exclude_variables, &sharing);
  Comparison comparison{.tables = {}, .notes = std::move(fitted.warnings)};
  auto tables = here.tables;
  if (!here.as_loaded && here.memory) {
    auto settled = settle_servers(std::move(tables), sharing.combine(fitted.tables, *here.memory), *here.memory);
    tables = std::move(settled.tables);
    comparison.notes.insert(comparison.notes.end(), settled.moved.begin(), settled.moved.end());
  }
  if (sharing.has_local()) {
    fitted.tables = sharing.combine(std::move(fitted.tables), sharing.with_left_out(tables, here.left_out));
    for (const auto& kept : sharing.describe_kept(tables)) {
      comparison.notes.push_back("kept local, and not compared: " + kept);
    }
  }
  for (const auto& schema : here.schemas) {
    const auto* wanted = find_table(fitted.tables, schema.name);
    const auto* actual = find_table(tables, schema.name);
    if (wanted == nullptr || actual == nullptr) continue;
    TableDifference difference{
        .schema = schema, .here = runtime_form(*actual), .there = runtime_form(*wanted), .changes = {}};
    if (has_inactive_rows(schema.name)) {
      const auto keys = keys_of(schema, *wanted);
      const auto* memory = here.memory ? find_table(*here.memory, schema.name) : actual;
      if (memory != nullptr) add_inactive(schema, *memory, keys, difference.here);
      add_inactive(schema, *wanted, keys, difference.there);
    }
    if (!here.configuration.variables.empty()) drop_unnamed_variables(*wanted, difference.here);
    difference.changes =
        changes_between(schema, difference.here, difference.there, here.is_that_load ? Match::loaded : Match::exact);
    if (!difference.changes.empty()) comparison.tables.push_back(std::move(difference));
  }
  return comparison;
}

}  // namespace proxysql_consul
