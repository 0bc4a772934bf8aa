// An earlier version made current again, here and then on every node.
#pragma once

#include <optional>
#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/await.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

struct RollbackOptions {
  std::string configuration;
  std::string version;  ///< its id, or -1
  std::string message;
  bool dry_run = false;  ///< show how that version differs from what is here, and change nothing
};

struct RolledBack {
  ExitCode status = ExitCode::ok;
  std::optional<Target> version = {};  ///< what the other nodes are to have now; nothing after a dry run
};

/// Applies that version here, so that this ProxySQL has shown that it takes it, and publishes it whole as a new one.
/// Where that fails Consul's is applied again; where that fails, too, nothing of what this node has recorded of the
/// configuration counts, and the error says so. Throws Error{refused} while the cluster is frozen, and for a version
/// that is current or that there is not; what apply_version() and Publisher::publish() throw.
RolledBack rollback(const Job& job, const RollbackOptions& options);

}  // namespace proxysql_consul
