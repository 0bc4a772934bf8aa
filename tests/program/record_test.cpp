// What a node tells the others, and when: proxysql-meta/node/<uuid> after runs of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "proxysql_consul/model/node_record.h"
#include "proxysql_consul/model/state_json.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Record : public Run {
 protected:
  NodeRecord record(const NodeUnderTest& node) const {
    return parse_node_record(consul.value_of(meta + "node/" + node.uuid()));
  }
  RecordedConfiguration servers_of(const NodeUnderTest& node) const {
    return record(node).configurations.at("mysql_servers");
  }
  std::uint64_t version() const { return consul.entries.at(servers_key).modify_index; }
};

TEST_F(Record, SaysWhoTheNodeIs) {
  save_from_a({"db1"});
  const auto told = record(a);
  EXPECT_EQ(told.uuid, a.uuid());
  EXPECT_EQ(told.host, "host-a");
  EXPECT_EQ(told.consul_node, "agent-of-host-a");
  EXPECT_EQ(told.proxysql_version.substr(0, 3), "2.7");
  EXPECT_NE(told.program_version, "");
  EXPECT_FALSE(told.following);
  EXPECT_FALSE(told.frozen);
  EXPECT_THAT(told.keys, IsEmpty());
}

TEST_F(Record, MakesANodeKnownBeforeThereIsAnythingToHave) {
  b.update();
  EXPECT_EQ(record(b).host, "host-b");
  EXPECT_THAT(record(b).configurations, IsEmpty());
  consul.log.clear();
  b.update();
  EXPECT_THAT(consul.log, IsEmpty());
}

TEST_F(Record, IsWrittenAlsoWhereTheAgentMayNotBeRead) {
  consul.may_read_agents = false;
  save_from_a({"db1"});
  EXPECT_EQ(record(a).consul_node, "");
  EXPECT_EQ(servers_of(a).outcome, "saved");
}

TEST_F(Record, IsOneWriteAfterEachChangeAndNoneWithoutOne) {
  save_from_a({"db1"});
  b.update();
  EXPECT_EQ(servers_of(b).outcome, "applied");
  EXPECT_EQ(servers_of(b).version, version());
  save_from_a({"db2"});
  consul.log.clear();
  b.update();
  EXPECT_THAT(consul.log, ElementsAre("TXN cas " + meta + "node/" + b.uuid()));
  consul.log.clear();
  consul.agent_log.clear();
  b.update();
  b.run({"pull"});
  EXPECT_THAT(consul.log, ElementsAre("LIST proxysql/")) << "nothing changed, so nothing is told";
  EXPECT_THAT(consul.agent_log, IsEmpty());
}

TEST_F(Record, IsNotUndoneByAnEarlierOneThatArrivesLate) {
  save_from_a({"db1"});
  b.update();
  save_from_a({"db2"});
  consul.on_call = [&](const std::string& call) {
    if (call.find("node/" + b.uuid()) != std::string::npos) consul.fail_on(1, FakeConsul::Failure::late);
  };
  EXPECT_THAT(b.update().err, ElementsAre(HasSubstr("this node's record for the others could not be written")));
  consul.on_call = nullptr;
  EXPECT_LT(servers_of(b).version, version());
  save_from_a({"db3"});
  b.update();
  EXPECT_EQ(servers_of(b).version, version());
  consul.come_late();
  EXPECT_EQ(servers_of(b).version, version());
}

TEST_F(Record, ReplacesWhicheverIsThere) {
  save_from_a({"db1"});
  b.update();
  const auto key = meta + "node/" + b.uuid();
  for (const auto& change : std::vector<std::function<void()>>{[&] { consul.set(key, "written by somebody else"); },
                                                               [&] { consul.entries.erase(key); }}) {
    change();
    save_from_a({"db1", "db" + std::to_string(consul.index)});
    EXPECT_THAT(b.update().err, IsEmpty());
    EXPECT_EQ(servers_of(b).version, version());
  }
}

TEST_F(Record, TellsOfAFreezeAndOfItsEnd) {
  save_from_a({"db1"});
  b.update();
  const auto held = version();
  consul.set(prefix + "freeze", "maintenance");
  b.update();
  EXPECT_TRUE(record(b).frozen);
  EXPECT_EQ(servers_of(b).outcome, "applied") << "it holds what is there";

  // Somebody wrote in spite of the freeze.
  consul.set(servers_key, consul.value_of(servers_key) + " ");
  b.update();
  EXPECT_EQ(servers_of(b).outcome, "frozen");
  EXPECT_EQ(servers_of(b).version, held);
  EXPECT_EQ(servers_of(b).attempted, version());
  EXPECT_EQ(record(b).proxysql_version.substr(0, 3), "2.7") << "as it said last: it was not asked now";

  consul.entries.erase(prefix + "freeze");
  b.update();
  EXPECT_FALSE(record(b).frozen);
  EXPECT_EQ(servers_of(b).outcome, "applied");
  EXPECT_EQ(servers_of(b).version, version());
}

