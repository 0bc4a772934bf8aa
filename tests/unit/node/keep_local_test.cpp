#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/settings.h"
#include "support/error_of.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Scope scope_of(const std::string& text) { return parse_settings(R"({"keep_local":)" + text + "}", "f").scope; }

/// What is thrown: message, and hint in brackets if there is one.
std::string refusal_of_scope(const std::string& text) {
  return testing::error_of(ExitCode::settings, [&] { scope_of(text); });
}

TEST(KeepLocal, NamesColumnsAndRows) {
  const auto scope = scope_of(
      R"({"mysql_servers":{"columns":["weight"],"rows":[{"hostgroup_id":"900-999","comment":null},{"port":3306},)"
      R"({"hostname":"local-*"}]}})");
  const auto& part = scope.tables.at("mysql_servers");
  EXPECT_THAT(part.columns, ElementsAre("weight"));
  ASSERT_THAT(part.rows, SizeIs(3));
  EXPECT_THAT(part.rows[0], SizeIs(2));
  EXPECT_THAT(describe(scope),
              ElementsAre("mysql_servers: weight, rows by comment and hostgroup_id, rows by port, rows by hostname"));
  EXPECT_THAT(scope_of("{}").digest, IsEmpty());
  EXPECT_NE(scope.digest, scope_of(R"({"mysql_servers":{"columns":["weight"]}})").digest);
}

TEST(KeepLocal, MatchesTheTextOfACell) {
  const struct {
    const char* rule;
    CellView cell;
    bool is_met;
  } cases[] = {
      {"\"900-999\"", "900", true},
      {"\"900-999\"", "999", true},
      {"\"900-999\"", "1000", false},
      {"\"900-999\"", "9x", false},
      {"\"900-999\"", {}, false},
      {"\"-5--1\"", "-3", true},
      {"3306", "3306", true},
      {"3306", "03306", false},
      {"\"3306\"", "3306", true},
      {"null", {}, true},
      {"null", "", false},
      {"\"\"", "", true},
      {"\"\"", {}, false},
      {"\"local-*\"", "local-1", true},
      {"\"local-*\"", "a-local-1", false},
      {"\"*\"", "", true},
      {"\"*\"", {}, false},
      {"\"db[12]\"", "db2", true},
      {"\"db\\\\*\"", "db*", true},
      {"\"db\\\\*\"", "dbx", false},
      {R"("\\[abc")", "[abc", true},
      {R"("[[:digit:]]")", "7", true},
      {R"("[]a]")", "]", true},
      {R"("[!]]")", "a", true},
      {R"("[\\]]")", "]", true},
      {R"("a]")", "a]", true},
      {"\"proxy-1\"", "proxy-1", true},
      {"\"10-a\"", "10-a", true},
      {"\"2026-11-28\"", "2026-11-28", true},
      {"\"10.0.0.1\"", "10.0.0.1", true},
      {"\"8.0\"", "8.0", true},
      {"\"1 of 2\"", "1 of 2", true},
      {"\"10..a\"", "10..a", true},
      {"\"-\"", "-", true},
  };
  for (const auto& [rule, cell, is_met] : cases) {
    SCOPED_TRACE(std::string(rule) + " " + std::string(cell.value_or("NULL")));
    const auto scope = scope_of(std::string(R"({"t":{"rows":[{"c":)") + rule + "}]}}");
    EXPECT_EQ(scope.tables.at("t").rows[0][0].is_met_by(cell), is_met);
  }
}

