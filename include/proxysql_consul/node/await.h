// Waiting until the other nodes have what this one gave to them. Takes no lock: whoever waits keeps nobody from
// anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// A version of a configuration, by its number in Consul.
struct Target {
  std::string configuration;
  std::uint64_t version = 0;
};

/// Waits until every live node that accepts them has these very versions, and says who has them, as it comes. Returns
/// `differs`, and reports who is missing and why, when `limit` has passed, and at once where another version was saved
/// meanwhile. Nodes whose agent is gone are not waited for. Throws what KvStore throws.
ExitCode await_versions(const Job& job, const std::vector<Target>& targets, std::chrono::seconds limit);

/// Waits until every live node has seen the freeze, or its end. Returns and throws as await_versions(); `differs` at
/// once where somebody ended the freeze meanwhile, or froze again.
ExitCode await_freeze(const Job& job, bool is_frozen, std::chrono::seconds limit);

}  // namespace proxysql_consul
