// What Consul holds is sealed: who can read it, who is refused, and that saves, updates and the history are as they are
// without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxysql_consul/model/document.h"
#include "support/fake_kv_store.h"
#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Encryption : public Run {
 protected:
  Encryption() {
    hold(a, dir, {"k1"});
    hold(b, dir, {"k1"});
  }

  /// All that whoever may read Consul sees.
  std::string all_of_consul() const {
    std::string all;
    for (const auto& [key, entry] : consul.entries) all.append(key).append("\n").append(entry.value).append("\n");
    return all;
  }

  void give_a_user(const std::string& password) {
    a.execute({"REPLACE INTO mysql_users(username,password) VALUES ('app','" + password + "')",
               "LOAD MYSQL USERS TO RUNTIME"});
  }

  std::string password_at_b() {
    const auto rows =
        b.engine.execute("SELECT password FROM runtime_mysql_users WHERE username='app' AND backend=1").rows;
    return rows.empty() ? "" : std::string(rows[0][0].value());
  }
};

TEST_F(Encryption, ShowsNothingToWhoReadsConsulAndAllToTheOtherNodes) {
  give_a_user("s3cr3t");
  EXPECT_EQ(a.run({"save", "mysql_users", "--message", "w0rds"}).status, 0);
  give_a_user("an0ther");
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 0);
  EXPECT_THAT(history(), ::testing::SizeIs(1));
  EXPECT_THAT(all_of_consul(), AllOf(Not(HasSubstr("s3cr3t")), Not(HasSubstr("an0ther")), Not(HasSubstr("w0rds")),
                                     Not(HasSubstr(to_base64(key_called("k1").secret)))));
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(ran.out, HasSubstr("applied"));
  EXPECT_EQ(password_at_b(), "an0ther");
}

TEST_F(Encryption, LeavesUnchangedWhatIsUnchanged) {
  give_a_user("s3cr3t");
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 0);
  const auto version = version_of(users_key);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(a.run({"save", "mysql_users"}).out, HasSubstr("unchanged, Consul holds it as version " + version));
  EXPECT_THAT(b.run({"save", "mysql_users"}).out, HasSubstr("unchanged, Consul holds it as version " + version));
  EXPECT_EQ(version_of(users_key), version);
  EXPECT_THAT(b.update().out, HasSubstr("nothing to do"));
  EXPECT_THAT(a.run({"save", "--force", "mysql_users"}).out, HasSubstr("saved as version "));
  EXPECT_NE(version_of(users_key), version) << "sealed anew, it is another value";
}

TEST_F(Encryption, IsKeptUpByANodeWithoutKeys) {
  save_from_a({"db1"});
  save_from_a({"db2"});
  EXPECT_EQ(b.update().status, 0);
  b.configure("");
  const std::string words =
      "would be in Consul for all to read: host-a seals what is saved there, and this node has no keys";
  b.set_servers({"mine"});
  consul.set(meta + "history/mysql_servers/50",
             R"({"config_name":"mysql_servers","uuid":"u","format":2,"columns":{"mysql_servers":["hostname"]},)"
             R"("tables":{"mysql_servers":[["planted"]]}})");
  for (const Texts& run : {Texts{"save", "mysql_users"}, Texts{"rollback", "mysql_servers", "50"}}) {
    const auto ran = b.run(run);
    EXPECT_EQ(ran.status, 8) << run[0];
    EXPECT_THAT(ran.err, ElementsAre(HasSubstr(words)));
  }
  EXPECT_FALSE(consul.entries.contains(users_key));
  EXPECT_EQ(b.run({"save", "mysql_servers", "--if-current"}).status, 8);
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 8);
  EXPECT_THAT(all_of_consul(), Not(HasSubstr("mine")));
  const auto forced = b.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(forced.status, 0);
  EXPECT_THAT(forced.err, Contains(HasSubstr("warning: mysql_servers: " + words)));
}

TEST_F(Encryption, IsMissedByCheckInWhatWasSavedBefore) {
  hold(a, dir, {"k2"});
  save_from_a({"db1"});
  save_from_a({"db2"});
  hold(a, dir, {"k1", "k2"});
  hold(b, dir, {"k1", "k2"});
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(a.run({"save", "mysql_servers", "--force"}).status, 0);
  const std::string words = ", and earlier versions are not sealed with it\n";
  EXPECT_THAT(a.run({"check"}).out, HasSubstr(words));
  // A node that may receive alone cannot know.
  consul.hidden = {meta + "history/"};
  const auto receiving = b.run({"check"}).out;
  consul.hidden.clear();
  EXPECT_THAT(receiving, AllOf(Not(HasSubstr(words)), HasSubstr("ok       encryption")));
  EXPECT_EQ(a.run({"rekey"}).status, 0);
  EXPECT_THAT(a.run({"check"}).out, Not(HasSubstr(words)));
}

