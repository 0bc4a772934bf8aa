#include "proxysql_consul/proxysql/apply_plan.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

bool is_variables(const Configuration& configuration) { return !configuration.variables.empty(); }

Table inactive_rows_of(Table table) {
  table.rows.erase_if(std::not_fn(OnlyInMemory(table)));
  return table;
}

/// True where `tables` hold the wanted inactive rows, and no others where the document speaks of all.
bool holds_inactive_rows(const std::vector<TableSchema>& schemas, const Wanted& wanted,
                         const std::vector<Table>& tables) {
  return std::all_of(schemas.begin(), schemas.end(), [&](const TableSchema& schema) {
    if (!has_inactive_rows(schema.name)) return true;
    const auto& here = table_named(tables, schema.name);
    const auto& there = table_named(wanted.tables, schema.name);
    if (here.rows == there.rows) return true;
    const auto inactive = inactive_rows_of(there);
    const auto actual = inactive_rows_of(here);
    const auto changes = changes_between(schema, inactive, actual);
    return std::all_of(changes.begin(), changes.end(),
                       [&](const Change& change) { return change.kind == Change::Kind::added && !wanted.from_memory; });
  });
}

/// What was loaded from memory may stand there in other words than at runtime.
bool holds(const std::vector<TableSchema>& schemas, const Wanted& wanted, const std::vector<Table>& tables,
           const Configuration& configuration, Match match) {
  return missing_in(schemas, wanted.tables, tables, configuration, match, 1).empty() &&
         holds_inactive_rows(schemas, wanted, tables);
}

/// What a layer is to hold: what is wanted, and what is local there.
class WantedIn {
 public:
  /// `wanted` must outlive the object.
  WantedIn(const Wanted& wanted, const Sharing& sharing, const std::vector<Table>& layer) : wanted_(wanted) {
    if (sharing.has_local()) {
      combined_ = {.tables = sharing.combine(wanted.tables, layer), .from_memory = wanted.from_memory};
    }
  }

  const Wanted& get() const { return combined_ ? *combined_ : wanted_; }

 private:
  const Wanted& wanted_;
  std::optional<Wanted> combined_;
};

/// `wanted`, and the inactive rows of `memory` beside it that are nobody's loss.
Table with_kept_rows(const TableSchema& schema, Table wanted, const Table& memory, std::vector<std::string>& notices) {
  const OnlyInMemory is_inactive(memory);
  if (std::none_of(memory.rows.begin(), memory.rows.end(), is_inactive)) return wanted;
  const auto key = schema.key();
  const bool has_second_key = is_users_table(schema.name);
  std::set<Row> keys;
  std::set<Row> second_keys;
  for (const auto& row : wanted.rows) {
    keys.insert(pick(row, key));
    if (has_second_key) second_keys.insert(second_key(wanted, row));
  }
  for (const auto& row : memory.rows) {
    if (!is_inactive(row) || keys.contains(pick(row, key))) continue;
    if (has_second_key && second_keys.contains(second_key(memory, row))) {
      notices.push_back(describe_row(schema, row) + ": is inactive here, and gives way to an account of its name");
      continue;
    }
    wanted.rows.push_back(row);
  }
  return wanted;
}

/// The variables that are there, with the wanted values, and the wanted ones that somebody has deleted.
Table with_other_variables(const Table& wanted, const Table& memory) {
  std::map<CellView, RowView> by_name;
  for (const auto& row : wanted.rows) by_name[row[0]] = row;
  Table target{.name = memory.name, .columns = memory.columns, .rows = {}};
  for (const auto& row : memory.rows) {
    const auto named = by_name.find(row[0]);
    target.rows.push_back(named != by_name.end() ? named->second : row);
    if (named != by_name.end()) by_name.erase(named);
  }
  for (const auto& [name, row] : by_name) target.rows.push_back(row);
  return target;
}

std::vector<Table> target_of(const Configuration& configuration, const std::vector<TableSchema>& schemas,
                             const Wanted& wanted, const std::vector<Table>& memory,
                             std::vector<std::string>& notices) {
  std::vector<Table> target;
  for (const auto& schema : schemas) {
    const auto& table = table_named(wanted.tables, schema.name);
    if (is_variables(configuration)) {
      target.push_back(with_other_variables(table, table_named(memory, schema.name)));
    } else if (has_inactive_rows(schema.name) && !wanted.from_memory) {
      target.push_back(with_kept_rows(schema, table, table_named(memory, schema.name), notices));
    } else {
      target.push_back(table);
    }
  }
  return target;
}

/// Both tables without the rows at their beginnings and ends that are the same, as far as each row stands for itself.
std::pair<Table, Table> unequal_parts(const Table& a, const Table& b) {
  // An account may have two.
  if (is_users_table(a.name)) return {a, b};
  const auto part_of = [](const Table& table, const std::vector<RowView>& rows) {
    Table part{.name = table.name, .columns = table.columns, .rows = {}};
    for (const auto& row : rows) part.rows.push_back(row);
    return part;
  };
  const auto [of_a, of_b] = unequal_middles(a.rows, b.rows);
  if (of_a.size() == a.rows.size()) return {a, b};
  return {part_of(a, of_a), part_of(b, of_b)};
}

