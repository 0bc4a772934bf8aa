// `rekey`: another key for all that Consul holds, with nothing else changed; and keys rotated on three nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "proxysql_consul/model/document.h"
#include "support/fake_kv_store.h"
#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Rekey : public Run {
 protected:
  /// What ends the program there and then: nobody catches it.
  struct Killed {};

  const std::string plain_too = "\"allow_plaintext\":true";

  /// Consul's documents, old and new ones, by key: the text in the clear.
  std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> all;
    const auto ring = ring_of({"k1", "k2"}, true);
    for (const auto& key : keys_of_documents()) all[key] = ring.open_text(consul.value_of(key));
    return all;
  }

  Texts keys_of_documents() {
    auto keys = consul.keys_under(prefix);
    for (auto& key : history()) keys.push_back(key);
    return keys;
  }

  /// The key of each document, "" for a plain one.
  Texts sealed_with() {
    Texts ids;
    const auto ring = ring_of({"k1", "k2"}, true);
    for (const auto& key : keys_of_documents()) ids.push_back(ring.open(consul.value_of(key)).sealed_with);
    return ids;
  }

  /// Three versions of the servers, the first two kept, and rules that are kept apart.
  void save_some() {
    save_from_a({"db1"});
    save_from_a({"db1", "db2"});
    save_from_a({"db3"});
    consul.value_limit = 2000;
    Texts statements;
    for (int i = 1; i <= 60; ++i) {
      statements.push_back("INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (" + std::to_string(i) +
                           ",1,'" + sha256_hex(std::to_string(i)) + "')");
    }
    statements.emplace_back("LOAD MYSQL QUERY RULES TO RUNTIME");
    a.execute(statements);
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
    consul.value_limit = std::size_t{512} * 1024;
    EXPECT_EQ(b.update().status, 0);
    b.engine.clear_log();
  }
};

