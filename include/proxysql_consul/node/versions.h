// The earlier versions of a configuration, shown: the engine of history. Needs Consul alone.
#pragma once

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// Prints the versions that Consul holds, newest first. Error{payload} is the result where there is none. Throws what
/// KvStore throws.
ExitCode show_versions(const Job& job, const std::string& configuration, bool json);

}  // namespace proxysql_consul
