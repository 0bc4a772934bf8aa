// The only owner of curl.h.
#include "proxysql_consul/consul/curl_http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/kv_json.h"

namespace proxysql_consul {

// Not in the unnamed namespace, since CurlHttp::Handles, which has members of them, is not there, either.
struct CurlCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlCloser>;
// A type of its own, since to libcurl both handles may be void.
struct CurlMultiCloser {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using CurlMulti = std::unique_ptr<CURLM, CurlMultiCloser>;

namespace {

constexpr std::size_t max_answer_bytes = std::size_t{256} * 1024 * 1024;

extern "C" std::size_t take_body(char* data, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<HttpAnswer*>(into);
  answer.too_large = answer.body.size() + size > max_answer_bytes;
  if (answer.too_large) return 0;
  answer.body.append(data, size);
  return size;
}

/// What follows the name and its colon in a header's line; nothing in another header's.
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
  const auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  if (line.size() <= name.size() || !std::equal(name.begin(), name.end(), line.begin(), same)) return std::nullopt;
  return line.substr(name.size());
}

extern "C" std::size_t take_header(char* data, std::size_t, std::size_t size, void* into) {
  auto& answer = *static_cast<HttpAnswer*>(into);
  const std::string_view line(data, size);
  if (const auto value = value_of(line, "x-consul-index:")) {
    const auto from = value->find_first_of("0123456789");
    const auto digits = from == std::string_view::npos ? std::string_view() : value->substr(from);
    const auto index = to_integer(digits.substr(0, digits.find_first_not_of("0123456789")));
    answer.index = static_cast<std::uint64_t>(std::max(index.value_or(1), 1LL));
  }
  if (const auto value = value_of(line, "x-consul-results-filtered-by-acls:")) {
    answer.is_filtered = value->find("true") != std::string_view::npos;
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

/// How soon it is noticed that the program is to stop.
constexpr std::chrono::milliseconds stop_pulse{100};

/// Is carried out while it lives.
class Transfer {
 public:
  Transfer(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) { curl_multi_add_handle(multi_, easy_); }
  ~Transfer() { curl_multi_remove_handle(multi_, easy_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Waits for `limit` at most and does what there is to be done; what it came to, once it has ended.
  std::optional<CURLcode> progress(std::chrono::milliseconds limit) {
    // While the server is silent only libcurl's own limits make work, and a look at them costs less than that.
    long until_limit = 0;
    if (!is_ready_) curl_multi_timeout(multi_, &until_limit);
    if (is_ready_ || until_limit == 0) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      int left = 0;
      if (const auto* const message = curl_multi_info_read(multi_, &left)) return message->data.result;
    }
    int ready = 0;
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(limit.count()), &ready);
    is_ready_ = ready > 0;
    return std::nullopt;
  }

 private:
  CURLM* multi_;
  CURL* easy_;
  bool is_ready_ = true;
};

/// Carries the request out; nothing where `meanwhile` ended it, or the program is to stop.
std::optional<CURLcode> perform(CURL* easy, CurlMulti& multi, const Meanwhile& meanwhile,
                                const std::function<bool()>& stopping) {
  if (!meanwhile.go_on && !stopping) return curl_easy_perform(easy);
  if (!multi) multi.reset(curl_multi_init());
  if (!multi) return CURLE_FAILED_INIT;
  const auto pulse = meanwhile.go_on ? meanwhile.every : stop_pulse;
  const auto goes_on = [&] { return meanwhile.go_on ? meanwhile.go_on() : !stopping(); };
  Transfer transfer(multi.get(), easy);
  std::optional<CURLcode> result;
  while (!result && goes_on()) result = transfer.progress(pulse);
  return result;
}

void set_text(CURL* handle, CURLoption option, const std::string& value) {
  if (!value.empty()) curl_easy_setopt(handle, option, value.c_str());
}

}  // namespace

struct CurlHttp::Handles {
  CurlMulti multi;  ///< made when it is first needed
  std::unique_ptr<CURL, CurlCloser> easy{curl_easy_init()};
  CurlList connect_to;
};

CurlHttp::CurlHttp(ConsulOptions options, spdlog::logger& log)
    : options_(std::move(options)), log_(log), who_(describe(options_)) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) throw Error(ExitCode::internal, "curl_global_init failed");
  handles_ = std::make_unique<Handles>();
  if (!handles_->easy) throw Error(ExitCode::internal, "curl_easy_init failed");
  for (const auto& file : {options_.ca_file, options_.ca_path, options_.cert_file, options_.key_file}) {
    std::error_code ignored;
    if (!file.empty() && !std::filesystem::exists(file, ignored)) {
      throw Error(ExitCode::settings, file + ": no such file, though the settings for Consul's TLS name it");
    }
  }
}

CurlHttp::~CurlHttp() = default;

std::string CurlHttp::escape(std::string_view text) const {
  // Of no bytes at all libcurl would measure the text itself.
  if (text.empty()) return {};
  const std::unique_ptr<char, decltype(&curl_free)> escaped(
      curl_easy_escape(handles_->easy.get(), text.data(), static_cast<int>(text.size())), curl_free);
  return escaped.get();
}

std::string CurlHttp::url_of(const std::string& path, const std::string& query) const {
  const auto& host = options_.tls_server_name.empty() ? options_.host : options_.tls_server_name;
  auto url = options_.scheme + "://" + host_in_url(host) + ":" + std::to_string(options_.port) + options_.path_prefix +
             path + (query.empty() ? "" : "?" + query);
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    url += url.find('?') == std::string::npos ? '?' : '&';
    url.append(name).append("=").append(escape(value));
  };
  add("dc", options_.datacenter);
  add("ns", options_.enterprise_namespace);
  add("partition", options_.partition);
  return url;
}

