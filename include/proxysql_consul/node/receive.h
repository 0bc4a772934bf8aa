// From what Consul delivered to the local ProxySQL: decide, apply, record. The engine of update and pull.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// How long one delivery may wait for servers where the settings do not say.
constexpr std::chrono::seconds receiving_patience{60};

struct ReceiveOptions {
  std::vector<std::string> configurations;  ///< only these; empty for all that are accepted
  bool force = false;                       ///< apply also what is applied already or this node's own
  bool dry_run = false;
  bool stale = false;  ///< of pull: any Consul server may answer
  bool quiet = false;  ///< nothing is said where nothing was to do
  /// By configuration load_of() of what alone may be written over; those that are not named may be in any case.
  std::map<std::string, std::string> only_over = {};
};

/// Applies one delivery, within the patience that began with it. Throws Error where nothing could be begun; what fails
/// for one configuration is reported, and in the result.
ExitCode receive(const Job& job, Patience patience, std::vector<KvEntry> entries, const ReceiveOptions& options);

/// Applies what Consul holds now, as one delivery. Throws and returns as receive().
ExitCode pull(const Job& job, const ReceiveOptions& options);

}  // namespace proxysql_consul
