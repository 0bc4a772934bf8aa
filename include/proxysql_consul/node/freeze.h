// Setting and removing the freeze. Needs Consul alone: neither ProxySQL nor this node's files.
#pragma once

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// From here on nobody applies and nobody saves. Throws Error{refused} that says who froze before, and what KvStore
/// throws.
ExitCode freeze(const Job& job, const std::string& reason);

/// Ends that, whoever froze; the nodes' watches wake. Says so where nothing was frozen. Throws what KvStore throws.
ExitCode thaw(const Job& job);

}  // namespace proxysql_consul
