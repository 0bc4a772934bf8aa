// save: what is written to Consul, what it replaces, and what is kept of that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/model/document.h"
#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class Save : public Run {};

TEST_F(Save, SavesWhatAnotherNodeApplies) {
  a.set_servers({"db1", "db2"});
  for (const std::string word : {"save", "put"}) {
    SCOPED_TRACE(word);
    a.set_servers({"db1", word});
    b.set_servers({"old"});
    const auto saved = a.run({word, "mysql_servers", "--message", "more"});
    EXPECT_EQ(saved.status, 0);
    EXPECT_THAT(saved.err, IsEmpty());
    EXPECT_THAT(saved.out, StartsWith("mysql_servers: saved as version " + version_of(servers_key) + ", 2 rows"));
    const auto document = parse_document(consul.value_of(servers_key));
    EXPECT_EQ(document.config_name, "mysql_servers");
    EXPECT_EQ(document.uuid, a.uuid());
    EXPECT_EQ(document.origin.host, "host-a");
    EXPECT_EQ(document.origin.proxysql_version, "2.7.2-3-gstandin");
    EXPECT_EQ(document.origin.message, "more");
    EXPECT_THAT(document.origin.saved_at, StartsWith("2027-01-15T08:"));

    const auto updated = b.update();
    EXPECT_EQ(updated.status, 0);
    EXPECT_THAT(updated.err, IsEmpty());
    EXPECT_EQ(updated.out, "mysql_servers: version " + version_of(servers_key) + " of host-a at " +
                               document.origin.saved_at + ": applied (N ms)\n");
    EXPECT_EQ(b.servers(), (Texts{"db1", word}));
  }
}

TEST_F(Save, SavesAllThatIsAcceptedAndThere) {
  const auto ran = a.run({"save", "--all"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(consul.keys_under(prefix),
              UnorderedElementsAre("proxysql/mysql_servers", "proxysql/mysql_query_rules", "proxysql/mysql_users",
                                   "proxysql/mysql_variables", "proxysql/mysql_firewall"));
}

TEST_F(Save, SavesOnceWhatIsNamedTwice) {
  const auto ran = a.run({"save", "mysql_users", "mysql_users"});
  EXPECT_EQ(ran.out, "mysql_users: saved as version " + version_of(users_key) + ", 0 rows\n");
}

TEST_F(Save, LeavesAnUnchangedDocumentAlone) {
  const auto version = save_from_a({"db1"});
  for (auto* node : {&a, &b}) {
    b.set_servers({"db1"});
    const auto ran = node->run({"save", "mysql_servers"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "mysql_servers: unchanged, Consul holds it as version " + version + "\n");
    EXPECT_EQ(version_of(servers_key), version);
  }
  EXPECT_THAT(history(), IsEmpty());
}

TEST_F(Save, WritesAnUnchangedDocumentByForce) {
  const auto version = save_from_a({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers", "--force"}).status, 0);
  EXPECT_NE(version_of(servers_key), version);
}

TEST_F(Save, SavesInactiveRulesFromMemoryAlone) {
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(2,0)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr(", 1 row"));
  EXPECT_THAT(a.run({"save", "mysql_query_rules", "--source", "memory"}).out, HasSubstr(", 2 rows"));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT rule_id, active FROM mysql_query_rules").rows, (Rows{{"1", "1"}, {"2", "0"}}));
}

TEST_F(Save, SaysWhereThereIsOnlyMemoryToRead) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  const auto ran = old.run({"save", "mysql_users", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("info: mysql_users: read from memory: ProxySQL 1.1.1.beta7 has no runtime table of it"));
}

TEST_F(Save, RefusesToSaveWhatItHasNotSeen) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"db2"});
  const auto refused = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_EQ(refused.out, "");
  ASSERT_THAT(refused.err, SizeIs(1));
  EXPECT_THAT(
      refused.err[0],
      AllOf(StartsWith("error: mysql_servers: Consul holds version " + version + " of host-a at 2027-01-15T"),
            EndsWith("Z, which this node has neither saved nor applied (`pull mysql_servers` takes Consul's version, a "
                     "plain `save mysql_servers` replaces it)")));
  EXPECT_EQ(version_of(servers_key), version);

  EXPECT_EQ(b.update().status, 0);
  b.set_servers({"db2"});
  EXPECT_EQ(b.run({"save", "mysql_servers", "--if-current"}).status, 0);
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 8);
}

