#include "proxysql_consul/node/settings.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

constexpr unsigned max_port = 65535;

/// Where a value came from and what it is called there, for errors.
struct Source {
  std::string file;
  std::string key;

  [[noreturn]] void refuse(const std::string& rule, const std::string& value) const {
    throw Error(ExitCode::settings, file + ": " + key + ": " + rule + ", is " + value);
  }
};

// A secret of the wrong type must not be shown either.
std::string shown(const Source& source, const Json& value) {
  const bool secret = source.key.find("password") != std::string::npos ||
                      source.key.find("token") != std::string::npos || source.key.find("auth") != std::string::npos;
  return secret ? std::string("something else")
                : printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), 80);
}

std::string as_text(const Source& source, const Json& value) {
  if (!value.is_string()) source.refuse("must be a string", shown(source, value));
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) source.refuse("must not hold a NUL", "one that does");
  return text;
}

std::string as_nonempty(const Source& source, const Json& value) {
  auto text = as_text(source, value);
  if (text.empty()) source.refuse("must not be empty", "\"\"");
  return text;
}

bool as_bool(const Source& source, const Json& value) {
  if (!value.is_boolean()) source.refuse("must be true or false", shown(source, value));
  return value.get<bool>();
}

// The 2016 default file writes numbers as strings.
long long as_number(const Source& source, const Json& value, long long low, long long high, const char* what) {
  std::optional<long long> number;
  if (value.is_number_integer()) number = value.get<long long>();
  if (value.is_string()) number = to_integer(value.get_ref<const std::string&>());
  if (!number || *number < low || *number > high) {
    source.refuse(std::string("must be ") + what + " from " + std::to_string(low) + " to " + std::to_string(high),
                  shown(source, value));
  }
  return *number;
}

unsigned as_port(const Source& source, const Json& value) {
  return static_cast<unsigned>(as_number(source, value, 1, max_port, "a port"));
}

std::vector<std::string> as_list(const Source& source, const Json& value) {
  if (!value.is_array()) source.refuse("must be a list of strings", shown(source, value));
  std::vector<std::string> list;
  for (const auto& item : value) list.push_back(as_nonempty(source, item));
  return list;
}

std::string as_scheme(const Source& source, const Json& value) {
  auto scheme = as_text(source, value);
  if (scheme != "http" && scheme != "https") source.refuse("must be http or https", shown(source, value));
  return scheme;
}

std::string as_prefix(const Source& source, const Json& value) {
  auto prefix = as_text(source, value);
  const bool good = prefix.size() > 1 && prefix.back() == '/' && prefix.front() != '/' &&
                    prefix.find("//") == std::string::npos && prefix.find("..") == std::string::npos;
  if (!good)
    source.refuse("must be a key prefix such as \"proxysql/\", with a slash at its end only", shown(source, value));
  return prefix;
}

std::vector<std::string> as_configurations(const Source& source, const Json& value) {
  auto names = as_list(source, value);
  for (const auto& name : names) {
    if (find_configuration(name) != nullptr) continue;
    const auto hint = did_you_mean(name, configuration_names());
    source.refuse("must name configurations", "\"" + printable(name, 64) + "\"" + (hint.empty() ? "" : "; " + hint));
  }
  return names;
}

struct Key {
  const char* name;
  void (*assign)(Settings&, const Source&, const Json&);
};

