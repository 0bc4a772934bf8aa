// How this ProxySQL differs from what Consul holds: the engine of diff, and of what rollback would do. Reads alone.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/model/difference_list.h"
#include "proxysql_consul/model/weigh.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

struct DiffOptions {
  std::vector<std::string> configurations;  ///< empty for all that are accepted, that are here and in Consul
  std::string version;                      ///< of the one configuration; empty for the current one
  bool json = false;
  bool exit_zero = false;  ///< a difference is no failure
};

/// Prints the differences. ExitCode::differs where there are some. Throws Error where nothing could be begun; what
/// fails for one configuration is reported, and in the result.
ExitCode diff(const Job& job, const DiffOptions& options);

/// Compares what is here with `there`, which is version `id`. Throws Error{payload} where that cannot be read whole or
/// does not fit, and what AdminSession::query() throws.
ListedDifference compare_here(const Job& job, LocalProxySql& proxysql, const State& state,
                              const Configuration& configuration, const VersionId& id, const Held& there);

}  // namespace proxysql_consul
