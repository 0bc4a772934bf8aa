// Large tables: how save keeps them in parts, and what an update makes of those.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keys.h"
#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Blobs : public Run {};

/// A table that does not become small by compression.
Texts large_rules(int count) {
  Texts statements = {"DELETE FROM mysql_query_rules"};
  unsigned state = 1;
  for (int i = 1; i <= count; ++i) {
    std::string noise;
    for (unsigned j = 0; j < 900; ++j)
      noise += static_cast<char>('!' + (state = state * 1103515245 + 12345) / 65536 % 6 + j % 80);
    std::replace(noise.begin(), noise.end(), '\'', 'q');
    statements.push_back("INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (" + std::to_string(i) +
                         ",1,'" + noise + "')");
  }
  statements.push_back("LOAD MYSQL QUERY RULES TO RUNTIME");
  return statements;
}

TEST_F(Blobs, KeepsLargeTablesInABlob) {
  a.execute(large_rules(700));
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_LT(consul.value_of(rules_key).size(), 1000U);
  const auto document = parse_document(consul.value_of(rules_key));
  ASSERT_TRUE(document.blob);
  EXPECT_EQ(blobs().size(), document.blob->parts);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT * FROM runtime_mysql_query_rules").rows,
            a.engine.execute("SELECT * FROM runtime_mysql_query_rules").rows);
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr(": unchanged, Consul holds it as version "));
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr(": unchanged, Consul holds it as version "));
}

TEST_F(Blobs, AreReadableForAllWhoNameThemHoweverTheyCutThem) {
  const Keys keys(prefix);
  const Keyring ring;
  FakeKvStore store(consul);
  a.execute(large_rules(700));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  const auto saved = consul.value_of(rules_key);
  auto document = parse_document(saved);
  const auto count = document.blob->parts;
  document.tables = load_blob(store, keys, ring, document);
  document.blob.reset();
  // What is kept is cut into smaller parts, where it is the first to come.
  for (const bool is_first : {false, true}) {
    SCOPED_TRACE(is_first);
    if (is_first) {
      for (const auto& key : blobs()) consul.entries.erase(key);
    }
    const auto id = keep_in_history(store, keys, ring, document, is_first ? 1001 : 1000);
    const auto kept = parse_document(consul.value_of(keys.history("mysql_query_rules", id)));
    EXPECT_EQ(kept.blob->parts == count, !is_first);
    EXPECT_EQ(a.run({"save", "mysql_query_rules", "--force"}).status, 0);
    EXPECT_EQ(load_blob(store, keys, ring, kept), document.tables);
    EXPECT_EQ(load_blob(store, keys, ring, parse_document(consul.value_of(rules_key))), document.tables);
  }
}

TEST_F(Blobs, AreSavedOverAKeyWithoutAValue) {
  consul.set(rules_key, "");
  a.execute(large_rules(700));
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr("saved as version "));
  EXPECT_TRUE(parse_document(consul.value_of(rules_key)).blob);
}

TEST_F(Blobs, AreSavedAnewWhereAPartIsDamagedOrMissing) {
  a.execute(large_rules(700));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  const auto part = blobs().back();
  const auto whole = consul.value_of(part);
  for (const bool missing : {true, false}) {
    SCOPED_TRACE(missing);
    if (missing) {
      consul.entries.erase(part);
    } else {
      consul.set(part, "damaged");
    }
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 8);
    EXPECT_EQ(a.run({"save", "--force", "mysql_query_rules"}).status, 0);
    EXPECT_EQ(consul.value_of(part), whole);
  }
}

TEST_F(Blobs, FindsOutASmallerLimitOfTheServers) {
  for (const bool says : {true, false}) {
    SCOPED_TRACE(says);
    consul = FakeConsul();
    consul.value_limit = 20'000;
    consul.says_limit = says;
    a.execute(large_rules(60));
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
    const auto document = parse_document(consul.value_of(rules_key));
    ASSERT_TRUE(document.blob);
    EXPECT_GT(document.blob->parts, 1U);
    NodeUnderTest other(consul, dir, "other");
    EXPECT_EQ(other.update().status, 0);
    EXPECT_EQ(other.engine.execute("SELECT COUNT(*) FROM runtime_mysql_query_rules").rows, (Rows{{"60"}}));
  }
}

