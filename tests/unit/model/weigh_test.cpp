// weigh(): what a save replaces, carries over and refuses.
#include "proxysql_consul/model/weigh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "unit/model/schemas.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<TableSchema> server_schemas = {
    {.name = "mysql_servers",
     .columns = {column("hostgroup_id", "0", true, 1), column("hostname", {}, true, 2), column("port", "3306", true, 3),
                 column("weight", "1", true)}},
    {.name = "mysql_replication_hostgroups",
     .columns = {column("writer_hostgroup", {}, true, 1), column("reader_hostgroup", {}, true)}}};
const std::vector<TableSchema> rule_schemas = {
    {.name = "mysql_query_rules",
     .columns = {column("rule_id", {}, true, 1), column("active", "0", true), column("match_pattern", {}, false)}}};
const std::vector<TableSchema> user_schemas = {
    {.name = "mysql_users",
     .columns = {column("username", {}, true, 1), column("backend", "1", true, 2), column("frontend", "1", true),
                 column("active", "1", true)}}};

Table table(const TableSchema& schema, Rows rows) {
  Table made{.name = schema.name, .columns = {}, .rows = std::move(rows)};
  for (const auto& column : schema.columns) made.columns.push_back(column.name);
  return made;
}

Document document(const std::string& configuration, std::vector<Table> tables, bool from_memory = false) {
  return {.config_name = configuration,
          .uuid = "u",
          .tables = std::move(tables),
          .blob = {},
          .from_memory = from_memory,
          .origin = {.host = "there", .by = "ann", .proxysql_version = "", .saved_at = "then", .message = ""}};
}

Holding holding(const std::vector<TableSchema>& schemas, std::vector<Table> tables, bool from_memory = false) {
  const auto& name = tables.front().name;
  const auto& configuration = *find_configuration(name == "global_variables" ? "mysql_variables" : name);
  return {.configuration = configuration,
          .document = document(std::string(configuration.name), std::move(tables), from_memory),
          .schemas = schemas};
}

Held held(Document document) {
  return {.entry = {.key = "k", .value = "v", .modify_index = 7, .problem = {}}, .document = std::move(document)};
}

Holding servers(Rows rows) {
  return holding(server_schemas, {table(server_schemas[0], std::move(rows)), table(server_schemas[1], {})});
}

Held held_servers(Rows rows) { return held(document("mysql_servers", {table(server_schemas[0], std::move(rows))})); }

Holding rules(Rows rows, bool from_memory = false) {
  return holding(rule_schemas, {table(rule_schemas[0], std::move(rows))}, from_memory);
}

Held held_rules(Rows rows) { return held(document("mysql_query_rules", {table(rule_schemas[0], std::move(rows))})); }

Rows many(std::size_t count, const std::string& name = "db") {
  Rows rows;
  for (std::size_t i = 0; i < count; ++i) rows.push_back({"1", name + std::to_string(i), "3306", "1"});
  return rows;
}

std::string refusal(const Holding& ours, const Held& theirs, Acquaintance acquaintance, SaveOptions options) {
  try {
    const auto weighed = weigh(ours, theirs, acquaintance, options);
    return weighed.write ? "written" : "unchanged";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::refused);
    EXPECT_FALSE(error.hint().empty());
    return std::string(error.what()) + " (" + error.hint() + ")";
  }
}

constexpr SaveOptions by_hand{};
constexpr SaveOptions by_force{.force = true};
constexpr SaveOptions if_current{.if_current = true};
constexpr SaveOptions shrinking{.if_current = true, .allow_shrink = true};

TEST(Weigh, WritesAFirstDocumentAsItIs) {
  for (const auto& options : {by_hand, by_force, if_current}) {
    const auto weighed = weigh(servers(many(1)), std::nullopt, Acquaintance::none, options);
    EXPECT_TRUE(weighed.write);
    EXPECT_THAT(weighed.warnings, IsEmpty());
    EXPECT_EQ(weighed.document.uuid, "u");
  }
}