TEST_F(Encryption, AsksASchedulersTwoSmallQuestions) {
  save_from_a({"db1"});
  consul.log.clear();
  a.engine.clear_log();
  EXPECT_THAT(a.run({"save", "--if-current", "mysql_servers"}).out, HasSubstr("unchanged"));
  EXPECT_THAT(consul.log, ElementsAre("GET " + servers_key));
}

TEST_F(Encryption, SealsLargeTablesInTheirParts) {
  consul.value_limit = 3000;
  Texts statements = {"DELETE FROM mysql_query_rules"};
  for (int i = 1; i <= 200; ++i) {
    statements.push_back("INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (" + std::to_string(i) +
                         ",1,'" + sha256_hex(std::to_string(i)) + "')");
  }
  statements.emplace_back("LOAD MYSQL QUERY RULES TO RUNTIME");
  a.execute(statements);
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_THAT(blobs(), ::testing::SizeIs(::testing::Gt(2U)));
  const auto opened = ring_of({"k1"}).open(consul.value_of(rules_key));
  ASSERT_TRUE(opened.blob);
  EXPECT_THAT(blobs(), Each(HasSubstr(opened.blob->sha256))) << "where who collects blobs sees them";
  EXPECT_THAT(consul.value_of(rules_key), HasSubstr(opened.blob->sha256));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT COUNT(*) FROM runtime_mysql_query_rules").rows, (Rows{{"200"}}));
  const auto parts = blobs();
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged"));
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged"));
  EXPECT_EQ(blobs(), parts);
  // A part that was changed is never taken.
  auto& part = consul.entries.at(parts.front()).value;
  part[part.size() / 2] = static_cast<char>(part[part.size() / 2] ^ 1);
  EXPECT_EQ(b.run({"pull", "--force", "mysql_query_rules"}).status, 6);
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 8);
  EXPECT_EQ(a.run({"save", "--force", "mysql_query_rules"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
}

TEST_F(Encryption, IsCommittedOnceWhereTheAnswerIsLost) {
  a.set_servers({"db1"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas " + servers_key)) consul.fail_on(1, FakeConsul::Failure::lost_answer);
  };
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("saved as version " + version_of(servers_key)));
  EXPECT_THAT(history(), IsEmpty());
}

TEST_F(Encryption, RefusesAKeyThatIsNotHeldUntilItIs) {
  hold(a, dir, {"k2"});
  save_from_a({"db1"});
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, Contains(HasSubstr("is sealed with key \"k2\", which is not in this node's "
                                          "encryption_keys_file: that has k1")));
  EXPECT_THAT(b.servers(), IsEmpty());
  EXPECT_THAT(consul.value_of(meta + "node/" + b.uuid()), HasSubstr("is sealed with key"));
  for (const Texts& words : {Texts{"diff", "mysql_servers"}, Texts{"pull", "mysql_servers"}}) {
    EXPECT_EQ(b.run(words).status, 6) << words[0];
  }
  b.configure("");
  EXPECT_THAT(b.update().err, Contains(HasSubstr("this node holds none")));
  hold(b, dir, {"k1", "k2"});
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("db1"));
}

TEST_F(Encryption, RefusesWhatIsNotSealedUnlessThatIsAllowed) {
  a.configure("");
  save_from_a({"db1"});
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, Contains(HasSubstr("takes no other while allow_plaintext is false")));
  EXPECT_THAT(b.servers(), IsEmpty());
  EXPECT_EQ(b.run({"diff", "mysql_servers"}).status, 6);
  EXPECT_THAT(b.run({"history", "mysql_servers"}).err, Contains(HasSubstr("allow_plaintext")));
  b.set_servers({"db2"});
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 8);
  hold(b, dir, {"k1"}, "\"allow_plaintext\":true");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("db1"));
  EXPECT_THAT(b.run({"save", "mysql_servers"}).out, HasSubstr("unchanged"));
}

TEST_F(Encryption, TakesAndSealsTheDocumentsOf2016WhereThatIsAllowed) {
  const std::string text =
      R"({"config_name": "mysql_servers", "uuid": "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11", "tables": {"mysql_servers": )"
      R"([["1", "db1", "3306", "0", "ONLINE", "1", "0", "1000", "0", "0", "0", ""]]}})";
  consul.set(servers_key, text);
  EXPECT_EQ(b.update().status, 6);
  hold(b, dir, {"k1"}, "\"allow_plaintext\":true");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("db1"));
  EXPECT_EQ(b.run({"rekey"}).status, 0);
  EXPECT_EQ(ring_of({"k1"}).open_text(consul.value_of(servers_key)), text);
  EXPECT_EQ(a.update().status, 0);
  EXPECT_THAT(a.servers(), ElementsAre("db1"));
}