constexpr std::array keys = {
    // JSON has no comments; the default file describes each key in here.
    Key{"_comment", [](Settings&, const Source&, const Json&) {}},
    Key{"uuid_file", [](Settings& s, const Source& o, const Json& v) { s.uuid_file = as_nonempty(o, v); }},
    Key{"state_file", [](Settings& s, const Source& o, const Json& v) { s.state_file = as_nonempty(o, v); }},
    Key{"proxysql_admin_iface", [](Settings& s, const Source& o, const Json& v) { s.admin.host = as_nonempty(o, v); }},
    Key{"proxysql_admin_port", [](Settings& s, const Source& o, const Json& v) { s.admin.port = as_port(o, v); }},
    Key{"proxysql_admin_socket", [](Settings& s, const Source& o, const Json& v) { s.admin.socket = as_text(o, v); }},
    Key{"proxysql_admin_username",
        [](Settings& s, const Source& o, const Json& v) { s.admin.username = as_nonempty(o, v); }},
    Key{"proxysql_admin_password", [](Settings& s, const Source& o, const Json& v) { s.admin.password = as_text(o, v); }},
    Key{"proxysql_admin_password_file",
        [](Settings& s, const Source& o, const Json& v) { s.admin_password_file = as_text(o, v); }},
    Key{"proxysql_admin_tls", [](Settings& s, const Source& o, const Json& v) { s.admin.tls = as_bool(o, v); }},
    Key{"proxysql_admin_tls_verify",
        [](Settings& s, const Source& o, const Json& v) { s.admin.tls_verify = as_bool(o, v); }},
    Key{"proxysql_admin_tls_ca", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_ca = as_text(o, v); }},
    Key{"proxysql_admin_tls_cert", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_cert = as_text(o, v); }},
    Key{"proxysql_admin_tls_key", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_key = as_text(o, v); }},
    Key{"consul_iface", [](Settings& s, const Source& o, const Json& v) { s.consul.host = as_nonempty(o, v); }},
    Key{"consul_port", [](Settings& s, const Source& o, const Json& v) { s.consul.port = as_port(o, v); }},
    Key{"consul_socket", [](Settings& s, const Source& o, const Json& v) { s.consul.socket = as_text(o, v); }},
    Key{"consul_http_auth", [](Settings& s, const Source& o, const Json& v) { s.consul.http_auth = as_text(o, v); }},
    Key{"consul_scheme", [](Settings& s, const Source& o, const Json& v) { s.consul.scheme = as_scheme(o, v); }},
    Key{"consul_token",
        [](Settings& s, const Source& o, const Json& v) {
          s.consul.token = as_text(o, v);
          s.consul.token_source = s.consul.token.empty() ? "" : "consul_token of " + o.file;
        }},
    Key{"consul_token_file", [](Settings& s, const Source& o, const Json& v) { s.consul_token_file = as_text(o, v); }},
    Key{"consul_ca_file", [](Settings& s, const Source& o, const Json& v) { s.consul.ca_file = as_text(o, v); }},
    Key{"consul_ca_path", [](Settings& s, const Source& o, const Json& v) { s.consul.ca_path = as_text(o, v); }},
    Key{"consul_cert_file", [](Settings& s, const Source& o, const Json& v) { s.consul.cert_file = as_text(o, v); }},
    Key{"consul_key_file", [](Settings& s, const Source& o, const Json& v) { s.consul.key_file = as_text(o, v); }},
    Key{"consul_tls_server_name",
        [](Settings& s, const Source& o, const Json& v) { s.consul.tls_server_name = as_text(o, v); }},
    Key{"consul_ssl_verify", [](Settings& s, const Source& o, const Json& v) { s.consul.tls_verify = as_bool(o, v); }},
    Key{"consul_datacenter", [](Settings& s, const Source& o, const Json& v) { s.consul.datacenter = as_text(o, v); }},
    Key{"consul_namespace",
        [](Settings& s, const Source& o, const Json& v) { s.consul.enterprise_namespace = as_text(o, v); }},
    Key{"consul_partition", [](Settings& s, const Source& o, const Json& v) { s.consul.partition = as_text(o, v); }},
    Key{"consul_prefix", [](Settings& s, const Source& o, const Json& v) { s.consul.prefix = as_prefix(o, v); }},
    Key{"accept", [](Settings& s, const Source& o, const Json& v) { s.accept = as_configurations(o, v); }},
    Key{"exclude_variables", [](Settings& s, const Source& o, const Json& v) { s.exclude_variables = as_list(o, v); }},
    Key{"save_to_disk", [](Settings& s, const Source& o, const Json& v) { s.save_to_disk = as_bool(o, v); }},
    Key{"history_limit",
        [](Settings& s, const Source& o, const Json& v) {
          s.history_limit = static_cast<int>(as_number(o, v, 0, 1000, "a number"));
        }},
    Key{"retry_seconds",
        [](Settings& s, const Source& o, const Json& v) {
          s.retry_seconds = static_cast<int>(as_number(o, v, 0, 3600, "seconds"));
        }},
};

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const auto& key : keys) names.emplace_back(key.name);
  return names;
}