TEST(Weigh, LetsNoEmptyNodeBeTheFirstToSpeakUnlookedAt) {
  EXPECT_TRUE(weigh(servers({}), std::nullopt, Acquaintance::none, by_hand).write);
  EXPECT_TRUE(weigh(servers({}), std::nullopt, Acquaintance::none, shrinking).write);
  const auto weighed = weigh(servers({}), std::nullopt, Acquaintance::none, if_current);
  EXPECT_FALSE(weighed.write);
  EXPECT_THAT(weighed.notices, ElementsAre(HasSubstr("all its tables are empty, and Consul holds nothing yet")));
  // A version that is gone from Consul is nobody's to replace unlooked at.
  EXPECT_TRUE(weigh(servers(many(1)), std::nullopt, Acquaintance::earlier_start, by_hand).write);
  EXPECT_THROW(weigh(servers(many(1)), std::nullopt, Acquaintance::earlier_start, if_current), Error);
}

TEST(Weigh, ComparesInTheWordsOfTheLocalServer) {
  const auto ours = servers({{"1", "a", "3306", "1"}, {"1", "b", "3306", "2"}});
  const auto theirs = [](std::vector<std::string> columns, Rows rows) {
    return held(
        document("mysql_servers", {{.name = "mysql_servers", .columns = std::move(columns), .rows = std::move(rows)}}));
  };
  const std::vector<std::string> more = {"hostgroup_id", "hostname", "port", "weight", "new"};
  const struct {
    const char* what;
    Held theirs;
    const char* result;
  } cases[] = {
      {"the same in another order",
       theirs({"weight", "hostname", "port", "hostgroup_id"}, {{"2", "b", "3306", "1"}, {"1", "a", "3306", "1"}}),
       "unchanged"},
      {"a column more, at its default", theirs(more, {{"1", "a", "3306", "1", ""}, {"1", "b", "3306", "2", "0"}}),
       "unchanged"},
      {"a column more, with a value, and all else equal",
       theirs(more, {{"1", "a", "3306", "1", "x"}, {"1", "b", "3306", "2", ""}}), "unchanged"},
      {"a column less", theirs({"hostgroup_id", "hostname", "port"}, {{"1", "a", "3306"}, {"1", "b", "3306"}}),
       "written"},
      {"another value", held_servers({{"1", "a", "3306", "1"}, {"1", "b", "3306", "3"}}), "written"},
      {"a row less", held_servers({{"1", "a", "3306", "1"}}), "written"},
      {"a document of 2016", theirs({}, {{"1", "a", "3306", "1"}, {"1", "b", "3306", "2"}}), "unchanged"},
  };
  for (const auto& [what, given, result] : cases) {
    EXPECT_EQ(refusal(ours, given, Acquaintance::whole, by_hand), result) << what;
  }
  const auto weighed = weigh(ours, theirs(more, {{"1", "a", "3306", "1", "x"}, {"1", "b", "3306", "2", ""}}),
                             Acquaintance::in_part, by_hand);
  EXPECT_THAT(weighed.lost, ElementsAre("table mysql_servers: this ProxySQL has no column new: left out"));
}

TEST(Weigh, RefusesWhatAllNodesWouldLose) {
  const auto theirs = held(document("mysql_servers", {{.name = "mysql_servers",
                                                       .columns = {"hostgroup_id", "hostname", "port", "weight", "new"},
                                                       .rows = {{"1", "a", "3306", "1", "x"}}},
                                                      {.name = "mysql_future", .columns = {"a"}, .rows = {{"1"}}}}));
  const auto ours = servers({{"1", "a", "3306", "9"}});
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::whole, by_hand),
            "Consul's version 7 of ann@there at then holds what this ProxySQL cannot, and all nodes would lose it: "
            "table mysql_servers: this ProxySQL has no column new: left out; this ProxySQL has no table mysql_future "
            "of mysql_servers: 1 rows left out (save on a node whose ProxySQL can, or add --force to drop it)");
  const auto weighed = weigh(ours, theirs, Acquaintance::whole, by_force);
  EXPECT_TRUE(weighed.write);
  EXPECT_THAT(
      weighed.warnings,
      ElementsAre("drops from Consul's document: table mysql_servers: this ProxySQL has no column new: left out",
                  "drops from Consul's document: this ProxySQL has no table mysql_future of mysql_servers: 1 rows left "
                  "out"));
}

