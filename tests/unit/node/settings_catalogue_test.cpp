#include "proxysql_consul/node/settings_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/settings.h"
#include "support/error_of.h"
#include "support/process.h"

namespace proxysql_consul {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

const std::string rules_entry = R"({"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rules","audit_groups"],
                              "secrets":["Seed"],"local":["bind"]})";
const std::string variables_entry = R"({"name":"audit_variables","words":"audit variables","variables":"audit-",
                                  "exclude":["audit-ifaces"]})";

Settings settings_with(const std::string& entries, const std::string& more = {}) {
  return parse_settings("{\"configurations\":[" + entries + "]" + more + "}", "f");
}

/// What is thrown: message, and hint in brackets if there is one.
std::string refusal_of(const std::string& entries, const std::string& more = {}) {
  return testing::error_of(ExitCode::settings, [&] { settings_with(entries, more); });
}

TEST(SettingsCatalogue, AddsConfigurationsBehindTheBuiltInOnes) {
  const auto settings = settings_with(rules_entry + "," + variables_entry);
  const auto names = settings.catalogue.names();
  ASSERT_EQ(names.size(), configuration_names().size() + 2);
  EXPECT_EQ(names[names.size() - 2], "audit_rules");
  EXPECT_EQ(names.back(), "audit_variables");
  const auto& first = *settings.catalogue.find("audit_rules");
  EXPECT_EQ(first.words, "AUDIT RULES");
  EXPECT_THAT(first.tables, ElementsAre("audit_rules", "audit_groups"));
  EXPECT_EQ(first.variables, "");
  EXPECT_THAT(first.secrets, IsSupersetOf({"*pass*", "*secret*", "*token*", "*key*", "*credential*", "seed"}));
  EXPECT_THAT(settings.catalogue.local_columns("audit_groups"), ElementsAre("bind"));
  const auto& second = *settings.catalogue.find("audit_variables");
  EXPECT_EQ(second.words, "AUDIT VARIABLES");
  EXPECT_THAT(second.tables, ElementsAre("global_variables"));
  EXPECT_EQ(second.variables, "audit-");
  EXPECT_THAT(settings.scope.exclude_variables, ElementsAre("audit-ifaces"));
  EXPECT_THAT(settings.notices, IsEmpty());
}

TEST(SettingsCatalogue, AcceptsThemOnlyWhereTheyAreNamed) {
  EXPECT_THAT(settings_with(rules_entry).accept, Not(Contains("audit_rules")));
  // Whatever stands first in the file.
  const auto settings =
      parse_settings(R"({"accept":["audit_rules","mysql_users"],"publish":["audit_rules"],"configurations":[)" +
                         rules_entry + R"(],"exclude_variables":["mysql-x"]})",
                     "f");
  EXPECT_THAT(settings.accept, ElementsAre("audit_rules", "mysql_users"));
  EXPECT_THAT(settings.publish, ElementsAre("audit_rules"));
  EXPECT_THAT(settings.scope.exclude_variables, ElementsAre("mysql-x"));
  EXPECT_EQ(refusal_of(rules_entry, R"(,"accept":["audit_rule"])"),
            "f: accept: must name configurations, is \"audit_rule\"; did you mean 'audit_rules'?");
}

TEST(SettingsCatalogue, TakesWhatIsBuiltInByNowWithANotice) {
  const auto settings = settings_with(
      R"({"name":"mysqlx_routes","words":"MYSQLX ROUTES","tables":["mysqlx_routes"],"secrets":["strategy"]})");
  EXPECT_EQ(settings.catalogue.names(), configuration_names());
  EXPECT_THAT(settings.notices,
              ElementsAre("f: configurations[0]: mysqlx_routes is built in by now, and need not be named there"));
  EXPECT_THAT(settings.catalogue.find("mysqlx_routes")->secrets, Contains("strategy"));
  EXPECT_THAT(settings.catalogue.local_columns("mysqlx_routes"), ElementsAre("bind"));
}