void CurlHttp::set_tls() {
  auto* const handle = handles_->easy.get();
  if (!options_.ca_file.empty() || !options_.ca_path.empty()) {
    // Whichever is not set would be the system's, whose CAs vouch for others than the own servers.
    const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    curl_easy_setopt(handle, CURLOPT_CAINFO, path(options_.ca_file));
    curl_easy_setopt(handle, CURLOPT_CAPATH, path(options_.ca_path));
  }
  set_text(handle, CURLOPT_SSLCERT, options_.cert_file);
  set_text(handle, CURLOPT_SSLKEY, options_.key_file);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options_.tls_verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options_.tls_verify ? 2L : 0L);
  if (options_.tls_server_name.empty()) return;
  // The URL names the server as its certificate does; the connection still goes to the host of the settings.
  const auto target = "::" + host_in_url(options_.host) + ":" + std::to_string(options_.port);
  handles_->connect_to.reset(curl_slist_append(nullptr, target.c_str()));
  curl_easy_setopt(handle, CURLOPT_CONNECT_TO, handles_->connect_to.get());
}

void CurlHttp::set_transport(const HttpLimits& limits) {
  auto* const handle = handles_->easy.get();
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // The agent is on this machine or in its datacenter; a proxy of the environment leads elsewhere.
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total.count()));
  // A server that is silent for that long does not answer at all; large answers may take longer.
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.silence.count()));
  // A peer that vanished without a word, while it was asked to wait, is found out within a minute: 9 times unanswered.
  constexpr long seconds_of_silence = 15;
  constexpr long seconds_between = 5;
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, seconds_of_silence);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, seconds_between);
  set_text(handle, CURLOPT_UNIX_SOCKET_PATH, options_.socket);
  set_text(handle, CURLOPT_USERPWD, options_.http_auth);
  set_tls();
}