TEST(Weigh, LeavesADocumentThatCannotBeReadWhole) {
  const auto ours = servers({{"1", "a", "3306", "1"}});
  const Held theirs{.entry = {.key = "k", .value = "?", .modify_index = 7, .problem = {}},
                    .document = {},
                    .problem = "document: is no JSON"};
  const std::string what =
      "Consul's version 7 cannot be read whole, so nothing of it could be kept: document: is no JSON ";
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::none, by_hand), what + "(--force replaces it all the same)");
  const auto look = what + "(look at it; a plain `save --force mysql_servers` replaces it)";
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::whole, if_current), look);
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::whole, {.force = true, .if_current = true}), look);
  const auto weighed = weigh(ours, theirs, Acquaintance::none, by_force);
  EXPECT_TRUE(weighed.write);
  EXPECT_THAT(weighed.warnings, ElementsAre("replaces version 7, which could not be read whole: document: is no JSON"));
  // A width of 2016 that does not fit is one that cannot be read, too.
  const auto narrow = held(document("mysql_servers", {{.name = "mysql_servers", .columns = {}, .rows = {{"1", "a"}}}}));
  EXPECT_THAT(refusal(ours, narrow, Acquaintance::whole, by_hand), HasSubstr("a row of 2 values"));
}

TEST(Weigh, SavesUnlookedAtOnlyOnTopOfWhatTheNodeHoldsWhole) {
  const auto ours = servers({{"1", "a", "3306", "2"}});
  const auto theirs = held_servers({{"1", "a", "3306", "1"}});
  const std::string ways = " (`pull mysql_servers` takes Consul's version, a plain `save mysql_servers` replaces it)";
  const std::string version = "Consul holds version 7 of ann@there at then, ";
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::whole, if_current), "written");
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::in_part, if_current),
            version +
                "which this node has applied in part only (`pull --force mysql_servers` tries that again and says what "
                "is missing, a plain `save mysql_servers` replaces it)");
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::earlier_start, if_current),
            version +
                "and this ProxySQL, which differs, has started, or this node's settings have changed, since this node "
                "saved or applied that" +
                ways);
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::untold, if_current),
            version + "and this ProxySQL, which differs, does not tell whether it has started since" + ways);
  EXPECT_EQ(refusal(ours, theirs, Acquaintance::none, if_current),
            version + "which this node has neither saved nor applied" + ways);
  for (const auto acquaintance : {Acquaintance::in_part, Acquaintance::earlier_start, Acquaintance::none}) {
    EXPECT_EQ(refusal(ours, held_servers({{"1", "a", "3306", "2"}}), acquaintance, if_current), "unchanged");
    EXPECT_EQ(refusal(ours, theirs, acquaintance, by_hand), "written");
  }
}

TEST(Weigh, SaysWhatASaveByHandReplacesThatTheNodeHasNotSeen) {
  const auto ours = servers({{"1", "a", "3306", "2"}, {"1", "c", "3306", "1"}, {"1", "d", "3306", "1"}});
  const auto theirs = held_servers({{"1", "a", "3306", "1"}, {"1", "b", "3306", "1"}});
  const auto unseen = weigh(ours, theirs, Acquaintance::none, by_hand);
  EXPECT_EQ(unseen.changes, "2 rows added, 1 removed, 1 changed");
  EXPECT_THAT(unseen.warnings,
              ElementsAre("replaces version 7 of ann@there at then, which this node has neither saved nor applied: 2 "
                          "rows added, 1 removed, 1 changed"));
  EXPECT_THAT(weigh(ours, theirs, Acquaintance::whole, by_hand).warnings, IsEmpty());
}