bool as_flag(const Source& source, const std::string& text) {
  if (text == "1" || text == "true" || text == "TRUE" || text == "True" || text == "t" || text == "T") return true;
  if (text == "0" || text == "false" || text == "FALSE" || text == "False" || text == "f" || text == "F") return false;
  source.refuse("must be true or false", "\"" + printable(text, 80) + "\"");
}

/// CONSUL_HTTP_ADDR: [http://|https://]host[:port][/path] or unix:///path.
void apply_address(ConsulOptions& consul, const Source& source, std::string_view address) {
  const auto whole = "\"" + printable(address, 80) + "\"";
  if (address.starts_with("unix://")) {
    consul.socket = address.substr(7);
    if (consul.socket.empty()) source.refuse("must name a socket's path after unix://", whole);
    return;
  }
  consul.socket.clear();
  for (const std::string_view scheme : {"http", "https"}) {
    if (address.starts_with(std::string(scheme) + "://")) {
      consul.scheme = scheme;
      address.remove_prefix(scheme.size() + 3);
      break;
    }
  }
  if (const auto slash = address.find('/'); slash != std::string_view::npos) {
    consul.path_prefix = address.substr(slash);
    while (consul.path_prefix.ends_with('/')) consul.path_prefix.pop_back();
    address = address.substr(0, slash);
  }
  // A user's password belongs into CONSUL_HTTP_AUTH; here it would end up in errors.
  if (address.find('@') != std::string_view::npos) source.refuse("must hold no user name", "one that does");
  std::string_view port;
  if (address.starts_with('[')) {
    const auto bracket = address.find(']');
    if (bracket == std::string_view::npos) source.refuse("must be host:port, http://, https:// or unix://", whole);
    consul.host = address.substr(1, bracket - 1);
    port = address.substr(bracket + 1);
    if (!port.empty() && port.front() != ':') source.refuse("must be host:port, http://, https:// or unix://", whole);
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const auto colon = address.find(':');
    consul.host = address.substr(0, colon);
    if (colon != std::string_view::npos) port = address.substr(colon + 1);
  }
  if (consul.host.empty()) source.refuse("must name a host", whole);
  if (!port.empty()) consul.port = as_port(source, Json(std::string(port)));
}

/// The file that holds the settings, or nothing: then the defaults are all there is.
std::optional<std::pair<std::string, std::string>> find_file(const std::optional<std::string>& flag,
                                                             const Environment& environment,
                                                             const std::vector<std::string>& default_files) {
  auto named = flag;
  if (!named) named = environment("PROXYSQL_CONSUL_CONFIG");
  if (named) {
    auto text = read_file(*named);
    if (!text) {
      throw Error(ExitCode::settings, *named + ": no such file",
                  flag ? "--config-file has to name a file that exists" : "PROXYSQL_CONSUL_CONFIG names it");
    }
    return std::pair(*named, std::move(*text));
  }
  for (const auto& file : default_files) {
    auto text = read_file(file);
    if (!text) continue;
    // The 2016 documentation names /etc/proxysql.cnf, which is ProxySQL's own file, and no JSON, on most machines.
    const bool is_shared_name = std::filesystem::path(file).filename() == "proxysql.cnf";
    if (is_shared_name && !Json::parse(*text, nullptr, false).is_object()) continue;
    return std::pair(file, std::move(*text));
  }
  return std::nullopt;
}

}  // namespace

