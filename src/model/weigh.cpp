#include "proxysql_consul/model/weigh.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/monitor.h"
#include "proxysql_consul/model/tally.h"

namespace proxysql_consul {
namespace {

/// Consul's tables in the words of this server: what it excludes, or does not know of variables, is still in them.
Fitted fit_theirs(const Holding& ours, const std::vector<Table>& theirs, Sharing& sharing) {
  std::vector<std::string> variables;
  if (!ours.configuration.variables.empty()) {
    for (const auto& table : theirs) {
      for (const auto& row : table.rows) {
        const auto name = table.find("variable_name").value_or(0);
        if (name < row.size()) variables.emplace_back(row[name].value_or(""));
      }
    }
  }
  return fit(ours.configuration, theirs, ours.schemas, variables, {}, &sharing);
}

/// What memory alone can show is nobody's loss: `table` with the rows of `theirs` that a save from runtime is silent
/// of.
void carry_inactive_rows(const TableSchema& schema, const Table& theirs, Table& table) {
  const OnlyInMemory is_inactive(theirs);
  if (std::none_of(theirs.rows.begin(), theirs.rows.end(), is_inactive)) return;
  const auto key = schema.key();
  std::set<Row> keys;
  std::set<Row> second_keys;
  for (const auto& row : table.rows) {
    keys.insert(pick(row, key));
    second_keys.insert(second_key(table, row));
  }
  for (const auto& row : theirs.rows) {
    if (!is_inactive(row) || keys.contains(pick(row, key))) continue;
    // Where two accounts of one name cannot stand side by side, the active one stays.
    if (is_users_table(schema.name) && second_keys.contains(second_key(theirs, row))) continue;
    table.rows.push_back(row);
  }
}

/// Variables that this node excludes or does not know are not its to take away.
void carry_variables(const Table& theirs, Table& table) {
  std::set<Cell> names;
  for (const auto& row : table.rows) names.insert(copy_of(row[0]));
  for (const auto& row : theirs.rows) {
    if (!names.contains(copy_of(row[0]))) table.rows.push_back(row);
  }
}

std::vector<Table> carried_over(const Holding& ours, const std::vector<Table>& theirs, std::vector<Table> tables) {
  for (auto& table : tables) {
    const auto* old = find_table(theirs, table.name);
    const auto schema = std::find_if(ours.schemas.begin(), ours.schemas.end(),
                                     [&](const TableSchema& candidate) { return candidate.name == table.name; });
    if (old == nullptr || schema == ours.schemas.end()) continue;
    const auto rows = table.rows.size();
    if (!ours.configuration.variables.empty()) carry_variables(*old, table);
    if (has_inactive_rows(table.name) && !ours.document.from_memory) carry_inactive_rows(*schema, *old, table);
    if (table.rows.size() != rows || is_servers_table(table.name)) table.rows.sort_by(schema->key());
  }
  return tables;
}

/// The tables of `theirs` that this ProxySQL lacks and that hold nothing: that they are empty is something they say.
void carry_unknown_tables(const Holding& ours, const std::vector<Table>& theirs, std::vector<Table>& tables) {
  for (const auto& table : theirs) {
    const bool is_known = std::any_of(ours.schemas.begin(), ours.schemas.end(),
                                      [&](const TableSchema& schema) { return schema.name == table.name; });
    if (!is_known && table.rows.empty() && !table.columns.empty()) tables.push_back(table);
  }
}

/// How two contents of a table differ, and how many rows there were.
struct Difference {
  std::size_t before = 0;
  Tally counts = {};
};

/// Of all rows, or of those alone that are active and shared.
Difference difference(const TableSchema& schema, const Table* from, const Table& to) {
  const Table none{.name = to.name, .columns = to.columns, .rows = {}};
  const auto& old = from != nullptr ? *from : none;
  return {.before = old.rows.size(), .counts = tally_of(changes_between(schema, old, to))};
}

/// What is lost of a table where it is lost: inactive and local rows stay in Consul's document whatever is here.
std::optional<Table> exposed_rows(const Sharing& sharing, const Table* table) {
  if (table == nullptr) return std::nullopt;
  auto exposed = *table;
  exposed.rows.erase_if(OnlyInMemory(exposed));
  if (sharing.has_local())
    exposed.rows.erase_if([&](const RowView& row) { return sharing.is_local(table->name, row); });
  return exposed;
}

/// Too much to lose where nobody looks: all of a table, or more than half of ten rows or more.
bool shrinks(const Difference& counted) {
  constexpr std::size_t few = 10;
  if (counted.before == 0) return false;
  const auto after = counted.before - counted.counts.removed + counted.counts.added;
  return after == 0 || (counted.before >= few && counted.counts.removed * 2 > counted.before);
}

[[noreturn]] void refuse(const std::string& what, const std::string& ways_out) {
  throw Error(ExitCode::refused, what, ways_out);
}

std::string ways_out(const std::string& configuration) {
  return "`pull " + configuration + "` takes Consul's version, a plain `save " + configuration + "` replaces it";
}

void guard_unseen(const Held& theirs, Acquaintance acquaintance, const std::string& name) {
  const auto what = "Consul holds " + describe(theirs);
  switch (acquaintance) {
    case Acquaintance::whole: return;
    case Acquaintance::in_part:
      refuse(what + ", which this node has applied in part only",
             "`pull --force " + name + "` tries that again and says what is missing, a plain `save " + name +
                 "` replaces it");
    case Acquaintance::unloaded:
      refuse(what + ", which this node saved from memory, and has not loaded since", ways_out(name));
    case Acquaintance::earlier_start:
      refuse(what +
                 ", and this ProxySQL, which differs, has started, or this node's settings have changed, since this "
                 "node saved or applied that",
             ways_out(name));
    case Acquaintance::untold:
      refuse(what + ", and this ProxySQL, which differs, does not tell whether it has started since", ways_out(name));
    case Acquaintance::none: refuse(what + ", which this node has neither saved nor applied", ways_out(name));
  }
}

/// What was passed over as local is older here than in Consul, whatever version this node is at.
void guard_passed_over(const Holding& ours, const TableSchema& schema, const Table* theirs, const Table& table,
                       const std::string& name) {
  if (theirs == nullptr || ours.passed_over.empty()) return;
  const auto changes = changes_between(schema, *theirs, table);
  const auto shared_again = std::find_if(changes.begin(), changes.end(), [&](const Change& change) {
    return change.kind != Change::Kind::added && is_passed_over(ours.passed_over, schema, change.from);
  });
  if (shared_again == changes.end()) return;
  refuse(describe_row(schema, shared_again->from) +
             ": was kept local here and is shared now, and Consul's row, which differs, was passed over",
         "`pull --force " + name + "` takes Consul's version, a plain `save " + name + "` replaces it");
}

/// Of `table` as Consul has it the shared rows that would not be in it any more as they are.
Table taken_away(const Sharing& sharing, const TableSchema& schema, const Table& theirs, const Table& table) {
  Table gone{.name = theirs.name, .columns = theirs.columns, .rows = {}};
  for (const auto& change : changes_between(schema, theirs, table)) {
    if (change.kind != Change::Kind::added && !sharing.is_local(schema.name, change.from)) {
      gone.rows.push_back(change.from);
    }
  }
  return gone;
}

/// A row of Consul's that this node cannot have taken, since a local one stands in its way, is not its to take away.
void guard_colliding(const Holding& ours, const Sharing& sharing, const std::vector<Table>& theirs, Weighed& weighed,
                     const SaveOptions& options, const std::string& name) {
  if (!sharing.has_local()) return;
  std::vector<Table> gone;
  for (const auto& schema : ours.schemas) {
    const auto* old = find_table(theirs, schema.name);
    const auto* table = find_table(weighed.document.tables, schema.name);
    if (old != nullptr && table != nullptr) gone.push_back(taken_away(sharing, schema, *old, *table));
  }
  auto collision = sharing.collision(sharing.local_rows(ours.document.tables), gone);
  if (!collision) collision = sharing.collision(sharing.local_rows(ours.left_out), gone);
  if (!collision) return;
  if (!options.force || options.if_current) {
    refuse("would take a row from Consul's document that this node could not hold: " + *collision,
           "change one of the two rows, or what keep_local says; a plain `save --force " + name +
               "` takes it from all nodes");
  }
  weighed.warnings.push_back("drops from Consul's document: " + *collision);
}

/// Where Consul holds nothing, an empty ProxySQL must not be the first to speak, nor one whose version is gone.
void guard_first(Weighed& weighed, Acquaintance acquaintance, const SaveOptions& options, const std::string& name) {
  if (acquaintance != Acquaintance::none) {
    refuse("Consul holds no version any more, and this node has saved or applied one",
           "a plain `save " + name + "` puts it there again");
  }
  const auto& tables = weighed.document.tables;
  const bool is_empty =
      std::all_of(tables.begin(), tables.end(), [](const Table& table) { return table.rows.empty(); });
  if (!is_empty || options.allow_shrink) return;
  weighed.write = false;
  weighed.notices.emplace_back(
      "not saved: all its tables are empty, and Consul holds nothing yet (--allow-shrink saves it)");
}

void guard_shrinking(const Held& theirs, const TableSchema& schema, const Difference& counted,
                     const std::string& name) {
  if (!shrinks(counted)) return;
  refuse("table " + schema.name + " would lose " + std::to_string(counted.counts.removed) + " of the " +
             std::to_string(counted.before) + " rows that Consul holds in " + describe(theirs),
         "if that is meant, `save " + name + "` without --if-current, or with --allow-shrink; `pull --force " + name +
             "` takes Consul's version");
}

}  // namespace

Acquaintance acquaintance_with(const KvEntry& entry, const Keyring& ring, const State& state,
                               const std::string& configuration) {
  const auto* known = state.find(configuration);
  if (known == nullptr || known->applying || known->pending || !is_version(*known, entry, ring)) {
    return Acquaintance::none;
  }
  if (known->in_part) return Acquaintance::in_part;
  if (!state.observed) return Acquaintance::untold;
  if (known->outcome == Outcome::saved && known->start == 0) return Acquaintance::unloaded;
  return known->start == state.start_number ? Acquaintance::whole : Acquaintance::earlier_start;
}

Weighed weigh(const Holding& ours, const std::optional<Held>& theirs, Acquaintance acquaintance,
              const SaveOptions& options) {
  Weighed weighed{.write = true, .document = ours.document};
  const std::string name(ours.configuration.name);
  Sharing sharing(ours.scope, ours.schemas);
  sharing.see(ours.document.tables);
  sharing.see(ours.left_out);
  if (sharing.has_local()) weighed.document.tables = sharing.shared_rows(std::move(weighed.document.tables));
  if (!theirs) {
    if (options.if_current) guard_first(weighed, acquaintance, options, name);
    return weighed;
  }
  auto problem = theirs->problem;
  Fitted fitted;
  if (theirs->document) {
    try {
      fitted = fit_theirs(ours, theirs->document->tables, sharing);
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  if (!problem.empty()) {
    if (!options.force || options.if_current) {
      refuse("Consul's " + describe(*theirs) + " cannot be read whole, so nothing of it could be kept: " + problem,
             options.if_current ? "look at it; a plain `save --force " + name + "` replaces it"
                                : "--force replaces it all the same");
    }
    weighed.warnings.push_back("replaces " + describe(*theirs) + ", which could not be read whole: " + problem);
    return weighed;
  }
  sharing.see(fitted.tables);
  auto tables = ours.document.tables;
  if (ours.memory && !options.force) {
    auto settled = settle_servers(std::move(tables), sharing.combine(fitted.tables, *ours.memory), *ours.memory);
    tables = std::move(settled.tables);
    weighed.notices = std::move(settled.moved);
  }
  if (sharing.has_local()) tables = sharing.document_of(std::move(tables), ours.left_out, fitted.tables);
  weighed.document.tables = carried_over(ours, fitted.tables, std::move(tables));
  carry_unknown_tables(ours, theirs->document->tables, weighed.document.tables);
  weighed.passed_over = passed_over(sharing, ours.schemas, weighed.document.tables);
  weighed.lost = std::move(fitted.warnings);
  Tally all;
  std::vector<std::pair<const TableSchema*, Difference>> exposed;
  std::vector<std::string> unnamed;
  for (const auto& schema : ours.schemas) {
    const auto* table = find_table(weighed.document.tables, schema.name);
    if (table == nullptr) continue;
    const auto* old = find_table(fitted.tables, schema.name);
    if (old == nullptr) unnamed.push_back(schema.name);
    all += difference(schema, old, *table).counts;
    const auto before = exposed_rows(sharing, old);
    exposed.emplace_back(&schema, difference(schema, before ? &*before : nullptr, *exposed_rows(sharing, table)));
  }
  if (!options.if_current) {
    for (auto& line : sharing.unmet()) weighed.notices.push_back(std::move(line));
  }
  weighed.changes = describe(all);
  weighed.write = all.any() || options.force;
  if (!weighed.write) {
    if (!unnamed.empty()) {
      weighed.notices.push_back("Consul's document does not speak of " + join(unnamed) +
                                ", empty here: nodes that hold rows there keep them (--force tells all to empty it)");
    }
    return weighed;
  }
  guard_colliding(ours, sharing, fitted.tables, weighed, options, name);
  if (options.if_current && all.any()) guard_unseen(*theirs, acquaintance, name);
  for (const auto& schema : ours.schemas) {
    const auto* table = find_table(weighed.document.tables, schema.name);
    if (!options.if_current || table == nullptr) continue;
    guard_passed_over(ours, schema, find_table(fitted.tables, schema.name), *table, name);
  }
  if (!weighed.lost.empty() && !options.force) {
    refuse("Consul's " + describe(*theirs) +
               " holds what this ProxySQL cannot, and all nodes would lose it: " + join(weighed.lost, "; "),
           "save on a node whose ProxySQL can, or add --force to drop it");
  }
  if (const auto collision = sharing.collision(weighed.document.tables)) {
    refuse("Consul's document cannot hold what is here beside what this node keeps local: " + *collision,
           "change one of the two rows, or what keep_local says");
  }
  for (const auto& lost : weighed.lost) weighed.warnings.push_back("drops from Consul's document: " + lost);
  if (options.if_current && !options.allow_shrink) {
    for (const auto& [schema, counted] : exposed) guard_shrinking(*theirs, *schema, counted, name);
  }
  if (acquaintance == Acquaintance::none || acquaintance == Acquaintance::in_part) {
    weighed.warnings.push_back(
        "replaces " + describe(*theirs) + ", which this node has " +
        (acquaintance == Acquaintance::none ? "neither saved nor applied: " : "applied in part only: ") +
        weighed.changes);
  }
  // Last, since all else compares what this ProxySQL has columns for.
  carry_absent_cells(sharing, ours.schemas, theirs->document->tables, weighed.document.tables);
  return weighed;
}

std::string describe(const Held& held) {
  const auto version = "version " + std::to_string(held.entry.modify_index);
  return held.document ? version + " of " + describe_origin(*held.document) : version;
}

}  // namespace proxysql_consul
