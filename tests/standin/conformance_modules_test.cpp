// What ProxySQL does with modules that are not in every server.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "standin/conformance_fixture.h"

namespace proxysql_consul::testing {
namespace {

constexpr auto read_only_at_runtime =
    "SELECT variable_value FROM runtime_global_variables WHERE variable_name='sqliteserver-read_only'";
constexpr auto to_maybe =
    "UPDATE global_variables SET variable_value='maybe' WHERE variable_name='sqliteserver-read_only'";
constexpr auto to_true =
    "UPDATE global_variables SET variable_value='true' WHERE variable_name='sqliteserver-read_only'";

/// Against a 2.7 or later that was started with --sqlite3-server.
class ConformanceOfModules : public AdminTest {
 protected:
  ProxySqlServer& server() override { return server_; }

 private:
  ProxySqlServer server_{{.version = StandinVersion::v2_7_sqlite}};
};

TEST_F(ConformanceOfModules, VariablesOfAStartedModuleAreLoadedAndSavedLikeOthers) {
  EXPECT_EQ(value(read_only_at_runtime), "false");
  run(to_true);
  EXPECT_EQ(value(read_only_at_runtime), "false");
  run("LOAD SQLITESERVER VARIABLES TO RUNTIME");
  EXPECT_EQ(value(read_only_at_runtime), "true");
  run(to_maybe);
  run("LOAD SQLITESERVER VARIABLES TO RUNTIME");
  EXPECT_EQ(value(read_only_at_runtime), "true") << "what it refuses";
  EXPECT_EQ(memory_variable("sqliteserver-read_only"), "true") << "is put back in memory";
  run("SAVE SQLITESERVER VARIABLES TO DISK");
  EXPECT_EQ(value("SELECT variable_value FROM disk.global_variables WHERE variable_name='sqliteserver-read_only'"),
            "true");
}

TEST_F(ConformanceOfModules, WordsThatNobodyKnowsAreSqlOfNoUse) {
  expect_error("LOAD AUDIT RULES TO RUNTIME", "near \"LOAD\": syntax error");
  expect_error("SAVE AUDIT RULES TO DISK", "near \"SAVE\": syntax error");
}

TEST_F(ConformanceOfModules, TellsTablesAndPrefixesInOneAnswer) {
  // As the program asks.
  const auto names = rows(
      "SELECT name FROM sqlite_master WHERE type='table' UNION ALL SELECT DISTINCT "
      "substr(variable_name,1,instr(variable_name,'-')) FROM global_variables");
  std::set<std::string> found;
  for (const auto& row : names) found.emplace(row.at(0).value_or(""));
  for (const auto* name : {"mysql_servers", "runtime_mysql_servers", "mysql-", "admin-", "sqliteserver-"}) {
    EXPECT_TRUE(found.contains(name)) << name;
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
