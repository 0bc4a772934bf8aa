#include "proxysql_consul/node/settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/node/consul_variables.h"
#include "proxysql_consul/node/encryption_keys.h"
#include "proxysql_consul/node/keep_local.h"
#include "proxysql_consul/node/settings_catalogue.h"
#include "proxysql_consul/node/settings_json.h"
#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

std::string as_metrics_file(const Source& source, const Json& value) {
  auto path = as_path_or_none(source, value);
  if (!path.empty() && !path.ends_with(".prom")) {
    source.refuse_text("must end in .prom, since the node exporter reads no other files", path);
  }
  return path;
}

std::vector<std::string> as_names(const Settings& settings, const Source& source, const Json& value) {
  auto names = as_list(source, value);
  for (const auto& name : names) require_configuration(source, settings.catalogue, name);
  return names;
}

void set_configurations(Settings& settings, const Source& source, const Json& value) {
  settings.notices.clear();
  settings.catalogue = as_catalogue(source, value, settings.notices);
}

Drift as_drift(const Source& source, const Json& value) {
  const auto text = as_text(source, value);
  for (const auto drift : {Drift::ignore, Drift::warn, Drift::repair}) {
    if (text == to_string(drift)) return drift;
  }
  source.refuse_text("must be ignore, warn or repair", text);
}

/// How a variable of the environment spells a value: as it is, true or false, with commas between, or as JSON.
enum class Spelling { text, flag, list, object, json };

struct Key {
  const char* name;
  void (*assign)(Settings&, const Source&, const Json&);
  Spelling spelling = Spelling::text;
};

/// Read before the others, which may name what it adds.
constexpr const char* configurations_key = "configurations";