Settings::Settings() {
  for (const auto& configuration : catalogue()) {
    if (configuration.accepted) accept.emplace_back(configuration.name);
  }
}

Settings parse_settings(std::string_view text, const std::string& file) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    // The parser's own words quote the text, which may be a password; the place is enough.
    const auto upto = text.substr(0, std::min(text.size(), error.byte));
    const auto line = 1 + std::count(upto.begin(), upto.end(), '\n');
    throw Error(ExitCode::settings, file + ": is no JSON: error in line " + std::to_string(line));
  }
  if (!json.is_object()) throw Error(ExitCode::settings, file + ": is no JSON object");
  Settings settings;
  settings.file = file;
  for (const auto& item : json.items()) {
    const auto& name = item.key();
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& candidate) { return candidate.name == name; });
    if (key == keys.end()) {
      throw Error(ExitCode::settings, file + ": unknown key \"" + printable(name, 64) + "\"",
                  did_you_mean(name, key_names()));
    }
    key->assign(settings, Source{file, name}, item.value());
  }
  settings.admin.tls = settings.admin.tls || !settings.admin.tls_ca.empty();
  return settings;
}

void apply_environment(Settings& settings, const Environment& environment) {
  auto& consul = settings.consul;
  const auto source = [](const char* name) { return Source{"environment", name}; };
  const auto take = [&](const char* name, std::string& into) {
    if (const auto value = environment(name); value && !value->empty()) into = *value;
  };
  if (const auto address = environment("CONSUL_HTTP_ADDR"); address && !address->empty()) {
    apply_address(consul, source("CONSUL_HTTP_ADDR"), *address);
  }
  if (const auto ssl = environment("CONSUL_HTTP_SSL"); ssl && !ssl->empty()) {
    if (as_flag(source("CONSUL_HTTP_SSL"), *ssl)) consul.scheme = "https";
  }
  if (const auto verify = environment("CONSUL_HTTP_SSL_VERIFY"); verify && !verify->empty()) {
    consul.tls_verify = as_flag(source("CONSUL_HTTP_SSL_VERIFY"), *verify);
  }
  if (const auto token = environment("CONSUL_HTTP_TOKEN"); token && !token->empty()) {
    consul.token = *token;
    consul.token_source = "CONSUL_HTTP_TOKEN";
    settings.consul_token_file.clear();
  }
  take("CONSUL_HTTP_TOKEN_FILE", settings.consul_token_file);
  take("CONSUL_HTTP_AUTH", consul.http_auth);
  take("CONSUL_CACERT", consul.ca_file);
  take("CONSUL_CAPATH", consul.ca_path);
  take("CONSUL_CLIENT_CERT", consul.cert_file);
  take("CONSUL_CLIENT_KEY", consul.key_file);
  take("CONSUL_TLS_SERVER_NAME", consul.tls_server_name);
  take("CONSUL_NAMESPACE", consul.enterprise_namespace);
  take("CONSUL_PARTITION", consul.partition);
}

Settings load_settings(const std::optional<std::string>& flag, const Environment& environment,
                       const std::vector<std::string>& default_files) {
  const auto found = find_file(flag, environment, default_files);
  auto settings = found ? parse_settings(found->second, found->first) : Settings();
  apply_environment(settings, environment);
  if (settings.state_file.empty()) {
    settings.state_file = std::filesystem::path(settings.uuid_file).replace_extension(".state").string();
  }
  if (!settings.admin_password_file.empty()) settings.admin.password = read_secret(settings.admin_password_file);
  if (!settings.consul_token_file.empty()) {
    settings.consul.token = read_secret(settings.consul_token_file);
    settings.consul.token_source = "file " + settings.consul_token_file;
  }
  return settings;
}

}  // namespace proxysql_consul
