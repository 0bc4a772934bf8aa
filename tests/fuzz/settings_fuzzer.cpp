// The settings: the file, and behind a NUL the variables of the environment, a line each; and the file of keys.
#include <string>
#include <utility>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/node/encryption_keys.h"
#include "proxysql_consul/node/settings.h"

namespace proxysql_consul::testing {
namespace {

void take_settings(std::string_view input) {
  const auto end = input.find('\0');
  auto settings =
      attempt(ExitCode::settings, [&] { return parse_settings(input.substr(0, end), "file"); }).value_or(Settings());
  Environment::Variables variables;
  if (end != std::string_view::npos) {
    for (const auto& line : split(input.substr(end + 1), '\n'))
      variables[line.substr(0, line.find('='))] = line.substr(std::min(line.find('=') + 1, line.size()));
  }
  attempt(ExitCode::settings, [&] {
    apply_environment(settings, Environment(variables));
    return true;
  });
  for (const auto& notice : settings.notices) require_readable(notice);
  require_readable(describe(settings.admin));
  require(settings.admin.port > 0 && settings.admin.port <= 65535, "a port is one");
  require(settings.history_limit >= 0 && settings.history_limit <= 1000, "a number is within its range");
  require(settings.uuid_file.starts_with('/'), "a path is absolute");
  for (const auto& name : settings.accept)
    require(settings.catalogue.find(name) != nullptr, "what is accepted is there");
}

void take_encryption_keys(std::string_view input) {
  const auto keys = attempt(ExitCode::settings, [&] { return parse_encryption_keys(input, "file"); });
  if (!keys) return;
  require(!keys->empty(), "there is a key");
  for (const auto& key : *keys) require(key.secret.size() == 32 && !key.id.empty(), "a key is whole");
}

}  // namespace

FUZZ_TARGET(settings) {
  take_settings(input);
  take_encryption_keys(input);
}

}  // namespace proxysql_consul::testing
