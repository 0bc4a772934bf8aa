#include "proxysql_consul/proxysql/unloaded.h"

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {
namespace {

constexpr std::size_t many_rows = 1000;
constexpr std::size_t most_named = 5;

std::size_t count_active(AdminSession& session, const TableSchema& schema) {
  const auto where = has_inactive_rows(schema.name) ? " WHERE active=1" : "";
  const auto rows = session.query("SELECT COUNT(*) FROM " + schema.name + where).rows;
  return static_cast<std::size_t>(to_integer(rows.at(0).at(0).value_or("")).value_or(0));
}

}  // namespace

std::string describe_unloaded(AdminSession& session, const Configuration& configuration,
                              const std::vector<TableSchema>& schemas, const std::vector<Table>& runtime,
                              const std::vector<std::string>& exclude_variables) {
  std::vector<std::string> lines;
  for (const auto& schema : schemas) {
    const auto there = runtime_form(table_named(runtime, schema.name));
    const auto active = count_active(session, schema);
    if (configuration.variables.empty() && (active > many_rows || there.rows.size() > many_rows)) {
      if (active == there.rows.size()) continue;
      lines.push_back("table " + schema.name + ": " + std::to_string(active) + " active rows in memory, " +
                      std::to_string(there.rows.size()) + " at runtime");
      continue;
    }
    auto memory = read_tables(session, configuration, {schema}, Layer::memory).front();
    const auto here = runtime_form(shared_form(std::move(memory), exclude_variables));
    for (const auto& change : changes_between(schema, here, there, Match::loaded)) {
      if (change.kind != Change::Kind::added) lines.push_back(describe_row(schema, *change.from));
    }
  }
  if (lines.empty()) return {};
  const auto count = lines.size();
  if (count > most_named) {
    lines.resize(most_named);
    lines.push_back("and " + std::to_string(count - most_named) + " more");
  }
  return "memory holds what runtime does not (not LOADed, or refused by ProxySQL), so it was not saved: " +
         join(lines, "; ") + "; " + load_statement(configuration) + " first, or save --source memory";
}

}  // namespace proxysql_consul
