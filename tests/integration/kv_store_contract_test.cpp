// What include/proxysql_consul/consul/kv_store.h promises, held against a real Consul agent and against the one in
// memory that the tests of the program use: what the fake does otherwise would make those tests worth nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/consul_fixture.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "support/consul_agent.h"
#include "support/fake_kv_store.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Verb = KvOperation::Verb;

constexpr std::size_t size_limit = 8192;

/// The two Consuls, which live as long as the suite; every test has keys of its own.
struct Consuls {
  Consuls() { fake.value_limit = size_limit; }

  static std::string config() {
    auto json = nlohmann::json::parse(acl_config());
    json["limits"]["kv_max_value_size"] = size_limit;
    return json.dump();
  }

  ConsulAgent agent{{.config = config(), .token = master_token}};
  FakeConsul fake;
};

class KvStoreContract : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { consuls = std::make_unique<Consuls>(); }
  static void TearDownTestSuite() { consuls.reset(); }
  ~KvStoreContract() override {
    consuls->fake.hidden = consuls->fake.denied = {};
    consuls->fake.on_call = nullptr;
  }

  static bool is_fake() { return std::string(GetParam()) == "fake"; }

  static std::unique_ptr<KvStore> open(const std::string& token = master_token) {
    if (is_fake()) return std::make_unique<FakeKvStore>(consuls->fake);
    ConsulOptions options;
    options.port = consuls->agent.http_port();
    options.token = token;
    static spdlog::logger log("");
    return open_kv_store(options, log);
  }

  /// A store that may read and write all but what is under `unwritable`, which it may read, and `hidden`, which it may
  /// not even read.
  std::unique_ptr<KvStore> open_restricted(const std::string& unwritable, const std::string& hidden) const {
    consuls->fake.denied = {unwritable};
    consuls->fake.hidden = {hidden};
    if (is_fake()) return open();
    return open(make_token(consuls->agent, R"(key_prefix "" { policy = "write" } key_prefix ")" + unwritable +
                                               R"(" { policy = "read" } key_prefix ")" + hidden +
                                               R"(" { policy = "deny" })"));
  }

  /// A key of this test alone.
  static std::string key(const std::string& name = {}) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string folder = test->name();
    return folder.substr(0, folder.find('/')) + "/" + name;
  }

  std::string value_at(const std::string& name) const {
    const auto entry = store->get(key(name));
    return entry ? entry->value : "(absent)";
  }

  std::uint64_t index_of(const std::string& name) const {
    const auto entry = store->get(key(name));
    return entry ? entry->modify_index : 0;
  }

  /// The entries under a prefix, as "name=value".
  std::vector<std::string> listed(const std::string& prefix, KvStore& from) const {
    std::vector<std::string> found;
    for (const auto& entry : from.list(prefix).entries) {
      EXPECT_EQ(entry.problem, "");
      EXPECT_EQ(entry.modify_index, store->get(entry.key).value_or(KvEntry{}).modify_index);
      found.push_back(entry.key.substr(key().size()) + "=" + entry.value);
    }
    return found;
  }
  std::vector<std::string> listed(const std::string& prefix) const { return listed(prefix, *store); }

  static std::vector<std::string> names(const std::vector<std::string>& keys) {
    std::vector<std::string> found;
    for (const auto& one : keys) found.push_back(one.substr(key().size()));
    return found;
  }

  bool put(const std::string& name, const std::string& value, std::optional<std::uint64_t> cas = {}) const {
    return store->put(key(name), value, cas);
  }

  static KvOperation operation(Verb verb, const std::string& name, const std::string& value = {},
                               std::uint64_t index = 0) {
    return {.verb = verb, .key = key(name), .value = value, .index = index};
  }

  static std::unique_ptr<Consuls> consuls;
  std::unique_ptr<KvStore> store = open();
};

std::unique_ptr<Consuls> KvStoreContract::consuls;

INSTANTIATE_TEST_SUITE_P(Of, KvStoreContract, ::testing::Values("agent", "fake"),
                         [](const auto& one) { return std::string(one.param); });