Edit edit_of(const std::vector<Change>& changes) {
  Edit edit{.rows = changes.size(), .written = {}};
  if (changes.size() > max_keys_per_statement) return edit;
  for (const auto& change : changes) {
    if (change.kind != Change::Kind::removed) edit.written.push_back(change.to);
  }
  return edit;
}

}  // namespace

std::string load_statement(const Configuration& configuration) {
  return "LOAD " + std::string(configuration.words) + " TO RUNTIME";
}

std::string save_statement(const Configuration& configuration) {
  return "SAVE " + std::string(configuration.words) + " TO DISK";
}

const Table& table_named(const std::vector<Table>& tables, const std::string& name) {
  return *std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
}

std::vector<std::string> missing_in(const std::vector<TableSchema>& schemas, const std::vector<Table>& wanted,
                                    const std::vector<Table>& tables, const Configuration& configuration, Match match,
                                    std::size_t limit) {
  std::vector<std::string> missing;
  for (const auto& schema : schemas) {
    const auto& there = table_named(wanted, schema.name);
    const auto& here = table_named(tables, schema.name);
    if (here.rows == there.rows) continue;
    const auto [wanted_part, part] = unequal_parts(there, here);
    const auto lines = differences(schema, runtime_form(wanted_part), runtime_form(shared_form(part, {})), match,
                                   is_variables(configuration), limit);
    missing.insert(missing.end(), lines.begin(), lines.end());
  }
  return missing;
}

std::vector<std::string> shown_statements(const std::vector<TableSchema>& schemas, const Layers& layers,
                                          const ApplyPlan& plan) {
  std::vector<std::string> shown;
  if (plan.statements.empty()) return shown;
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    auto some = masked_statements_between(schemas[i], table_named(layers.memory, schemas[i].name), plan.target[i]);
    std::move(some.begin(), some.end(), std::back_inserter(shown));
  }
  return shown;
}

std::vector<Table> wanted_at_runtime(const Wanted& wanted, const Sharing& sharing, const std::vector<Table>& runtime,
                                     const std::vector<Table>& memory) {
  return sharing.combine(wanted.tables, sharing.with_left_out(runtime, sharing.left_out(memory, runtime)));
}

bool is_loaded(const Configuration& configuration, const std::vector<TableSchema>& schemas, const Layers& layers,
               const Wanted& wanted, const Circumstances& circumstances, const Sharing& sharing) {
  // Since that LOAD runtime shows what it made of the document. Without runtime tables only the record of having loaded
  // it tells that it is there.
  const auto match = circumstances.is_that_load ? Match::loaded : Match::exact;
  if (layers.runtime && sharing.has_local()) {
    auto there = sharing.afresh();
    there.see(wanted.tables);
    there.see(*layers.runtime);
    there.see(sharing.left_out(layers.memory, *layers.runtime));
    const auto tables = wanted_at_runtime(wanted, there, *layers.runtime, layers.memory);
    return missing_in(schemas, tables, *layers.runtime, configuration, match, 1).empty();
  }
  if (layers.runtime) return missing_in(schemas, wanted.tables, *layers.runtime, configuration, match, 1).empty();
  return circumstances.loaded_before && !circumstances.interrupted &&
         holds(schemas, WantedIn(wanted, sharing, layers.memory).get(), layers.memory, configuration, Match::loaded);
}

ApplyPlan plan_apply(const Configuration& configuration, const std::vector<TableSchema>& schemas, const Layers& layers,
                     const Wanted& wanted, const Circumstances& circumstances, const Sharing& sharing) {
  ApplyPlan plan;
  const WantedIn in_memory(wanted, sharing, layers.memory);
  plan.target = target_of(configuration, schemas, in_memory.get(), layers.memory, plan.notices);
  const bool on_disk = !layers.disk || holds(schemas, WantedIn(wanted, sharing, *layers.disk).get(), *layers.disk,
                                             configuration, Match::exact);
  const bool loaded = is_loaded(configuration, schemas, layers, wanted, circumstances, sharing);
  if (loaded) {
    if (on_disk && !circumstances.interrupted && holds_inactive_rows(schemas, in_memory.get(), layers.memory)) {
      return plan;
    }
    if (!circumstances.interrupted) {
      plan.unloaded = missing_in(schemas, in_memory.get().tables, layers.memory, configuration, Match::loaded, 3);
    }
    if (!plan.unloaded.empty()) return plan;
  }
  if (const auto collision = sharing.collision(plan.target)) {
    throw Error(ExitCode::payload, "nothing was written: " + *collision,
                "change one of the two rows, or what keep_local says");
  }
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    const auto changes = changes_between(schemas[i], table_named(layers.memory, schemas[i].name), plan.target[i]);
    plan.edits.push_back(edit_of(changes));
    auto some = statements_of(schemas[i], changes);
    std::move(some.begin(), some.end(), std::back_inserter(plan.statements));
  }
  plan.load = !loaded;
  plan.save = circumstances.to_disk && (plan.load || !on_disk);
  return plan;
}

}  // namespace proxysql_consul
