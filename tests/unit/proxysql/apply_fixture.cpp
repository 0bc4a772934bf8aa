#include "unit/proxysql/apply_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/proxysql/reader.h"
#include "standin/standin_session.h"

namespace proxysql_consul::testing {

const char* name_of(StandinVersion version) { return version == StandinVersion::v2_7 ? "2.7" : "1.1"; }

void execute(StandinEngine& engine, const Texts& statements) {
  for (const auto& statement : statements) {
    const auto answer = engine.execute(statement);
    ASSERT_TRUE(answer.ok) << statement << ": " << answer.error;
  }
}

Rows rows(StandinEngine& engine, const std::string& sql) {
  const auto answer = engine.execute(sql);
  EXPECT_TRUE(answer.ok) << sql << ": " << answer.error;
  return answer.rows;
}

Applied apply_to(AdminSession& session, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options) {
  const auto inventory = read_inventory(session);
  // document() reads memory.
  const Wanted document{.tables = tables, .from_memory = true};
  return Application(*find_configuration(configuration), document, options).run(session, inventory);
}

Applied apply_to(StandinEngine& engine, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options) {
  StandinSession session(engine);
  return apply_to(session, configuration, tables, options);
}

std::string error_of(const std::function<void()>& action, ExitCode code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

std::vector<Table> document(StandinVersion version, const std::string& configuration, const Texts& statements) {
  StandinEngine engine(version);
  execute(engine, statements);
  StandinSession session(engine);
  const auto inventory = read_inventory(session);
  const auto& known = *find_configuration(configuration);
  auto tables = read_tables(session, known, read_schemas(session, inventory, known), Layer::memory);
  for (auto& table : tables) table = shared_form(std::move(table), {});
  return tables;
}

Table& table_in(std::vector<Table>& tables, const std::string& name) {
  return *std::find_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name == name; });
}

Texts writes(StandinEngine& engine) {
  Texts found;
  for (const auto& statement : engine.log()) {
    const auto word = statement.substr(0, statement.find(' '));
    if (word == "SELECT" || word == "PROXY_SELECT" || word == "PRAGMA") continue;
    found.push_back(statement.substr(0, statement.find_first_of("(", 0)));
  }
  return found;
}

void start_with(StandinEngine& engine, const Texts& statements, const std::string& load) {
  execute(engine, statements);
  execute(engine, {load});
  engine.clear_log();
}

Table variables(Rows rows) {
  return {.name = "global_variables", .columns = {"variable_name", "variable_value"}, .rows = std::move(rows)};
}

}  // namespace proxysql_consul::testing
