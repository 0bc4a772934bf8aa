#include "proxysql_consul/proxysql/unloaded.h"

#include <set>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/answers.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {
namespace {

constexpr std::size_t many_rows = 1000;
constexpr std::size_t most_named = 5;
const std::string edited_words = "what was edited in memory and not LOADed: ";

/// Of each table, by one question.
std::vector<std::size_t> count_active(AdminSession& session, const std::vector<TableSchema>& schemas) {
  if (schemas.empty()) return {};
  std::string statement;
  for (const auto& schema : schemas) {
    statement.append(statement.empty() ? "SELECT " : ",").append("(SELECT COUNT(*) FROM ").append(schema.name);
    statement.append(has_inactive_rows(schema.name) ? " WHERE active=1)" : ")");
  }
  std::vector<std::size_t> counts;
  for (const auto& count : query_row(session, statement, schemas.size())) {
    counts.push_back(static_cast<std::size_t>(to_integer(count.value_or("")).value_or(0)));
  }
  return counts;
}

/// The first lines, and how many more there are.
std::string some_of(std::vector<std::string> lines) {
  const auto count = lines.size();
  if (count > most_named) {
    lines.resize(most_named);
    lines.push_back("and " + std::to_string(count - most_named) + " more");
  }
  return join(lines, "; ");
}

}  // namespace

std::string describe_unloaded(AdminSession& session, const Configuration& configuration,
                              const std::vector<TableSchema>& schemas, const std::vector<Table>& runtime,
                              const Scope& scope) {
  std::vector<std::string> lines;
  const auto counts = count_active(session, schemas);
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    const auto& schema = schemas[i];
    const auto active = counts.at(i);
    if (active == 0) continue;
    auto there = runtime_form(table_named(runtime, schema.name));
    Sharing sharing(scope, {schema});
    if (configuration.variables.empty() && !sharing.has_local() &&
        (active > many_rows || there.rows.size() > many_rows)) {
      if (active == there.rows.size()) continue;
      lines.push_back("table " + schema.name + ": " + std::to_string(active) + " active rows in memory, " +
                      std::to_string(there.rows.size()) + " at runtime");
      continue;
    }
    auto memory = read_tables(session, configuration, {schema}, Layer::memory).front();
    const auto here = runtime_form(shared_form(std::move(memory), scope.exclude_variables));
    if (sharing.has_local()) {
      sharing.see(here);
      sharing.see(there);
      there = sharing.combine({there}, {here}).front();
    }
    for (const auto& change : changes_between(schema, here, there, Match::loaded)) {
      if (change.kind != Change::Kind::added) lines.push_back(describe_row(schema, change.from));
    }
  }
  if (lines.empty()) return {};
  return "memory holds what runtime does not (not LOADed, or refused by ProxySQL), so it was not saved: " +
         some_of(std::move(lines)) + "; " + load_statement(configuration) + " first, or save --source memory";
}

std::string describe_local_edits(const std::vector<TableSchema>& schemas, const Sharing& sharing,
                                 const std::vector<Table>& runtime, const std::vector<Table>& memory) {
  std::vector<std::string> lines;
  const auto after = sharing.combine(runtime, memory);
  for (const auto& schema : schemas) {
    const auto from = runtime_form(table_named(runtime, schema.name));
    const auto to = runtime_form(shared_form(table_named(after, schema.name), {}));
    for (const auto& change : changes_between(schema, from, to, Match::loaded)) {
      lines.push_back(describe_row(schema, change.kind == Change::Kind::added ? change.to : change.from));
    }
  }
  return lines.empty() ? std::string()
                       : "what is kept local and was edited in memory and not LOADed: " + some_of(std::move(lines));
}

std::string describe_replaced_edits(const std::vector<TableSchema>& schemas, const std::vector<Table>& runtime,
                                    const std::vector<Table>& memory, const std::vector<Table>& target) {
  std::vector<std::string> lines;
  for (const auto& schema : schemas) {
    const auto& here = table_named(memory, schema.name);
    const auto& there = table_named(runtime, schema.name);
    const auto& next = table_named(target, schema.name);
    if (here.rows == there.rows || here.rows == next.rows) continue;
    const auto form = [](const Table& table) { return runtime_form(shared_form(table, {})); };
    const auto key = schema.key();
    const auto row_of = [](const Change& change) {
      return change.kind == Change::Kind::removed ? change.from : change.to;
    };
    // Changes are views of these.
    const auto loaded = form(there);
    const auto edited = form(here);
    const auto wanted = form(next);
    std::set<Row> replaced;
    for (const auto& change : changes_between(schema, edited, wanted, Match::loaded)) {
      replaced.insert(pick(row_of(change), key));
    }
    for (const auto& edit : changes_between(schema, loaded, edited, Match::loaded)) {
      if (replaced.contains(pick(row_of(edit), key))) lines.push_back(describe_row(schema, row_of(edit)));
    }
  }
  return lines.empty() ? std::string() : edited_words + some_of(std::move(lines));
}

std::string describe_carried_along(AdminSession& session, const Inventory& inventory,
                                   const Configuration& configuration, const std::vector<TableSchema>& schemas,
                                   const std::vector<std::string>& spoken_of) {
  if (schemas.empty() || !inventory.has_runtime(configuration)) return {};
  const auto runtime = read_runtime(session, inventory, configuration, schemas).tables;
  const auto memory = read_tables(session, configuration, schemas, Layer::memory);
  const std::set<Cell> passed_over(spoken_of.begin(), spoken_of.end());
  const auto form = [&](Table table) {
    if (configuration.variables.empty()) return runtime_form(shared_form(std::move(table), {}));
    table.rows.erase_if([&](const RowView& row) { return passed_over.contains(copy_of(row[0])); });
    return table;
  };
  std::vector<std::string> lines;
  for (const auto& schema : schemas) {
    const auto there = form(table_named(runtime, schema.name));
    const auto here = form(table_named(memory, schema.name));
    for (const auto& change : changes_between(schema, there, here, Match::loaded)) {
      lines.push_back(describe_row(schema, change.kind == Change::Kind::added ? change.to : change.from));
    }
  }
  return lines.empty() ? std::string() : edited_words + some_of(std::move(lines));
}

}  // namespace proxysql_consul
