#include "proxysql_consul/proxysql/apply.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "proxysql_consul/proxysql/reader.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

class Application {
 public:
  Application(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
              const ApplyOptions& options)
      : session_(session), inventory_(inventory), configuration_(configuration), options_(options) {}

  Applied run(const std::vector<Table>& document) {
    schemas_ = read_schemas(session_, inventory_, configuration_);
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
    const auto runtime = inventory_.has_runtime(configuration_) ? std::optional(read(Layer::runtime)) : std::nullopt;
    const auto plan = plan_apply(configuration_, schemas_, before_, runtime, wanted_, options_.save_to_disk);
    result.changed = plan.load || !plan.statements.empty();
    if (options_.dry_run) {
      add_dry_run(result, plan);
      return result;
    }
    write_memory(plan);
    if (plan.load) verify_runtime(result);
    if (plan.save) session_.query(save_statement(configuration_));
    return result;
  }

 private:
  bool is_variables() const { return !configuration_.variables.empty(); }

  std::vector<Table> read(Layer layer) { return read_tables(session_, inventory_, configuration_, schemas_, layer); }

  std::vector<std::string> variables_in(const std::vector<Table>& tables) const {
    std::vector<std::string> names;
    if (!is_variables() || tables.empty()) return names;
    for (const auto& row : tables.front().rows) names.push_back(row[0].value_or(""));
    return names;
  }

  void refuse_admin_accounts_here() {
    const bool has_users =
        std::any_of(wanted_.begin(), wanted_.end(), [](const Table& table) { return is_users_table(table.name); });
    if (has_users) refuse_admin_accounts(wanted_, read_admins(session_, inventory_));
  }

  void add_dry_run(Applied& result, const ApplyPlan& plan) const {
    if (!result.changed) return;
    for (const auto& statement : plan.statements) result.statements.push_back(statement.shown);
    if (plan.load) result.statements.push_back(load_statement(configuration_));
    if (plan.save) result.statements.push_back(save_statement(configuration_));
  }

  /// Writes, compares and loads; puts memory back as it was when anything of that fails.
  void write_memory(const ApplyPlan& plan) {
    try {
      for (const auto& statement : plan.statements) session_.query(statement.text);
      if (!plan.statements.empty()) verify_memory(plan.target);
      if (plan.load) session_.query(load_statement(configuration_));
    } catch (const Unavailable&) {
      throw;  // There is no session to put anything back with; the next attempt begins anew.
    } catch (const Error& error) {
      if (plan.statements.empty()) throw;
      throw Error(error.code(), std::string(error.what()) + put_back(), error.hint());
    }
  }

  void verify_memory(const std::vector<Table>& target) {
    const auto memory = read(Layer::memory);
    for (const auto& schema : schemas_) {
      const auto lines = differences(schema, table_named(target, schema.name), table_named(memory, schema.name), false);
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
    const bool runtime = inventory_.has_runtime(configuration_);
    // Without runtime tables the server still takes back what it refuses of variables, and memory shows that.
    if (!runtime && !is_variables()) return;
    const auto missing =
        missing_in(schemas_, wanted_, read(runtime ? Layer::runtime : Layer::memory), configuration_, 5);
    if (missing.empty()) return;
    result.outcome = Outcome::partial;
    for (const auto& line : missing) result.warnings.push_back("not taken by ProxySQL: " + line);
  }

  AdminSession& session_;
  const Inventory& inventory_;
  const Configuration& configuration_;
  const ApplyOptions& options_;
  std::vector<TableSchema> schemas_;
  std::vector<Table> before_;
  std::vector<Table> wanted_;
};

}  // namespace

Applied apply(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
              const std::vector<Table>& tables, const ApplyOptions& options) {
  return Application(session, inventory, configuration, options).run(tables);
}

}  // namespace proxysql_consul
