#include "proxysql_consul/proxysql/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

Column column(const std::string& name, std::size_t key = 0) {
  return {.name = name, .default_value = {}, .not_null = false, .key = key};
}

const TableSchema schema{.name = "t", .columns = {column("id", 1), column("name", 2), column("value")}};

Table table(Rows rows) { return {.name = "t", .columns = {"id", "name", "value"}, .rows = std::move(rows)}; }

TEST(Sql, QuotesByTheRulesOfSqlite) {
  const struct {
    Cell value;
    const char* literal;
  } cases[] = {
      {std::nullopt, "NULL"},
      {"", "''"},
      {"NULL", "'NULL'"},
      {"it's", "'it''s'"},
      {"''", "''''''"},
      {"\\", "'\\'"},
      {"\\'", "'\\'''"},
      {"\"`%_;--/*", "'\"`%_;--/*'"},
      {"a\nb\tc", "'a\nb\tc'"},
      {"\xF0\x9F\x90\xAC\xFF", "'\xF0\x9F\x90\xAC\xFF'"},
      {"0", "'0'"},
  };
  for (const auto& [value, literal] : cases) EXPECT_EQ(quote(value), literal);
}

TEST(Sql, QuotesNamesSoThatTheyCannotBecomeStrings) {
  EXPECT_EQ(quote_name("flagIN"), "`flagIN`");
  EXPECT_EQ(quote_name("a`b"), "`a``b`");
}

TEST(Sql, SaysNothingBetweenEqualTables) {
  EXPECT_THAT(statements_between(schema, table({{"1", "a", "x"}, {"2", "b", std::nullopt}}),
                                 table({{"2", "b", std::nullopt}, {"1", "a", "x"}})),
              IsEmpty());
  EXPECT_THAT(statements_between(schema, table({}), table({})), IsEmpty());
}

TEST(Sql, ReplacesWhatIsNewOrChangedThenDeletesWhatWent) {
  const auto statements = statements_between(schema, table({{"1", "a", "x"}, {"2", "b", "y"}, {"3", "c", "z"}}),
                                             table({{"1", "a", "x"}, {"2", "b", "it's"}, {"4", "d", std::nullopt}}));
  EXPECT_EQ(statements, (std::vector<std::string>{
                            "REPLACE INTO `t` (`id`,`name`,`value`) VALUES ('2','b','it''s'),('4','d',NULL)",
                            "DELETE FROM `t` WHERE (`id`='3' AND `name`='c')",
                        }));
}

TEST(Sql, KeepsNullAndEmptyApart) {
  EXPECT_THAT(statements_between(schema, table({{"1", "a", ""}}), table({{"1", "a", std::nullopt}})), SizeIs(1));
}

TEST(Sql, DeletesRowsWhoseKeyHoldsNull) {
  EXPECT_EQ(statements_between(schema, table({{"1", std::nullopt, "x"}, {"2", "it's", "x"}}), table({})),
            (std::vector<std::string>{
                "DELETE FROM `t` WHERE (`id`='1' AND `name` IS NULL) OR (`id`='2' AND `name`='it''s')"}));
}

TEST(Sql, DeletesByAllColumnsWhereThereIsNoKey) {
  const TableSchema keyless{.name = "t", .columns = {column("id"), column("name"), column("value")}};
  EXPECT_EQ(statements_between(keyless, table({{"1", "a", "x"}}), table({})),
            (std::vector<std::string>{"DELETE FROM `t` WHERE (`id`='1' AND `name`='a' AND `value`='x')"}));
}

TEST(Sql, DeletesAtMost400KeysAtOnce) {
  Rows rows;
  for (int i = 0; i < 1001; ++i) rows.push_back({std::to_string(i), "n", "v"});
  const auto statements = statements_between(schema, table(rows), table({}));
  ASSERT_THAT(statements, SizeIs(3));
  std::size_t total = 0;
  for (const auto& statement : statements) {
    std::size_t keys = 1;
    for (std::size_t at = 0; (at = statement.find(" OR ", at)) != std::string::npos; ++at) ++keys;
    EXPECT_LE(keys, 400U);
    total += keys;
  }
  EXPECT_EQ(total, 1001U);
}

TEST(Sql, KeepsEachStatementWithinTheBatch) {
  Rows rows;
  for (int i = 0; i < 500; ++i) rows.push_back({std::to_string(i), std::string(50, 'n'), std::string(50, 'v')});
  constexpr std::size_t limit = 2000;
  for (const bool forwards : {true, false}) {
    const auto full = table(rows);
    const auto statements = forwards ? statements_between(schema, table({}), full, limit)
                                     : statements_between(schema, full, table({}), limit);
    EXPECT_GT(statements.size(), 20U);
    for (const auto& statement : statements) {
      EXPECT_LE(statement.size(), limit);
      EXPECT_THAT(statement, StartsWith(forwards ? "REPLACE INTO `t` (" : "DELETE FROM `t` WHERE ("));
      EXPECT_THAT(statement, EndsWith(")"));
    }
  }
}

