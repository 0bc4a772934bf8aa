// A Consul's key/value store in memory: ModifyIndex, compare-and-set, transactions, limits, a log of the calls, and
// failures that a test plans. FakeConsul outlives the FakeKvStores that runs of the program open on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "support/watch_json.h"

namespace proxysql_consul::testing {

struct FakeConsul {
  enum class Failure {
    away,          ///< nobody can be reached; nothing was carried out
    lost_answer,   ///< carried out, and then the connection broke
    refused,       ///< an answer that trying again cannot change
    silent,        ///< connected, and no word until a limit passes; nothing was carried out
    silent_after,  ///< carried out, and no word of it until a limit passes
    late,          ///< nobody answers, and what was to be written is written when come_late() says so
  };

  struct Entry {
    std::string value;
    std::uint64_t modify_index = 0;
  };

  std::map<std::string, Entry, std::less<>> entries;
  std::uint64_t index = 100;
  std::uint64_t removed_at = 0;                       ///< the index of the last removal, whatever its prefix
  std::vector<std::string> log;                       ///< "GET key", "TXN cas key, set key", ...
  std::vector<ConsulOptions> opened;                  ///< how each FakeKvStore was opened
  std::size_t value_limit = std::size_t{512} * 1024;  ///< of a value; a transaction's JSON may have that or 512 KiB
  bool says_limit = true;                             ///< an answer 413 names the limit
  std::vector<std::string> denied;                    ///< prefixes that may not be written
  std::vector<std::string> hidden;                    ///< prefixes that may be neither read nor written
  std::function<void(const std::string&)> on_call;    ///< before each call that is not made by itself
  /// What happens while a call waits for so long; false: the waiting's limit has passed.
  std::function<bool(std::chrono::milliseconds)> on_wait;
  std::map<std::size_t, Failure> planned;  ///< by the number of the call
  std::optional<Failure> always;
  std::vector<std::function<void()>> late;

  /// What a server that was silent had received arrives.
  void come_late() {
    for (const auto& write : std::exchange(late, {})) write();
  }

  /// What FakeAgents tells of: the agents and whether they live, the leader's address, what one was configured with.
  std::map<std::string, bool, std::less<>> agents;
  std::optional<std::string> leader = "127.0.0.1:8300";
  std::optional<std::size_t> watches = 1;
  bool may_read_agents = true;
  std::vector<std::string> agent_log;  ///< "self", "health", "leader"

  /// Nobody says a word until the request's limit passes, or the program is told to stop.
  void be_silent(const ConsulOptions& options, const std::string& text) const {
    constexpr std::chrono::milliseconds pulse{100};
    constexpr std::chrono::milliseconds longest{10'000};
    for (std::chrono::milliseconds waited{0}; waited < std::min(options.total_timeout, longest); waited += pulse) {
      if (options.stopping && options.stopping()) {
        throw Interrupted(ExitCode::consul, "fake consul: " + text + ": ended, since the program is to stop");
      }
      if (on_wait) on_wait(pulse);
    }
    throw Unavailable(ExitCode::consul, "fake consul: " + text + ": silent");
  }

  /// The n-th call from now, counted from 1, fails.
  void fail_on(std::size_t n, Failure failure) { planned[log.size() + n] = failure; }

  void set(const std::string& key, std::string value) {
    ++index;
    set_now(key, std::move(value));
  }

  /// Writes at the present index. Consul gives a key no new index for the value that it has.
  void set_now(const std::string& key, std::string value) {
    const auto found = entries.find(key);
    if (found == entries.end() || found->second.value != value) entries[key] = {std::move(value), index};
  }

  bool is_readable(std::string_view key) const { return !is_under_any(hidden, key); }

  static bool is_under_any(const std::vector<std::string>& prefixes, std::string_view key) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& one) { return key.starts_with(one); });
  }

  const std::string& value_of(std::string_view key) const {
    static const std::string none;
    const auto found = entries.find(key);
    return found == entries.end() ? none : found->second.value;
  }

  std::vector<std::string> keys_under(std::string_view prefix) const {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries) {
      if (key.starts_with(prefix)) keys.push_back(key);
    }
    return keys;
  }

  /// Of a blocking query: the newest change under the prefix, of those that left a key behind.
  std::uint64_t index_under(std::string_view prefix) const {
    std::uint64_t newest = removed_at;
    for (const auto& key : keys_under(prefix)) newest = std::max(newest, entries.at(key).modify_index);
    return newest;
  }

  /// Consul leaves out without a word what the token may not read.
  std::vector<std::string> readable_keys_under(std::string_view prefix) const {
    auto keys = keys_under(prefix);
    std::erase_if(keys, [&](const auto& key) { return !is_readable(key); });
    return keys;
  }

  KvListing listing(std::string_view prefix) const {
    KvListing found{.entries = {}, .index = keys_under(prefix).empty() ? index : index_under(prefix)};
    for (const auto& key : readable_keys_under(prefix)) {
      const auto& entry = entries.at(key);
      found.entries.push_back({.key = key, .value = entry.value, .modify_index = entry.modify_index, .problem = {}});
    }
    return found;
  }

  /// What the watch of one key delivers.
  std::string watch_key(std::string_view key) const { return format_watch_entry(listing(key).entries.front()); }

  /// What a keyprefix watch delivers.
  std::string watch(std::string_view prefix) const { return format_watch(listing(prefix).entries); }
};

