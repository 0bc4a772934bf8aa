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
    away,         ///< nobody can be reached; nothing was carried out
    lost_answer,  ///< carried out, and then the connection broke
    refused,      ///< an answer that trying again cannot change
  };

  struct Entry {
    std::string value;
    std::uint64_t modify_index = 0;
  };

  std::map<std::string, Entry, std::less<>> entries;
  std::uint64_t index = 100;
  std::vector<std::string> log;                       ///< "GET key", "TXN cas key, set key", ...
  std::vector<ConsulOptions> opened;                  ///< how each FakeKvStore was opened
  std::size_t value_limit = std::size_t{512} * 1024;  ///< of a request's body
  bool says_limit = true;                             ///< an answer 413 names the limit
  std::vector<std::string> denied;                    ///< prefixes that may not be written
  std::function<void(const std::string&)> on_call;    ///< before each call that is not made by itself
  std::map<std::size_t, Failure> planned;             ///< by the number of the call
  std::optional<Failure> always;

  /// The n-th call from now, counted from 1, fails.
  void fail_on(std::size_t n, Failure failure) { planned[log.size() + n] = failure; }

  void set(const std::string& key, std::string value) { entries[key] = {std::move(value), ++index}; }

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

  KvListing listing(std::string_view prefix) const {
    KvListing found{.entries = {}, .index = index};
    for (const auto& key : keys_under(prefix)) {
      const auto& entry = entries.at(key);
      found.entries.push_back({.key = key, .value = entry.value, .modify_index = entry.modify_index, .problem = {}});
    }
    return found;
  }

  /// What a keyprefix watch delivers.
  /// What the watch of one key delivers.
  std::string watch_key(std::string_view key) const { return format_watch_entry(listing(key).entries.front()); }

  std::string watch(std::string_view prefix) const { return format_watch(listing(prefix).entries); }
};

class FakeKvStore : public KvStore {
 public:
  explicit FakeKvStore(FakeConsul& consul) : consul_(consul) {}

  std::optional<KvEntry> get(std::string_view key) override {
    const Call call(*this, "GET " + std::string(key));
    const auto found = consul_.entries.find(key);
    if (found == consul_.entries.end()) return std::nullopt;
    return KvEntry{
        .key = found->first, .value = found->second.value, .modify_index = found->second.modify_index, .problem = {}};
  }

  KvListing list(std::string_view prefix) override {
    const Call call(*this, "LIST " + std::string(prefix));
    return consul_.listing(prefix);
  }

  KvListing wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds) override {
    const Call call(*this, "WAIT " + std::string(prefix) + " " + std::to_string(index));
    return consul_.listing(prefix);
  }

  std::vector<std::string> keys(std::string_view prefix) override {
    const Call call(*this, "KEYS " + std::string(prefix));
    return consul_.keys_under(prefix);
  }

  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    Call call(*this, "PUT " + std::string(key));
    check_size(value.size());
    check_right(key);
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
    if (operations.size() > 64) throw Error(ExitCode::consul, "fake consul: 413 too many operations");
    check_size(format_transaction(operations).size());
    for (const auto& operation : operations) {
      const bool reads = operation.verb == Verb::check_index || operation.verb == Verb::check_not_exists;
      if (!reads) check_right(operation.key);
      const auto now = index_of(operation.key);
      const bool needs_index =
          operation.verb == Verb::cas || operation.verb == Verb::check_index || operation.verb == Verb::remove_cas;
      if (operation.verb == Verb::check_index && now == 0)
        return refusal("key \"" + operation.key + "\" doesn't exist");
      if (needs_index && now != operation.index) return refusal("index is stale");
      if (operation.verb == Verb::check_not_exists && now != 0) return refusal("key exists");
    }
    // One transaction is one entry of the Raft log, so all that it writes gets the same index.
    ++consul_.index;
    for (const auto& operation : operations) {
      if (operation.verb == Verb::set || operation.verb == Verb::cas) {
        consul_.entries[operation.key] = {operation.value, consul_.index};
      } else if (operation.verb == Verb::remove || operation.verb == Verb::remove_cas) {
        consul_.entries.erase(operation.key);
      }
    }
    call.end();
    return {.committed = true, .index = consul_.index, .refusal = {}};
  }

 private:
  /// Logs a call, and fails it where that is planned: before it is carried out, or in end().
  class Call {
   public:
    Call(FakeKvStore& store, const std::string& text) : consul_(store.consul_) {
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
      text_ = text;
    }

    void end() const {
      if (failure_ != FakeConsul::Failure::lost_answer) return;
      throw Unavailable(ExitCode::consul, "fake consul: " + text_ + ": connection lost");
    }

   private:
    FakeConsul& consul_;
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

  static KvCommit refusal(const std::string& why) { return {.committed = false, .index = 0, .refusal = why}; }

  std::uint64_t index_of(std::string_view key) const {
    const auto found = consul_.entries.find(key);
    return found == consul_.entries.end() ? 0 : found->second.modify_index;
  }

  void check_size(std::size_t bytes) const {
    if (bytes <= consul_.value_limit) return;
    throw TooLarge("fake consul: 413 request body of " + std::to_string(bytes) + " bytes",
                   consul_.says_limit ? std::optional(consul_.value_limit) : std::nullopt);
  }

  void check_right(std::string_view key) const {
    for (const auto& prefix : consul_.denied) {
      if (key.starts_with(prefix)) throw Denied("fake consul: 403 on " + std::string(key), "grant it");
    }
  }

  FakeConsul& consul_;
  bool in_callback_ = false;
};

}  // namespace proxysql_consul::testing