TEST(SettingsCatalogue, RefusesWhatIsWrong) {
  const auto entry = [](const std::string& members) { return R"({"name":"x","words":"X",)" + members + "}"; };
  const std::string one = "f: configurations[0]";
  const std::string made_of = ".name: must be made of a-z, 0-9 and _, is ";
  const std::string words_rule = ".words: must be words as in LOAD MYSQL USERS TO RUNTIME, of letters, is ";
  const std::string begin = ".variables: must be what the names begin with, such as \"audit-\", is ";
  const std::string tables_rule = ".tables: must name tables of memory, of a-z, 0-9 and _, is ";
  const std::string at_most = ": must have at most 64 characters, is \"" + std::string(65, 'x') + "\"";
  const std::string longest(64, 'x');
  const struct {
    std::string entries;
    std::string error;
  } cases[] = {
      {R"({"name":"x)" + longest + R"(","words":"X","tables":["x"]})", one + ".name" + at_most},
      {R"({"name":"x","words":"x)" + longest + R"(","tables":["x"]})", one + ".words" + at_most},
      {entry(R"("tables":["x)" + longest + "\"]"), one + ".tables" + at_most},
      {R"({"name":")" + longest + R"(","words":")" + longest + R"(","tables":[")" + longest + "\"]}",
       "nothing was thrown"},
      {"7", one + ": must be an object, is something else"},
      {"{}", one + ": must have tables or variables, is one with neither"},
      {entry(R"("tables":["x"],"variables":"x-")"), one + ": must have tables or variables, is one with both"},
      {R"({"words":"X","tables":["x"]})", one + ": must have name, is one without"},
      {R"({"name":"x","tables":["x"]})", one + ": must have words, is one without"},
      {R"({"name":1,"words":"X","tables":["x"]})", one + ".name: must be a string, is 1"},
      {R"({"name":"X","words":"X","tables":["x"]})", one + made_of + "\"X\""},
      {R"({"name":"x/y","words":"X","tables":["x"]})", one + made_of + "\"x/y\""},
      {R"({"name":"","words":"X","tables":["x"]})", one + made_of + "\"\""},
      {R"({"name":"freeze","words":"X","tables":["x"]})", one + ".name: must be another name, is \"freeze\""},
      {R"({"name":"x","words":"X; DROP","tables":["x"]})", one + words_rule + "\"X; DROP\""},
      {R"({"name":"x","words":"X  Y","tables":["x"]})", one + words_rule + "\"X  Y\""},
      {R"({"name":"x","words":" X","tables":["x"]})", one + words_rule + "\" X\""},
      {R"({"name":"x","words":"","tables":["x"]})", one + words_rule + "\"\""},
      {R"({"name":"x","words":"Mysql servers to memory","tables":["x"]})",
       one + ".words: must be the words of LOAD and SAVE up to their TO or FROM, is \"MYSQL SERVERS TO MEMORY\""},
      {R"({"name":"x","words":"LOAD AUDIT RULES","tables":["x"]})",
       one + ".words: must be the words behind LOAD or SAVE, is \"LOAD AUDIT RULES\""},
      {R"({"name":"x","words":"X FROM","tables":["x"]})",
       one + ".words: must be the words of LOAD and SAVE up to their TO or FROM, is \"X FROM\""},
      {entry(R"("tables":[])"), one + ".tables: must name tables, is empty"},
      {entry(R"("tables":"x")"), one + ".tables: must be a list of strings, is \"x\""},
      {entry(R"("tables":["x y"])"), one + tables_rule + "\"x y\""},
      {entry(R"("tables":["runtime_x"])"), one + tables_rule + "\"runtime_x\""},
      {entry(R"("tables":["global_variables"])"), one + tables_rule + "\"global_variables\""},
      {entry(R"("tables":["x","x"])"), one + ".tables: must name each table once, is \"x\""},
      {entry(R"("variables":"x")"), one + begin + "\"x\""},
      {entry(R"("variables":"-")"), one + begin + "\"-\""},
      {entry(R"("variables":"x-y-")"), one + begin + "\"x-y-\""},
      {entry(R"("variables":"x-","exclude":["y-z"])"), one + ".exclude: must name variables of x-%, is \"y-z\""},
      {entry(R"("variables":"x-","local":["y"])"),
       one + ": with variables must name what is a node's own under exclude, is one with local"},
      {entry(R"("tables":["x"],"exclude":["y"])"),
       one + ": with tables must name what is a node's own under local, is one with exclude"},
      {entry(R"("tables":["x"],"secrets":["*"])"), one + ".secrets: must be names, is \"*\""},
      {entry(R"("tables":["x"],"secret":["y"])"), one + ": unknown key \"secret\" (did you mean 'secrets'?)"},
      {entry(R"("tables":["mysql_users"])"),
       one + ": must cover what no other does, is \"x\", which covers mysql_users of mysql_users"},
      {rules_entry + "," + rules_entry,
       "f: configurations[1]: must cover what no other does, is \"audit_rules\", which has the name of another that "
       "covers audit_rules, audit_groups"},
  };
  for (const auto& [entries, error] : cases) {
    SCOPED_TRACE(entries);
    EXPECT_EQ(refusal_of(entries), error);
  }
  const auto error_of_list = [](const std::string& list) {
    return testing::error_of(ExitCode::settings, [&] { parse_settings("{\"configurations\":" + list + "}", "f"); });
  };
  EXPECT_EQ(error_of_list("{}"), "f: configurations: must be a list of objects, is an object");
  EXPECT_EQ(error_of_list("\"x\""), "f: configurations: must be a list of objects, is something else");
}

TEST(SettingsCatalogue, ComesFromTheEnvironmentBeforeWhatNamesIt) {
  const testing::TempDir dir;
  const auto file = dir.file("f.cnf");
  testing::write_file(file, R"({"accept":["audit_rules"],"configurations":[{"name":"other"}]})");
  const Environment environment({{"PROXYSQL_CONSUL_CONFIGURATIONS", "[" + rules_entry + "]"},
                                 {"PROXYSQL_CONSUL_ACCEPT", "audit_rules,mysql_users"}});
  const auto settings = load_settings(file, environment);
  EXPECT_THAT(settings.accept, ElementsAre("audit_rules", "mysql_users"));
  EXPECT_EQ(settings.catalogue.names().back(), "audit_rules") << "and goes over the file";
  const Environment broken(Environment::Variables{{"PROXYSQL_CONSUL_CONFIGURATIONS", "[{]"}});
  EXPECT_THAT(testing::error_of(ExitCode::settings, [&] { load_settings(std::nullopt, broken, {}); }),
              HasSubstr("environment: PROXYSQL_CONSUL_CONFIGURATIONS: is no JSON: line 1, column 3: expected"));
}

}  // namespace
}  // namespace proxysql_consul
