// Who has what: Consul's documents, the nodes' records and the agents that live, put together. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace proxysql_consul {

/// Of each agent that the catalog knows whether it lives.
using AgentHealth = std::map<std::string, bool, std::less<>>;

}  // namespace proxysql_consul
