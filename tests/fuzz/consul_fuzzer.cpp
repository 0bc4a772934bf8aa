// What Consul answers: first its text, then a whole store of such answers, then bytes in place of HTTP.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/consul/agents_json.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/convergence.h"
#include "support/scripted_server.h"
#include "support/silent_log.h"

namespace proxysql_consul::testing {
namespace {

/// Answers whatever is asked with what the bytes say, a line an answer, of which it leaves out what the store of
/// libcurl refuses, and takes whatever is written.
class LyingStore : public KvStore {
 public:
  explicit LyingStore(std::string_view input) : answers_(split(input, '\n')) {}

  std::optional<KvEntry> get(std::string_view key) override {
    auto entries = next_entries();
    if (entries.empty()) return std::nullopt;
    entries[0].key = key;
    return std::move(entries[0]);
  }
  KvListing list(std::string_view prefix) override {
    auto entries = next_entries();
    std::erase_if(entries, [&](const KvEntry& entry) { return !entry.key.starts_with(prefix); });
    return {.entries = std::move(entries), .index = 1};
  }
  std::optional<KvListing> wait(std::string_view prefix, std::uint64_t, std::chrono::seconds,
                                const Meanwhile&) override {
    return list(prefix);
  }
  std::vector<std::string> keys(std::string_view prefix) override {
    auto keys = parse_keys(next()).value_or(std::vector<std::string>());
    std::erase_if(keys, [&](const std::string& key) { return !key.starts_with(prefix); });
    return keys;
  }
  bool put(std::string_view, std::string_view, std::optional<std::uint64_t>) override { return true; }
  KvCommit commit(const std::vector<KvOperation>& operations) override {
    require(!operations.empty() && operations.size() <= max_operations, "a transaction has a size that Consul takes");
    return parse_commit(next()).value_or(KvCommit());
  }

 private:
  const std::string& next() {
    static const std::string nothing = "null";
    return number_ < answers_.size() ? answers_[number_++] : nothing;
  }
  std::vector<KvEntry> next_entries() {
    return attempt(ExitCode::payload, [&] { return parse_kv_entries(next()); }).value_or(std::vector<KvEntry>());
  }

  std::vector<std::string> answers_;
  std::size_t number_ = 0;
};

void take_answer(std::string_view input) {
  if (const auto commit = parse_commit(input)) {
    require(commit->committed == commit->refusal.empty(), "a transaction was carried out, or there is a reason");
    if (!commit->committed) require_readable(commit->refusal);
  }
  if (const auto limit = parse_size_limit(input)) require(*limit > 0, "a limit is one");
  parse_keys(input);
  parse_agent_self(input);
  parse_agent_health(input);
  parse_leader(input);
}

void take_store(std::string_view input) {
  const Keys keys("proxysql/");
  const Keyring ring;
  LyingStore store(input);
  attempt(ExitCode::payload, [&] {
    for (const auto& version : list_versions(store, keys, "mysql_users")) {
      const auto document = ring.open(version.entry.value);
      if (document.blob) load_blob(store, keys, ring, document);
    }
    return true;
  });
  trim_history(store, keys, "mysql_users", 1);
  find_in_history(store, keys, "mysql_users", "text");
  collect_blobs(store, keys, {"mysql_servers", "mysql_users"});
  Picture picture{.records = store.list(keys.nodes()).entries, .entries = store.list(keys.prefix()).entries};
  const auto all = converge(keys, picture, ring);
  require(all.live() <= all.nodes.size() && all.nodes.size() <= picture.records.size(),
          "no node lives that told nothing");
  for (const auto& node : all.nodes) require_readable(node.reason);
  for (const auto& name : names_of(all.nodes)) require_readable(name);
}

}  // namespace

FUZZ_TARGET(consul_answers) {
  take_answer(input);
  take_store(input);
}

FUZZ_TARGET(consul_port) {
  static Script answer;
  static ScriptedServer server([](Peer& peer) {
    peer.forget();
    peer.send_raw(answer.get());
  });
  answer.set(input);
  ConsulOptions options;
  options.port = server.port();
  options.token = "a-token-that-nobody-may-see";
  attempt(ExitCode::consul, [&] {
    const auto store = open_kv_store(options, silent_log());
    if (const auto entry = store->get("proxysql/mysql_users"))
      require(entry->key == "proxysql/mysql_users", "the key is the one that was asked for");
    return true;
  });
  const std::string prefix = "proxysql/";
  attempt(ExitCode::consul, [&] {
    const auto listing = open_kv_store(options, silent_log())->list(prefix);
    require(listing.index > 0, "an index can be waited for");
    for (const auto& entry : listing.entries) require(entry.key.starts_with(prefix), "what is listed was asked for");
    return true;
  });
  attempt(ExitCode::consul, [&] {
    for (const auto& key : open_kv_store(options, silent_log())->keys(prefix)) {
      require(key.starts_with(prefix), "a key is one that was asked for");
    }
    return true;
  });
}

}  // namespace proxysql_consul::testing
