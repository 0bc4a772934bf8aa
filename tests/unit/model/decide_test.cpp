#include "proxysql_consul/model/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Rows = std::vector<Row>;

constexpr auto our_uuid = "aae13abd-bd00-4d4f-9bb1-2b3c4d5e6f70";
constexpr auto other_uuid = "11111111-2222-4333-8444-555555555555";

Node node() {
  return {.uuid = our_uuid,
          .host = "here",
          .prefix = "proxysql/",
          .accept = {"mysql_servers", "mysql_users", "mysql_variables"},
          .force = false};
}

std::string document(const std::string& configuration, const std::string& uuid, const std::string& host) {
  return format_document({.config_name = configuration,
                          .uuid = uuid,
                          .tables = {},
                          .blob = {},
                          .origin = {.host = host, .proxysql_version = {}, .saved_at = {}, .message = {}}});
}

KvEntry entry(const std::string& name, std::string value, std::uint64_t index = 10) {
  return {.key = "proxysql/" + name, .value = std::move(value), .modify_index = index, .problem = {}};
}

State state_of(std::uint64_t version, const std::string& text, Outcome outcome = Outcome::applied) {
  State state;
  state.record("mysql_servers",
               {.version = version, .sha256 = sha256_hex(text), .outcome = outcome, .at = {}, .warnings = {}});
  return state;
}

const char* name_of(Verdict verdict) {
  constexpr const char* names[] = {"apply",   "confirm", "frozen",  "not_accepted",
                                   "foreign", "own",     "applied", "unusable"};
  return names[static_cast<std::size_t>(verdict)];
}

TEST(Plan, DecidesEachEntry) {
  const auto theirs = document("mysql_servers", other_uuid, "there");
  const auto ours = document("mysql_servers", our_uuid, "here");
  auto forced = node();
  forced.force = true;
  const struct {
    const char* what;
    KvEntry entry;
    Node node;
    State state;
    const char* verdict;
    std::string reason;
  } cases[] = {
      {"of another node", entry("mysql_servers", theirs), node(), {}, "apply", ""},
      {"a newer version", entry("mysql_servers", theirs), node(), state_of(9, "older"), "apply", ""},
      {"the same index with another content", entry("mysql_servers", theirs), node(), state_of(10, "other"), "apply",
       ""},
      {"applied before", entry("mysql_servers", theirs), node(), state_of(10, theirs), "applied",
       "version 10 is applied already"},
      {"applied in part before", entry("mysql_servers", theirs), node(), state_of(10, theirs, Outcome::partial),
       "applied", "version 10 is applied already"},
      {"failed before", entry("mysql_servers", theirs), node(), state_of(10, theirs, Outcome::failed), "apply", ""},
      {"applied before, by force", entry("mysql_servers", theirs), forced, state_of(10, theirs), "apply", ""},
      {"older than applied", entry("mysql_servers", theirs), node(), state_of(11, "newer"), "confirm", ""},
      {"older, by force", entry("mysql_servers", theirs), forced, state_of(11, "newer"), "apply", ""},
      {"own", entry("mysql_servers", ours), node(), {}, "own", "was saved by this node"},
      {"own, by force", entry("mysql_servers", ours), forced, {}, "apply", ""},
      {"own, of 2016 without a host",
       entry("mysql_servers", document("mysql_servers", our_uuid, "")),
       node(),
       {},
       "own",
       "was saved by this node"},
      {"a cloned uuid",
       entry("mysql_servers", document("mysql_servers", our_uuid, "there")),
       node(),
       {},
       "apply",
       "comes from there, which has the same UUID as this node: a copied uuid_file? Remove it on one of the two, and "
       "the "
       "next run makes a new one"},
      {"not accepted",
       entry("scheduler", document("scheduler", other_uuid, "there")),
       node(),
       {},
       "not_accepted",
       "is not among the settings' \"accept\""},
      {"no configuration", entry("nonsense", "?"), node(), {}, "foreign", "is no configuration"},
      {"below a configuration", entry("mysql_servers/x", theirs), node(), {}, "foreign", "is no configuration"},
      {"another prefix",
       {.key = "other/mysql_servers", .value = theirs, .modify_index = 10, .problem = {}},
       node(),
       {},
       "foreign",
       "is not under proxysql/"},
      {"a value that could not be decoded",
       {.key = "proxysql/mysql_servers", .value = {}, .modify_index = 10, .problem = "its Value is no base64"},
       node(),
       {},
       "unusable",
       "its Value is no base64"},
      {"no value", entry("mysql_servers", ""), node(), {}, "unusable", "document: is no JSON"},
      {"no document", entry("mysql_servers", "{}"), node(), {}, "unusable", "document: \"config_name\" is missing"},
      {"another configuration's document",
       entry("mysql_users", theirs),
       node(),
       {},
       "unusable",
       "document: is one of mysql_servers"},
  };
  for (const auto& [what, given, here, state, verdict, reason] : cases) {
    SCOPED_TRACE(what);
    const auto decisions = decide({given}, here, state);
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_STREQ(name_of(decisions[0].verdict), verdict);
    EXPECT_EQ(decisions[0].reason, reason);
    EXPECT_EQ(decisions[0].entry.key, given.key);
  }
}