class FakeKvStore : public KvStore {
 public:
  explicit FakeKvStore(FakeConsul& consul, ConsulOptions options = {})
      : consul_(consul), options_(std::move(options)) {}

  std::optional<KvEntry> get(std::string_view key) override {
    const Call call(*this, "GET " + std::string(key));
    check_readable(key);
    const auto found = consul_.entries.find(key);
    if (found == consul_.entries.end()) return std::nullopt;
    return KvEntry{
        .key = found->first, .value = found->second.value, .modify_index = found->second.modify_index, .problem = {}};
  }

  KvListing list(std::string_view prefix) override {
    const Call call(*this, "LIST " + std::string(prefix));
    return listing(prefix);
  }

  std::optional<KvListing> wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit,
                                const Meanwhile& meanwhile) override {
    const Call call(*this, "WAIT " + std::string(prefix) + " " + std::to_string(index));
    // Without a test that says what happens meanwhile the limit passes at once.
    std::chrono::milliseconds waited{0};
    while (consul_.on_wait && consul_.index_under(prefix) <= index && waited < limit) {
      waited += meanwhile.every;
      if (meanwhile.go_on && !meanwhile.go_on()) return std::nullopt;
      if (!consul_.on_wait(meanwhile.every)) break;
      // A silent one is one that waits.
      if (consul_.always && *consul_.always < FakeConsul::Failure::silent) {
        throw Unavailable(ExitCode::consul, "fake consul: WAIT " + std::string(prefix) + ": away");
      }
    }
    return listing(prefix);
  }

  std::vector<std::string> keys(std::string_view prefix) override {
    const Call call(*this, "KEYS " + std::string(prefix));
    return consul_.readable_keys_under(prefix);
  }

  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    Call call(*this, "PUT " + std::string(key));
    check_size(value.size(), consul_.value_limit);
    check_writable(key);
    call.begin([key = std::string(key), value = std::string(value), cas](auto& store) { store.put(key, value, cas); });
    if (cas && index_of(key) != *cas) return false;
    consul_.set(std::string(key), std::string(value));
    call.end();
    return true;
  }

  KvCommit commit(const std::vector<KvOperation>& operations) override {
    using Verb = KvOperation::Verb;
    std::string text;
    for (const auto& operation : operations) {
      text += (text.empty() ? "TXN " : ", ") + std::string(name_of(operation.verb)) + " " + operation.key;
    }
    Call call(*this, text);
    if (operations.size() > max_operations) throw Error(ExitCode::consul, "fake consul: 413 too many operations");
    for (const auto& operation : operations) check_size(operation.value.size(), consul_.value_limit);
    check_size(format_transaction(operations).size(), std::max(consul_.value_limit, default_limit));
    for (const auto& operation : operations) {
      if (operation.verb == Verb::check_index) {
        check_readable(operation.key);
      } else {
        check_writable(operation.key);
      }
    }
    call.begin([operations](auto& store) { store.commit(operations); });
    // Each operation sees what those before it did; where one is refused, none is carried out.
    auto before = consul_.entries;
    const auto index_before = consul_.index++;
    std::string refusals;
    for (const auto& operation : operations) {
      const auto refusal = carry_out(operation);
      if (!refusal.empty()) refusals += (refusals.empty() ? "" : "; ") + refusal;
    }
    if (!refusals.empty()) {
      consul_.entries = std::move(before);
      consul_.index = index_before;
      return {.committed = false, .index = 0, .refusal = refusals};
    }
    call.end();
    return {.committed = true, .index = index_of(operations.front().key), .refusal = {}};
  }

 private:
  /// Logs a call, and fails it where that is planned: before it is carried out, or in end().
  class Call {
   public:
    Call(FakeKvStore& store, const std::string& text) : consul_(store.consul_), options_(store.options_) {
      if (consul_.on_call && !store.in_callback_) {
        store.in_callback_ = true;
        consul_.on_call(text);
        store.in_callback_ = false;
      }
      consul_.log.push_back(text);
      const auto found = consul_.planned.find(consul_.log.size());
      if (found != consul_.planned.end()) failure_ = found->second;
      if (consul_.always) failure_ = consul_.always;
      if (failure_ == FakeConsul::Failure::away) throw Unavailable(ExitCode::consul, "fake consul: " + text + ": away");
      if (failure_ == FakeConsul::Failure::refused) throw Error(ExitCode::consul, "fake consul: " + text + ": refused");
      const bool writes = text.starts_with("PUT") || text.starts_with("TXN");
      const bool is_silent =
          failure_ == FakeConsul::Failure::silent ||
          ((failure_ == FakeConsul::Failure::silent_after || failure_ == FakeConsul::Failure::late) && !writes);
      if (is_silent && !text.starts_with("WAIT")) consul_.be_silent(options_, text);
      text_ = text;
    }

    /// Leaves `write` for later where that is planned.
    void begin(std::function<void(FakeKvStore&)> write) const {
      if (failure_ != FakeConsul::Failure::late) return;
      consul_.late.push_back([&consul = consul_, write = std::move(write)] {
        FakeKvStore store(consul);
        write(store);
      });
      throw Unavailable(ExitCode::consul, "fake consul: " + text_ + ": silent");
    }

    void end() const {
      if (failure_ == FakeConsul::Failure::silent_after) consul_.be_silent(options_, text_);
      if (failure_ != FakeConsul::Failure::lost_answer) return;
      throw Unavailable(ExitCode::consul, "fake consul: " + text_ + ": connection lost");
    }

   private:
    FakeConsul& consul_;
    const ConsulOptions& options_;
    std::optional<FakeConsul::Failure> failure_;
    std::string text_;
  };

  static const char* name_of(KvOperation::Verb verb) {
    switch (verb) {
      case KvOperation::Verb::set: return "set";
      case KvOperation::Verb::cas: return "cas";
      case KvOperation::Verb::check_index: return "check-index";
      case KvOperation::Verb::check_not_exists: return "check-not-exists";
      case KvOperation::Verb::remove: return "delete";
      case KvOperation::Verb::remove_cas: return "delete-cas";
    }
    return "";
  }

  /// Carries out one operation of a transaction at the present index; says why where it does not.
  std::string carry_out(const KvOperation& operation) {
    using Verb = KvOperation::Verb;
    const auto& key = operation.key;
    const auto now = index_of(key);
    switch (operation.verb) {
      case Verb::set: consul_.set_now(key, operation.value); break;
      case Verb::cas:
        if (now != operation.index) return "failed to set key \"" + key + "\", index is stale";
        consul_.set_now(key, operation.value);
        break;
      case Verb::check_index:
        if (now == 0) return "key \"" + key + "\" doesn't exist";
        if (now != operation.index) return "current modify index of key \"" + key + "\" is stale";
        break;
      case Verb::check_not_exists:
        if (now != 0) return "key \"" + key + "\" exists";
        break;
      case Verb::remove: remove(key); break;
      case Verb::remove_cas:
        if (now != 0 && now != operation.index) return "failed to delete key \"" + key + "\", index is stale";
        remove(key);
        break;
    }
    return {};
  }

  void remove(const std::string& key) {
    if (consul_.entries.erase(key) > 0) consul_.removed_at = consul_.index;
  }

  std::uint64_t index_of(std::string_view key) const {
    const auto found = consul_.entries.find(key);
    return found == consul_.entries.end() ? 0 : found->second.modify_index;
  }

  void check_size(std::size_t bytes, std::size_t limit) const {
    if (bytes <= limit) return;
    throw TooLarge("fake consul: 413 request body of " + std::to_string(bytes) + " bytes",
                   consul_.says_limit ? std::optional(limit) : std::nullopt);
  }

  void check_readable(std::string_view key) const {
    if (!consul_.is_readable(key)) throw Denied("fake consul: 403 on " + std::string(key), "grant it");
  }

  void check_writable(std::string_view key) const {
    check_readable(key);
    if (FakeConsul::is_under_any(consul_.denied, key))
      throw Denied("fake consul: 403 on " + std::string(key), "grant it");
  }

  KvListing listing(std::string_view prefix) const {
    auto found = consul_.listing(prefix);
    // Only where nothing is left can one find out that something was left out.
    if (found.entries.empty()) check_readable(prefix);
    return found;
  }

  static constexpr std::size_t default_limit = std::size_t{512} * 1024;

  FakeConsul& consul_;
  ConsulOptions options_;
  bool in_callback_ = false;
};

}  // namespace proxysql_consul::testing
