// What Consul's agents say of themselves, as JSON. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxysql_consul/model/convergence.h"

namespace proxysql_consul {

struct AgentSelf {
  std::string node;                         ///< its name, as in the catalog
  std::string datacenter;                   ///< in which it is
  std::string version;                      ///< of Consul: "1.8.7"
  std::optional<std::size_t> watches = {};  ///< how many it was configured with, where it tells
};

/// The answer of /v1/agent/self. Nothing where the text is none.
std::optional<AgentSelf> parse_agent_self(std::string_view text);
/// The answer of /v1/health/state/any. Nothing where the text is none.
std::optional<AgentHealth> parse_agent_health(std::string_view text);
/// The answer of /v1/status/leader; "" where there is none. Nothing where the text is none.
std::optional<std::string> parse_leader(std::string_view text);

}  // namespace proxysql_consul
