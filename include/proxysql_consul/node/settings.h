// What the program is told: the configuration file, then the environment over it. docs/settings.md describes each key.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

/// What `follow` does where runtime is not what was applied.
enum class Drift { ignore, warn, repair };

/// As the settings spell it.
std::string_view to_string(Drift drift);

struct Settings {
  std::string file;  ///< the configuration file that was read; empty for none
  std::string uuid_file = "/var/lib/proxysql/proxysql-consul.uuid";
  std::string state_file;  ///< filled in by load_settings()
  AdminOptions admin;
  std::string admin_password_file;
  ConsulOptions consul;
  std::string consul_token_file;
  Catalogue catalogue;               ///< the configurations that there are
  std::vector<std::string> notices;  ///< for people, of what was read
  std::vector<std::string> accept;   ///< configurations that update, pull and --all touch
  Scope scope;                       ///< what is not shared: exclude_variables and keep_local
  bool save_to_disk = true;
  int history_limit = 10;
  std::optional<int> retry_seconds;  ///< unset: each command's own default
  std::vector<std::string> publish;  ///< configurations that `follow` saves when somebody LOADs them here
  Drift drift = Drift::warn;
  std::string metrics_file;  ///< for Prometheus; empty for none
  std::string encryption_keys_file;
  std::vector<SealingKey> encryption_keys = {};  ///< what is in that file
  bool allow_plaintext = false;                  ///< with keys, documents that are not sealed are taken all the same

  Settings();

  /// True where `accept` has that configuration.
  bool accepts(std::string_view configuration) const {
    return std::find(accept.begin(), accept.end(), configuration) != accept.end();
  }
  /// The names of the keys in Consul.
  Keys keys() const { return Keys(consul.prefix); }
  /// What opens and seals the documents there.
  Keyring keyring() const { return {consul.prefix, encryption_keys, allow_plaintext}; }
};

/// The variables of the environment.
class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  Environment() = default;
  explicit Environment(Variables variables) : variables_(std::move(variables)) {}

  /// Nothing where it is not set.
  std::optional<std::string> operator()(std::string_view name) const {
    const auto found = variables_.find(name);
    return found != variables_.end() ? std::optional(found->second) : std::nullopt;
  }
  const Variables& all() const { return variables_; }

 private:
  Variables variables_;
};

/// Pure. `file` names the text's origin in errors. Throws Error{settings} that names file, key, rule and value.
Settings parse_settings(std::string_view text, const std::string& file);

/// Pure: over what the file says, each setting from the variable PROXYSQL_CONSUL_ and its name in capitals, and over
/// those Consul's own variables. An empty variable is none. Throws Error{settings} that names variable, rule and value,
/// also for a variable of that form that is no setting.
void apply_environment(Settings& settings, const Environment& environment);

/// The settings of this run: `flag` (--config-file) or PROXYSQL_CONSUL_CONFIG or the first default file that exists,
/// the environment over it, the password and token files read. Throws Error{settings}.
Settings load_settings(const std::optional<std::string>& flag, const Environment& environment,
                       const std::vector<std::string>& default_files = {"/etc/proxysql-consul.cnf",
                                                                        "/etc/proxysql.cnf"});

}  // namespace proxysql_consul
