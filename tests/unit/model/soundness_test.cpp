#include "proxysql_consul/model/soundness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

const Table some_servers{.name = "mysql_servers",
                         .columns = {"hostgroup_id", "hostname"},
                         .rows = {Row{"1", "a"}, Row{"1", "b"}, Row{"2", "c"}}};

Table users(std::initializer_list<Row> rows) {
  return {.name = "mysql_users", .columns = {"username", "default_hostgroup", "active"}, .rows = rows};
}

Table some_rules(std::initializer_list<Row> rows) {
  return {.name = "mysql_query_rules",
          .columns = {"rule_id", "active", "flagIN", "match_pattern", "username", "flagOUT", "destination_hostgroup",
                      "mirror_hostgroup", "apply"},
          .rows = rows};
}

Table replication(const char* writer, const char* reader) {
  return {.name = "mysql_replication_hostgroups",
          .columns = {"writer_hostgroup", "reader_hostgroup", "check_type"},
          .rows = {Row{writer, reader, "read_only"}}};
}

/// What is said that is not ok, as "check: message".
Texts said_of(const std::vector<Table>& tables) {
  Texts said;
  for (const auto& finding : examine_configuration("mysql", tables)) {
    if (finding.gravity == Gravity::ok) continue;
    EXPECT_EQ(finding.gravity, Gravity::warning);
    EXPECT_FALSE(finding.hint.empty());
    said.push_back(finding.check + ": " + finding.message);
  }
  return said;
}

TEST(Soundness, HasNothingToSayOfWhatFits) {
  const auto whole = {some_servers, users({{"app", "1", "1"}}),
                      some_rules({{"10", "1", "0", "^SELECT", std::nullopt, std::nullopt, "2", std::nullopt, "1"}})};
  EXPECT_THAT(said_of(whole), ElementsAre());
  const auto findings = examine_configuration("mysql", whole);
  Texts checks;
  for (const auto& finding : findings) checks.push_back(finding.check);
  EXPECT_THAT(checks, ElementsAre("mysql_rule_hostgroups", "mysql_user_hostgroups", "mysql_unused_servers",
                                  "mysql_doubled_rules"));
  EXPECT_EQ(examine_configuration("pgsql", whole).front().check, "pgsql_rule_hostgroups");
  EXPECT_THAT(said_of({}), ElementsAre());
}

TEST(Soundness, NamesHostgroupsWithoutServers) {
  const auto said =
      said_of({some_servers, users({{"app", "1", "1"}, {"old", "7", "1"}, {"old", "7", "1"}, {"off", "8", "0"}}),
               some_rules({{"10", "1", "0", "a", std::nullopt, std::nullopt, "2", "5", "1"},
                           {"11", "1", "0", "b", std::nullopt, std::nullopt, "5", std::nullopt, "1"},
                           {"12", "1", "0", "c", std::nullopt, std::nullopt, "6", "-1", "1"},
                           {"13", "0", "0", "d", std::nullopt, std::nullopt, "9", std::nullopt, "1"},
                           {"14", "1", "0", "e", std::nullopt, std::nullopt, std::nullopt, std::nullopt, "1"}}),
               Table{.name = "mysql_query_rules_fast_routing",
                     .columns = {"username", "schemaname", "destination_hostgroup"},
                     .rows = {Row{"app", "db", "6"}}}});
  EXPECT_THAT(said, ElementsAre("mysql_rule_hostgroups: no servers in hostgroup 5 of rule 10, rule 11; hostgroup 6 of "
                                "rule 12, fast route of app",
                                "mysql_user_hostgroups: no servers in hostgroup 7 of user old"));
}

TEST(Soundness, NamesNoMoreThanAFew) {
  auto many = some_rules({});
  for (int i = 1; i <= 7; ++i) {
    many.rows.push_back(
        Row{std::to_string(i), "1", "0", std::to_string(i), std::nullopt, std::nullopt, "3", std::nullopt, "1"});
  }
  EXPECT_THAT(said_of({many}), ElementsAre("mysql_rule_hostgroups: no servers in hostgroup 3 of rule 1, rule 2, rule "
                                           "3, rule 4, rule 5, 2 more"));
}

TEST(Soundness, KnowsThatAMonitorFillsTheHostgroupsOfAGroup) {
  const auto app = users({{"app", "3", "1"}});
  EXPECT_THAT(said_of({some_servers, app, replication("1", "3")}), ElementsAre(HasSubstr("leads to hostgroup 2")));
  EXPECT_THAT(said_of({some_servers, app, replication("3", "4"), replication("1", "2")}),
              ElementsAre("mysql_user_hostgroups: no servers in hostgroup 3 of user app"));
}

TEST(Soundness, NamesServersThatNothingLeadsTo) {
  EXPECT_THAT(said_of({some_servers, users({{"app", "1", "1"}})}),
              ElementsAre("mysql_unused_servers: no rule, user or group of hostgroups leads to hostgroup 2"));
}

TEST(Soundness, NamesRulesThatMatchTheSame) {
  const auto app = users({{"app", "1", "1"}, {"b", "2", "1"}});
  const struct {
    const char* what;
    Row first;
    Row second;
    Texts said;
  } cases[] = {
      {"the first ends it",
       {"1", "1", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "1"},
       {"2", "1", "0", "x", std::nullopt, std::nullopt, "2", std::nullopt, "0"},
       {"mysql_doubled_rules: the same queries are matched by rule 1 and rule 2, which is never reached"}},
      {"the first leads elsewhere",
       {"1", "1", "0", "x", "app", "7", std::nullopt, std::nullopt, "0"},
       {"2", "1", "0", "x", "app", std::nullopt, "2", std::nullopt, "0"},
       {"mysql_doubled_rules: the same queries are matched by rule 1 and rule 2, which is never reached"}},
      {"both act",
       {"1", "1", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "0"},
       {"2", "1", "0", "x", std::nullopt, std::nullopt, "2", std::nullopt, "1"},
       {"mysql_doubled_rules: the same queries are matched by rule 1 and rule 2, which both act"}},
      {"another pattern",
       {"1", "1", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "1"},
       {"2", "1", "0", "y", std::nullopt, std::nullopt, "2", std::nullopt, "1"},
       {}},
      {"another user",
       {"1", "1", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "1"},
       {"2", "1", "0", "x", "", std::nullopt, "2", std::nullopt, "1"},
       {}},
      {"another chain",
       {"1", "1", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "1"},
       {"2", "1", "7", "x", std::nullopt, std::nullopt, "2", std::nullopt, "1"},
       {}},
      {"one is inactive",
       {"1", "0", "0", "x", std::nullopt, std::nullopt, "1", std::nullopt, "1"},
       {"2", "1", "0", "x", std::nullopt, std::nullopt, "2", std::nullopt, "1"},
       {}},
  };
  for (const auto& [what, first, second, said] : cases) {
    SCOPED_TRACE(what);
    EXPECT_EQ(said_of({some_servers, app, some_rules({first, second})}), said);
  }
}

}  // namespace
}  // namespace proxysql_consul