TEST_F(Rekey, SealsWhatWasPlainAndChangesNothingElse) {
  save_some();
  hold(a, dir, {"k1"}, plain_too);
  hold(b, dir, {"k1"}, plain_too);
  b.run({"pull"});
  const auto before = texts();
  const auto old_parts = blobs();
  const auto ran = a.run({"rekey"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_EQ(ran.out,
            "mysql_servers: 3 versions sealed with key k1; until now in the clear\n"
            "mysql_query_rules: 1 version sealed with key k1; until now in the clear\n");
  EXPECT_THAT(sealed_with(), Each("k1"));
  EXPECT_EQ(texts(), before) << "uuid and origin, and the names of the earlier versions";
  for (const auto& key : old_parts) EXPECT_FALSE(consul.entries.contains(key)) << "what was plain is gone";
  EXPECT_THAT(blobs(), Not(IsEmpty()));
  // The other node finds that it has all of it.
  b.engine.clear_log();
  const auto update = b.update();
  EXPECT_EQ(update.status, 0) << ::testing::PrintToString(update.err);
  EXPECT_THAT(update.out, HasSubstr("nothing to do"));
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(std::to_string(b.state().find("mysql_servers")->version), version_of(servers_key));
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(a.run({"status"}).status, 0);
}

TEST_F(Rekey, DoesNothingWhereAllIsSealedAlready) {
  hold(a, dir, {"k1"});
  save_from_a({"db1"});
  save_from_a({"db2"});
  const auto entries = texts();
  const auto version = version_of(servers_key);
  EXPECT_EQ(a.run({"rekey", "mysql_servers"}).out, "mysql_servers: 2 versions sealed with key k1 already\n");
  EXPECT_EQ(version_of(servers_key), version);
  EXPECT_EQ(texts(), entries);
  EXPECT_THAT(a.run({"rekey", "mysql_users"}).out, StartsWith("nothing to do"));
}

TEST_F(Rekey, SealsAlsoWhatOtherNodesSettingsAdd) {
  hold(a, dir, {"k1"}, plain_too);
  const std::string text = R"({"config_name":"audit_rules","uuid":"u","tables":{"audit_rules":[["1"]]}})";
  consul.set(prefix + "audit_rules", text);
  consul.set(prefix + "other/mysql_servers", "of another cluster");
  const auto ran = a.run({"rekey"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_EQ(ran.out, "audit_rules: 1 version sealed with key k1; until now in the clear\n");
  EXPECT_EQ(ring_of({"k1"}).open_text(consul.value_of(prefix + "audit_rules")), text);
}

TEST_F(Rekey, NeedsAKeyAThawedClusterAndNames) {
  EXPECT_EQ(a.run({"rekey"}).status, 3);
  hold(a, dir, {"k1"});
  EXPECT_EQ(a.run({"rekey", "mysql_serverz"}).status, 2);
  save_from_a({"db1"});
  EXPECT_EQ(a.run({"freeze", "--reason", "x"}).status, 0);
  hold(a, dir, {"k2", "k1"});
  const auto version = version_of(servers_key);
  EXPECT_EQ(a.run({"rekey"}).status, 8);
  EXPECT_EQ(version_of(servers_key), version);
}

TEST_F(Rekey, SealsTheOthersWhereOneCannotBeOpened) {
  hold(a, dir, {"k1"});
  save_from_a({"db1"});
  save_from_a({"db2"});
  const auto broken = history().front();
  auto& value = consul.entries.at(broken).value;
  value[value.size() - 10] = value[value.size() - 10] == 'A' ? 'B' : 'A';
  hold(a, dir, {"k2", "k1"});
  const auto ran = a.run({"rekey"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, Contains(HasSubstr(broken + ": document: cannot be opened with key \"k1\"")));
  EXPECT_EQ(ring_of({"k2"}).open(consul.value_of(servers_key)).sealed_with, "k2");
}

TEST_F(Rekey, LeavesWhatSomebodyLoadedOverTheVersion) {
  for (const Texts& before : {Texts{}, Texts{"k1", "k2"}}) {
    if (before.empty()) {
      save_from_a({"db1"});
    } else {
      hold(a, dir, before);
      hold(b, dir, before);
      EXPECT_EQ(a.run({"save", "--force", "mysql_servers"}).status, 0);
    }
    EXPECT_EQ(b.update().status, 0);
    hold(a, dir, before.empty() ? Texts{"k1"} : Texts{"k2", "k1"}, plain_too);
    hold(b, dir, {"k1", "k2"}, plain_too);
    EXPECT_EQ(a.run({"pull"}).status, 0);
    EXPECT_EQ(b.run({"pull"}).status, 0);
    b.set_servers({"loaded here"});
    const auto kept = history().size();
    const auto ran = a.run({"rekey"});
    EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
    // It may save before the new number comes to it, and after.
    for (int i = 0; i < 2; ++i) {
      const auto saved = b.run({"save", "--if-current", "--dry-run", "mysql_servers"});
      EXPECT_EQ(saved.status, 0) << ::testing::PrintToString(saved.err);
      EXPECT_EQ(b.update().status, 0);
      EXPECT_THAT(b.servers(), ElementsAre("loaded here"));
      EXPECT_EQ(std::to_string(b.state().find("mysql_servers")->version), version_of(servers_key));
    }
    EXPECT_EQ(history().size(), kept);
    EXPECT_EQ(b.run({"pull", "--force"}).status, 0);
    EXPECT_THAT(b.servers(), ElementsAre("db1"));
  }
}

TEST_F(Rekey, EndsWhereSomebodyFreezesTheClusterMeanwhile) {
  hold(a, dir, {"k1"});
  save_from_a({"db1"});
  save_from_a({"db2"});
  hold(a, dir, {"k2", "k1"});
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("TXN cas ")) return;
    consul.on_call = {};
    consul.set(prefix + "freeze", R"({"by":"somebody","host":"h","since":"2026-01-01T00:00:00Z","reason":"wait"})");
  };
  const auto ran = a.run({"rekey"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, Contains(HasSubstr("somebody")));
  consul.entries.erase(prefix + "freeze");
  EXPECT_THAT(sealed_with(), Each("k1"));
}

TEST_F(Rekey, IsNotKeptFromItsEndByKeysThatNobodyCanAskFor) {
  save_some();
  hold(a, dir, {"k1"}, plain_too);
  hold(b, dir, {"k1"}, plain_too);
  b.run({"pull"});
  const auto plain_parts = blobs();
  const Texts odd = {"proxysql-meta/a//b", "proxysql-meta/..", "proxysql-meta/x\x01", prefix + "..",
                     prefix + "\x1b[2J"};
  for (const auto& key : odd) consul.set(key, "x");
  consul.on_call = [&](const std::string& call) {
    for (const auto& key : odd) EXPECT_NE(call, "GET " + key);
  };
  const auto ran = a.run({"rekey"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  for (const auto& key : plain_parts) EXPECT_FALSE(consul.entries.contains(key)) << "what was plain is gone";
}

TEST_F(Rekey, MayBeKilledAtEachStepAndRunAgain) {
  save_some();
  hold(a, dir, {"k1"}, plain_too);
  hold(b, dir, {"k1"}, plain_too);
  b.run({"pull"});
  const auto before = texts();
  const auto entries = consul.entries;
  const auto plain_parts = blobs();
  ASSERT_THAT(plain_parts, Not(IsEmpty()));
  for (const bool answers : {true, false}) {
    bool is_done = false;
    for (int step = 1; !is_done; ++step) {
      SCOPED_TRACE(step);
      consul.entries = entries;
      int calls = 0;
      consul.on_call = [&](const std::string&) {
        if (++calls < step) return;
        // Killed before the call, or after what it did and before the program heard of it.
        if (answers) throw Killed();
        consul.fail_on(1, FakeConsul::Failure::lost_answer);
      };
      try {
        a.run({"rekey"});
        is_done = calls < step;
      } catch (const Killed&) {
      }
      consul.on_call = {};
      consul.planned.clear();
      EXPECT_EQ(texts(), before) << "each is the old one or the new one";
      const auto update = b.update();
      EXPECT_EQ(update.status, 0) << ::testing::PrintToString(update.err);
      EXPECT_THAT(b.writes(), IsEmpty());
      const auto again = a.run({"rekey"});
      EXPECT_EQ(again.status, 0) << ::testing::PrintToString(again.err);
      EXPECT_THAT(sealed_with(), Each("k1"));
      EXPECT_EQ(texts(), before);
      for (const auto& key : plain_parts) EXPECT_FALSE(consul.entries.contains(key)) << "what was plain is gone";
      ASSERT_LT(step, 100);
    }
  }
}

TEST_F(Rekey, LosesNoSaveThatComesBetween) {
  hold(a, dir, {"k1"});
  hold(b, dir, {"k1", "k2"});
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  hold(a, dir, {"k2", "k1"});
  bool has_saved = false;
  consul.on_call = [&](const std::string& call) {
    if (has_saved || !call.starts_with("TXN cas " + servers_key)) return;
    has_saved = true;
    consul.on_call = {};
    b.set_servers({"db2"});
    EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  };
  EXPECT_EQ(a.run({"rekey"}).status, 0);
  EXPECT_TRUE(has_saved);
  EXPECT_THAT(sealed_with(), Each("k2"));
  EXPECT_EQ(a.update().status, 0);
  EXPECT_THAT(a.servers(), ElementsAre("db2"));
}

TEST_F(Rekey, IsTheMiddleOfARotationOnThreeNodes) {
  NodeUnderTest c(consul, dir, "host-c");
  auto all = {&a, &b, &c};
  int count = 0;
  const auto expect_to_travel = [&](NodeUnderTest& from) {
    const auto host = "db" + std::to_string(++count);
    from.set_servers({host});
    const auto ran = from.run({"save", "mysql_servers"});
    EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
    for (auto* node : all) {
      const auto update = node->update();
      EXPECT_EQ(update.status, 0) << ::testing::PrintToString(update.err);
      EXPECT_THAT(node->servers(), ElementsAre(host));
    }
  };
  for (auto* node : all) hold(*node, dir, {"k1"});
  expect_to_travel(a);
  // The new key behind the old one, everywhere, and told; meanwhile every node saves.
  for (auto* node : all) {
    hold(*node, dir, {"k1", "k2"});
    EXPECT_EQ(node->run({"pull"}).status, 0);
    for (auto* other : all) expect_to_travel(*other);
  }
  // Then before it.
  for (auto* node : all) {
    hold(*node, dir, {"k2", "k1"});
    for (auto* other : all) expect_to_travel(*other);
  }
  EXPECT_THAT(sealed_with(), Contains("k1")) << "the history has some";
  EXPECT_EQ(b.run({"rekey"}).status, 0);
  EXPECT_THAT(sealed_with(), Each("k2"));
  for (auto* node : all) EXPECT_EQ(node->update().status, 0);
  // The old key away.
  for (auto* node : all) {
    hold(*node, dir, {"k2"});
    EXPECT_EQ(node->run({"pull"}).status, 0);
    for (auto* other : all) expect_to_travel(*other);
  }
  EXPECT_EQ(a.run({"history", "mysql_servers"}).err, Texts());
}

}  // namespace
}  // namespace proxysql_consul::testing
