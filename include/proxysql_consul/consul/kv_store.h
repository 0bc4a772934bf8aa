// Consul's key/value store, as the use cases see it. libcurl stays in the one adapter behind open_kv_store().
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/kv_entry.h"

namespace proxysql_consul {

/// The server takes no request body of that size (HTTP 413).
class TooLarge : public Error {
 public:
  TooLarge(const std::string& message, std::optional<std::size_t> limit)
      : Error(ExitCode::consul, message, "raise limits.kv_max_value_size of the Consul servers"), limit_(limit) {}

  /// The server's limit in bytes, where it said so.
  std::optional<std::size_t> limit() const noexcept { return limit_; }

 private:
  std::optional<std::size_t> limit_;
};

/// A right is missing (HTTP 401, 403). The hint names the token's source and the rule that its policy lacks.
class Denied : public Error {
 public:
  Denied(const std::string& message, std::string hint) : Error(ExitCode::consul, message, std::move(hint)) {}
};

/// What one transaction may hold (Consul before 1.14).
constexpr std::size_t max_operations = 64;

/// Entries, and where Consul stood when it listed them.
struct KvListing {
  std::vector<KvEntry> entries;
  std::uint64_t index = 0;  ///< for wait(); at least 1 from a server that answered
};

/// What is done beside while a call waits for Consul.
struct Meanwhile {
  std::chrono::milliseconds every{1000};
  std::function<bool()> go_on = {};  ///< called so often; false ends the waiting
};

/// Every call throws Unavailable where trying again can help (refused, reset, timed out, no leader, 429, 5xx) and
/// Error{consul} where it cannot (Denied; an answer that makes no sense). After Unavailable from a call that writes,
/// nobody knows whether it was carried out: read back.
class KvStore {
 public:
  virtual ~KvStore() = default;

  /// The entry of exactly that key; nothing only where Consul says that there is none.
  virtual std::optional<KvEntry> get(std::string_view key) = 0;
  /// What stands under `prefix`, in the order of the keys. Keys that the token may not read are left out by Consul
  /// without a word.
  virtual KvListing list(std::string_view prefix) = 0;
  /// list(), but answered only when something under `prefix` has changed since `index` (that of an earlier listing), or
  /// after `limit`. An answer is no proof of a change. May be silent for all that time. Nothing where `meanwhile` ended
  /// it.
  virtual std::optional<KvListing> wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit,
                                        const Meanwhile& meanwhile) = 0;
  KvListing wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit) {
    return *wait(prefix, index, limit, {});
  }
  /// The keys under `prefix`.
  virtual std::vector<std::string> keys(std::string_view prefix) = 0;
  /// Writes if the key's ModifyIndex still is `cas` (0: if there is no such key), or in any case without `cas`. False:
  /// it was not, nothing is written. Throws TooLarge.
  virtual bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) = 0;
  /// All operations or none. At most max_operations. Throws TooLarge.
  virtual KvCommit commit(const std::vector<KvOperation>& operations) = 0;
};

struct ConsulOptions {
  std::string scheme = "http";
  std::string host = "127.0.0.1";
  unsigned port = 8500;
  std::string socket;                ///< a unix socket's path; used instead of host and port unless empty
  std::string prefix = "proxysql/";  ///< under which the documents are
  std::string path_prefix;           ///< before /v1, for a Consul behind a path; no trailing slash
  std::string token;
  std::string token_source;  ///< where the token was set, for errors; empty: there is none
  std::string http_auth;     ///< user:password
  std::string ca_file;
  std::string ca_path;
  std::string cert_file;
  std::string key_file;
  std::string tls_server_name;
  bool tls_verify = true;
  std::string datacenter;
  std::string enterprise_namespace;
  std::string partition;
  bool stale = false;  ///< reads may be answered by any server; otherwise they are consistent
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds total_timeout{30000};  ///< of one request
  /// Asked a few times a second while a request waits; true ends it, as Interrupted.
  std::function<bool()> stopping = {};
};

/// Printable and without secrets: "consul http://127.0.0.1:8500".
std::string describe(const ConsulOptions& options);

/// Connects with the first call. Throws Error{settings} for TLS files that cannot be read.
/// Writes a line at debug level for each request; `log` must outlive the store.
std::unique_ptr<KvStore> open_kv_store(const ConsulOptions& options, spdlog::logger& log);

}  // namespace proxysql_consul