HttpAnswer CurlHttp::request(const HttpRequest& request) {
  auto* const handle = handles_->easy.get();
  curl_easy_reset(handle);  // keeps the connection
  curl_easy_setopt(handle, CURLOPT_URL, url_of(request.path, request.query).c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method);
  set_transport(request.limits.value_or(HttpLimits{.total = options_.total_timeout, .silence = silence_limit}));
  CurlList headers(curl_slist_append(nullptr, "Expect:"));
  if (!options_.token.empty()) {
    headers.reset(curl_slist_append(headers.release(), ("X-Consul-Token: " + options_.token).c_str()));
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  const auto body = request.body;
  if (std::strcmp(request.method, "PUT") == 0) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data() != nullptr ? body.data() : "");
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  HttpAnswer answer;
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());
  const auto result = perform(handle, handles_->multi, request.meanwhile, options_.stopping);
  answer.abandoned = !result;
  const auto code = result.value_or(CURLE_OK);
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
  double seconds = 0;
  curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME, &seconds);
  log_.debug("consul: {}: status {}, {:.1f} ms, {} bytes out, {} bytes in", request.doing, answer.status,
             seconds * 1000, body.size(), answer.body.size());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  if (answer.abandoned && !request.meanwhile.go_on) {
    throw Interrupted(ExitCode::consul, who_ + ": " + request.doing + ": ended, since the program is to stop");
  }
  if (answer.too_large) fail(request.doing, "the answer is larger than " + std::to_string(max_answer_bytes) + " bytes");
  if (code != CURLE_OK) {
    const auto why = printable(reason[0] != '\0' ? reason.data() : curl_easy_strerror(code));
    if (is_lasting(code) || is_tls_refusal(why)) {
      throw Error(ExitCode::consul, who_ + ": " + request.doing + ": " + why, "check the consul_ settings for TLS");
    }
    throw Unavailable(ExitCode::consul, who_ + ": " + request.doing + ": " + why,
                      "is the Consul agent running, and are consul_iface and consul_port right?");
  }
  return answer;
}

/// Who answers may repeat what it was sent.
std::string CurlHttp::without_secrets(std::string_view text, std::size_t limit) const {
  const auto& auth = options_.http_auth;
  std::vector<std::string> secrets = {options_.token, auth, auth.substr(auth.find(':') + 1), to_base64(auth)};
  std::erase(secrets, "");
  std::string shown;
  while (shown.size() <= limit) {
    auto at = std::string_view::npos;
    std::size_t length = 0;
    for (const auto& secret : secrets) {
      if (const auto found = text.find(secret); found < at) std::tie(at, length) = std::pair(found, secret.size());
    }
    shown += text.substr(0, at);
    if (at == std::string_view::npos) break;
    shown += "***";
    text.remove_prefix(at + length);
  }
  return shown;
}

std::string CurlHttp::shown(std::string_view words, const std::vector<std::string_view>& sent) const {
  constexpr std::size_t most_shown = 200;
  constexpr std::size_t most_looked_at = 4096;
  std::vector<std::string> encoded;
  for (const auto one : sent) encoded.push_back(to_base64(one));
  std::vector<std::string_view> not_shown(encoded.begin(), encoded.end());
  not_shown.insert(not_shown.end(), sent.begin(), sent.end());
  const auto own = without_echo(words.substr(0, most_looked_at), not_shown);
  return printable(without_secrets(own, most_shown), most_shown);
}

void CurlHttp::check(const HttpAnswer& answer, const std::string& doing, const std::string& needs,
                     const std::vector<std::string_view>& sent) const {
  if (answer.status == 200) return;
  const auto why = std::to_string(answer.status) + " " + shown(answer.body, sent);
  if (answer.status == 413) throw TooLarge(who_ + ": " + doing + ": " + why, parse_size_limit(answer.body));
  if (answer.status == 401 || answer.status == 403) deny(doing, why, needs);
  if (answer.status == 429 || answer.status >= 500) {
    throw Unavailable(ExitCode::consul, who_ + ": " + doing + ": " + why);
  }
  fail(doing, why);
}

void CurlHttp::deny(const std::string& doing, const std::string& why, const std::string& needs) const {
  const auto token =
      options_.token_source.empty() ? std::string("no token is set") : "the token is from " + options_.token_source;
  throw Denied(who_ + ": " + doing + ": " + printable(why), token + "; its policy needs " + needs);
}

void CurlHttp::fail(const std::string& doing, const std::string& why) const {
  throw Error(ExitCode::consul, who_ + ": " + doing + ": " + why);
}

std::string describe(const ConsulOptions& options) {
  if (!options.socket.empty()) return "consul unix://" + printable(options.socket);
  return "consul " + options.scheme + "://" + host_in_url(options.host) + ":" + std::to_string(options.port);
}

}  // namespace proxysql_consul