TEST(Weigh, LetsNoTableShrinkUnlookedAt) {
  auto most_gone = many(4);
  auto half_gone = many(5);
  auto others = many(10, "other");
  const struct {
    const char* what;
    Rows before, after;
    bool refused;
  } cases[] = {
      {"emptied", many(1), {}, true},
      {"six of ten gone", many(10), most_gone, true},
      {"half of ten gone", many(10), half_gone, false},
      {"five of nine gone", many(9), most_gone, false},
      {"as many, all others", many(10), others, true},
      {"grown", many(10), many(20), false},
      {"empty as before", {}, {}, false},
  };
  for (const auto& [what, before, after, refused] : cases) {
    SCOPED_TRACE(what);
    const auto words = refusal(servers(after), held_servers(before), Acquaintance::whole, if_current);
    EXPECT_EQ(words.starts_with("table mysql_servers would lose "), refused) << words;
    for (const auto& options : {by_hand, shrinking}) {
      EXPECT_THAT(refusal(servers(after), held_servers(before), Acquaintance::whole, options),
                  ::testing::AnyOf("written", "unchanged"));
    }
  }
  EXPECT_EQ(refusal(servers({}), held_servers(many(3)), Acquaintance::whole, if_current),
            "table mysql_servers would lose 3 of the 3 rows that Consul holds in version 7 of ann@there at then (if "
            "that is meant, `save mysql_servers` without --if-current, or with --allow-shrink; "
            "`pull --force mysql_servers` takes Consul's version)");
}

TEST(Weigh, CarriesInactiveRowsOverWhereRuntimeWasRead) {
  const auto theirs = held_rules({{"1", "1", "a"}, {"2", "0", "b"}, {"10", "0", "c"}});
  const auto& tables =
      weigh(rules({{"1", "1", "x"}, {"9", "1", "y"}}), theirs, Acquaintance::whole, if_current).document.tables;
  EXPECT_EQ(tables[0].rows, (Rows{{"1", "1", "x"}, {"2", "0", "b"}, {"9", "1", "y"}, {"10", "0", "c"}}));
  EXPECT_EQ(refusal(rules({{"1", "1", "a"}}), theirs, Acquaintance::whole, by_hand), "unchanged");
  // One that is active here now is no longer inactive; a document from memory speaks of all.
  EXPECT_EQ(weigh(rules({{"2", "1", "b"}}), theirs, Acquaintance::whole, by_hand).document.tables[0].rows,
            (Rows{{"2", "1", "b"}, {"10", "0", "c"}}));
  EXPECT_EQ(weigh(rules({{"1", "1", "a"}}, true), theirs, Acquaintance::whole, by_hand).document.tables[0].rows,
            (Rows{{"1", "1", "a"}}));
}

TEST(Weigh, LeavesOutAnInactiveAccountThatCollidesWithAnActiveOne) {
  const auto theirs =
      held(document("mysql_users", {table(user_schemas[0], {{"u", "0", "1", "0"}, {"v", "0", "1", "0"}})}));
  const auto ours = holding(user_schemas, {table(user_schemas[0], {{"u", "1", "1", "1"}})});
  EXPECT_EQ(weigh(ours, theirs, Acquaintance::whole, by_hand).document.tables[0].rows,
            (Rows{{"u", "1", "1", "1"}, {"v", "0", "1", "0"}}));
}

TEST(Weigh, CarriesVariablesOverThatThisNodeExcludesOrDoesNotKnow) {
  const auto variables = [](Rows rows) { return table(variable_schemas[0], std::move(rows)); };
  const auto ours = holding(variable_schemas, {variables({{"mysql-b", "1"}})});
  const auto theirs = held(document(
      "mysql_variables", {variables({{"mysql-a", "1"}, {"mysql-b", "2"}, {"mysql-threads", "4"}, {"mysql-z", "3"}})}));
  const auto weighed = weigh(ours, theirs, Acquaintance::whole, if_current);
  EXPECT_EQ(weighed.document.tables[0].rows, (Rows{{"mysql-a", "1"}, {"mysql-b", "1"}, {"mysql-z", "3"}}));
  EXPECT_EQ(weighed.changes, "1 row changed");
  EXPECT_THAT(weighed.lost, IsEmpty());
}

