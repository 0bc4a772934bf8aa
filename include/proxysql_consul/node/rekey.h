// Sealing all that Consul holds of configurations with this node's first key: the engine of rekey.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// Those of these names, or all that Consul holds; current versions, and then earlier ones. Adds no version to the
/// history, and touches neither ProxySQL nor this node's files. Throws Error{settings} without a key, Error{refused}
/// while the cluster is frozen or where a live node lacks the key; what fails for one document is reported, and in the
/// result.
ExitCode rekey(const Job& job, const std::vector<std::string>& configurations);

}  // namespace proxysql_consul