TEST(Plan, ComparesInTheWordsOfTheLocalServer) {
  const auto& servers = *find_configuration("mysql_servers");
  const std::vector<TableSchema> schemas = {
      {.name = "mysql_servers",
       .columns = {{.name = "hostname", .default_value = {}, .not_null = true, .key = 1},
                   {.name = "weight", .default_value = "1", .not_null = true, .key = 0}}}};
  const Table ours{.name = "mysql_servers", .columns = {"hostname", "weight"}, .rows = {{"a", "1"}, {"b", "2"}}};
  const auto theirs = [](std::vector<std::string> columns, std::vector<Row> rows) {
    return std::vector<Table>{{.name = "mysql_servers", .columns = std::move(columns), .rows = std::move(rows)}};
  };
  struct Case {
    const char* what;
    std::vector<Table> theirs;
    bool same;
    std::size_t lost;
  };
  const std::vector<Case> cases = {
      {"the same in another order", theirs({"weight", "hostname"}, {{"2", "b"}, {"1", "a"}}), true, 0},
      {"a column less, at its default", theirs({"hostname"}, {{"a"}, {"b"}}), false, 0},
      {"a column more, at its default", theirs({"hostname", "weight", "new"}, {{"a", "1", ""}, {"b", "2", "0"}}), true,
       0},
      {"a column more, with a value", theirs({"hostname", "weight", "new"}, {{"a", "1", "x"}, {"b", "2", ""}}), true,
       1},
      {"another value", theirs({"hostname", "weight"}, {{"a", "1"}, {"b", "3"}}), false, 0},
      {"a row less", theirs({"hostname", "weight"}, {{"a", "1"}}), false, 0},
      {"no such table", {}, false, 0},
  };
  for (const auto& [what, document, same, lost] : cases) {
    SCOPED_TRACE(what);
    const auto comparison = compare(servers, document, {ours}, schemas, {});
    EXPECT_EQ(comparison.same, same);
    EXPECT_EQ(comparison.lost.size(), lost);
  }
}

TEST(Plan, ComparesVariablesWithoutThoseThatTheNodeExcludes) {
  const auto& variables = *find_configuration("mysql_variables");
  const std::vector<std::string> columns = {"variable_name", "variable_value"};
  const std::vector<TableSchema> schemas = {
      {.name = "global_variables",
       .columns = {{.name = "variable_name", .default_value = {}, .not_null = true, .key = 1},
                   {.name = "variable_value", .default_value = {}, .not_null = true, .key = 0}}}};
  const Table ours{.name = "global_variables", .columns = columns, .rows = {{"mysql-a", "1"}}};
  const std::vector<Table> theirs = {
      {.name = "global_variables", .columns = columns, .rows = {{"mysql-a", "1"}, {"mysql-monitor_x", "2"}}}};
  EXPECT_TRUE(compare(variables, theirs, {ours}, schemas, {"mysql-monitor_*"}).same);
  EXPECT_THAT(compare(variables, theirs, {ours}, schemas, {}).lost,
              ::testing::ElementsAre("this ProxySQL has no variable mysql-monitor_x: left out"));
}

TEST(Plan, FreezesAllThatWouldBeApplied) {
  const auto theirs = document("mysql_servers", other_uuid, "there");
  const auto decisions =
      decide({entry("mysql_servers", theirs), entry("freeze", "why"), entry("nonsense", ""), entry("mysql_users", "{")},
             node(), {});
  ASSERT_EQ(decisions.size(), 3U);
  EXPECT_STREQ(name_of(decisions[0].verdict), "frozen");
  EXPECT_EQ(decisions[0].reason, "the cluster is frozen: why");
  EXPECT_STREQ(name_of(decisions[1].verdict), "foreign");
  EXPECT_STREQ(name_of(decisions[2].verdict), "frozen");
}