TEST(Weigh, TakesWhatAMonitorMovedForNoChange) {
  const auto groups = table(server_schemas[1], {{"10", "20"}});
  const auto with = [&](Rows rows) { return std::vector<Table>{table(server_schemas[0], std::move(rows)), groups}; };
  auto ours = holding(server_schemas, with({{"20", "a", "3306", "1"}}));
  ours.memory = ours.document.tables;
  const auto theirs = held(document("mysql_servers", with({{"10", "a", "3306", "1"}})));
  const auto same = weigh(ours, theirs, Acquaintance::none, if_current);
  EXPECT_FALSE(same.write);
  EXPECT_THAT(same.notices, ElementsAre("server a:3306: its place is hostgroup 10, a monitor has it in 20"));
  // With another change it keeps the place that Consul's document gives it, and by force it does not.
  ours.document.tables = with({{"20", "a", "3306", "1"}, {"30", "b", "3306", "1"}});
  EXPECT_EQ(weigh(ours, theirs, Acquaintance::whole, by_hand).document.tables[0].rows,
            (Rows{{"10", "a", "3306", "1"}, {"30", "b", "3306", "1"}}));
  EXPECT_EQ(weigh(ours, theirs, Acquaintance::whole, by_force).document.tables[0].rows,
            (Rows{{"20", "a", "3306", "1"}, {"30", "b", "3306", "1"}}));
  // Another weight is nothing that a monitor makes.
  ours.document.tables = with({{"20", "a", "3306", "5"}});
  EXPECT_EQ(weigh(ours, theirs, Acquaintance::whole, by_hand).document.tables[0].rows,
            (Rows{{"20", "a", "3306", "5"}}));
}

TEST(Weigh, SaysWhichEmptyTablesADocumentIsSilentOf) {
  const auto unnamed =
      weigh(servers({{"1", "db1", "3306", "1"}}), held_servers({{"1", "db1", "3306", "1"}}), Acquaintance::whole, {});
  EXPECT_FALSE(unnamed.write);
  EXPECT_THAT(unnamed.notices,
              ElementsAre("Consul's document does not speak of mysql_replication_hostgroups, empty here: nodes that "
                          "hold rows there keep them (--force tells all to empty it)"));
  const auto named = weigh(servers({{"1", "db1", "3306", "1"}}),
                           held(document("mysql_servers", {table(server_schemas[0], {{"1", "db1", "3306", "1"}}),
                                                           table(server_schemas[1], {})})),
                           Acquaintance::whole, {});
  EXPECT_FALSE(named.write);
  EXPECT_THAT(named.notices, IsEmpty());
}

TEST(Weigh, TellsHowWellANodeKnowsAVersion) {
  const Start start{.began = 1000, .servers_loads = 1, .loads = {{"mysql_servers", 1}}};
  const KvEntry entry{.key = "k", .value = "text", .modify_index = 7, .problem = {}};
  const ConfigurationState applied{
      .version = 7, .sha256 = sha256_hex("text"), .outcome = Outcome::applied, .at = "", .warnings = {}};
  State state;
  const auto acquaintance = [&] { return acquaintance_with(entry, Keyring(), state, "mysql_users"); };
  EXPECT_EQ(acquaintance(), Acquaintance::none);
  state.record("mysql_users", applied);
  EXPECT_EQ(acquaintance(), Acquaintance::untold);
  state.observe(start);
  EXPECT_EQ(acquaintance(), Acquaintance::earlier_start);
  state.record("mysql_users", applied);
  EXPECT_EQ(acquaintance(), Acquaintance::whole);
  state.mark_applying("mysql_users");
  EXPECT_EQ(acquaintance(), Acquaintance::none);
  auto other = applied;
  other.outcome = Outcome::partial;
  state.record("mysql_users", other);
  EXPECT_EQ(acquaintance(), Acquaintance::in_part);
  other.version = 8;
  state.record("mysql_users", other);
  EXPECT_EQ(acquaintance(), Acquaintance::none);
}

}  // namespace
}  // namespace proxysql_consul
