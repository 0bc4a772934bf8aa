// Consul's key/value store over its HTTP API.
#include <algorithm>
#include <memory>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/curl_http.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {
namespace {

class CurlKv : public KvStore {
 public:
  CurlKv(const ConsulOptions& options, spdlog::logger& log) : http_(options, log), keys_(options.prefix) {}

  std::optional<KvEntry> get(std::string_view key) override {
    const auto doing = "GET " + std::string(key);
    const auto answer = ask(kv_path(key), read_query(), doing);
    if (answer.status == 404) return std::nullopt;
    check(answer, doing, key, "read");
    auto entries = parse_answer(answer, doing);
    if (entries.size() != 1 || entries[0].key != key || !entries[0].problem.empty()) {
      http_.fail(doing, "the answer is no key/value entry");
    }
    return std::move(entries[0]);
  }

  KvListing list(std::string_view prefix) override {
    const auto doing = "GET " + std::string(prefix) + "?recurse";
    return listing(prefix, ask(kv_path(prefix), "recurse&" + read_query(), doing), doing);
  }

  std::optional<KvListing> wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit,
                                const Meanwhile& meanwhile) override {
    const auto doing = "GET " + std::string(prefix) + "?recurse&index=" + std::to_string(index);
    const auto query = "recurse&index=" + std::to_string(index) + "&wait=" + std::to_string(limit.count()) + "s" +
                       (http_.options().stale ? "&stale" : "");
    // Consul adds up to a sixteenth, so that those who ask together are not answered together.
    const auto longest = limit + limit / 16 + std::chrono::seconds(1);
    const HttpLimits limits{.total = longest + http_.options().total_timeout,
                            .silence = longest + CurlHttp::silence_limit};
    const auto answer = http_.request({.path = kv_path(prefix),
                                       .query = query,
                                       .body = {},
                                       .doing = doing,
                                       .limits = limits,
                                       .meanwhile = meanwhile});
    return answer.abandoned ? std::nullopt : std::optional(listing(prefix, answer, doing));
  }

  std::vector<std::string> keys(std::string_view prefix) override {
    const auto doing = "GET " + std::string(prefix) + "?keys";
    const auto answer = ask(kv_path(prefix), "keys&" + read_query(), doing);
    if (answer.status == 404) return {};
    check(answer, doing, prefix, "read");
    auto keys = parse_keys(answer.body);
    const auto is_elsewhere = [&](const std::string& key) { return !key.starts_with(prefix); };
    if (!keys || std::any_of(keys->begin(), keys->end(), is_elsewhere)) {
      http_.fail(doing, "the answer is no list of its keys");
    }
    return std::move(*keys);
  }

  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    const auto doing = "PUT " + std::string(key);
    const auto answer = http_.request({.method = "PUT",
                                       .path = kv_path(key),
                                       .query = cas ? "cas=" + std::to_string(*cas) : "",
                                       .body = value,
                                       .doing = doing});
    check(answer, doing, key, "write", {value});
    const bool written = answer.body.starts_with("true");
    if (!written && !answer.body.starts_with("false")) http_.fail(doing, "the answer is neither true nor false");
    return written;
  }

  KvCommit commit(const std::vector<KvOperation>& operations) override {
    const auto& key = operations.front().key;
    const auto doing = "transaction on " + key;
    const auto body = format_transaction(operations);
    const auto answer = http_.request({.method = "PUT", .path = "/v1/txn", .query = {}, .body = body, .doing = doing});
    std::vector<std::string_view> sent;
    for (const auto& operation : operations) sent.push_back(operation.value);
    if (answer.status != 409) check(answer, doing, key, "write", sent);
    auto commit = parse_commit(answer.body);
    if (!commit) http_.fail(doing, "the answer is none of a transaction");
    if (!commit->committed) commit->refusal = http_.shown(commit->refusal, sent);
    if (commit->refusal.find("ermission denied") != std::string::npos)
      http_.deny(doing, commit->refusal, rule(key, "write"));
    return std::move(*commit);
  }

 private:
  HttpAnswer ask(std::string path, std::string query, const std::string& doing) {
    return http_.request({.path = std::move(path), .query = std::move(query), .body = {}, .doing = doing});
  }

  std::string kv_path(std::string_view key) const {
    std::string path = "/v1/kv/";
    while (true) {
      const auto slash = key.find('/');
      path += http_.escape(key.substr(0, slash));
      if (slash == std::string_view::npos) return path;
      path += '/';
      key.remove_prefix(slash + 1);
    }
  }

  std::string read_query() const { return http_.options().stale ? "stale" : "consistent"; }

  /// The rule that a policy needs. A save begins with a read, and would be denied the write next.
  std::string rule(std::string_view key, std::string_view right) const {
    const auto of = [&](std::string_view policy) {
      return "key_prefix \"" + keys_.rule_prefix(key) + "\" { policy = \"" + std::string(policy) + "\" }";
    };
    return of(right) + (right == "read" ? ", or to save " + of("write") : "");
  }

  void check(const HttpAnswer& answer, const std::string& doing, std::string_view key, std::string_view right,
             const std::vector<std::string_view>& sent = {}) const {
    http_.check(answer, doing, rule(key, right), sent);
  }

  KvListing listing(std::string_view prefix, const HttpAnswer& answer, const std::string& doing) {
    if (answer.status == 404) {
      // Consul leaves out what the token may not read; asked for a single key it says so.
      get(prefix);
      return {.entries = {}, .index = answer.index};
    }
    check(answer, doing, prefix, "read");
    auto entries = parse_answer(answer, doing);
    const auto is_elsewhere = [&](const KvEntry& entry) { return !entry.key.starts_with(prefix); };
    if (std::any_of(entries.begin(), entries.end(), is_elsewhere)) {
      http_.fail(doing, "the answer holds other keys");
    }
    return {.entries = std::move(entries), .index = answer.index};
  }

  std::vector<KvEntry> parse_answer(const HttpAnswer& answer, const std::string& doing) {
    try {
      return parse_kv_entries(answer.body);
    } catch (const Error&) {
      http_.fail(doing, "the answer is no list of key/value entries");
    }
  }

  CurlHttp http_;
  Keys keys_;
};

}  // namespace

std::unique_ptr<KvStore> open_kv_store(const ConsulOptions& options, spdlog::logger& log) {
  return std::make_unique<CurlKv>(options, log);
}

}  // namespace proxysql_consul