// --- one key ---------------------------------------------------------------------------------------------------------

TEST_P(KvStoreContract, GetsWhatWasPut) {
  const std::string bytes("\0\xff\n\"\\\xc3", 6);
  for (const auto& value : {std::string("text"), std::string(), bytes}) {
    EXPECT_TRUE(put("a", value));
    const auto entry = store->get(key("a"));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->key, key("a"));
    EXPECT_EQ(entry->value, value);
    EXPECT_GT(entry->modify_index, 0U);
    EXPECT_EQ(entry->problem, "");
  }
}

TEST_P(KvStoreContract, GetsNothingForAnAbsentKey) {
  EXPECT_FALSE(store->get(key("a")));
  put("a/b", "below");
  put("ab", "beside");
  EXPECT_FALSE(store->get(key("a"))) << "a prefix of keys is no key";
  EXPECT_FALSE(store->get(key("a/")));
}

TEST_P(KvStoreContract, TakesKeysWithOddCharacters) {
  for (const std::string name : {"a b", "q?x=1&y#z", "per%41cent", "plus+", "quote\"'`", "back\\slash", "\xc3\xa4",
                                 "[]{}<>|^~:;,@!$()*=", "folder/"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(put(name, "of " + name));
    EXPECT_EQ(value_at(name), "of " + name);
    EXPECT_THAT(listed(key(name)), ElementsAre(name + "=of " + name));
    EXPECT_THAT(names(store->keys(key(name))), ElementsAre(name));
    EXPECT_TRUE(store->commit({operation(Verb::set, name, "again")}).committed);
    EXPECT_EQ(value_at(name), "again");
    EXPECT_TRUE(store->commit({operation(Verb::remove, name)}).committed);
    EXPECT_FALSE(store->get(key(name)));
  }
}

TEST_P(KvStoreContract, RaisesTheIndexWithEveryChangeAndWithNothingElse) {
  put("a", "1");
  const auto first = index_of("a");
  put("b", "1");
  EXPECT_EQ(index_of("a"), first);
  EXPECT_GT(index_of("b"), first);
  put("a", "2");
  const auto second = index_of("a");
  EXPECT_GT(second, index_of("b"));
  put("a", "2");
  EXPECT_EQ(index_of("a"), second) << "an equal value is no change";
  EXPECT_TRUE(put("a", "2", second));
  EXPECT_EQ(index_of("a"), second);
  EXPECT_EQ(store->commit({operation(Verb::set, "a", "2")}).index, second);
  EXPECT_EQ(index_of("a"), second);
  EXPECT_TRUE(store->commit({operation(Verb::check_index, "a", {}, second)}).committed);
  EXPECT_EQ(index_of("a"), second);
  store->commit({operation(Verb::remove, "a")});
  put("a", "2");
  EXPECT_GT(index_of("a"), second) << "also where it was gone in between";
}

TEST_P(KvStoreContract, ComparesAndSets) {
  EXPECT_FALSE(put("a", "x", 7)) << "there is no such key";
  EXPECT_EQ(value_at("a"), "(absent)");
  EXPECT_TRUE(put("a", "1", 0)) << "0 is for a key that is not there";
  EXPECT_FALSE(put("a", "2", 0));
  const auto index = index_of("a");
  EXPECT_FALSE(put("a", "2", index - 1));
  EXPECT_FALSE(put("a", "2", index + 1));
  EXPECT_EQ(value_at("a"), "1");
  EXPECT_TRUE(put("a", "2", index));
  EXPECT_FALSE(put("a", "3", index));
  EXPECT_FALSE(put("a", "2", index)) << "an equal value is compared like any other";
  EXPECT_EQ(value_at("a"), "2");
}

// --- many keys -------------------------------------------------------------------------------------------------------

TEST_P(KvStoreContract, ListsWhatBeginsWithThePrefix) {
  EXPECT_THAT(listed(key()), IsEmpty());
  EXPECT_THAT(store->keys(key()), IsEmpty());
  for (const std::string name : {"b/2", "b", "b/10", "bc", "a", "B", "b/", "empty"}) put(name, name);
  put("empty", "");
  EXPECT_THAT(listed(key()), ElementsAre("B=B", "a=a", "b=b", "b/=b/", "b/10=b/10", "b/2=b/2", "bc=bc", "empty="));
  EXPECT_THAT(names(store->keys(key())), ElementsAre("B", "a", "b", "b/", "b/10", "b/2", "bc", "empty"));
  EXPECT_THAT(listed(key("b/")), ElementsAre("b/=b/", "b/10=b/10", "b/2=b/2"));
  EXPECT_THAT(names(store->keys(key("b/1"))), ElementsAre("b/10")) << "in the middle of a name too";
  EXPECT_THAT(listed(key("x")), IsEmpty());
}

// --- waiting ---------------------------------------------------------------------------------------------------------

// Longer than any test may take: who waited for it to pass hangs, and is not merely slow.
constexpr std::chrono::seconds long_limit{300};

TEST_P(KvStoreContract, ListsWithAnIndexThatEveryEntryIsPartOf) {
  EXPECT_GE(store->list(key()).index, 1U) << "also of nothing";
  put("a", "1");
  put("b", "1");
  EXPECT_GE(store->list(key()).index, index_of("b"));
}

TEST_P(KvStoreContract, WaitsNotAtAllForWhatHasChangedAlready) {
  put("a", "1");
  auto index = store->list(key()).index;
  put("a", "2");
  auto seen = store->wait(key(), index, long_limit);
  ASSERT_EQ(seen.entries.size(), 1U);
  EXPECT_EQ(seen.entries[0].value, "2");
  EXPECT_GT(seen.index, index);
  index = seen.index;
  store->commit({operation(Verb::remove, "a")});
  seen = store->wait(key(), index, long_limit);
  EXPECT_THAT(seen.entries, IsEmpty()) << "a removal is a change";
  EXPECT_GT(seen.index, index);
}

TEST_P(KvStoreContract, WaitsForAChange) {
  put("a", "1");
  auto seen = store->list(key());
  // Another node writes, when the wait has begun or just before it; both are the same to the waiting.
  std::future<bool> written;
  if (is_fake()) {
    consuls->fake.on_call = [](const std::string& call) {
      if (call.starts_with("WAIT")) consuls->fake.set(key("b"), "2");
    };
  } else {
    written = std::async(std::launch::async, [] { return open()->put(key("b"), "2", std::nullopt); });
  }
  // An answer is no proof of a change.
  for (int answers = 0; seen.entries.size() < 2 && answers < 10; ++answers) {
    seen = store->wait(key(), seen.index, long_limit);
    EXPECT_GE(seen.index, 1U);
  }
  ASSERT_EQ(seen.entries.size(), 2U);
  EXPECT_EQ(seen.entries[1].value, "2");
  if (written.valid()) {
    EXPECT_TRUE(written.get());
  }
}

TEST_P(KvStoreContract, EndsItsWaitingWhereThatIsWantedMeanwhile) {
  put("a", "1");
  const auto before = store->list(key());
  if (is_fake()) consuls->fake.on_wait = [](std::chrono::milliseconds) { return true; };
  int calls = 0;
  const auto seen = store->wait(key(), before.index, long_limit,
                                {.every = std::chrono::milliseconds(10), .go_on = [&] { return ++calls < 5; }});
  consuls->fake.on_wait = {};
  EXPECT_FALSE(seen);
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(store
                ->wait(key(), before.index - 1, long_limit,
                       {.every = std::chrono::milliseconds(10), .go_on = [] { return true; }})
                ->entries.size(),
            1U)
      << "the same store goes on";
}

TEST_P(KvStoreContract, WaitsNoLongerThanTheLimit) {
  for (const bool empty : {true, false}) {
    if (!empty) put("a", "1");
    const auto before = store->list(key());
    const auto after = store->wait(key(), before.index, std::chrono::seconds(1));
    EXPECT_EQ(after.entries.size(), before.entries.size());
    EXPECT_GE(after.index, 1U);
  }
}

// --- transactions ----------------------------------------------------------------------------------------------------

TEST_P(KvStoreContract, CommitsEveryVerb) {
  put("old", "1");
  put("gone", "1");
  put("gone too", "1");
  put("checked", "1");
  const auto checked = index_of("checked");
  const auto commit = store->commit(
      {operation(Verb::set, "set", "s"), operation(Verb::cas, "old", "2", index_of("old")),
       operation(Verb::cas, "new", "n", 0), operation(Verb::remove, "gone"), operation(Verb::remove, "never there"),
       operation(Verb::remove_cas, "gone too", {}, index_of("gone too")),
       operation(Verb::check_index, "checked", {}, checked), operation(Verb::check_not_exists, "absent")});
  EXPECT_TRUE(commit.committed);
  EXPECT_EQ(commit.refusal, "");
  EXPECT_THAT(listed(key()), ElementsAre("checked=1", "new=n", "old=2", "set=s"));
  EXPECT_EQ(commit.index, index_of("set"));
  EXPECT_EQ(index_of("old"), commit.index) << "one change of the cluster, one index";
  EXPECT_EQ(index_of("new"), commit.index);
  EXPECT_EQ(index_of("checked"), checked);
}

TEST_P(KvStoreContract, CommitsAllOrNothing) {
  put("a", "1");
  const auto index = index_of("a");
  const struct {
    const char* what;
    KvOperation refused;
    const char* name;  ///< of the key that the refusal names
  } cases[] = {
      {"cas of another index", operation(Verb::cas, "a", "x", index + 1), "a"},
      {"cas of a key that should not be there", operation(Verb::cas, "a", "x", 0), "a"},
      {"cas of an absent key", operation(Verb::cas, "b", "x", index), "b"},
      {"check-index of another index", operation(Verb::check_index, "a", {}, index + 1), ""},
      {"check-index of an absent key", operation(Verb::check_index, "b", {}, index), "b"},
      {"check-not-exists", operation(Verb::check_not_exists, "a"), "a"},
      {"delete-cas of another index", operation(Verb::remove_cas, "a", {}, index + 1), "a"},
  };
  for (const auto& [what, refused, name] : cases) {
    for (const bool first : {true, false}) {
      SCOPED_TRACE(std::string(what) + (first ? ", first" : ", last"));
      std::vector<KvOperation> operations = {operation(Verb::set, "new", "n"), operation(Verb::remove, "a")};
      // Of the key that the others leave alone, for each operation sees what those before it did.
      if (refused.key == key("a")) operations.pop_back();
      operations.insert(first ? operations.begin() : operations.end(), refused);
      const auto commit = store->commit(operations);
      EXPECT_FALSE(commit.committed);
      EXPECT_EQ(commit.index, 0U);
      EXPECT_THAT(commit.refusal, HasSubstr(*name != '\0' ? key(name) : "index"));
      EXPECT_THAT(listed(key()), ElementsAre("a=1"));
      EXPECT_EQ(index_of("a"), index);
    }
  }
}

TEST_P(KvStoreContract, RemovesAnAbsentKeyWhateverItsIndex) {
  EXPECT_TRUE(store->commit({operation(Verb::remove_cas, "a", {}, 7)}).committed);
}

TEST_P(KvStoreContract, LetsEachOperationSeeThoseBeforeIt) {
  EXPECT_FALSE(store->commit({operation(Verb::set, "a", "1"), operation(Verb::check_not_exists, "a")}).committed);
  EXPECT_FALSE(store->get(key("a")));
  EXPECT_TRUE(store
                  ->commit({operation(Verb::set, "a", "1"), operation(Verb::remove, "a"),
                            operation(Verb::check_not_exists, "a")})
                  .committed);
  EXPECT_FALSE(store->get(key("a")));
}

TEST_P(KvStoreContract, CommitsAsManyOperationsAsItSays) {
  std::vector<KvOperation> operations;
  for (std::size_t i = 0; i < max_operations; ++i) operations.push_back(operation(Verb::set, std::to_string(i), "v"));
  EXPECT_TRUE(store->commit(operations).committed);
  EXPECT_EQ(store->keys(key()).size(), max_operations);
}

// --- limits ----------------------------------------------------------------------------------------------------------

TEST_P(KvStoreContract, RefusesALargeValueAndNamesTheLimit) {
  const std::string fits(size_limit, 'x');
  const auto limit_of = [](const auto& write) -> std::optional<std::size_t> {
    try {
      write();
    } catch (const TooLarge& error) {
      return error.limit();
    }
    return std::nullopt;
  };
  EXPECT_TRUE(put("a", fits));
  EXPECT_EQ(value_at("a"), fits);
  EXPECT_EQ(limit_of([&] { put("a", fits + "x"); }), size_limit);
  EXPECT_TRUE(store->commit({operation(Verb::set, "b", fits), operation(Verb::set, "c", fits)}).committed)
      << "each value has its own limit";
  EXPECT_EQ(limit_of([&] { store->commit({operation(Verb::set, "b", fits + "x")}); }), size_limit);
  EXPECT_EQ(value_at("a"), fits);
  EXPECT_EQ(value_at("b"), fits);
  std::vector<KvOperation> many;
  for (int i = 0; i < 60; ++i) many.push_back(operation(Verb::set, "many/" + std::to_string(i), fits));
  EXPECT_EQ(limit_of([&] { store->commit(many); }), 512U * 1024) << "and the transaction as a whole, in base64";
  EXPECT_THAT(store->keys(key("many/")), IsEmpty());
}

// --- rights ----------------------------------------------------------------------------------------------------------

TEST_P(KvStoreContract, LeavesOutWithoutAWordWhatMayNotBeRead) {
  for (const std::string name : {"open/1", "secret/1", "shut/1"}) put(name, name);
  const auto restricted = open_restricted(key("shut/"), key("secret/"));
  EXPECT_THAT(listed(key(), *restricted), ElementsAre("open/1=open/1", "shut/1=shut/1"));
  EXPECT_THAT(names(restricted->keys(key())), ElementsAre("open/1", "shut/1"));
  EXPECT_THROW(restricted->get(key("secret/1")), Denied);
  EXPECT_THROW(restricted->get(key("secret/absent")), Denied);
  EXPECT_THROW(restricted->list(key("secret/")), Denied) << "nothing is left, and the prefix itself may not be read";
  EXPECT_THAT(restricted->keys(key("secret/")), IsEmpty());
  EXPECT_EQ(restricted->get(key("shut/1")).value_or(KvEntry{}).value, "shut/1");
  EXPECT_THROW(restricted->wait(key("secret/"), 1, std::chrono::seconds(1)), Denied);
  EXPECT_THAT(listed(key("open/none"), *restricted), IsEmpty());
}

TEST_P(KvStoreContract, DeniesWritesWithoutARight) {
  for (const std::string name : {"open/1", "shut/1", "secret/1"}) put(name, "old");
  const auto index = index_of("shut/1");
  const auto restricted = open_restricted(key("shut/"), key("secret/"));
  for (const std::string name : {"shut/1", "secret/1", "shut/new"}) {
    SCOPED_TRACE(name);
    EXPECT_THROW(restricted->put(key(name), "new", std::nullopt), Denied);
    EXPECT_THROW(restricted->put(key(name), "new", 7), Denied);
    for (const auto verb : {Verb::set, Verb::cas, Verb::remove, Verb::remove_cas}) {
      EXPECT_THROW(restricted->commit({operation(Verb::set, "open/1", "new"), operation(verb, name, "new")}), Denied);
    }
  }
  EXPECT_THROW(restricted->commit({operation(Verb::check_index, "secret/1", {}, 7)}), Denied);
  EXPECT_TRUE(restricted->commit({operation(Verb::check_index, "shut/1", {}, index)}).committed);
  EXPECT_THROW(restricted->commit({operation(Verb::check_not_exists, "shut/new")}), Denied)
      << "though it writes nothing";
  consuls->fake.hidden = consuls->fake.denied = {};
  EXPECT_THAT(listed(key()), ElementsAre("open/1=old", "secret/1=old", "shut/1=old"));
}

}  // namespace
}  // namespace proxysql_consul::testing
