#include "proxysql_consul/model/convergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Keys keys("proxysql/");

KvEntry document(const std::string& name, std::uint64_t version) {
  return {.key = "proxysql/" + name,
          .value = format_document({.config_name = name,
                                    .uuid = "aae13abd",
                                    .tables = {{.name = name, .columns = {"a"}, .rows = {{"1"}, {"2"}}}},
                                    .blob = {},
                                    .origin = {.host = "proxy-1",
                                               .by = "alice",
                                               .proxysql_version = "2.7.2",
                                               .saved_at = "2026-11-22T18:00:00Z",
                                               .message = "two more"}}),
          .modify_index = version,
          .problem = {}};
}

std::string sha_of(const std::string& name) { return sha256_hex(document(name, 0).value); }

/// What a node says that holds that version of mysql_servers.
RecordedConfiguration told(std::uint64_t version, const std::string& outcome, std::vector<std::string> warnings = {}) {
  return {.version = version,
          .attempted = version,
          .sha256 = sha_of("mysql_servers"),
          .outcome = outcome,
          .at = "2026-11-22T18:00:01Z",
          .warnings = std::move(warnings)};
}

NodeRecord node(const std::string& host, RecordedConfiguration servers) {
  return {.uuid = {},
          .host = host,
          .consul_node = "agent-" + host,
          .following = true,
          .configurations = {{"mysql_servers", servers}}};
}

KvEntry entry_of(const NodeRecord& record, const std::string& uuid) {
  return {.key = "proxysql-meta/node/" + uuid, .value = format_node_record(record), .modify_index = 1, .problem = {}};
}

/// One node and mysql_servers at version 7.
Picture picture_of(const NodeRecord& record) {
  return {.records = {entry_of(record, "u1")}, .entries = {document("mysql_servers", 7)}};
}

TEST(Convergence, JudgesEachOutcome) {
  auto older = told(5, "failed", {"memory full"});
  older.attempted = 7;
  auto oldest = told(5, "failed", {"memory full"});
  oldest.attempted = 6;
  auto lacking = told(7, "partial", {"this ProxySQL has no column gtid_port"});
  lacking.lacks = true;
  auto other_document = told(7, "applied");
  other_document.sha256 = "of a Consul that was set up anew";
  const struct {
    const char* what;
    RecordedConfiguration told;
    Standing standing;
    const char* reason;
    std::size_t have;
    std::size_t of;
  } cases[] = {
      {"applied", told(7, "applied"), Standing::ok, "", 1, 1},
      {"saved", told(7, "saved"), Standing::ok, "", 1, 1},
      {"an older version", told(5, "applied"), Standing::behind, "mysql_servers: has version 5 instead of 7", 0, 1},
      {"a newer version", told(9, "saved"), Standing::behind, "mysql_servers: has version 9 instead of 7", 0, 1},
      {"none", told(0, "applied"), Standing::behind, "mysql_servers: has none", 0, 1},
      {"another document", other_document, Standing::behind, "mysql_servers: has version 7 instead of 7", 0, 1},
      {"refused in part", told(7, "partial", {"not taken: row 3"}), Standing::partial,
       "mysql_servers: not taken: row 3", 0, 1},
      {"lacks columns", lacking, Standing::partial, "mysql_servers: this ProxySQL has no column gtid_port", 1, 1},
      {"not on disk", told(7, "failed", {"disk full"}), Standing::failed, "mysql_servers: disk full", 0, 1},
      {"failed", older, Standing::failed, "mysql_servers: memory full", 0, 1},
      {"failed before", oldest, Standing::failed, "mysql_servers: version 6: memory full", 0, 1},
      {"says not why", told(7, "failed"), Standing::failed, "mysql_servers: it does not say why", 0, 1},
      {"drifted", told(7, "drifted"), Standing::drifted, "mysql_servers: changed since", 0, 1},
      {"frozen before it", told(5, "frozen"), Standing::frozen, "mysql_servers: has version 5 instead of 7", 0, 1},
      {"not accepted", told(0, "not_accepted"), Standing::ok, "", 0, 0},
      {"not here", told(0, "not_here"), Standing::ok, "", 0, 0},
      {"unknown", told(7, "dreamt"), Standing::behind,
       "mysql_servers: tells an outcome that this program does not know: dreamt", 0, 1},
  };
  for (const auto& [what, servers, standing, reason, have, of] : cases) {
    SCOPED_TRACE(what);
    const auto result = converge(keys, picture_of(node("proxy-1", servers)));
    ASSERT_EQ(result.nodes.size(), 1U);
    EXPECT_EQ(to_string(result.nodes[0].standing), to_string(standing));
    EXPECT_EQ(result.nodes[0].reason, reason);
    ASSERT_EQ(result.configurations.size(), 1U);
    EXPECT_EQ(result.configurations[0].have, have);
    EXPECT_EQ(result.configurations[0].of, of);
    EXPECT_EQ(result.nodes[0].has_all, have == of);
    EXPECT_EQ(result.converged, have == of);
  }
}