TEST_F(Record, TellsOfAnotherProxySqlAfterAStart) {
  save_from_a({"db1"});
  b.update();
  b.engine.restart();
  consul.set(meta + "node/" + b.uuid(), "");
  auto state = b.state();
  state.proxysql_version = "2.6.0";
  write_file(b.state_file(), format_state(state));
  b.update();
  EXPECT_EQ(record(b).proxysql_version.substr(0, 3), "2.7");
}

TEST_F(Record, TellsOfAFreezeThatAPullMeets) {
  save_from_a({"db1"});
  consul.set(prefix + "freeze", "maintenance");
  EXPECT_EQ(b.run({"pull", "--dry-run"}).status, 8);
  EXPECT_EQ(read_file(b.state_file()), "");
  EXPECT_EQ(b.run({"pull"}).status, 8);
  EXPECT_TRUE(record(b).frozen);
  EXPECT_EQ(servers_of(b).outcome, "frozen");
  EXPECT_EQ(servers_of(b).version, 0U);
}

TEST_F(Record, TellsOfTheEndOfAFreezeThatASaveSees) {
  save_from_a({"db1"});
  consul.set(prefix + "freeze", "maintenance");
  a.update();
  EXPECT_TRUE(record(a).frozen);
  consul.entries.erase(prefix + "freeze");
  save_from_a({"db2"});
  EXPECT_FALSE(record(a).frozen);
}

TEST_F(Record, TellsWhatIsNotAccepted) {
  save_from_a({"db1"});
  b.configure(R"("accept":["mysql_users"])");
  b.update();
  EXPECT_EQ(servers_of(b).outcome, "not_accepted");
  EXPECT_EQ(servers_of(b).attempted, version());
  b.configure("");
  b.run({"pull", "mysql_servers"});
  EXPECT_EQ(servers_of(b).outcome, "applied");
  a.run({"save", "mysql_users"});
  b.run({"pull", "mysql_servers"});
  EXPECT_FALSE(record(b).configurations.contains("mysql_users")) << "that it was not asked for says nothing";
}

TEST_F(Record, TellsWhatThisProxySqlDoesNotHave) {
  a.execute({"INSERT INTO restapi_routes(active,timeout_ms,method,uri,script) VALUES (1,100,'GET','x','/bin/x')",
             "LOAD RESTAPI TO RUNTIME"});
  ASSERT_EQ(a.run({"save", "restapi_routes"}).status, 0);
  NodeUnderTest old(consul, dir, "host-old", R"("accept":["restapi_routes"])", StandinVersion::v1_1);
  old.update();
  EXPECT_EQ(record(old).configurations.at("restapi_routes").outcome, "not_here");
}

TEST_F(Record, TellsAFailureWithItsReason) {
  save_from_a({"db1"});
  b.is_away = true;
  EXPECT_EQ(b.update().status, 4);
  EXPECT_EQ(servers_of(b).outcome, "failed");
  EXPECT_EQ(servers_of(b).version, 0U);
  EXPECT_EQ(servers_of(b).attempted, version());
  EXPECT_THAT(servers_of(b).warnings, ElementsAre(::testing::HasSubstr("away")));
}

TEST_F(Record, TellsWhatFailedForGoodBeforeSomethingElseIsDone) {
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,match_digest) VALUES (1,1,'a')",
             "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  consul.set(servers_key, "no document at all");
  std::string told;
  b.engine.on_statement([&](std::string_view statement) {
    if (statement.starts_with("REPLACE")) told = servers_of(b).outcome;
  });
  EXPECT_EQ(b.update().status, 6);
  EXPECT_EQ(told, "failed");
  EXPECT_EQ(record(b).configurations.at("mysql_query_rules").outcome, "applied");
}

TEST_F(Record, TellsWhatIsPartialForNothingButWhatThisProxySqlLacks) {
  a.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname,gtid_port) VALUES (1,'db1',3307)",
             "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  NodeUnderTest old(consul, dir, "host-old", {}, StandinVersion::v1_1);
  EXPECT_EQ(old.update().status, 4);
  EXPECT_EQ(servers_of(old).outcome, "partial");
  EXPECT_TRUE(servers_of(old).lacks);
  EXPECT_FALSE(servers_of(a).lacks);
}

}  // namespace
}  // namespace proxysql_consul::testing
