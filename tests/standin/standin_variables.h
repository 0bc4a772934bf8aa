// ProxySQL's variables: which a version knows, their defaults, and what becomes of a value at runtime.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "standin/standin_types.h"

namespace proxysql_consul::testing {

struct VariableSpec {
  enum class Kind { text, boolean, integer, fixed };

  std::string_view name;
  std::string_view value;
  Kind kind;
  long lowest;
  long highest;
};

/// Names the program that 1.1 runs on SAVE ... TO CLUSTER.
inline constexpr std::string_view consul_script_variable = "admin-proxysql_consul_script_path";

/// Null where that version does not know the variable.
const VariableSpec* find_variable(std::string_view name, StandinVersion version);
std::map<std::string, std::string> default_variables(StandinVersion version);
/// What the variable is at runtime when set to `value`; nothing if ProxySQL would refuse it.
std::optional<std::string> accepted(const VariableSpec& spec, const std::string& value, const std::string& current);

}  // namespace proxysql_consul::testing