TEST_F(Encryption, ReplacesWhatCannotBeOpenedByForceAlone) {
  save_from_a({"db1"});
  hold(b, dir, {"k2"});
  b.set_servers({"db2"});
  auto ran = b.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, Contains(AllOf(HasSubstr("cannot be read whole"), HasSubstr("is sealed with key \"k1\""))));
  EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 8);
  EXPECT_EQ(b.run({"save", "--if-current", "--force", "mysql_servers"}).status, 8);
  ran = b.run({"save", "--force", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains(HasSubstr("which could not be read whole")));
  EXPECT_THAT(history(), ::testing::SizeIs(1)) << "who holds its key can still read it";
}

TEST_F(Encryption, TakesNoDocumentFromAnotherPlace) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  const auto old = consul.value_of(servers_key);
  consul.set(rules_key, old);
  EXPECT_EQ(b.update().status, 6) << "from another configuration";
  auto renamed = old;
  renamed.replace(renamed.find("mysql_servers"), 13, "mysql_query_rules");
  consul.set(rules_key, renamed);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, Contains(HasSubstr("cannot be opened with key \"k1\"")));
  consul.entries.erase(rules_key);
  consul.set("other/mysql_servers", old);
  hold(b, dir, {"k1"}, "\"consul_prefix\":\"other/\"");
  EXPECT_THAT(b.run({"pull"}).err, Contains(HasSubstr("taken it from another key or prefix of Consul")));
}

TEST_F(Encryption, TakesAnOldVersionForANewOne) {
  // What docs/security.md says that it does not prevent.
  save_from_a({"db1"});
  const auto old = consul.value_of(servers_key);
  save_from_a({"db2"});
  EXPECT_EQ(b.update().status, 0);
  consul.set(servers_key, old);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("db1"));
}

TEST_F(Encryption, ReadsTheHistoryAndRollsBack) {
  const auto first = save_from_a({"db1"});
  hold(a, dir, {"k2", "k1"});
  hold(b, dir, {"k1", "k2"});
  b.run({"pull"});
  save_from_a({"db2", "db3"});
  EXPECT_EQ(b.update().status, 0);
  const auto listed = b.run({"history", "mysql_servers"});
  EXPECT_THAT(listed.out, HasSubstr("host-a"));
  EXPECT_THAT(listed.err, IsEmpty());
  EXPECT_EQ(b.run({"diff", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.run({"diff", "mysql_servers", first}).status, 7);
  const auto ran = a.run({"rollback", "mysql_servers", first});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_EQ(ring_of({"k1", "k2"}).open(consul.value_of(servers_key)).sealed_with, "k2");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.servers(), ElementsAre("db1"));
}

TEST_F(Encryption, SealsWhatIsKeptBeforeARollback) {
  const auto first = save_from_a({"db1"});
  save_from_a({"db2"});
  a.set_servers({"unsaved-host"});
  // Nobody knows whether it was written, so it is written once more, and known again.
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas " + meta + "history/")) consul.fail_on(1, FakeConsul::Failure::lost_answer);
  };
  EXPECT_EQ(a.run({"rollback", "mysql_servers", first}).status, 0);
  consul.on_call = {};
  EXPECT_THAT(all_of_consul(), Not(HasSubstr("unsaved-host")));
  Texts kept;
  for (const auto& key : history()) {
    const auto opened = ring_of({"k1"}).open(consul.value_of(key));
    if (opened.origin.message.starts_with("overtaken")) kept.push_back(key);
  }
  EXPECT_THAT(kept, ::testing::SizeIs(1));
}

TEST_F(Encryption, RefusesToSealWithAKeyThatALiveNodeLacks) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  hold(a, dir, {"k2", "k1"});
  a.set_servers({"db2"});
  const auto version = version_of(servers_key);
  for (const Texts& words : {Texts{"save", "mysql_servers"}, Texts{"save", "--if-current", "mysql_servers"},
                             Texts{"save", "--if-current", "--force", "mysql_servers"},
                             Texts{"save", "--dry-run", "mysql_servers"}, Texts{"rekey"}}) {
    SCOPED_TRACE(::testing::PrintToString(words));
    const auto ran = a.run(words);
    EXPECT_EQ(ran.status, 8);
    EXPECT_THAT(ran.err, Contains(HasSubstr("key k2, which seals here, is not held by host-b (holds k1)")));
  }
  EXPECT_EQ(version_of(servers_key), version);
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0) << "nothing is written where nothing changed";
}