TEST_F(Blobs, GivesUpWhereTheServersTakeNextToNothing) {
  consul.value_limit = 300;
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 5);
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Blobs, CollectsBlobsThatNothingRefersTo) {
  consul.value_limit = 20'000;
  a.configure(R"("history_limit":1)");
  a.execute(large_rules(60));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  const auto first = blobs();
  EXPECT_THAT(first, Not(IsEmpty()));
  a.execute(large_rules(61));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  for (const auto& key : first) EXPECT_TRUE(consul.entries.contains(key)) << "the history refers to it";
  a.execute(large_rules(1));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  for (const auto& key : first) EXPECT_FALSE(consul.entries.contains(key)) << key;
  EXPECT_THAT(blobs(), Not(IsEmpty())) << "the history refers to the second";
  a.execute(large_rules(2));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(Blobs, SparesABlobThatAValueNamesWhichCannotBeParsed) {
  consul.value_limit = 20'000;
  a.configure(R"("history_limit":0)");
  for (const std::string key : {"proxysql/mysql_firewall", "proxysql/of_the_future", "proxysql-meta/of_the_future"}) {
    SCOPED_TRACE(key);
    a.execute(large_rules(60));
    EXPECT_EQ(a.run({"save", "mysql_query_rules", "--force"}).status, 0);
    const auto parts = blobs();
    EXPECT_THAT(parts, Not(IsEmpty()));
    consul.set(key, "{\"format\":3,\"sealed\":" + parse_document(consul.value_of(rules_key)).blob->sha256);
    a.execute(large_rules(1));
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
    EXPECT_EQ(blobs(), parts);
    consul.entries.erase(key);
    EXPECT_EQ(a.run({"save", "mysql_query_rules", "--force"}).status, 0);
    EXPECT_THAT(blobs(), IsEmpty());
  }
}

TEST_F(Blobs, CollectsABlobOfMorePartsThanATransactionTakes) {
  consul.value_limit = 8'000;
  consul.says_limit = true;
  a.configure(R"("history_limit":0)");
  a.execute(large_rules(1000));
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_GT(blobs().size(), 64U);
  a.execute(large_rules(1));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(Blobs, WritesABlobAgainThatWasCollectedBeforeItsDocumentWasThere) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  bool done = false;
  consul.on_call = [&](const std::string& call) {
    if (done || !call.starts_with("TXN cas " + rules_key)) return;
    done = true;
    for (const auto& key : blobs()) consul.entries.erase(key);
  };
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_TRUE(done);
  EXPECT_EQ(blobs().size(), parse_document(consul.value_of(rules_key)).blob->parts);
  EXPECT_EQ(b.update().status, 0);
}

TEST_F(Blobs, RepairsABlobThatLostAPart) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  consul.entries.erase(blobs().front());
  // What stood in it cannot be read, so nobody replaces it unasked.
  const auto refused = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_THAT(refused.err, ElementsAre(HasSubstr("cannot be read whole, so nothing of it could be kept: blob ")));
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "--force"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
}

TEST_F(Blobs, AppliesNothingOfABlobThatIsNotWhole) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_GE(blobs().size(), 2U);
  const auto good = consul.entries;
  const auto blob = *parse_document(consul.value_of(rules_key)).blob;
  const auto part = [&](std::size_t number) { return Keys(prefix).blob_part(blob.sha256, number); };
  const std::string name = "error: proxysql/mysql_query_rules: blob " + blob.sha256.substr(0, 12) + ": ";
  const std::string hint = " (save the configuration again)";
  const struct {
    const char* what;
    std::function<void()> damage;
    std::string error;
  } cases[] = {
      {"missing", [&] { consul.entries.erase(part(1)); },
       name + "part 1 of " + std::to_string(blob.parts) + " is missing" + hint},
      {"truncated", [&] { consul.entries[part(0)].value.pop_back(); },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"swapped", [&] { std::swap(consul.entries[part(0)].value, consul.entries[part(1)].value); },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"flipped", [&] { consul.entries[part(1)].value[5] ^= 1; },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"expands to more than it says",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = 1000;
         consul.set(rules_key, format_document(document));
       },
       name + "it does not expand to the 1000 bytes that the document names" + hint},
      {"expands to less than it says",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = 100'000'000;
         consul.set(rules_key, format_document(document));
       },
       name + "it does not expand to the 100000000 bytes that the document names" + hint},
      {"claims to be huge",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = max_document_bytes + 1;
         consul.set(rules_key, format_document(document));
       },
       "error: proxysql/mysql_query_rules: document: its blob expands to 268435457 bytes, more than the limit of "
       "268435456"},
  };
  for (const auto& [what, damage, error] : cases) {
    SCOPED_TRACE(what);
    consul.entries = good;
    damage();
    b.engine.clear_log();
    const auto ran = b.update();
    EXPECT_EQ(ran.status, 6);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, ElementsAre(error));
    EXPECT_THAT(b.writes(), IsEmpty());
    EXPECT_EQ(b.state().find("mysql_query_rules")->outcome, Outcome::failed);
  }
  consul.entries = good;
  EXPECT_EQ(b.update().status, 0) << "a failed version is tried again";
}

}  // namespace
}  // namespace proxysql_consul::testing