TEST(KeepLocal, RefusesWhatSaysNothing) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"[]", "f: keep_local: must be an object with a member for each table, is array"},
      {R"({"t":[]})", "f: keep_local.t: must be an object with \"columns\", \"rows\" or both, is array"},
      {R"({"t":{}})", "f: keep_local.t: must name columns, rows or both"},
      {R"({"t":{"colums":["a"]}})", "f: keep_local.t.colums: unknown key"},
      {R"({"t":{"columns":"a"}})", "f: keep_local.t.columns: must be a list of strings"},
      {R"({"t":{"columns":[""]}})", "f: keep_local.t.columns: must not be empty"},
      {R"({"t":{"rows":{"a":1}}})", "f: keep_local.t.rows: must be a list of objects, is object"},
      {R"({"t":{"rows":["a"]}})", "f: keep_local.t.rows: must be a list of objects, each with the conditions of one"},
      {R"({"t":{"rows":[{}]}})", "f: keep_local.t.rows: must have a condition in each entry"},
      {R"({"t":{"rows":[{"a":"999-900"}]}})",
       "f: keep_local.t.rows.a: must be a range that begins with the smaller number, is \"999-900\""},
      {R"({"t":{"rows":[{"a":"900-"}]}})", "f: keep_local.t.rows.a: must be a range with both its ends, is \"900-\""},
      {R"({"t":{"rows":[{"a":"900 - 999"}]}})",
       "f: keep_local.t.rows.a: must be a range as in 900-999, without blanks or dots, is \"900 - 999\""},
      {R"({"t":{"rows":[{"a":"900- 999"}]}})", "f: keep_local.t.rows.a: must be a range as in 900-999, without blanks"},
      {R"({"t":{"rows":[{"a":"-5..9"}]}})", "f: keep_local.t.rows.a: must be a range as in 900-999, without blanks"},
      {R"({"t":{"rows":[{"a":"0-99999999999999999999"}]}})",
       "f: keep_local.t.rows.a: must be a range of integers of 64 bits, is \"0-99999999999999999999\""},
      {R"({"t":{"rows":[{"a":"[abc"}]}})",
       "f: keep_local.t.rows.a: must be a pattern whose brackets are closed, or a value with \\[ for a bracket, is "
       "\"[abc\""},
      {R"({"t":{"rows":[{"a":"x*[]"}]}})", "f: keep_local.t.rows.a: must be a pattern whose brackets are closed"},
      {R"({"t":{"rows":[{"a":"[!]x"}]}})", "f: keep_local.t.rows.a: must be a pattern whose brackets are closed"},
      {R"({"t":{"rows":[{"a":"[[:digit:]"}]}})", "f: keep_local.t.rows.a: must be a pattern whose brackets are closed"},
      {R"({"t":{"rows":[{"a":"[a\\]"}]}})", "f: keep_local.t.rows.a: must be a pattern whose brackets are closed"},
      {R"({"t":{"rows":[{"a":"x\\"}]}})",
       "f: keep_local.t.rows.a: must be a pattern with a character behind its last backslash"},
      {R"({"t":{"columns":["a","b","a"]}})", "f: keep_local.t.columns: must name each column once, is \"a\""},
      {R"({"t":{"rows":[{"a":true}]}})", "f: keep_local.t.rows.a: must be a value, a range such as 900-999"},
      {R"({"t":{"rows":[{"a":1.5}]}})", "f: keep_local.t.rows.a: must be a value, a range such as 900-999"},
      {R"({"t":{"rows":[{"a":["b"]}]}})", "f: keep_local.t.rows.a: must be a value, a range such as 900-999"},
      {R"({"global_variables":{"rows":[{"variable_name":"mysql-x"}]}})", "f: keep_local: variables are no rows"},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    EXPECT_THAT(refusal_of_scope(text), HasSubstr(message));
  }
  EXPECT_THAT(refusal_of_scope(R"({"global_variables":{}})"), HasSubstr("exclude_variables"));
}

TEST(ExcludeVariables, RefusesAPatternThatIsCutShort) {
  EXPECT_THAT(parse_settings(R"({"exclude_variables":["mysql-[a-c]*"]})", "f").scope.exclude_variables, SizeIs(1));
  EXPECT_THAT(
      testing::error_of(ExitCode::settings, [] { parse_settings(R"({"exclude_variables":["mysql-[a"]})", "f"); }),
      HasSubstr("f: exclude_variables: must be a pattern whose brackets are closed"));
}

TEST(KeepLocal, ComesFromTheEnvironmentAsJson) {
  auto settings = parse_settings(R"({"keep_local":{"mysql_users":{"columns":["comment"]}}})", "f");
  const Environment::Variables variables = {
      {"PROXYSQL_CONSUL_KEEP_LOCAL", R"({"mysql_servers":{"columns":["weight"]}})"}};
  apply_environment(settings, Environment(variables));
  EXPECT_THAT(describe(settings.scope), ElementsAre("mysql_servers: weight"));
}

}  // namespace
}  // namespace proxysql_consul
