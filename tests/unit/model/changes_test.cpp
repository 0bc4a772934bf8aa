#include "proxysql_consul/model/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "unit/model/schemas.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TableSchema two_keys{
    .name = "t",
    .columns = {column("a", {}, true, 1), column("b", {}, false, 2), column("c", {}, false), column("d", {}, false)}};

Table rows(Rows cells) { return {.name = "t", .columns = {"a", "b", "c", "d"}, .rows = std::move(cells)}; }

TEST(Changes, TellsDifferencesWithoutValues) {
  const auto wanted = rows({{"1", "x", "secret", "s"}, {"2", std::nullopt, "s", "s"}, {"3", "x", "s", "s"}});
  const auto actual = rows({{"1", "x", "other", std::nullopt}, {"3", "x", "s", "s"}, {"4", "y", "s", "s"}});
  EXPECT_THAT(differences(two_keys, wanted, actual, Match::exact, false),
              ElementsAre("table t, row a=1, b=x: has another c, d", "table t, row a=2, b=NULL: is missing",
                          "table t, row a=4, b=y: is there though it should not be"));
  EXPECT_THAT(differences(two_keys, wanted, actual, Match::exact, true),
              ElementsAre("table t, row a=1, b=x: has another c, d", "table t, row a=2, b=NULL: is missing"));
  EXPECT_THAT(differences(two_keys, wanted, wanted, Match::exact, false), IsEmpty());
}

TEST(Changes, CountsTheDifferencesBeyondTheLimit) {
  Rows many;
  for (int i = 1; i <= 9; ++i) many.push_back({std::to_string(i), "", "", ""});
  EXPECT_THAT(differences(two_keys, rows(many), rows({}), Match::exact, false, 2),
              ElementsAre("table t, row a=1, b=: is missing", "table t, row a=2, b=: is missing", "and 7 more"));
}

TEST(Changes, NamesVariablesByTheirNameAlone) {
  const Table wanted{.name = "global_variables",
                     .columns = {"variable_name", "variable_value"},
                     .rows = {{"mysql-a", "1"}, {"mysql-b", "true"}, {"mysql-c", "x"}}};
  auto actual = wanted;
  actual.rows = {{"mysql-a", "01"}, {"mysql-b", "1"}, {"mysql-c", "y"}, {"mysql-d", "z"}};
  EXPECT_THAT(differences(variable_schemas[0], wanted, actual, Match::loaded, true),
              ElementsAre("mysql-c: has another variable_value"));
}

TEST(Changes, TakesSecretsByTheLetterAlways) {
  const Table wanted{.name = "global_variables",
                     .columns = {"variable_name", "variable_value"},
                     .rows = {{"mysql-monitor_password", "123"}, {"mysql-threshold", "123"}}};
  auto actual = wanted;
  actual.rows.edit([](const RowView&) { return true; }, [](Row& row) { row[1] = "0123"; });
  EXPECT_THAT(differences(variable_schemas[0], wanted, actual, Match::loaded, true),
              ElementsAre("mysql-monitor_password: has another variable_value"));
  EXPECT_THAT(
      differences(variable_schemas[0], wanted, actual, Match::exact, true),
      ElementsAre("mysql-monitor_password: has another variable_value", "mysql-threshold: has another variable_value"));
}

}  // namespace
}  // namespace proxysql_consul