TEST(Sql, WritesARowThatIsLargerThanTheBatchByItself) {
  const auto statements = statements_between(
      schema, table({}), table({{"1", "a", "x"}, {"2", "b", std::string(500, 'x')}, {"3", "c", "x"}}), 100);
  EXPECT_THAT(statements, SizeIs(3));
}

TEST(Sql, MasksSecretsInWhatItShows) {
  const TableSchema users{.name = "mysql_users",
                          .columns = {column("username", 1), column("password"), column("attributes")}};
  const Table none{.name = "mysql_users", .columns = {"username", "password", "attributes"}, .rows = {}};
  auto some = none;
  some.rows = {{"a", "secret", R"({"additional_password":"secret"})"}, {"b", "", "{}"}, {"c", std::nullopt, ""}};
  EXPECT_THAT(statements_between(users, none, some).at(0), HasSubstr("secret"));
  const auto shown = masked_statements_between(users, none, some);
  ASSERT_THAT(shown, SizeIs(1));
  EXPECT_THAT(shown[0], Not(HasSubstr("secret")));
  EXPECT_THAT(shown[0], EndsWith("VALUES ('a','***','***'),('b','','{}'),('c',NULL,'')"));
}

TEST(Sql, MasksVariablesByTheirName) {
  const TableSchema variables{.name = "global_variables",
                              .columns = {column("variable_name", 1), column("variable_value")}};
  const struct {
    const char* name;
    bool masked;
  } cases[] = {
      {"mysql-monitor_password", true}, {"admin-admin_credentials", true}, {"admin-cluster_password", true},
      {"mysql-max_connections", false}, {"mysql-monitor_username", false},
  };
  for (const auto& [name, masked] : cases) {
    SCOPED_TRACE(name);
    const Table empty{.name = "global_variables", .columns = {"variable_name", "variable_value"}, .rows = {}};
    auto wanted = empty;
    wanted.rows = {{name, "value"}};
    EXPECT_THAT(masked_statements_between(variables, empty, wanted).at(0), EndsWith(masked ? "'***')" : "'value')"));
  }
}

TEST(Sql, ReadsInTheOrderOfThePrimaryKey) {
  const TableSchema turned{.name = "t", .columns = {column("a", 2), column("b"), column("c", 1)}};
  EXPECT_EQ(select_rows(turned, "runtime_t"), "SELECT `a`,`b`,`c` FROM runtime_t ORDER BY `c`,`a`");
  EXPECT_EQ(select_rows(turned, "t", "mysql-"),
            "SELECT `a`,`b`,`c` FROM t WHERE variable_name>='mysql-' AND variable_name<'mysql.' ORDER BY `c`,`a`");
}

TEST(Sql, AsksWhetherColumnsThatAreLeftOutHoldWhatARowGetsByDefault) {
  auto weight = column("weight");
  weight.default_value = "1";
  auto comment = column("comment");
  comment.default_value = "'it''s'";
  const TableSchema some{.name = "t", .columns = {column("id", 1), weight, column("value"), comment}};
  EXPECT_EQ(select_columns(some, "t", {true, false, true, false}),
            "SELECT `id`,`value`,`weight` IS '1' AND `comment` IS 'it''s' FROM t ORDER BY `id`");
  EXPECT_EQ(select_columns(some, "t", {true, true, false, true}),
            "SELECT `id`,`weight`,`comment`,`value` IS NULL FROM t ORDER BY `id`");
}

TEST(Sql, CopiesRowsThatHaveOtherCellsInSomeColumns) {
  auto id = column("id", 1);
  id.not_null = true;
  const TableSchema some{.name = "t", .columns = {id, column("weight"), column("comment")}};
  EXPECT_EQ(copy_rows_that_differ(some, "t", "disk.t", {false, true, false}),
            "REPLACE INTO disk.t (`id`,`weight`,`comment`) SELECT `id`,`weight`,`comment` FROM t AS a WHERE NOT EXISTS "
            "(SELECT 1 FROM disk.t AS b WHERE a.`id`=b.`id` AND a.`weight` IS b.`weight`)");
}

TEST(Sql, WritesWhatIsTooMuchForOneStatementInSmallPieces) {
  Rows rows;
  for (int i = 0; i < 6000; ++i) rows.push_back({std::to_string(i), "n", std::string(1000, 'v')});
  const auto statements = statements_between(schema, table({}), table(rows));
  EXPECT_GT(statements.size(), 20U);
  for (const auto& statement : statements) EXPECT_LE(statement.size(), 256U * 1024);
}

}  // namespace
}  // namespace proxysql_consul
