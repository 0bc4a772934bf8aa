#include "proxysql_consul/model/forms.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

bool is_only_in_memory(const Table& table, const Row& row) {
  const Rows rows{row};
  return OnlyInMemory(table)(rows[0]);
}

Table servers(Rows rows) {
  return {.name = "mysql_servers", .columns = {"hostname", "status"}, .rows = std::move(rows)};
}

Table users(Rows rows) {
  return {.name = "mysql_users",
          .columns = {"username", "password", "active", "default_schema", "backend", "frontend"},
          .rows = std::move(rows)};
}

Table table_of_rules(Rows rows) {
  return {.name = "mysql_query_rules", .columns = {"rule_id", "active", "digest"}, .rows = std::move(rows)};
}

TEST(Normalise, TakesWhatAMonitorSawForNoConfiguration) {
  EXPECT_EQ(shared_form(servers({{"a", "ONLINE"},
                                 {"b", "SHUNNED"},
                                 {"c", "OFFLINE_HARD"},
                                 {"d", "OFFLINE_SOFT"},
                                 {"e", "shunned"},
                                 {"f", "offline_hard"},
                                 {"g", std::nullopt}}),
                        {})
                .rows,
            (Rows{{"a", "ONLINE"}, {"b", "ONLINE"}, {"d", "OFFLINE_SOFT"}, {"e", "ONLINE"}, {"g", std::nullopt}}));
}

TEST(Normalise, TreatsPostgresqlLikeMysql) {
  auto table = servers({{"b", "SHUNNED"}});
  table.name = "pgsql_servers";
  EXPECT_EQ(shared_form(table, {}).rows, (Rows{{"b", "ONLINE"}}));
  table.name = "mysql_servers_ssl_params";
  EXPECT_EQ(shared_form(table, {}).rows, (Rows{{"b", "SHUNNED"}}));
}

TEST(Normalise, FoldsTheTwoRowsOfAnAccountOnlyWhereTheyAreAlike) {
  const struct {
    const char* what;
    Rows runtime;
    Rows shared;
  } cases[] = {
      {"alike", {{"u", "p", "1", "", "0", "1"}, {"u", "p", "1", "", "1", "0"}}, {{"u", "p", "1", "", "1", "1"}}},
      {"in the other order",
       {{"u", "p", "1", "", "1", "0"}, {"u", "p", "1", "", "0", "1"}},
       {{"u", "p", "1", "", "1", "1"}}},
      {"another password",
       {{"u", "p", "1", "", "0", "1"}, {"u", "q", "1", "", "1", "0"}},
       {{"u", "p", "1", "", "0", "1"}, {"u", "q", "1", "", "1", "0"}}},
      {"NULL is not empty",
       {{"u", "p", "1", std::nullopt, "0", "1"}, {"u", "p", "1", "", "1", "0"}},
       {{"u", "p", "1", std::nullopt, "0", "1"}, {"u", "p", "1", "", "1", "0"}}},
      {"another user",
       {{"u", "p", "1", "", "0", "1"}, {"v", "p", "1", "", "1", "0"}},
       {{"u", "p", "1", "", "0", "1"}, {"v", "p", "1", "", "1", "0"}}},
      {"one side alone", {{"u", "p", "1", "", "0", "1"}}, {{"u", "p", "1", "", "0", "1"}}},
      {"one row already", {{"u", "p", "1", "", "1", "1"}}, {{"u", "p", "1", "", "1", "1"}}},
      {"two users",
       {{"u", "p", "1", "", "0", "1"},
        {"u", "p", "1", "", "1", "0"},
        {"v", "", "1", "", "0", "1"},
        {"v", "", "1", "", "1", "0"}},
       {{"u", "p", "1", "", "1", "1"}, {"v", "", "1", "", "1", "1"}}},
  };
  for (const auto& [what, runtime, shared] : cases) {
    SCOPED_TRACE(what);
    EXPECT_EQ(shared_form(users(runtime), {}).rows, shared);
  }
}

TEST(Normalise, LeavesOutVariablesOfOneNodeAndExcludedOnes) {
  const Table table{.name = "global_variables",
                    .columns = {"variable_name", "variable_value"},
                    .rows = {{"mysql-interfaces", "x"},
                             {"mysql-max_connections", "1"},
                             {"mysql-monitor_history", "2"},
                             {"mysql-monitor_password", "3"},
                             {"mysql-threads", "4"},
                             {"mysql-wait_timeout", "5"}}};
  const auto names = [&](const std::vector<std::string>& excluded) {
    std::vector<std::string> found;
    for (const auto& row : shared_form(table, excluded).rows) found.emplace_back(row[0].value());
    return found;
  };
  EXPECT_EQ(names({}), (std::vector<std::string>{"mysql-max_connections", "mysql-monitor_history",
                                                 "mysql-monitor_password", "mysql-wait_timeout"}));
  EXPECT_EQ(names({"mysql-monitor_*", "mysql-wait_timeout"}), (std::vector<std::string>{"mysql-max_connections"}));
  EXPECT_EQ(names({"mysql-monitor"}).size(), 4U) << "a pattern is for the whole name";
}

