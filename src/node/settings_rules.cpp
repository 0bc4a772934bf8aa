#include "proxysql_consul/node/settings_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {
namespace {

constexpr std::string_view address_rule = "must be host:port, http://, https:// or unix://";

bool is_made_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c <= 0x20 || c == 0x7F ||
           std::string_view("/:@[]%?#\"'\\,;*").find(static_cast<char>(c)) != std::string::npos;
  });
}

/// As far as it can be told from a name with a port; whoever resolves it knows the rest.
bool is_ipv6(std::string_view text) {
  const auto zone = text.find('%');
  const auto address = text.substr(0, zone);
  const bool is_cut = address.ends_with(':') && !address.ends_with("::");
  return !is_cut && std::count(address.begin(), address.end(), ':') >= 2 &&
         is_made_of(address, "0123456789abcdefABCDEF:.") &&
         (zone == std::string_view::npos || is_host_name(text.substr(zone + 1)));
}

/// The part before "://", or nothing where there is none.
std::string_view scheme_of(std::string_view address) {
  const auto end = address.find("://");
  const bool is_path = end != std::string_view::npos && address.substr(0, end).find('/') != std::string_view::npos;
  return end == std::string_view::npos || is_path ? std::string_view() : address.substr(0, end);
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

HostAndPort split_port(const Source& source, std::string_view address, const std::string& whole) {
  if (address.starts_with('[')) {
    const auto end = address.find(']');
    const bool has_port = end != std::string_view::npos && end + 1 < address.size();
    if (end == std::string_view::npos || (has_port && address[end + 1] != ':')) {
      source.refuse(std::string(address_rule), whole);
    }
    return {address.substr(0, end + 1), has_port ? address.substr(end + 2) : std::string_view()};
  }
  const auto colon = address.find(':');
  if (std::count(address.begin(), address.end(), ':') > 1) {
    source.refuse("must have brackets around an IPv6 address", whole);
  }
  return {address.substr(0, colon), colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1)};
}

/// Where the brackets that are open at `at` end, behind them; nothing where they do not, which fnmatch(3) takes for a
/// plain '['.
std::optional<std::size_t> end_of_brackets(std::string_view text, std::size_t at) {
  ++at;
  if (at < text.size() && (text[at] == '!' || text[at] == '^')) ++at;
  for (const auto first = at; at < text.size(); ++at) {
    if (text[at] == ']' && at > first) return at + 1;
    const char kind = text[at] == '[' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '\\') {
      ++at;
    } else if (kind == ':' || kind == '.' || kind == '=') {
      const auto end = text.find(std::string({kind, ']'}), at + 2);
      if (end != std::string_view::npos) at = end + 1;
    }
  }
  return std::nullopt;
}

}  // namespace

bool Source::is_secret() const {
  const auto name = to_lower(key);
  return name.find("password") != std::string::npos || name.find("token") != std::string::npos ||
         name.find("auth") != std::string::npos || name.find("encryption_keys") != std::string::npos;
}

void Source::refuse(const std::string& rule, const std::string& value) const {
  throw Error(ExitCode::settings, file + ": " + key + ": " + rule + ", is " + value);
}

void Source::refuse_text(const std::string& rule, std::string_view text) const {
  // A key can have been pasted where its file is to be named.
  const bool is_pasted = text.find("-----BEGIN") != std::string_view::npos;
  refuse(rule, is_secret() || is_pasted ? "another text" : "\"" + printable(text, 80) + "\"");
}

std::string checked_text(const Source& source, std::string text) {
  if (text.find('\0') != std::string::npos) source.refuse("must not hold a NUL", "one that does");
  return text;
}

std::string checked_nonempty(const Source& source, std::string text) {
  if (text.empty()) source.refuse("must not be empty", "\"\"");
  return checked_text(source, std::move(text));
}

std::string checked_path(const Source& source, std::string text) {
  text = checked_nonempty(source, std::move(text));
  if (!text.starts_with('/')) source.refuse_text("must be an absolute path", text);
  return text;
}