TEST(Plan, DecidesEntryByEntry) {
  const auto decisions = decide({{.key = "proxysql/", .value = {}, .modify_index = 1, .problem = {}},
                                 entry("mysql_users", "broken"),
                                 entry("mysql_servers", document("mysql_servers", other_uuid, "there"))},
                                node(), {});
  ASSERT_EQ(decisions.size(), 2U) << "the key of the prefix itself is no entry";
  EXPECT_STREQ(name_of(decisions[0].verdict), "unusable");
  EXPECT_STREQ(name_of(decisions[1].verdict), "apply");
  EXPECT_EQ(decisions[1].configuration, "mysql_servers");
  EXPECT_EQ(decisions[1].document.uuid, other_uuid);
  EXPECT_THAT(decide({}, node(), {}), IsEmpty());
}

// --- fit -------------------------------------------------------------------------------------------------------------

Column column(const std::string& name, Cell default_value, bool not_null, std::size_t key = 0) {
  return {.name = name, .default_value = std::move(default_value), .not_null = not_null, .key = key};
}

const std::vector<TableSchema> schemas = {
    {.name = "mysql_servers",
     .columns = {column("hostname", std::nullopt, true, 1), column("status", "'ONLINE'", true),
                 column("autocommit", "-1", true), column("comment", "'it''s'", true), column("note", "NULL", false),
                 column("plain", std::nullopt, false)}}};

Fitted fit_servers(const std::vector<Table>& tables) {
  return fit(*find_configuration("mysql_servers"), tables, schemas, {}, {});
}

std::string error_of_fit(const Configuration& configuration, const std::vector<Table>& tables,
                         const std::vector<TableSchema>& known, const std::vector<std::string>& variables = {}) {
  try {
    fit(configuration, tables, known, variables, {});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::payload);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Plan, FitsColumnsByNameAndFillsInDefaults) {
  const auto fitted = fit_servers({{.name = "mysql_servers", .columns = {"plain", "hostname"}, .rows = {{"p", "a"}}}});
  ASSERT_EQ(fitted.tables.size(), 1U);
  EXPECT_EQ(fitted.tables[0].columns,
            (std::vector<std::string>{"hostname", "status", "autocommit", "comment", "note", "plain"}));
  EXPECT_EQ(fitted.tables[0].rows, (Rows{{"a", "ONLINE", "-1", "it's", std::nullopt, "p"}}));
  EXPECT_THAT(fitted.warnings, IsEmpty());
}

TEST(Plan, FitsByPositionWithoutColumnNames) {
  const Row row = {"a", "SHUNNED", "1", "", std::nullopt, std::nullopt};
  const auto fitted = fit_servers({{.name = "mysql_servers", .columns = {}, .rows = {row}}});
  EXPECT_EQ(fitted.tables[0].rows, (Rows{{"a", "ONLINE", "1", "", std::nullopt, std::nullopt}}));
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_servers"),
                         {{.name = "mysql_servers", .columns = {}, .rows = {row, {"a", "b"}}}}, schemas),
            "table mysql_servers: a row of 2 values without column names for 6 columns of this ProxySQL");
  EXPECT_THAT(fit_servers({{.name = "mysql_servers", .columns = {}, .rows = {}}}).tables.at(0).rows, IsEmpty());
}

TEST(Plan, WarnsOnlyOfWhatCarriedSomething) {
  const auto fitted = fit_servers({{.name = "mysql_servers",
                                    .columns = {"hostname", "gone", "zero", "used", "used2"},
                                    .rows = {{"a", "", "0", "x", std::nullopt}, {"b", std::nullopt, "0", "", "y"}}},
                                   {.name = "mysql_galera_hostgroups", .columns = {"x"}, .rows = {}},
                                   {.name = "mysql_new", .columns = {"x"}, .rows = {{"1"}, {"2"}}}});
  EXPECT_THAT(fitted.warnings, ElementsAre("table mysql_servers: this ProxySQL has no column used, used2: left out",
                                           "this ProxySQL has no table mysql_new of mysql_servers: 2 rows left out"));
}

TEST(Plan, RefusesAColumnThatIsMissingAndHasNoDefault) {
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_servers"),
                         {{.name = "mysql_servers", .columns = {"status"}, .rows = {{"ONLINE"}}}}, schemas),
            "table mysql_servers: the document lacks column hostname, which has no default");
  EXPECT_THAT(fit_servers({{.name = "mysql_servers", .columns = {"status"}, .rows = {}}}).tables.at(0).rows, IsEmpty());
}

TEST(Plan, RefusesTwoRowsForOneKey) {
  EXPECT_EQ(
      error_of_fit(*find_configuration("mysql_servers"),
                   {{.name = "mysql_servers", .columns = {"hostname"}, .rows = {{"a\n"}, {"b"}, {"a\n"}}}}, schemas),
      "table mysql_servers, row hostname=a : stands twice in the document");
}