TEST(Normalise, NeverSharesVariablesOfOneNode) {
  for (const char* name : {"mysql-interfaces",
                           "mysql-threads",
                           "admin-mysql_ifaces",
                           "admin-pgsql_ifaces",
                           "admin-telnet_admin_ifaces",
                           "admin-telnet_stats_ifaces",
                           "admin-restapi_port",
                           "admin-web_port",
                           "admin-version",
                           "admin-admin_credentials",
                           "admin-stats_credentials",
                           "admin-cluster_username",
                           "admin-cluster_password",
                           "pgsql-interfaces",
                           "pgsql-threads",
                           "mysql-eventslog_filename",
                           "mysql-auditlog_filename",
                           "pgsql-eventslog_filename",
                           "pgsql-auditlog_filename",
                           "admin-ssl_keylog_file",
                           "admin-proxysql_consul_script_path",
                           "admin-read_only"}) {
    EXPECT_FALSE(is_shared_variable(name)) << name;
  }
  EXPECT_TRUE(is_shared_variable("mysql-max_connections"));
  EXPECT_TRUE(is_shared_variable("mysql-monitor_password"));
}

TEST(Normalise, LeavesOtherTablesAlone) {
  const Table table{.name = "scheduler", .columns = {"id", "active", "status"}, .rows = {{"1", "0", "SHUNNED"}}};
  EXPECT_EQ(shared_form(table, {"*"}), table);
  EXPECT_EQ(runtime_form(table), table);
}

TEST(Normalise, ShowsStatusInCapitalsAtRuntime) {
  EXPECT_EQ(
      runtime_form(servers({{"a", "online"}, {"b", "Offline_Soft"}, {"c", "offline_hard"}, {"d", "shunned"}})).rows,
      (Rows{{"a", "ONLINE"}, {"b", "OFFLINE_SOFT"}, {"d", "ONLINE"}}));
}

TEST(Normalise, LosesInactiveRulesAndPadsDigestsAtRuntime) {
  const struct {
    Cell memory;
    Cell runtime;
  } cases[] = {
      {"0x1234ABCD", "0x000000001234ABCD"},
      {"0x1234abcd", "0x000000001234ABCD"},
      {"0X1f", "0x000000000000001F"},
      {"0xFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFF"},
      {"0x", "0x"},
      {"0x12345678123456789", "0x12345678123456789"},
      {"1234", "1234"},
      {"0xZZ", "0xZZ"},
      {"", ""},
      {std::nullopt, std::nullopt},
  };
  for (const auto& [memory, runtime] : cases) {
    EXPECT_EQ(runtime_form(table_of_rules({{"1", "1", memory}, {"2", "0", "0x1"}})).rows, (Rows{{"1", "1", runtime}}));
  }
}

TEST(Normalise, ShowsAccountsAsRuntimeDoes) {
  EXPECT_EQ(runtime_form(users({{"a", std::nullopt, "1", std::nullopt, "1", "1"},
                                {"inactive", "p", "0", "", "1", "1"},
                                {"neither side", "p", "1", "", "0", "0"},
                                {"two", "p", "1", std::nullopt, "0", "1"},
                                {"two", "p", "1", "", "1", "0"}}))
                .rows,
            (Rows{{"a", "", "1", "", "1", "1"}, {"two", "p", "1", "", "1", "1"}}));
}

TEST(Normalise, KnowsWhatIsOnlyInMemory) {
  const auto table = users({});
  EXPECT_TRUE(is_only_in_memory(table, {"u", "p", "0", "", "1", "1"}));
  EXPECT_TRUE(is_only_in_memory(table, {"u", "p", "1", "", "0", "0"}));
  EXPECT_FALSE(is_only_in_memory(table, {"u", "p", "1", "", "0", "1"}));
  EXPECT_TRUE(is_only_in_memory(table_of_rules({}), {"1", "0", ""}));
  EXPECT_FALSE(is_only_in_memory(table_of_rules({}), {"1", "1", ""}));
  EXPECT_FALSE(is_only_in_memory({.name = "scheduler", .columns = {"active"}, .rows = {}}, {"0"}));
}

TEST(Normalise, TakesOneNumberOrTruthInOtherWordsForTheSame) {
  const struct {
    Cell a;
    Cell b;
    bool same;
  } cases[] = {
      {"x", "x", true},     {"x", "X", false},    {"1", "01", true},         {"5", "6", false},
      {"true", "1", true},  {"FALSE", "0", true}, {"on", "true", true},      {"off", "0", true},
      {"true", "0", false}, {"", "0", false},     {"", std::nullopt, false}, {std::nullopt, std::nullopt, true},
      {"1.0", "1", false},  {"yes", "1", false},
  };
  for (const auto& [a, b, same] : cases) {
    EXPECT_EQ(is_same_value(a, b), same) << a.value_or("NULL") << " and " << b.value_or("NULL");
    EXPECT_EQ(is_same_value(b, a), same);
  }
}

TEST(RuntimeForm, HasAModifierOfARuleInTheWordsOfProxySql) {
  Table table{
      .name = "mysql_query_rules",
      .columns = {"rule_id", "active", "re_modifiers"},
      .rows = {{"1", "1", "CASELESS"}, {"2", "1", std::nullopt}, {"3", "1", "global,caseless"}, {"4", "1", "x"}}};
  EXPECT_EQ(runtime_form(table).rows,
            (Rows{{"1", "1", "CASELESS"}, {"2", "1", ""}, {"3", "1", "CASELESS,GLOBAL"}, {"4", "1", ""}}));
}

}  // namespace
}  // namespace proxysql_consul