std::string checked_host(const Source& source, std::string text) {
  text = checked_nonempty(source, std::move(text));
  const std::string rule = "must be a host name or address, without scheme and port";
  // A user's password can stand before it.
  if (text.find('@') != std::string::npos) source.refuse(rule, "one with a user name");
  const bool has_brackets = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
  auto host = has_brackets ? text.substr(1, text.size() - 2) : text;
  if (!is_ipv6(host) && (has_brackets || !is_host_name(host))) source.refuse_text(rule, text);
  return host;
}

std::string checked_scheme(const Source& source, std::string text) {
  if (text != "http" && text != "https") source.refuse_text("must be http or https", text);
  return text;
}

std::string checked_consul_prefix(const Source& source, std::string text) {
  text = checked_text(source, std::move(text));
  const bool is_good = text.size() > 1 && text.back() == '/' && text.front() != '/' &&
                       text.find("//") == std::string::npos && text.find("..") == std::string::npos;
  if (!is_good) {
    source.refuse_text("must be a key prefix such as \"proxysql/\", with a slash at its end only", text);
  }
  return text;
}

void require_configuration(const Source& source, const Catalogue& catalogue, const std::string& name) {
  if (catalogue.find(name) != nullptr) return;
  const auto hint = did_you_mean(name, catalogue.names());
  source.refuse("must name configurations", "\"" + printable(name, 64) + "\"" + (hint.empty() ? "" : "; " + hint));
}

void require_whole_pattern(const Source& source, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\' && at + 1 == text.size()) {
      source.refuse_text("must be a pattern with a character behind its last backslash", text);
    }
    if (text[at] == '[') {
      const auto end = end_of_brackets(text, at);
      if (!end)
        source.refuse_text("must be a pattern whose brackets are closed, or a value with \\[ for a bracket", text);
      at = *end;
    } else {
      at += text[at] == '\\' ? 2 : 1;
    }
  }
}

bool checked_flag(const Source& source, std::string_view text) {
  if (text == "1" || text == "true" || text == "TRUE" || text == "True" || text == "t" || text == "T") return true;
  if (text == "0" || text == "false" || text == "FALSE" || text == "False" || text == "f" || text == "F") return false;
  source.refuse_text("must be true or false", text);
}

std::string range_rule(const char* what, long long low, long long high) {
  return std::string("must be ") + what + " from " + std::to_string(low) + " to " + std::to_string(high);
}

long long checked_number(const Source& source, std::string_view text, long long low, long long high, const char* what) {
  const auto number = to_integer(text);
  if (!number || *number < low || *number > high) source.refuse_text(range_rule(what, low, high), text);
  return *number;
}

unsigned checked_port(const Source& source, std::string_view text) {
  return static_cast<unsigned>(checked_number(source, text, 1, max_port, "a port"));
}

void apply_address(ConsulOptions& consul, const Source& source, std::string_view address) {
  const auto whole = "\"" + printable(address, 80) + "\"";
  const auto scheme = scheme_of(address);
  if (!scheme.empty()) address.remove_prefix(scheme.size() + 3);
  if (scheme == "unix") {
    if (!address.starts_with('/')) source.refuse("must name a socket's absolute path after unix://", whole);
    consul.socket = address;
    return;
  }
  const auto path = address.substr(std::min(address.find('/'), address.size()));
  address.remove_suffix(path.size());
  // A user's password belongs into CONSUL_HTTP_AUTH; here it would end up in errors.
  if (address.find('@') != std::string_view::npos || scheme.find('@') != std::string_view::npos) {
    source.refuse("must hold no user name", "one that does");
  }
  if (!scheme.empty() && scheme != "http" && scheme != "https") {
    source.refuse(std::string(address_rule), "of scheme \"" + printable(scheme, 20) + "\"");
  }
  const auto [host, port] = split_port(source, address, whole);
  if (host.empty()) source.refuse("must name a host", whole);
  consul.socket.clear();
  consul.host = checked_host(source, std::string(host));
  if (!scheme.empty()) consul.scheme = scheme;
  // It can be the password of "user:password".
  if (!port.empty() && !to_integer(port)) source.refuse("must have a number behind the colon", "another text");
  if (!port.empty()) consul.port = checked_port(source, port);
  if (!path.empty()) consul.path_prefix = path.substr(0, path.find_last_not_of('/') + 1);
}

}  // namespace proxysql_consul