constexpr std::array all_keys = {
    // JSON has no comments; the default file describes each key in here.
    Key{"_comment", [](Settings&, const Source&, const Json&) {}, Spelling::object},
    Key{"uuid_file", [](Settings& s, const Source& o, const Json& v) { s.uuid_file = as_path(o, v); }},
    Key{"state_file", [](Settings& s, const Source& o, const Json& v) { s.state_file = as_path(o, v); }},
    Key{"proxysql_admin_iface", [](Settings& s, const Source& o, const Json& v) { s.admin.host = as_host(o, v); }},
    Key{"proxysql_admin_port", [](Settings& s, const Source& o, const Json& v) { s.admin.port = as_port(o, v); }},
    Key{"proxysql_admin_socket", [](Settings& s, const Source& o, const Json& v) { s.admin.socket = as_path_or_none(o, v); }},
    Key{"proxysql_admin_username",
        [](Settings& s, const Source& o, const Json& v) { s.admin.username = as_nonempty(o, v); }},
    Key{"proxysql_admin_password", [](Settings& s, const Source& o, const Json& v) { s.admin.password = as_text(o, v); }},
    Key{"proxysql_admin_password_file",
        [](Settings& s, const Source& o, const Json& v) { s.admin_password_file = as_path_or_none(o, v); }},
    Key{"proxysql_admin_tls", [](Settings& s, const Source& o, const Json& v) { s.admin.tls = as_bool(o, v); }, Spelling::flag},
    Key{"proxysql_admin_tls_verify",
        [](Settings& s, const Source& o, const Json& v) { s.admin.tls_verify = as_bool(o, v); }, Spelling::flag},
    Key{"proxysql_admin_tls_ca", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_ca = as_path_or_none(o, v); }},
    Key{"proxysql_admin_tls_cert", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_cert = as_path_or_none(o, v); }},
    Key{"proxysql_admin_tls_key", [](Settings& s, const Source& o, const Json& v) { s.admin.tls_key = as_path_or_none(o, v); }},
    Key{"consul_iface", [](Settings& s, const Source& o, const Json& v) { s.consul.host = as_host(o, v); }},
    Key{"consul_port", [](Settings& s, const Source& o, const Json& v) { s.consul.port = as_port(o, v); }},
    Key{"consul_socket", [](Settings& s, const Source& o, const Json& v) { s.consul.socket = as_path_or_none(o, v); }},
    Key{"consul_http_auth", [](Settings& s, const Source& o, const Json& v) { s.consul.http_auth = as_text(o, v); }},
    Key{"consul_scheme", [](Settings& s, const Source& o, const Json& v) { s.consul.scheme = checked_scheme(o, as_text(o, v)); }},
    Key{"consul_token",
        [](Settings& s, const Source& o, const Json& v) {
          s.consul.token = as_text(o, v);
          s.consul.token_source = s.consul.token.empty() ? "" : o.key + " of " + o.file;
        }},
    Key{"consul_token_file", [](Settings& s, const Source& o, const Json& v) { s.consul_token_file = as_path_or_none(o, v); }},
    Key{"consul_ca_file", [](Settings& s, const Source& o, const Json& v) { s.consul.ca_file = as_path_or_none(o, v); }},
    Key{"consul_ca_path", [](Settings& s, const Source& o, const Json& v) { s.consul.ca_path = as_path_or_none(o, v); }},
    Key{"consul_cert_file", [](Settings& s, const Source& o, const Json& v) { s.consul.cert_file = as_path_or_none(o, v); }},
    Key{"consul_key_file", [](Settings& s, const Source& o, const Json& v) { s.consul.key_file = as_path_or_none(o, v); }},
    Key{"consul_tls_server_name",
        [](Settings& s, const Source& o, const Json& v) { s.consul.tls_server_name = as_host_or_none(o, v); }},
    Key{"consul_ssl_verify", [](Settings& s, const Source& o, const Json& v) { s.consul.tls_verify = as_bool(o, v); }, Spelling::flag},
    Key{"consul_datacenter", [](Settings& s, const Source& o, const Json& v) { s.consul.datacenter = as_text(o, v); }},
    Key{"consul_namespace",
        [](Settings& s, const Source& o, const Json& v) { s.consul.enterprise_namespace = as_text(o, v); }},
    Key{"consul_partition", [](Settings& s, const Source& o, const Json& v) { s.consul.partition = as_text(o, v); }},
    Key{"consul_prefix", [](Settings& s, const Source& o, const Json& v) { s.consul.prefix = checked_consul_prefix(o, as_text(o, v)); }},
    Key{"accept", [](Settings& s, const Source& o, const Json& v) { s.accept = as_names(s, o, v); }, Spelling::list},
    Key{"configurations", set_configurations, Spelling::json},
    Key{"exclude_variables", [](Settings& s, const Source& o, const Json& v) { s.scope.exclude_variables = as_patterns(o, v); }, Spelling::list},
    Key{"keep_local", [](Settings& s, const Source& o, const Json& v) { read_keep_local(o, v, s.scope); }, Spelling::object},
    Key{"save_to_disk", [](Settings& s, const Source& o, const Json& v) { s.save_to_disk = as_bool(o, v); }, Spelling::flag},
    Key{"history_limit",
        [](Settings& s, const Source& o, const Json& v) {
          s.history_limit = static_cast<int>(as_number(o, v, 0, 1000, "a number"));
        }},
    Key{"retry_seconds",
        [](Settings& s, const Source& o, const Json& v) {
          s.retry_seconds = static_cast<int>(as_number(o, v, 0, 3600, "seconds"));
        }},
    Key{"publish", [](Settings& s, const Source& o, const Json& v) { s.publish = as_names(s, o, v); }, Spelling::list},
    Key{"drift", [](Settings& s, const Source& o, const Json& v) { s.drift = as_drift(o, v); }},
    Key{"metrics_file", [](Settings& s, const Source& o, const Json& v) { s.metrics_file = as_metrics_file(o, v); }},
    Key{"encryption_keys_file",
        [](Settings& s, const Source& o, const Json& v) { s.encryption_keys_file = as_path_or_none(o, v); }},
    Key{"allow_plaintext", [](Settings& s, const Source& o, const Json& v) { s.allow_plaintext = as_bool(o, v); }, Spelling::flag},
};