TEST(Convergence, TellsOfEachConfigurationInTheCataloguesOrder) {
  const auto result = converge(
      keys, {.records = {},
             .entries = {document("mysql_query_rules", 9),
                         document("mysql_servers", 7),
                         document("no_such_thing", 3),
                         {.key = "proxysql/scheduler", .value = "no document", .modify_index = 5, .problem = {}}}});
  ASSERT_EQ(result.configurations.size(), 3U);
  const auto& servers = result.configurations[0];
  EXPECT_EQ(servers.name, "mysql_servers");
  EXPECT_EQ(servers.version, 7U);
  EXPECT_EQ(servers.origin.host, "proxy-1");
  EXPECT_EQ(servers.origin.message, "two more");
  EXPECT_EQ(servers.rows, 2U);
  EXPECT_EQ(servers.bytes, document("mysql_servers", 7).value.size());
  EXPECT_EQ(result.configurations[1].name, "mysql_query_rules");
  EXPECT_EQ(result.configurations[2].name, "scheduler");
  EXPECT_EQ(result.configurations[2].rows, std::nullopt);
  EXPECT_FALSE(result.converged) << "nobody has it";
}

TEST(Convergence, CountsTheBytesOfTablesThatAreKeptApart) {
  auto entry = document("mysql_servers", 7);
  entry.value = format_document({.config_name = "mysql_servers",
                                 .uuid = "u",
                                 .tables = {},
                                 .blob = Blob{.sha256 = std::string(64, 'a'), .bytes = 1000000, .parts = 2},
                                 .origin = {}});
  const auto result = converge(keys, {.records = {}, .entries = {entry}});
  EXPECT_EQ(result.configurations[0].rows, std::nullopt);
  EXPECT_EQ(result.configurations[0].bytes, 1000000 + entry.value.size());
}

TEST(Convergence, SaysNothingOfAnEmptyConsul) {
  const auto result = converge(keys, {.records = {}, .entries = {}});
  EXPECT_TRUE(result.converged);
  EXPECT_THAT(result.configurations, IsEmpty());
  EXPECT_THAT(result.nodes, IsEmpty());
}

