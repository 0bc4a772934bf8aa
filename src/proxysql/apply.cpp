#include "proxysql_consul/proxysql/apply.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/monitor.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/sql.h"
#include "proxysql_consul/proxysql/unloaded.h"

namespace proxysql_consul {
namespace {

std::vector<std::string> variables_in(const Configuration& configuration, const std::vector<Table>& tables) {
  std::vector<std::string> names;
  if (configuration.variables.empty() || tables.empty()) return names;
  for (const auto& row : tables.front().rows) names.emplace_back(row[0].value_or(""));
  return names;
}

/// `what` ends in ": ".
void fail(Applied& result, Outcome outcome, const char* what, const std::vector<std::string>& lines) {
  result.outcome = outcome;
  result.lacks = false;
  for (const auto& line : lines) result.warnings.emplace_back(what).append(line);
}

}  // namespace

Applied Application::run(AdminSession& session, const Inventory& inventory) {
  configuration_ = inventory.here(known_);
  schemas_ = read_schemas(session, inventory, configuration_);
  std::optional<RuntimeTables> runtime;
  if (inventory.has_runtime(configuration_)) {
    runtime = read_runtime(session, inventory, configuration_, schemas_, document_.tables);
  }
  // After runtime, whose reading counts as writing: from here on nothing is read that does.
  writes_ = count_rows(session, {}).writes;
  auto memory = read(session, Layer::memory, document_.tables);
  Applied result;
  fit_document(session, inventory, memory, runtime, result);
  if (schemas_.empty()) return result;
  // What a monitor did is nobody's edit.
  const bool as_loaded = runtime && runtime->as_loaded;
  Layers layers{.memory = std::move(memory), .runtime = {}, .disk = {}};
  if (runtime) {
    // Against the document that was loaded here before, what a monitor did is no difference.
    if (options_.circumstances.loaded_before) settle(*runtime, layers.memory);
    layers.runtime = std::move(runtime->tables);
    if (sharing_.has_local()) {
      for (auto& table : *layers.runtime) table = shared_form(std::move(table), {});
      // What is marked at runtime is local, whatever somebody edits in memory and has not LOADed.
      sharing_.see(*layers.runtime);
    }
    result.load = std::move(runtime->load);
  }
  result.passed_over = passed_over(sharing_, schemas_, wanted_.tables);
  if (!options_.own.empty()) wanted_.tables = sharing_.combine(std::move(wanted_.tables), options_.own);
  auto circumstances = options_.circumstances;
  circumstances.interrupted = circumstances.interrupted || is_writing_;
  circumstances.is_that_load = !options_.known_load.empty() && options_.known_load == result.load;
  circumstances.to_disk = options_.save_to_disk && configuration_.on_disk;
  if (circumstances.to_disk && is_loaded(configuration_, schemas_, layers, wanted_, circumstances, sharing_)) {
    layers.disk = read_disk(session, layers.memory);
  }
  const auto plan = plan_apply(configuration_, schemas_, layers, wanted_, circumstances, sharing_);
  result.notices = plan.notices;
  result.changed = plan.does_something();
  result.loaded = plan.load;
  result.withheld = !plan.unloaded.empty();
  if (!plan.unloaded.empty()) {
    fail(result, Outcome::partial, "not brought to disk, since memory holds what nobody LOADed: ", plan.unloaded);
  }
  if ((plan.load || plan.save) && !circumstances.interrupted) {
    const auto carried = describe_carried_along(session, inventory, configuration_, carried_along_,
                                                variables_in(configuration_, wanted_.tables));
    const auto what = plan.load ? load_statement(configuration_) + " makes live, too, "
                                : save_statement(configuration_) + " brings to disk, too, ";
    if (!carried.empty()) result.notices.push_back(what + carried);
    const auto edits = sharing_.has_local() && layers.runtime
                           ? describe_local_edits(schemas_, sharing_, *layers.runtime, layers.memory)
                           : std::string();
    if (!edits.empty()) result.notices.push_back(what + edits);
  }
  if (!plan.statements.empty() && !circumstances.interrupted && layers.runtime && as_loaded) {
    const auto replaced = describe_replaced_edits(schemas_, *layers.runtime, layers.memory, plan.target);
    if (!replaced.empty()) result.notices.push_back("replaces " + replaced);
  }
  if (plan.does_something()) {
    for (auto& line : sharing_.unmet()) result.notices.push_back(std::move(line));
  }
  if (options_.dry_run) {
    result.statements = shown_statements(schemas_, layers, plan);
    if (plan.load) result.statements.push_back(load_statement(configuration_));
    if (plan.save) result.statements.push_back(save_statement(configuration_));
    return result;
  }
  if (!plan.does_something()) return result;
  require_known_load(session, inventory);
  if (!before_) before_ = std::move(layers.memory);
  if (options_.on_writing) options_.on_writing();
  write(session, inventory, plan);
  if (plan.load) verify_runtime(session, inventory, plan.target, result);
  if (plan.save) save(session, result);
  return result;
}

std::string Application::left_behind() const {
  if (!is_writing_) return {};
  return "; runtime is untouched, but the memory tables may hold a part of the new version: do not LOAD them; the next "
         "update or pull rewrites them";
}

std::vector<Table> Application::read(AdminSession& session, Layer layer, const std::vector<Table>& like) const {
  return read_tables(session, configuration_, schemas_, layer, like);
}

/// `memory` as the tables on disk hold it.
std::vector<Table> Application::read_disk(AdminSession& session, const std::vector<Table>& memory) const {
  // One table holds the variables of all modules.
  const bool is_same = configuration_.variables.empty() && is_on_disk(session, schemas_);
  return is_same ? memory : read(session, Layer::disk, memory);
}

/// Puts servers that a monitor moved back where the document has them.
void Application::settle(RuntimeTables& runtime, const std::vector<Table>& memory) const {
  if (runtime.as_loaded) return;
  for (auto& table : runtime.tables) table = shared_form(std::move(table), {});
  std::vector<Table> places;
  if (sharing_.has_local()) places = sharing_.combine(wanted_.tables, memory);
  const auto& reference = sharing_.has_local() ? places : wanted_.tables;
  runtime.tables = settle_servers(std::move(runtime.tables), reference, memory).tables;
}

void Application::fit_document(AdminSession& session, const Inventory& inventory, const std::vector<Table>& memory,
                               const std::optional<RuntimeTables>& runtime, Applied& result) {
  sharing_ = Sharing(options_.scope, schemas_);
  sharing_.see(memory);
  auto variables = variables_in(configuration_, memory);
  // A variable that somebody deleted from memory is there all the same.
  if (runtime) std::ranges::move(variables_in(configuration_, runtime->tables), std::back_inserter(variables));
  auto fitted = fit(configuration_, document_.tables, schemas_, variables, options_.scope.exclude_variables, &sharing_);
  wanted_ = {.tables = std::move(fitted.tables), .from_memory = document_.from_memory};
  // What the document does not speak of stays as it is; a LOAD is of all variables, and of all tables.
  const auto is_spoken_of = [&](const TableSchema& schema) {
    return std::any_of(wanted_.tables.begin(), wanted_.tables.end(),
                       [&](const Table& table) { return table.name == schema.name; });
  };
  carried_along_.clear();
  std::copy_if(schemas_.begin(), schemas_.end(), std::back_inserter(carried_along_),
               [&](const TableSchema& schema) { return !configuration_.variables.empty() || !is_spoken_of(schema); });
  std::erase_if(schemas_, [&](const TableSchema& schema) { return !is_spoken_of(schema); });
  const bool has_users = std::any_of(wanted_.tables.begin(), wanted_.tables.end(),
                                     [](const Table& table) { return is_users_table(table.name); });
  if (has_users && sharing_.has_local()) {
    refuse_admin_accounts(sharing_.shared_rows(wanted_.tables), read_admins(session, inventory));
  } else if (has_users) {
    refuse_admin_accounts(wanted_.tables, read_admins(session, inventory));
  }
  result.warnings = std::move(fitted.warnings);
  result.lacks = !result.warnings.empty();
  if (result.lacks) result.outcome = Outcome::partial;
}

/// A statement made of the configuration's words, which may be those of the settings.
void Application::command(AdminSession& session, const std::string& statement) const {
  try {
    session.query(statement);
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    if (find_configuration(configuration_.name) != nullptr) throw;
    throw Error(error.code(), statement + ": " + error.what(),
                "the words come from \"configurations\" in the settings: does this ProxySQL know them?");
  }
}

/// Writes, compares and loads; puts memory back as it was when anything of that fails.
void Application::write(AdminSession& session, const Inventory& inventory, const ApplyPlan& plan) {
  is_writing_ = is_writing_ || !plan.statements.empty();
  try {
    for (const auto& statement : plan.statements) session.query(statement);
    if (!plan.statements.empty() && !holds_what_was_written(session, plan)) verify_memory(session, plan.target);
    if (plan.load) {
      // What is LOADed between this and the next statement was LOADed from what memory holds now, and stays in it.
      require_known_load(session, inventory);
      command(session, load_statement(configuration_));
    }
    is_writing_ = false;
  } catch (const Unavailable&) {
    throw;  // There is no session to put anything back with; the next attempt begins anew.
  } catch (const LoadedMeanwhile& error) {
    throw LoadedMeanwhile(error.code(), error.what() + (is_writing_ ? put_back(session) : std::string()));
  } catch (const Error& error) {
    if (!is_writing_) throw;
    throw Error(error.code(), std::string(error.what()) + put_back(session), error.hint());
  }
}

void Application::require_known_load(AdminSession& session, const Inventory& inventory) const {
  if (options_.only_over) require_load(session, inventory, configuration_, *options_.only_over);
}

/// True where memory holds the rows that the plan wrote, as many as it is to hold, and nobody else has written since it
/// was read. False where that cannot be told so, which says nothing.
bool Application::holds_what_was_written(AdminSession& session, const ApplyPlan& plan) const {
  // One table holds the variables of all modules.
  if (!configuration_.variables.empty()) return false;
  auto writes = writes_;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < schemas_.size(); ++i) {
    const auto& edit = plan.edits[i];
    // A REPLACE counts as many rows as it is given. A DELETE may find less than it was to, which hides another's write.
    if (edit.rows != edit.written.size()) return false;
    writes += edit.rows;
    names.push_back(schemas_[i].name);
    if (edit.written.empty()) continue;
    const Table wanted{.name = schemas_[i].name, .columns = plan.target[i].columns, .rows = edit.written};
    const auto actual = read_rows_like(session, schemas_[i], edit.written);
    if (!differences(schemas_[i], wanted, actual, Match::loaded, false, 1).empty()) return false;
  }
  const auto counts = count_rows(session, names);
  // A REPLACE that took a row by another UNIQUE key leaves too few.
  return counts.writes == writes &&
         std::equal(counts.tables.begin(), counts.tables.end(), plan.target.begin(), plan.target.end(),
                    [](std::uint64_t rows, const Table& table) { return rows == table.rows.size(); });
}