TEST_F(Encryption, AsksNoNodeThatDoesNotTakeTheConfiguration) {
  hold(b, dir, {"k1"}, "\"accept\":[\"mysql_users\"]");
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  hold(a, dir, {"k2", "k1"});
  save_from_a({"db2"});
  give_a_user("s3cr3t");
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 8);
}

TEST_F(Encryption, WaitsForNoNodeThatIsGoneAndForNoneWhereForced) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  hold(a, dir, {"k2", "k1"});
  a.set_servers({"db2"});
  const auto ran = a.run({"save", "--force", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains(HasSubstr("is not held by host-b (holds k1)")));
  consul.agents[b.agent()] = false;
  a.set_servers({"db3"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  consul.agents[b.agent()] = true;
  const auto version = version_of(servers_key);
  EXPECT_EQ(a.run({"rollback", "mysql_servers", "-1"}).status, 8);
  EXPECT_EQ(version_of(servers_key), version);
  EXPECT_THAT(a.servers(), ElementsAre("db3")) << "before anything was applied here";
}

TEST_F(Encryption, IsShownByStatusAndCheck) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  auto status = a.run({"status"});
  EXPECT_THAT(status.out, AllOf(HasSubstr("KEY"), HasSubstr("KEYS"), HasSubstr("k1"), HasSubstr("host-a")));
  auto json = nlohmann::json::parse(a.run({"status", "--json"}).out);
  EXPECT_EQ(json["configurations"][0]["key"], "k1");
  EXPECT_EQ(json["configurations"][0]["rows"], 1);
  EXPECT_EQ(json["nodes"][0]["keys"], nlohmann::json::array({"k1"}));
  EXPECT_THAT(a.run({"check"}).out, HasSubstr("holds k1; the first seals"));
  // Who has no key sees who has which version, and not what is in it.
  b.configure("");
  json = nlohmann::json::parse(b.run({"status", "--json"}).out);
  EXPECT_EQ(json["configurations"][0]["key"], "k1");
  EXPECT_EQ(json["configurations"][0]["rows"], nullptr);
  EXPECT_EQ(json["configurations"][0]["host"], "");
  EXPECT_EQ(json["converged"], true);
  EXPECT_THAT(b.run({"check"}).out, HasSubstr("is sealed with key \"k1\", and this node holds none"));
  b.run({"pull"});
  EXPECT_THAT(a.run({"check"}).out, HasSubstr("key k1, which seals here, is not held by host-b (holds none)"));
}

TEST_F(Encryption, TellsTheOthersOfItsKeysInItsNextRun) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  const auto record = [&] { return nlohmann::json::parse(consul.value_of(meta + "node/" + b.uuid())); };
  EXPECT_EQ(record()["keys"], nlohmann::json::array({"k1"}));
  hold(b, dir, {"k1", "k2"});
  EXPECT_THAT(b.run({"pull"}).out, HasSubstr("nothing to do"));
  EXPECT_EQ(record()["keys"], nlohmann::json::array({"k1", "k2"}));
}

TEST_F(Encryption, RefusesAKeysFileThatOthersCanRead) {
  chmod(dir.file(a.agent() + ".keys").c_str(), 0644);
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, Contains(HasSubstr("holds secrets, and everybody may read or write it")));
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Encryption, PutsNoKeyIntoAnythingThatIsWritten) {
  give_a_user("s3cr3t");
  hold(a, dir, {"k2", "k1"});
  hold(b, dir, {"k1", "k2"});
  b.run({"pull"});
  std::string all;
  for (const Texts& words : {Texts{"save", "--all"}, Texts{"check"}, Texts{"status", "--json"}, Texts{"diff", "--json"},
                             Texts{"rekey"}, Texts{"save", "--dry-run", "mysql_users"}, Texts{"pull", "--force"}}) {
    auto debug = words;
    debug.insert(debug.begin(), "--log-level=debug");
    const auto ran = a.run(debug);
    all += ran.out;
    for (const auto& line : ran.err) all.append(line).append("\n");
  }
  all += all_of_consul() + read_file(a.state_file());
  for (const auto* id : {"k1", "k2"}) {
    EXPECT_THAT(all, Not(HasSubstr(to_base64(key_called(id).secret))));
    EXPECT_THAT(all, Not(HasSubstr(key_called(id).secret)));
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