TEST(Convergence, WaitsForNobodyWhoseAgentIsGone) {
  Picture picture{
      .records = {entry_of(node("dead", told(5, "applied")), "u1"), entry_of(node("left", told(5, "applied")), "u2"),
                  entry_of(node("lives", told(7, "applied")), "u3")},
      .entries = {document("mysql_servers", 7)},
      .agents = AgentHealth{{"agent-dead", false}, {"agent-lives", true}}};
  auto result = converge(keys, picture);
  EXPECT_TRUE(result.converged);
  EXPECT_EQ(result.live(), 1U);
  EXPECT_EQ(result.configurations[0].have, 1U);
  EXPECT_EQ(result.configurations[0].of, 1U);
  EXPECT_EQ(result.nodes[0].standing, Standing::gone);
  EXPECT_EQ(result.nodes[0].reason, "its Consul agent agent-dead has failed");
  EXPECT_EQ(result.nodes[1].reason, "its Consul agent agent-left has left");
  EXPECT_EQ(result.nodes[2].standing, Standing::ok);

  picture.agents.reset();
  result = converge(keys, picture);
  EXPECT_FALSE(result.converged) << "who may not ask who lives counts nobody as gone";
  EXPECT_EQ(result.nodes[0].standing, Standing::behind);

  auto nameless = node("nameless", told(5, "applied"));
  nameless.consul_node.clear();
  picture.records = {entry_of(nameless, "u1")};
  picture.agents = AgentHealth{};
  EXPECT_EQ(converge(keys, picture).nodes[0].standing, Standing::behind) << "its agent is not known";
}

TEST(Convergence, IsNoneWhereEveryNodeIsGone) {
  auto picture = picture_of(node("dead", told(7, "applied")));
  picture.agents = AgentHealth{};
  EXPECT_FALSE(converge(keys, picture).converged);
}

TEST(Convergence, ShowsWhatIsWorstAndNamesAll) {
  auto record = node("proxy-1", told(5, "applied"));
  record.configurations["mysql_users"] = told(3, "failed", {"no such column"});
  record.configurations["mysql_users"].attempted = 8;
  record.configurations["mysql_query_rules"] = told(9, "applied");
  record.configurations["mysql_query_rules"].sha256 = sha_of("mysql_query_rules");
  auto picture = picture_of(record);
  picture.entries.push_back(document("mysql_query_rules", 9));
  picture.entries.push_back(document("mysql_users", 8));
  picture.entries.push_back(document("scheduler", 4));
  const auto result = converge(keys, picture);
  EXPECT_EQ(result.nodes[0].standing, Standing::failed);
  EXPECT_EQ(result.nodes[0].reason,
            "mysql_users: no such column; mysql_servers: has version 5 instead of 7; scheduler: has not seen it yet");
}

TEST(Convergence, SaysWhatFailedBeforeTheFreeze) {
  auto record = node("proxy-1", told(5, "frozen", {"access denied"}));
  record.frozen = true;
  auto picture = picture_of(record);
  picture.entries.push_back({.key = "proxysql/freeze", .value = "maintenance", .modify_index = 9, .problem = {}});
  const auto result = converge(keys, picture);
  EXPECT_EQ(result.nodes[0].standing, Standing::frozen);
  EXPECT_EQ(result.nodes[0].reason, "mysql_servers: has version 5 instead of 7 (before the freeze: access denied)");
}

TEST(Convergence, SaysThatNothingFollowsWhereANodeIsBehind) {
  auto record = node("proxy-1", told(5, "applied"));
  record.following = false;
  const auto behind = converge(keys, picture_of(record));
  EXPECT_EQ(behind.nodes[0].reason,
            "mysql_servers: has version 5 instead of 7; no `follow` runs there: does its agent's watch?");
  record.configurations["mysql_servers"] = told(7, "applied");
  EXPECT_EQ(converge(keys, picture_of(record)).nodes[0].reason, "") << "it has all, whoever brought it";
  auto picture = picture_of(record);
  picture.entries.push_back({.key = "proxysql/freeze", .value = "maintenance", .modify_index = 9, .problem = {}});
  EXPECT_EQ(converge(keys, picture).nodes[0].reason,
            "has not seen the freeze yet; no `follow` runs there: does its agent's watch?");
}

