// Consul's agents, as the use cases see them: which of them live, who this node's is, and who leads. libcurl stays
// behind open_consul_agents().
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <optional>
#include <string>

#include "proxysql_consul/consul/agents_json.h"
#include "proxysql_consul/consul/kv_store.h"

namespace proxysql_consul {

/// Every call throws as those of KvStore do, but for what the token may not read.
class Agents {
 public:
  virtual ~Agents() = default;

  /// The agent that answers; nothing where the token may not read it (agent:read).
  virtual std::optional<AgentSelf> self() = 0;
  /// Every agent that the catalog knows, by its name: one that has failed does not live, one that has left is missing.
  /// Nothing where the token may not read that (node:read), also where Consul says that it may read only a part.
  virtual std::optional<AgentHealth> health() = 0;
  /// The leading server's address; nothing where there is none.
  virtual std::optional<std::string> leader() = 0;
};

/// Connects with the first call. Throws Error{settings} for TLS files that cannot be read. `log` must outlive it.
std::unique_ptr<Agents> open_consul_agents(const ConsulOptions& options, spdlog::logger& log);

}  // namespace proxysql_consul
