// Consul's HTTP API over libcurl. The only owner of curl.h.
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {
namespace {

constexpr std::size_t max_answer_bytes = std::size_t{256} * 1024 * 1024;

constexpr std::chrono::seconds silence_limit{10};

struct Answer {
  long status = 0;
  std::string body;
  std::uint64_t index = 1;  // Consul's documentation: 0 from a server counts as 1
  bool too_large = false;
};

/// How long a request may take, and how long the server may be silent meanwhile.
struct Limits {
  std::chrono::milliseconds total;
  std::chrono::seconds silence;
};

struct Closer {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, Closer>;

extern "C" std::size_t take_body(char* data, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  answer.too_large = answer.body.size() + size > max_answer_bytes;
  if (answer.too_large) return 0;
  answer.body.append(data, size);
  return size;
}

extern "C" std::size_t take_header(char* data, std::size_t, std::size_t size, void* into) {
  constexpr std::string_view name = "x-consul-index:";
  const std::string_view line(data, size);
  const auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  if (line.size() > name.size() && std::equal(name.begin(), name.end(), line.begin(), same)) {
    const auto from = line.find_first_of("0123456789", name.size());
    const auto digits = from == std::string_view::npos ? std::string_view() : line.substr(from);
    const auto index = to_integer(digits.substr(0, digits.find_first_not_of("0123456789")));
    static_cast<Answer*>(into)->index = static_cast<std::uint64_t>(std::max(index.value_or(1), 1LL));
  }
  return size;
}

/// As in a URL, where an IPv6 address stands in brackets.
std::string host_in_url(const std::string& host) {
  return host.find(':') != std::string::npos ? "[" + host + "]" : host;
}

/// Whatever ends in these was not answered; trying again can help.
bool is_lasting(CURLcode code) {
  constexpr std::array lasting = {CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,  CURLE_PEER_FAILED_VERIFICATION,
                                  CURLE_URL_MALFORMAT,      CURLE_SSL_CIPHER,       CURLE_UNSUPPORTED_PROTOCOL,
                                  CURLE_OUT_OF_MEMORY,      CURLE_SSL_ISSUER_ERROR, CURLE_FAILED_INIT};
  return std::find(lasting.begin(), lasting.end(), code) != lasting.end();
}

/// With TLS 1.3 a server refuses the client's certificate only after the handshake, when libcurl calls it a failed
/// read.
bool is_tls_refusal(std::string_view reason) {
  return reason.find(" alert ") != std::string_view::npos && reason.find("certificate") != std::string_view::npos;
}

class CurlConsul : public KvStore {
 public:
  CurlConsul(ConsulOptions options, spdlog::logger& log)
      : options_(std::move(options)),
        keys_(options_.prefix),
        log_(log),
        who_(describe(options_)),
        handle_(curl_easy_init()) {
    if (!handle_) throw Error(ExitCode::internal, "curl_easy_init failed");
    for (const auto& file : {options_.ca_file, options_.ca_path, options_.cert_file, options_.key_file}) {
      std::error_code ignored;
      if (!file.empty() && !std::filesystem::exists(file, ignored)) {
        throw Error(ExitCode::settings, file + ": no such file, though the settings for Consul's TLS name it");
      }
    }
  }

  std::optional<KvEntry> get(std::string_view key) override {
    const auto doing = "GET " + std::string(key);
    const auto answer = request("GET", kv_path(key), read_query(), {}, doing);
    if (answer.status == 404) return std::nullopt;
    check(answer, doing, key, "read");
    auto entries = parse_answer(answer, doing);
    if (entries.size() != 1 || entries[0].key != key || !entries[0].problem.empty()) {
      fail(doing, "the answer is no key/value entry");
    }
    return std::move(entries[0]);
  }

  KvListing list(std::string_view prefix) override {
    const auto doing = "GET " + std::string(prefix) + "?recurse";
    return listing(prefix, request("GET", kv_path(prefix), "recurse&" + read_query(), {}, doing), doing);
  }

  KvListing wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit) override {
    const auto doing = "GET " + std::string(prefix) + "?recurse&index=" + std::to_string(index);
    const auto query = "recurse&index=" + std::to_string(index) + "&wait=" + std::to_string(limit.count()) + "s" +
                       (options_.stale ? "&stale" : "");
    // Consul adds up to a sixteenth, so that those who ask together are not answered together.
    const auto longest = limit + limit / 16 + std::chrono::seconds(1);
    return listing(prefix,
                   request("GET", kv_path(prefix), query, {}, doing,
                           {.total = longest + options_.total_timeout, .silence = longest + silence_limit}),
                   doing);
  }

  std::vector<std::string> keys(std::string_view prefix) override {
    const auto doing = "GET " + std::string(prefix) + "?keys";
    const auto answer = request("GET", kv_path(prefix), "keys&" + read_query(), {}, doing);
    if (answer.status == 404) return {};
    check(answer, doing, prefix, "read");
    auto keys = parse_keys(answer.body);
    if (!keys) fail(doing, "the answer is no list of keys");
    return std::move(*keys);
  }

  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    const auto doing = "PUT " + std::string(key);
    const auto answer = request("PUT", kv_path(key), cas ? "cas=" + std::to_string(*cas) : "", value, doing);
    check(answer, doing, key, "write");
    const bool written = answer.body.starts_with("true");
    if (!written && !answer.body.starts_with("false")) fail(doing, "the answer is neither true nor false");
    return written;
  }

  KvCommit commit(const std::vector<KvOperation>& operations) override {
    const auto& key = operations.front().key;
    const auto doing = "transaction on " + key;
    const auto answer = request("PUT", "/v1/txn", "", format_transaction(operations), doing);
    if (answer.status != 409) check(answer, doing, key, "write");
    auto commit = parse_commit(answer.body);
    if (!commit) fail(doing, "the answer is none of a transaction");
    if (commit->refusal.find("ermission denied") != std::string::npos) deny(doing, commit->refusal, key, "write");
    return std::move(*commit);
  }

 private:
  std::string kv_path(std::string_view key) const {
    std::string path = "/v1/kv/";
    while (true) {
      const auto slash = key.find('/');
      const auto segment = std::string(key.substr(0, slash));
      const std::unique_ptr<char, decltype(&curl_free)> escaped(
          curl_easy_escape(handle_.get(), segment.c_str(), static_cast<int>(segment.size())), curl_free);
      path += escaped.get();
      if (slash == std::string_view::npos) return path;
      path += '/';
      key.remove_prefix(slash + 1);
    }
  }

  std::string read_query() const { return options_.stale ? "stale" : "consistent"; }

  void add_parameter(std::string& url, const char* name, const std::string& value) const {
    if (value.empty()) return;
    const std::unique_ptr<char, decltype(&curl_free)> escaped(
        curl_easy_escape(handle_.get(), value.c_str(), static_cast<int>(value.size())), curl_free);
    url += std::string(url.find('?') == std::string::npos ? "?" : "&") + name + "=" + escaped.get();
  }

  std::string url_of(const std::string& path, const std::string& query) const {
    const auto& host = options_.tls_server_name.empty() ? options_.host : options_.tls_server_name;
    auto url = options_.scheme + "://" + host_in_url(host) + ":" + std::to_string(options_.port) +
               options_.path_prefix + path + (query.empty() ? "" : "?" + query);
    add_parameter(url, "dc", options_.datacenter);
    add_parameter(url, "ns", options_.enterprise_namespace);
    add_parameter(url, "partition", options_.partition);
    return url;
  }

  void set_text(CURLoption option, const std::string& value) {
    if (!value.empty()) curl_easy_setopt(handle_.get(), option, value.c_str());
  }

  void set_tls() {
    if (!options_.ca_file.empty() || !options_.ca_path.empty()) {
      // Whichever is not set would be the system's, whose CAs vouch for others than the own servers.
      const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
      curl_easy_setopt(handle_.get(), CURLOPT_CAINFO, path(options_.ca_file));
      curl_easy_setopt(handle_.get(), CURLOPT_CAPATH, path(options_.ca_path));
    }
    set_text(CURLOPT_SSLCERT, options_.cert_file);
    set_text(CURLOPT_SSLKEY, options_.key_file);
    curl_easy_setopt(handle_.get(), CURLOPT_SSL_VERIFYPEER, options_.tls_verify ? 1L : 0L);
    curl_easy_setopt(handle_.get(), CURLOPT_SSL_VERIFYHOST, options_.tls_verify ? 2L : 0L);
    if (options_.tls_server_name.empty()) return;
    // The URL names the server as its certificate does; the connection still goes to the host of the settings.
    const auto target = "::" + host_in_url(options_.host) + ":" + std::to_string(options_.port);
    connect_to_.reset(curl_slist_append(nullptr, target.c_str()));
    curl_easy_setopt(handle_.get(), CURLOPT_CONNECT_TO, connect_to_.get());
  }

  Answer request(const char* method, const std::string& path, const std::string& query, std::string_view body,
                 const std::string& doing) {
    return request(method, path, query, body, doing, {.total = options_.total_timeout, .silence = silence_limit});
  }

  Answer request(const char* method, const std::string& path, const std::string& query, std::string_view body,
                 const std::string& doing, Limits limits) {
    auto* const handle = handle_.get();
    curl_easy_reset(handle);  // keeps the connection
    curl_easy_setopt(handle, CURLOPT_URL, url_of(path, query).c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    // The agent is on this machine or in its datacenter; a proxy of the environment leads elsewhere.
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total.count()));
    // A server that is silent for that long does not answer at all; large answers may take longer.
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.silence.count()));
    set_text(CURLOPT_UNIX_SOCKET_PATH, options_.socket);
    set_text(CURLOPT_USERPWD, options_.http_auth);
    set_tls();
    List headers(curl_slist_append(nullptr, "Expect:"));
    if (!options_.token.empty()) {
      headers.reset(curl_slist_append(headers.release(), ("X-Consul-Token: " + options_.token).c_str()));
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    if (std::strcmp(method, "PUT") == 0) {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data() != nullptr ? body.data() : "");
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    Answer answer;
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());
    const auto code = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    double seconds = 0;
    curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME, &seconds);
    log_.debug("consul: {}: status {}, {:.1f} ms, {} bytes out, {} bytes in", doing, answer.status, seconds * 1000,
               body.size(), answer.body.size());
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
    if (answer.too_large) fail(doing, "the answer is larger than " + std::to_string(max_answer_bytes) + " bytes");
    if (code != CURLE_OK) {
      const auto why = printable(reason[0] != '\0' ? reason.data() : curl_easy_strerror(code));
      if (is_lasting(code) || is_tls_refusal(why)) {
        throw Error(ExitCode::consul, who_ + ": " + doing + ": " + why, "check the consul_ settings for TLS");
      }
      throw Unavailable(ExitCode::consul, who_ + ": " + doing + ": " + why,
                        "is the Consul agent running, and are consul_iface and consul_port right?");
    }
    return answer;
  }

  /// Who answers may repeat what it was sent.
  std::string without_token(std::string text) const {
    const auto& token = options_.token;
    if (token.empty()) return text;
    for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at)) {
      text.replace(at, token.size(), "***");
      at += 3;
    }
    return text;
  }

  void check(const Answer& answer, const std::string& doing, std::string_view key, const char* right) {
    if (answer.status == 200) return;
    const auto why = std::to_string(answer.status) + " " + printable(without_token(answer.body), 200);
    if (answer.status == 413) throw TooLarge(who_ + ": " + doing + ": " + why, parse_size_limit(answer.body));
    if (answer.status == 401 || answer.status == 403) deny(doing, why, key, right);
    if (answer.status == 429 || answer.status >= 500)
      throw Unavailable(ExitCode::consul, who_ + ": " + doing + ": " + why);
    fail(doing, why);
  }

  [[noreturn]] void deny(const std::string& doing, const std::string& why, std::string_view key,
                         std::string_view right) {
    const auto rule = [&](std::string_view policy) {
      return "key_prefix \"" + keys_.rule_prefix(key) + "\" { policy = \"" + std::string(policy) + "\" }";
    };
    const auto token =
        options_.token_source.empty() ? std::string("no token is set") : "the token is from " + options_.token_source;
    // A save begins with a read, and would be denied the write next.
    throw Denied(
        who_ + ": " + doing + ": " + printable(why),
        token + "; its policy needs " + rule(right) + (right == "read" ? ", or to save " + rule("write") : ""));
  }

  [[noreturn]] void fail(const std::string& doing, const std::string& why) {
    throw Error(ExitCode::consul, who_ + ": " + doing + ": " + why);
  }

  KvListing listing(std::string_view prefix, const Answer& answer, const std::string& doing) {
    if (answer.status == 404) {
      // Consul leaves out what the token may not read; asked for a single key it says so.
      get(prefix);
      return {.entries = {}, .index = answer.index};
    }
    check(answer, doing, prefix, "read");
    return {.entries = parse_answer(answer, doing), .index = answer.index};
  }

  std::vector<KvEntry> parse_answer(const Answer& answer, const std::string& doing) {
    try {
      return parse_kv_entries(answer.body);
    } catch (const Error&) {
      fail(doing, "the answer is no list of key/value entries");
    }
  }

  ConsulOptions options_;
  Keys keys_;
  spdlog::logger& log_;
  std::string who_;
  std::unique_ptr<CURL, Closer> handle_;
  List connect_to_;
};

}  // namespace

std::string describe(const ConsulOptions& options) {
  if (!options.socket.empty()) return "consul unix://" + options.socket;
  return "consul " + options.scheme + "://" + host_in_url(options.host) + ":" + std::to_string(options.port);
}

std::unique_ptr<KvStore> open_kv_store(const ConsulOptions& options, spdlog::logger& log) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw Error(ExitCode::internal, "curl_global_init failed");
  return std::make_unique<CurlConsul>(options, log);
}

}  // namespace proxysql_consul