TEST(Convergence, TellsWhoHasSeenTheFreezeAndItsEnd) {
  auto seen = node("seen", told(7, "applied"));
  seen.frozen = true;
  Picture picture{.records = {entry_of(seen, "u1"), entry_of(node("unseen", told(7, "applied")), "u2")},
                  .entries = {document("mysql_servers", 7),
                              {.key = "proxysql/freeze",
                               .value = R"({"reason":"maintenance","by":"alice","host":"proxy-1","at":"then"})",
                               .modify_index = 9,
                               .problem = {}}}};
  auto result = converge(keys, picture);
  ASSERT_TRUE(result.frozen);
  EXPECT_EQ(result.frozen->reason, "maintenance");
  EXPECT_TRUE(result.converged) << "all have what there is to have";
  EXPECT_EQ(result.nodes[0].standing, Standing::frozen);
  EXPECT_EQ(result.nodes[0].reason, "");
  EXPECT_EQ(result.nodes[1].standing, Standing::ok);
  EXPECT_EQ(result.nodes[1].reason, "has not seen the freeze yet");

  picture.entries.pop_back();
  result = converge(keys, picture);
  EXPECT_FALSE(result.frozen);
  EXPECT_EQ(result.nodes[0].standing, Standing::frozen);
  EXPECT_EQ(result.nodes[0].reason, "has not seen the thaw yet");
}

TEST(Convergence, ShowsANodeWhoseRecordCannotBeRead) {
  const auto result =
      converge(keys, {.records = {{.key = "proxysql-meta/node/u1", .value = "{", .modify_index = 1, .problem = {}}},
                      .entries = {document("mysql_servers", 7)}});
  ASSERT_EQ(result.nodes.size(), 1U);
  EXPECT_EQ(result.nodes[0].uuid, "u1");
  EXPECT_EQ(result.nodes[0].standing, Standing::behind);
  EXPECT_THAT(result.nodes[0].reason, StartsWith("node record: "));
  EXPECT_FALSE(result.converged);
  EXPECT_EQ(result.configurations[0].of, 1U);
}

TEST(Convergence, TellsNodesOfOneHostApart) {
  const auto result = converge(keys, {.records = {entry_of(node("b", told(7, "applied")), "11111111-aaaa"),
                                                  entry_of(node("a", told(7, "applied")), "22222222-bbbb"),
                                                  entry_of(node("a", told(7, "applied")), "33333333-cccc")},
                                      .entries = {}});
  EXPECT_THAT(names_of(result.nodes), ElementsAre("a (22222222)", "a (33333333)", "b"));
}

/// Nothing tells a machine that was set up anew from a second ProxySQL there, so nobody is taken for gone by that.
TEST(Convergence, HintsAtARecordThatANewerOneOfItsMachineMayHaveReplaced) {
  auto old = told(5, "applied");
  auto newer = told(7, "applied");
  newer.at = "2026-11-22T19:00:00Z";
  const auto reason_of_old = [](const NodeRecord& first, const NodeRecord& second) {
    const auto all = converge(
        keys, {.records = {entry_of(first, "u1"), entry_of(second, "u2")}, .entries = {document("mysql_servers", 7)}});
    EXPECT_EQ(all.live(), 2U);
    return all.nodes.front().reason;
  };
  const std::string behind = "mysql_servers: has version 5 instead of 7";
  EXPECT_EQ(reason_of_old(node("a", old), node("a", newer)),
            behind + "; if u2 has replaced it: `consul kv delete proxysql-meta/node/u1`");
  EXPECT_EQ(reason_of_old(node("a", old), node("b", newer)), behind) << "another machine";
  auto elsewhere = node("a", newer);
  elsewhere.consul_node = "agent-b";
  EXPECT_EQ(reason_of_old(node("a", old), elsewhere), behind) << "another agent";
  newer.at = old.at;
  EXPECT_EQ(reason_of_old(node("a", old), node("a", newer)), behind) << "told no later";
  newer.at = "2026-11-22T19:00:00Z";
  old.version = 7;
  EXPECT_EQ(reason_of_old(node("a", old), node("a", newer)), "") << "it lacks nothing";
}

}  // namespace
}  // namespace proxysql_consul::testing