TEST_F(Save, SavesAFirstVersionAlsoWithIfCurrent) {
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 0);
}

TEST_F(Save, LeavesTheDocumentsOfNodesThatDifferAlone) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  b.configure(R"("exclude_variables":["mysql-monitor_*"])");
  save_from_a({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  const auto servers = version_of(servers_key);
  const auto variables = version_of("proxysql/mysql_variables");
  EXPECT_EQ(b.update().status, 0);
  old.update();  // in part, for the variables that it lacks
  for (auto* node : {&b, &old, &a}) {
    EXPECT_EQ(node->run({"save", "mysql_servers", "mysql_variables", "--if-current"}).status, 0);
    EXPECT_EQ(version_of(servers_key), servers);
    EXPECT_EQ(version_of("proxysql/mysql_variables"), variables);
  }
}

TEST_F(Save, NamesWhatASaveOnAnOlderServerLoses) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  a.execute(
      {"INSERT INTO mysql_servers(hostname,use_ssl,comment) VALUES ('db1',1,'keep')", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(old.update().status, 4);
  old.execute({"UPDATE mysql_servers SET weight=7", "LOAD MYSQL SERVERS TO RUNTIME"});
  const auto version = version_of(servers_key);
  const auto refused = old.run({"save", "mysql_servers"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.err, ElementsAre(HasSubstr("holds what this ProxySQL cannot, and all nodes would lose it: table "
                                                 "mysql_servers: this ProxySQL has no column use_ssl, comment")));
  EXPECT_EQ(version_of(servers_key), version);
  const auto ran = old.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(
      ran.err,
      ElementsAre("warning: mysql_servers: drops from Consul's document: table mysql_servers: this ProxySQL has "
                  "no column use_ssl, comment: left out",
                  HasSubstr("which this node has applied in part only: 1 row changed")));
}

TEST_F(Save, TriesAgainAfterAnotherSaveAndSaysWhoseItReplaces) {
  a.set_servers({"ours"});
  b.set_servers({"theirs"});
  std::string theirs;
  consul.on_call = [&](const std::string& call) {
    if (!theirs.empty() || !call.starts_with("TXN cas proxysql/mysql_servers")) return;
    theirs = "theirs, which begins now";
    EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
    theirs = version_of(servers_key);
  };
  const auto ran = a.run({"save", "mysql_servers"});
  consul.on_call = {};
  EXPECT_EQ(ran.status, 0);
  const auto replaced = "version " + theirs + " of host-b at 2027-01-15T08:00:01Z";
  EXPECT_EQ(ran.out, "mysql_servers: saved as version " + version_of(servers_key) + ", 1 row, replacing " + replaced +
                         ": 1 row added, 1 removed\n");
  EXPECT_THAT(ran.err, ElementsAre("info: proxysql/mysql_servers: another save came between; now replacing " + replaced,
                                   "warning: mysql_servers: replaces " + replaced +
                                       ", which this node has neither saved nor applied: 1 row added, 1 removed"));
  ASSERT_THAT(history(), SizeIs(1));
  EXPECT_EQ(parse_document(consul.value_of(history()[0])).origin.host, "host-b");
}

TEST_F(Save, GivesUpAfterSixConflicts) {
  a.set_servers({"ours"});
  int saves = 0;
  const auto theirs = [](int number) {
    return R"({"config_name":"mysql_servers","uuid":"x","tables":{},"n":)" + std::to_string(number) + "}";
  };
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/mysql_servers")) consul.set(servers_key, theirs(++saves));
  };
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(saves, 6);
  EXPECT_EQ(ran.err.back(),
            "error: mysql_servers: proxysql/mysql_servers: other saves came between 6 times in a row (save again when "
            "the others are done)");
  EXPECT_EQ(consul.value_of(servers_key), theirs(6));
}

TEST_F(Save, RefusesAConflictWithIfCurrent) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/")) consul.set(servers_key, "theirs");
  };
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 8);
  EXPECT_EQ(consul.value_of(servers_key), "theirs");
}