/// Of two settings where the second goes over the first, both: the first in the environment goes over the second in the
/// file.
constexpr std::array rivals = {
    std::pair{"proxysql_admin_iface", "proxysql_admin_socket"},
    std::pair{"proxysql_admin_port", "proxysql_admin_socket"},
    std::pair{"proxysql_admin_password", "proxysql_admin_password_file"},
    std::pair{"consul_iface", "consul_socket"},
    std::pair{"consul_port", "consul_socket"},
    std::pair{"consul_token", "consul_token_file"},
};

const Key* find_key(std::string_view name) {
  const auto* const key =
      std::find_if(all_keys.begin(), all_keys.end(), [&](const Key& candidate) { return candidate.name == name; });
  return key == all_keys.end() ? nullptr : key;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const auto& key : all_keys) names.emplace_back(key.name);
  return names;
}

/// Of the variables that are settings, and the one that names the file.
constexpr std::string_view own_prefix = "PROXYSQL_CONSUL_";
constexpr std::string_view file_variable = "PROXYSQL_CONSUL_CONFIG";

/// `uuid_file` with .state for the ending of its name.
std::string state_file_of(const std::string& uuid_file) {
  const auto name = uuid_file.rfind('/') + 1;
  const auto dot = uuid_file.rfind('.');
  const bool has_ending = dot != std::string::npos && dot > name;
  return uuid_file.substr(0, has_ending ? dot : std::string::npos) + ".state";
}

/// The 2016 documentation names /etc/proxysql.cnf, which on most machines is ProxySQL's own file: no JSON, and often
/// for ProxySQL's user alone.
constexpr std::string_view shared_name = "/proxysql.cnf";

