#include "proxysql_consul/proxysql/apply.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

const Table& table_named(const std::vector<Table>& tables, const std::string& name) {
  return *std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
}

class Application {
 public:
  Application(AdminSession& session, const Server& server, const Configuration& configuration,
              const ApplyOptions& options)
      : session_(session), server_(server), configuration_(configuration), options_(options) {}

  Applied run(const std::vector<Table>& document) {
    schemas_ = read_schemas(session_, server_, configuration_);
    before_ = read(Layer::memory);
    auto fitted = fit(configuration_, document, schemas_, variables_in(before_), options_.exclude_variables);
    wanted_ = std::move(fitted.tables);
    // What the document does not speak of stays as it is.
    std::erase_if(schemas_, [&](const TableSchema& schema) {
      return std::none_of(wanted_.begin(), wanted_.end(), [&](const Table& t) { return t.name == schema.name; });
    });
    refuse_admin_accounts_here();
    Applied result;
    result.warnings = std::move(fitted.warnings);
    if (!result.warnings.empty()) result.outcome = Outcome::partial;
    if (schemas_.empty()) return result;
    const bool in_runtime = server_.has_runtime(configuration_) && missing_in(read(Layer::runtime), 1).empty();
    const auto statements = in_runtime && is_in_memory() ? std::vector<Statement>() : statements_to_memory();
    if (options_.dry_run) {
      add_dry_run(result, statements, !in_runtime);
      return result;
    }
    write_memory(statements, !in_runtime);
    if (!in_runtime) verify_runtime(result);
    // Also where nothing was written: a run that was killed after its LOAD did not come to this.
    if (options_.save_to_disk && configuration_.on_disk) session_.query(save_statement());
    result.changed = !in_runtime || !statements.empty();
    return result;
  }

 private:
  bool is_variables() const { return !configuration_.variables.empty(); }

  std::string load_statement() const { return "LOAD " + std::string(configuration_.words) + " TO RUNTIME"; }
  std::string save_statement() const { return "SAVE " + std::string(configuration_.words) + " TO DISK"; }

  std::vector<Table> read(Layer layer) { return read_tables(session_, server_, configuration_, schemas_, layer); }

  std::vector<std::string> variables_in(const std::vector<Table>& tables) const {
    std::vector<std::string> names;
    if (!is_variables() || tables.empty()) return names;
    for (const auto& row : tables.front().rows) names.push_back(row[0].value_or(""));
    return names;
  }

  void refuse_admin_accounts_here() {
    const bool has_users =
        std::any_of(wanted_.begin(), wanted_.end(), [](const Table& table) { return is_users_table(table.name); });
    if (has_users) refuse_admin_accounts(wanted_, read_admins(session_, server_));
  }

  /// What of the wanted is not in `tables` as runtime would show both; at most `limit` lines a table.
  std::vector<std::string> missing_in(const std::vector<Table>& tables, std::size_t limit) const {
    std::vector<std::string> missing;
    for (const auto& schema : schemas_) {
      const auto actual = runtime_form(shared_form(table_named(tables, schema.name), {}));
      const auto lines =
          differences(schema, runtime_form(table_named(wanted_, schema.name)), actual, is_variables(), limit);
      missing.insert(missing.end(), lines.begin(), lines.end());
    }
    return missing;
  }

  /// Whether memory holds the wanted too. Rows that only memory can show, and that the document does not know, are the
  /// operator's, and no reason to write.
  bool is_in_memory() const {
    if (!missing_in(before_, 1).empty()) return false;
    for (const auto& table : wanted_) {
      const auto& memory = table_named(before_, table.name).rows;
      for (const auto& row : table.rows) {
        if (is_only_in_memory(table, row) && std::find(memory.begin(), memory.end(), row) == memory.end()) return false;
      }
    }
    return true;
  }

  /// The memory table to be: the wanted rows; for variables, those over the ones that are there.
  Table target_of(const Table& wanted) const {
    if (!is_variables()) return wanted;
    auto target = table_named(before_, wanted.name);
    for (auto& row : target.rows) {
      const auto named = std::find_if(wanted.rows.begin(), wanted.rows.end(),
                                      [&](const Row& candidate) { return candidate[0] == row[0]; });
      if (named != wanted.rows.end()) row = *named;
    }
    return target;
  }

  std::vector<Statement> statements_to_memory() const {
    std::vector<Statement> all;
    for (const auto& schema : schemas_) {
      auto some =
          statements_between(schema, table_named(before_, schema.name), target_of(table_named(wanted_, schema.name)));
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }

  void add_dry_run(Applied& result, const std::vector<Statement>& statements, bool load) const {
    for (const auto& statement : statements) result.statements.push_back(statement.shown);
    if (load) result.statements.push_back(load_statement());
    result.changed = !result.statements.empty();
    if (result.changed && options_.save_to_disk && configuration_.on_disk)
      result.statements.push_back(save_statement());
  }

  /// Writes, compares and loads; puts memory back as it was when anything of that fails.
  void write_memory(const std::vector<Statement>& statements, bool load) {
    try {
      for (const auto& statement : statements) session_.query(statement.text);
      if (!statements.empty()) verify_memory();
      if (load) session_.query(load_statement());
    } catch (const Unavailable&) {
      throw;  // There is no session to put anything back with; the next attempt begins anew.
    } catch (const Error& error) {
      if (statements.empty()) throw;
      throw Error(error.code(), std::string(error.what()) + put_back(), error.hint());
    }
  }

  void verify_memory() {
    const auto memory = read(Layer::memory);
    for (const auto& schema : schemas_) {
      const auto lines =
          differences(schema, target_of(table_named(wanted_, schema.name)), table_named(memory, schema.name), false);
      if (!lines.empty()) {
        throw Error(ExitCode::proxysql, "proxysql: memory does not hold what was written: " + join(lines, "; "));
      }
    }
  }

  /// Says how memory stands now, as the end of an error.
  std::string put_back() {
    try {
      const auto now = read(Layer::memory);
      for (const auto& schema : schemas_) {
        const auto statements =
            statements_between(schema, table_named(now, schema.name), table_named(before_, schema.name));
        for (const auto& statement : statements) session_.query(statement.text);
      }
      return "; runtime is untouched, the memory tables are as before";
    } catch (const Error& error) {
      return std::string("; runtime is untouched, but the memory tables could not be put back (") + error.what() +
             "): do not LOAD them; the next update rewrites them";
    }
  }

  void verify_runtime(Applied& result) {
    const bool runtime = server_.has_runtime(configuration_);
    // Without runtime tables the server still takes back what it refuses of variables, and memory shows that.
    if (!runtime && !is_variables()) return;
    const auto missing = missing_in(read(runtime ? Layer::runtime : Layer::memory), 5);
    if (missing.empty()) return;
    result.outcome = Outcome::partial;
    for (const auto& line : missing) result.warnings.push_back("not taken by ProxySQL: " + line);
  }

  AdminSession& session_;
  const Server& server_;
  const Configuration& configuration_;
  const ApplyOptions& options_;
  std::vector<TableSchema> schemas_;
  std::vector<Table> before_;
  std::vector<Table> wanted_;
};

}  // namespace

Applied apply(AdminSession& session, const Server& server, const Configuration& configuration,
              const std::vector<Table>& tables, const ApplyOptions& options) {
  return Application(session, server, configuration, options).run(tables);
}

}  // namespace proxysql_consul