void Application::verify_memory(AdminSession& session, const std::vector<Table>& target) const {
  const auto memory = read(session, Layer::memory, target);
  for (const auto& schema : schemas_) {
    const auto lines =
        differences(schema, table_named(target, schema.name), table_named(memory, schema.name), Match::loaded, false);
    if (!lines.empty()) {
      throw Error(ExitCode::proxysql, "proxysql: memory does not hold what was written: " + join(lines, "; "));
    }
  }
}

/// Says how memory stands now, as the end of an error.
std::string Application::put_back(AdminSession& session) {
  try {
    const auto now = read(session, Layer::memory, *before_);
    for (const auto& schema : schemas_) {
      const auto statements =
          statements_between(schema, table_named(now, schema.name), table_named(*before_, schema.name));
      for (const auto& statement : statements) session.query(statement);
    }
    is_writing_ = false;
    if (options_.circumstances.interrupted) {
      return "; runtime is untouched, and the memory tables are as an earlier run left them, which ended while it "
             "wrote "
             "them: do not LOAD them; the next update or pull rewrites them";
    }
    return "; runtime is untouched, the memory tables are as before";
  } catch (const Error& error) {
    return std::string("; runtime is untouched, but the memory tables could not be put back (") + error.what() +
           "): do not LOAD them; the next update or pull rewrites them";
  }
}

