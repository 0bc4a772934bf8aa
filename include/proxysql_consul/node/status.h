// Who has what, for people and scripts. From Consul alone, so that it runs anywhere.
#pragma once

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

struct StatusOptions {
  bool json = false;
  bool watch = false;  ///< stays: draws anew on a terminal, and elsewhere appends what changes
};

/// Returns `differs` unless every live node has everything. With `watch` only once the program was told to end. Throws
/// what KvStore and Agents throw.
ExitCode status(const Job& job, const StatusOptions& options);

}  // namespace proxysql_consul