TEST_F(Save, ReadsBackAWriteWhoseAnswerWasLost) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  // GET freeze, GET mysql_servers, the transaction.
  consul.fail_on(3, FakeConsul::Failure::lost_answer);
  const auto before = version_of(servers_key);
  const auto index = consul.index;
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(version_of(servers_key), std::to_string(index + 1)) << "it was written twice";
  EXPECT_EQ(ran.out, "mysql_servers: saved as version " + version_of(servers_key) + ", 1 row, replacing version " +
                         before + " of host-a at 2027-01-15T08:00:01Z: 1 row added, 1 removed\n");
  EXPECT_THAT(history(), SizeIs(1));
  EXPECT_EQ(std::to_string(a.state().find("mysql_servers")->version), version_of(servers_key));
}

TEST_F(Save, WritesAgainWhereAWriteWasNotCarriedOut) {
  a.set_servers({"db1"});
  consul.fail_on(3, FakeConsul::Failure::away);
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(parse_document(consul.value_of(servers_key)).uuid, a.uuid());
}

TEST_F(Save, CompletesASaveWhateverOneCallFails) {
  for (const auto failure : {FakeConsul::Failure::away, FakeConsul::Failure::lost_answer}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE("call " + std::to_string(n));
      FakeConsul fresh;
      TempDir files;
      NodeUnderTest node(fresh, files, "node");
      node.set_servers({"db1"});
      ASSERT_EQ(node.run({"save", "mysql_servers"}).status, 0);
      node.set_servers({"db2"});
      fresh.log.clear();
      fresh.fail_on(n, failure);
      const auto ran = node.run({"save", "mysql_servers"});
      EXPECT_EQ(ran.status, 0);
      EXPECT_THAT(fresh.value_of(servers_key), HasSubstr("db2"));
      EXPECT_EQ(fresh.keys_under(meta + "history/").size(), 1U);
      EXPECT_EQ(node.state().find("mysql_servers")->version, fresh.entries.at(servers_key).modify_index);
      if (fresh.log.size() < n) break;
      ASSERT_LT(n, 50U);
    }
  }
}

TEST_F(Save, SavesOverAKeyWithoutAValue) {
  consul.set(servers_key, "");
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, EndsWith(", 1 row\n"));
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr("db1"));
}

TEST_F(Save, KeepsEachReplacedVersion) {
  Texts versions;
  Texts texts;
  for (const std::string host : {"db1", "db2", "db3"}) {
    versions.push_back(save_from_a({host}));
    texts.push_back(consul.value_of(servers_key));
  }
  EXPECT_EQ(history(),
            (Texts{meta + "history/mysql_servers/" + versions[0], meta + "history/mysql_servers/" + versions[1]}));
  EXPECT_EQ(consul.value_of(history()[0]), texts[0]);
  EXPECT_EQ(consul.value_of(history()[1]), texts[1]);
}

TEST_F(Save, TrimsTheHistoryToItsLimit) {
  a.configure(R"("history_limit":2)");
  Texts versions;
  for (int i = 0; i < 6; ++i) versions.push_back(save_from_a({"db" + std::to_string(i)}));
  EXPECT_EQ(history(),
            (Texts{meta + "history/mysql_servers/" + versions[3], meta + "history/mysql_servers/" + versions[4]}));
  a.configure(R"("history_limit":0)");
  save_from_a({"last"});
  EXPECT_THAT(history(), IsEmpty());
}

TEST_F(Save, TellsTheOthersWhatThisNodeHolds) {
  save_from_a({"db1"});
  const auto record = consul.value_of(meta + "node/" + a.uuid());
  EXPECT_THAT(record, HasSubstr("\"outcome\": \"saved\""));
  EXPECT_THAT(record, HasSubstr("\"proxysql_version\": \"2.7"));
  const auto index = consul.index;
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(consul.index, index) << "nothing changed, so nothing is told";
}