/// `target` is what memory holds.
void Application::verify_runtime(AdminSession& session, const Inventory& inventory, const std::vector<Table>& target,
                                 Applied& result) const {
  std::vector<Table> tables;
  if (inventory.has_runtime(configuration_)) {
    auto runtime = read_runtime(session, inventory, configuration_, schemas_, wanted_.tables);
    settle(runtime, sharing_.has_local() ? target : wanted_.tables);
    tables = std::move(runtime.tables);
    result.load = own_load(result.load, runtime.load);
    // What runtime holds then is somebody else's.
    if (result.load != runtime.load) return;
  } else if (!configuration_.variables.empty()) {
    // The server takes back what it refuses of variables, and memory shows that.
    tables = read(session, Layer::memory, wanted_.tables);
  } else {
    return;
  }
  std::vector<Table> combined;
  if (sharing_.has_local()) {
    for (auto& table : tables) table = shared_form(std::move(table), {});
    combined = wanted_at_runtime(wanted_, sharing_, tables, target);
  }
  const auto& wanted = sharing_.has_local() ? combined : wanted_.tables;
  const auto missing = missing_in(schemas_, wanted, tables, configuration_, Match::loaded, 5);
  result.refused = !missing.empty();
  if (result.refused) fail(result, Outcome::partial, "not taken by ProxySQL: ", missing);
}

/// What is at runtime then stays there, whatever comes of it.
void Application::save(AdminSession& session, Applied& result) const {
  try {
    command(session, save_statement(configuration_));
    verify_disk(session, result);
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    fail(result, Outcome::failed, "at runtime, but not known to be on disk: ", {error.what()});
  }
}

/// ProxySQL mostly says OK also where the disk took nothing.
void Application::verify_disk(AdminSession& session, Applied& result) const {
  if (configuration_.variables.empty() && is_on_disk(session, schemas_)) return;
  // Memory is what was verified, and what a LOAD may have written in other words since.
  const auto memory = read(session, Layer::memory, wanted_.tables);
  const auto disk = read(session, Layer::disk, memory);
  for (const auto& schema : schemas_) {
    // A variable that ProxySQL knows no more stays on disk whatever is saved.
    const auto lines = differences(schema, table_named(memory, schema.name), table_named(disk, schema.name),
                                   Match::exact, !configuration_.variables.empty(), 3);
    if (!lines.empty()) fail(result, Outcome::failed, "at runtime, but SAVE did not bring it to disk: ", lines);
  }
}

}  // namespace proxysql_consul