const std::vector<TableSchema> variable_schemas = {
    {.name = "global_variables",
     .columns = {column("variable_name", std::nullopt, true, 1), column("variable_value", std::nullopt, true)}}};

TEST(Plan, FitsVariables) {
  const Table table{.name = "global_variables",
                    .columns = {"variable_name", "variable_value"},
                    .rows = {{"mysql-known", "1"},
                             {"mysql-threads", "8"},
                             {"mysql-unknown", "2"},
                             {"mysql-left_out", "3"},
                             {"mysql-unknown2", "4"}}};
  const auto fitted = fit(*find_configuration("mysql_variables"), {table}, variable_schemas,
                          {"mysql-known", "mysql-threads", "mysql-left_out"}, {"*left*"});
  EXPECT_EQ(fitted.tables.at(0).rows, (Rows{{"mysql-known", "1"}}));
  EXPECT_THAT(fitted.warnings, ElementsAre("this ProxySQL has no variable mysql-unknown, mysql-unknown2: left out"));
}

TEST(Plan, RefusesVariablesOfAnotherModule) {
  EXPECT_EQ(error_of_fit(*find_configuration("mysql_variables"),
                         {{.name = "global_variables",
                           .columns = {"variable_name", "variable_value"},
                           .rows = {{"admin-refresh_interval", "1"}}}},
                         variable_schemas, {"admin-refresh_interval"}),
            "variable admin-refresh_interval is none of mysql_variables");
}

TEST(Plan, RefusesAccountsNamedLikeAdmins) {
  const std::vector<Table> tables = {
      {.name = "mysql_servers", .columns = {"username"}, .rows = {{"admin"}}},
      {.name = "mysql_users", .columns = {"username", "password"}, .rows = {{"app", "secret"}, {"radmin", "secret"}}}};
  refuse_admin_accounts(tables, {"admin", "ADMIN", "ap", "apps"});
  try {
    refuse_admin_accounts(tables, {"admin", "radmin"});
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::payload);
    EXPECT_STREQ(
        error.what(),
        "table mysql_users: user radmin is named like an admin or stats user of this ProxySQL, and would break "
        "that login");
    EXPECT_EQ(error.hint(), "rename the one or the other");
  }
}

// --- differences -----------------------------------------------------------------------------------------------------

const TableSchema two_keys{
    .name = "t",
    .columns = {column("a", {}, true, 1), column("b", {}, false, 2), column("c", {}, false), column("d", {}, false)}};

Table rows(Rows cells) { return {.name = "t", .columns = {"a", "b", "c", "d"}, .rows = std::move(cells)}; }

TEST(Plan, TellsDifferencesWithoutValues) {
  const auto wanted = rows({{"1", "x", "secret", "s"}, {"2", std::nullopt, "s", "s"}, {"3", "x", "s", "s"}});
  const auto actual = rows({{"1", "x", "other", std::nullopt}, {"3", "x", "s", "s"}, {"4", "y", "s", "s"}});
  EXPECT_THAT(differences(two_keys, wanted, actual, false),
              ElementsAre("table t, row a=1, b=x: has another c, d", "table t, row a=2, b=NULL: is missing",
                          "table t, row a=4, b=y: is there though it should not be"));
  EXPECT_THAT(differences(two_keys, wanted, actual, true),
              ElementsAre("table t, row a=1, b=x: has another c, d", "table t, row a=2, b=NULL: is missing"));
  EXPECT_THAT(differences(two_keys, wanted, wanted, false), IsEmpty());
}

TEST(Plan, CountsTheDifferencesBeyondTheLimit) {
  Rows many;
  for (int i = 1; i <= 9; ++i) many.push_back({std::to_string(i), "", "", ""});
  EXPECT_THAT(differences(two_keys, rows(many), rows({}), false, 2),
              ElementsAre("table t, row a=1, b=: is missing", "table t, row a=2, b=: is missing", "and 7 more"));
}

TEST(Plan, NamesVariablesByTheirNameAlone) {
  const Table wanted{.name = "global_variables",
                     .columns = {"variable_name", "variable_value"},
                     .rows = {{"mysql-a", "1"}, {"mysql-b", "true"}, {"mysql-c", "x"}}};
  auto actual = wanted;
  actual.rows = {{"mysql-a", "01"}, {"mysql-b", "1"}, {"mysql-c", "y"}, {"mysql-d", "z"}};
  EXPECT_THAT(differences(variable_schemas[0], wanted, actual, true),
              ElementsAre("mysql-c: has another variable_value"));
}

}  // namespace
}  // namespace proxysql_consul