/// The text of a file of that name, or nothing where it is not this program's.
std::optional<std::string> read_shared(const std::string& path) {
  try {
    auto text = read_file(path, Links::follow);
    return text && is_json_object(*text) ? text : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The file that holds the settings, or nothing: then the defaults are all there is.
std::optional<std::pair<std::string, std::string>> find_file(const std::optional<std::string>& flag,
                                                             const Environment& environment,
                                                             const std::vector<std::string>& default_files) {
  auto named = flag;
  if (!named) named = environment(file_variable);
  if (named) {
    auto text = read_file(*named, Links::follow);
    if (!text) {
      throw Error(ExitCode::settings, *named + ": no such file",
                  flag ? "--config-file has to name a file that exists" : "PROXYSQL_CONSUL_CONFIG names it");
    }
    return std::pair(*named, std::move(*text));
  }
  for (const auto& file : default_files) {
    const auto text = file.ends_with(shared_name) ? read_shared(file) : read_file(file, Links::follow);
    if (!text) continue;
    return std::pair(file, *text);
  }
  return std::nullopt;
}

/// What a variable's text is in the words of the settings file.
Json json_of(const Source& source, Spelling spelling, const std::string& text) {
  switch (spelling) {
    case Spelling::flag: return checked_flag(source, text);
    case Spelling::list: {
      auto list = Json::array();
      std::istringstream items(text);
      for (std::string item; std::getline(items >> std::ws, item, ',');) {
        list.push_back(item.substr(0, item.find_last_not_of(' ') + 1));
      }
      return list;
    }
    case Spelling::object: return parse_settings_json(text, source.file + ": " + source.key);
    case Spelling::json: return parse_settings_value(text, source.file + ": " + source.key);
    case Spelling::text: break;
  }
  return text;
}

std::string variable_of(std::string_view key) {
  std::string name(own_prefix);
  for (const char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

/// True where the environment says which configurations there are.
bool apply_configurations_variable(Settings& settings, const Environment& environment) {
  const Source source{"environment", variable_of(configurations_key)};
  const auto text = environment(source.key).value_or("");
  if (text.empty()) return false;
  set_configurations(settings, source, json_of(source, Spelling::json, text));
  return true;
}

/// `settings` with what the file says, which may name configurations where `adds` is true.
Settings read_over(Settings settings, std::string_view text, const std::string& file, bool adds) {
  const auto json = parse_settings_json(text, file);
  settings.file = file;
  const auto assign = [&](const std::string& name, const Json& value) {
    const auto* const key = find_key(name);
    if (key == nullptr) {
      throw Error(ExitCode::settings, file + ": unknown key \"" + printable(name, 64) + "\"",
                  did_you_mean(name, key_names()));
    }
    key->assign(settings, Source{file, name}, value);
  };
  if (adds && json.contains(configurations_key)) assign(configurations_key, json.at(configurations_key));
  for (const auto& item : json.items()) {
    if (item.key() != configurations_key) assign(item.key(), item.value());
  }
  return settings;
}

void apply_own_variables(Settings& settings, const Environment& environment) {
  const auto is_set = [&](const char* name) { return !environment(variable_of(name)).value_or("").empty(); };
  for (const auto& [first, second] : rivals) {
    if (is_set(first) && !is_set(second)) find_key(second)->assign(settings, Source{}, "");
  }
  for (const auto& [name, text] : environment.all()) {
    if (!name.starts_with(own_prefix) || name == file_variable || name == variable_of(configurations_key)) continue;
    const auto* const key = find_key(to_lower(name.substr(own_prefix.size())));
    if (key == nullptr || variable_of(key->name) != name) {
      std::vector<std::string> known = {std::string(file_variable)};
      for (const auto& candidate : all_keys) known.push_back(variable_of(candidate.name));
      throw Error(ExitCode::settings, "environment: unknown setting " + printable(name, 80), did_you_mean(name, known));
    }
    if (text.empty()) continue;
    const Source source{"environment", name};
    key->assign(settings, source, json_of(source, key->spelling, text));
  }
}

/// What follows from several settings together.
void settle(Settings& settings) {
  settings.admin.tls = settings.admin.tls || !settings.admin.tls_ca.empty();
  keep_own(settings.catalogue, settings.scope);
}

}  // namespace

std::string_view to_string(Drift drift) {
  constexpr std::array words = {"ignore", "warn", "repair"};
  return words.at(static_cast<std::size_t>(drift));
}

Settings::Settings() {
  for (const auto& configuration : catalogue.all()) {
    if (configuration.accepted) accept.emplace_back(configuration.name);
  }
}

Settings parse_settings(std::string_view text, const std::string& file) {
  auto settings = read_over(Settings(), text, file, true);
  settle(settings);
  return settings;
}

void apply_environment(Settings& settings, const Environment& environment) {
  apply_configurations_variable(settings, environment);
  apply_own_variables(settings, environment);
  settle(settings);
  apply_consuls_variables(settings, environment);
}

Settings load_settings(const std::optional<std::string>& flag, const Environment& environment,
                       const std::vector<std::string>& default_files) {
  const auto found = find_file(flag, environment, default_files);
  Settings settings;
  const bool is_given = apply_configurations_variable(settings, environment);
  if (found) settings = read_over(std::move(settings), found->second, found->first, !is_given);
  apply_environment(settings, environment);
  if (settings.state_file.empty()) settings.state_file = state_file_of(settings.uuid_file);
  if (settings.state_file == settings.uuid_file) {
    Source{settings.file.empty() ? "environment" : settings.file, "state_file"}.refuse_text(
        "must be another file than uuid_file", settings.state_file);
  }
  if (!settings.admin_password_file.empty()) settings.admin.password = read_secret(settings.admin_password_file);
  if (!settings.consul_token_file.empty()) {
    settings.consul.token = read_secret(settings.consul_token_file);
    settings.consul.token_source = "file " + settings.consul_token_file;
  }
  if (!settings.encryption_keys_file.empty()) {
    settings.encryption_keys =
        parse_encryption_keys(read_private_file(settings.encryption_keys_file), settings.encryption_keys_file);
  }
  return settings;
}

}  // namespace proxysql_consul
