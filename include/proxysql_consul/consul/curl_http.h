// Requests to Consul's HTTP API: addresses, TLS, limits, what can be tried again. Knows no endpoint. Its source is the
// only owner of libcurl.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"

namespace proxysql_consul {

struct HttpAnswer {
  long status = 0;
  std::string body;
  std::uint64_t index = 1;   ///< X-Consul-Index; Consul's documentation: 0 from a server counts as 1
  bool is_filtered = false;  ///< the server says that the token may not read all of it (Consul 1.12 and later)
  bool too_large = false;
  bool abandoned = false;  ///< the request's `meanwhile` ended it
};

/// How long a request may take, and how long the server may be silent meanwhile.
struct HttpLimits {
  std::chrono::milliseconds total;
  std::chrono::seconds silence;
};

struct HttpRequest {
  const char* method = "GET";
  std::string path;                       ///< below the options' path_prefix, escaped
  std::string query;                      ///< without its question mark, escaped
  std::string_view body = {};             ///< of a PUT
  std::string doing;                      ///< for errors and the log: "GET proxysql/mysql_servers"
  std::optional<HttpLimits> limits = {};  ///< nothing for the ordinary ones
  Meanwhile meanwhile = {};
};

/// One connection at a time, kept from request to request.
class CurlHttp {
 public:
  /// Throws Error{settings} for TLS files that are not there. `log` must outlive the object.
  CurlHttp(ConsulOptions options, spdlog::logger& log);
  ~CurlHttp();
  CurlHttp(const CurlHttp&) = delete;
  CurlHttp& operator=(const CurlHttp&) = delete;

  const ConsulOptions& options() const { return options_; }
  /// How long a server may be silent that was not asked to wait.
  static constexpr std::chrono::seconds silence_limit{10};

  /// `text` as a part of a path or query.
  std::string escape(std::string_view text) const;
  /// Whatever the status is. Throws Unavailable where nobody answered, Error{consul} where nobody ever will.
  HttpAnswer request(const HttpRequest& request);
  /// Throws unless the status is 200: TooLarge, Denied, Unavailable where trying again can help, else Error{consul}.
  /// `needs` is the rule that the token's policy needs for it. `sent` is not shown where the answer repeats it.
  void check(const HttpAnswer& answer, const std::string& doing, const std::string& needs,
             const std::vector<std::string_view>& sent = {}) const;
  /// A server's words, for an error: without the secrets of the options, and without what of `sent` they repeat.
  std::string shown(std::string_view words, const std::vector<std::string_view>& sent) const;
  /// What an answer tells of the server that gave it, who may put there what it was sent. More than `limit` bytes of
  /// `text` where there are so many, or all of it.
  std::string without_secrets(std::string_view text, std::size_t limit = std::string::npos) const;
  [[noreturn]] void deny(const std::string& doing, const std::string& why, const std::string& needs) const;
  [[noreturn]] void fail(const std::string& doing, const std::string& why) const;

 private:
  struct Handles;

  std::string url_of(const std::string& path, const std::string& query) const;
  void set_transport(const HttpLimits& limits);
  void set_tls();

  ConsulOptions options_;
  spdlog::logger& log_;
  std::string who_;
  std::unique_ptr<Handles> handles_;
};

}  // namespace proxysql_consul
