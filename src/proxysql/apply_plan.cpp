#include "proxysql_consul/proxysql/apply_plan.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

bool is_variables(const Configuration& configuration) { return !configuration.variables.empty(); }

/// Rows that only memory can show, and that the document does not know, are the operator's, and no reason to write.
bool holds_inactive_rows(const std::vector<TableSchema>& schemas, const std::vector<Table>& wanted,
                         const std::vector<Table>& memory) {
  for (const auto& schema : schemas) {
    auto inactive = table_named(wanted, schema.name);
    std::erase_if(inactive.rows, [&](const Row& row) { return !is_only_in_memory(inactive, row); });
    const auto changes = changes_between(schema, inactive, table_named(memory, schema.name));
    if (std::any_of(changes.begin(), changes.end(), [](const Change& c) { return c.kind != Change::Kind::added; })) {
      return false;
    }
  }
  return true;
}

/// The memory table to be: the wanted rows; for variables, those over the ones that are there.
Table target_of(const Configuration& configuration, const Table& wanted, const Table& memory) {
  if (!is_variables(configuration)) return wanted;
  std::map<Cell, const Row*> by_name;
  for (const auto& row : wanted.rows) by_name[row[0]] = &row;
  auto target = memory;
  for (auto& row : target.rows) {
    if (const auto named = by_name.find(row[0]); named != by_name.end()) row = *named->second;
  }
  return target;
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
                                    const std::vector<Table>& tables, const Configuration& configuration,
                                    std::size_t limit) {
  std::vector<std::string> missing;
  for (const auto& schema : schemas) {
    const auto actual = runtime_form(shared_form(table_named(tables, schema.name), {}));
    const auto lines =
        differences(schema, runtime_form(table_named(wanted, schema.name)), actual, is_variables(configuration), limit);
    missing.insert(missing.end(), lines.begin(), lines.end());
  }
  return missing;
}

ApplyPlan plan_apply(const Configuration& configuration, const std::vector<TableSchema>& schemas,
                     const std::vector<Table>& memory, const std::optional<std::vector<Table>>& runtime,
                     const std::vector<Table>& wanted, bool save_to_disk) {
  const auto holds = [&](const std::vector<Table>& tables) {
    return missing_in(schemas, wanted, tables, configuration, 1).empty();
  };
  ApplyPlan plan;
  plan.load = !runtime || !holds(*runtime);
  // Also where nothing is written: a run that was killed after its LOAD did not come to this.
  plan.save = save_to_disk && configuration.on_disk;
  for (const auto& schema : schemas) {
    plan.target.push_back(target_of(configuration, table_named(wanted, schema.name), table_named(memory, schema.name)));
  }
  if (!plan.load && holds(memory) && holds_inactive_rows(schemas, wanted, memory)) return plan;
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    auto some = statements_between(schemas[i], table_named(memory, schemas[i].name), plan.target[i]);
    std::move(some.begin(), some.end(), std::back_inserter(plan.statements));
  }
  return plan;
}

}  // namespace proxysql_consul