TEST_F(Save, TrimsByNumberNotByText) {
  a.configure(R"("history_limit":1)");
  consul.index = 998;
  save_from_a({"db1"});
  const auto second = save_from_a({"db2"});
  save_from_a({"db3"});
  EXPECT_THAT(history(), ElementsAre(meta + "history/mysql_servers/" + second));
}

TEST_F(Save, SavesWithoutAHistoryWhereTheTokenMayNotWriteOne) {
  save_from_a({"db1"});
  consul.denied = {meta};
  a.set_servers({"db2"});
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: no history is kept: key_prefix \"proxysql-meta/\" { policy = \"write\" } is "
                          "missing from the token's policy",
                          StartsWith("warning: this node's record for the others could not be written: ")));
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr("db2"));
}

TEST_F(Save, FailsWhereTheTokenMayNotWrite) {
  consul.denied = {prefix};
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, ElementsAre("error: mysql_servers: fake consul: 403 on proxysql/mysql_servers (grant it)"));
}

TEST_F(Save, RefusesToSaveAnAccountThatBreaksTheAdminLogin) {
  a.execute({"INSERT INTO mysql_users(username,password) VALUES ('admin','x')", "LOAD MYSQL USERS TO RUNTIME"});
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_users", "mysql_servers"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err,
              ElementsAre("error: mysql_users: table mysql_users: user admin is named like an admin or stats user "
                          "of this ProxySQL, and would break that login (rename the one or the other)"));
  EXPECT_THAT(consul.keys_under(prefix), ElementsAre(servers_key)) << "one that fails stops no other";
}

TEST_F(Save, PrintsADryRunOfSaveAndWritesNothing) {
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_servers", "--dry-run"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out,
              StartsWith("PUT proxysql/mysql_servers\n{\"config_name\":\"mysql_servers\",\"uuid\":\"made by the "
                         "first real run\",\"tables\":{\"mysql_servers\":[[\"1\",\"db1\","));
  EXPECT_THAT(consul.entries, IsEmpty());
  EXPECT_EQ(read_file(a.uuid_file()), "");
  EXPECT_EQ(read_file(a.state_file()), "");
  EXPECT_THAT(a.writes(), IsEmpty());
}

TEST_F(Save, SaysInADryRunWhatASaveWouldComeTo) {
  const Texts dry = {"save", "mysql_servers", "--dry-run"};
  save_from_a({"db1"});
  EXPECT_EQ(a.run(dry).out, "-- mysql_servers: nothing to do, Consul holds it\n");
  b.set_servers({"db1", "db2"});
  EXPECT_THAT(b.run(dry).out, StartsWith("-- mysql_servers: 1 row added\nPUT proxysql/mysql_servers\n"));
  const auto unseen = b.run({"save", "mysql_servers", "--dry-run", "--if-current"});
  EXPECT_EQ(unseen.status, 8);
  EXPECT_EQ(unseen.out, "");
  b.execute({"INSERT INTO mysql_servers(hostname) VALUES ('forgotten')"});
  EXPECT_THAT(b.run(dry).err,
              ElementsAre(HasSubstr("neither saved nor applied"), HasSubstr("memory holds what runtime does not")));
  b.execute({"DELETE FROM mysql_servers WHERE hostname='forgotten'"});
  consul.always = FakeConsul::Failure::away;
  const auto away = b.run(dry);
  consul.always.reset();
  EXPECT_EQ(away.status, 0);
  EXPECT_THAT(away.out, StartsWith("PUT proxysql/mysql_servers\n"));
  EXPECT_THAT(away.err, ElementsAre(HasSubstr("trying again"), HasSubstr("not compared with what Consul holds: ")));
  consul.set("proxysql/freeze", "black friday");
  EXPECT_EQ(b.run(dry).status, 8);
}

TEST_F(Save, SavesNothingWhileFrozen) {
  consul.set("proxysql/freeze", "black friday");
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, ElementsAre("error: the cluster is frozen: black friday (`thaw` ends that; then try again)"));
  EXPECT_THAT(consul.keys_under(prefix), ElementsAre("proxysql/freeze"));
}

}  // namespace
}  // namespace proxysql_consul::testing
