// The agents of a Consul in memory, as one of them tells of them.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "proxysql_consul/consul/agents.h"
#include "support/fake_kv_store.h"

namespace proxysql_consul::testing {

class FakeAgents : public Agents {
 public:
  /// As the agent of that name answers.
  FakeAgents(FakeConsul& consul, std::string name, ConsulOptions options = {})
      : consul_(consul), name_(std::move(name)), options_(std::move(options)) {}

  std::optional<AgentSelf> self() override {
    check_reachable("self");
    if (!consul_.may_read_agents) return std::nullopt;
    return AgentSelf{.node = name_, .datacenter = "dc1", .version = "1.8.7", .watches = consul_.watches};
  }

  std::optional<AgentHealth> health() override {
    check_reachable("health");
    if (!consul_.may_read_agents) return std::nullopt;
    return consul_.agents;
  }

  std::optional<std::string> leader() override {
    check_reachable("leader");
    return consul_.leader;
  }

 private:
  void check_reachable(const std::string& what) const {
    consul_.agent_log.push_back(what);
    if (consul_.always && *consul_.always >= FakeConsul::Failure::silent) consul_.be_silent(options_, what);
    if (consul_.always) throw Unavailable(ExitCode::consul, "fake consul: " + what + ": away");
  }

  FakeConsul& consul_;
  std::string name_;
  ConsulOptions options_;
};

}  // namespace proxysql_consul::testing
