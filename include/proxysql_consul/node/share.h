// From the local ProxySQL to Consul: read, publish, record. The engine of save.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/weigh.h"
#include "proxysql_consul/node/await.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

struct ShareOptions {
  std::vector<std::string> configurations;
  bool all = false;     ///< every configuration that is accepted and that the server has
  bool memory = false;  ///< read the memory tables instead of runtime
  SaveOptions how;
  bool dry_run = false;
  std::string message;
  bool quiet = false;  ///< failures are in the result alone, for the caller to say
};

/// What came of a save.
struct Shared {
  std::vector<Error> failures = {};  ///< reported already, unless that was to be quiet
  ExitCode status = ExitCode::ok;
  std::vector<Target> versions = {};  ///< that Consul holds now of what was to be saved, also where it was unchanged
};

/// Throws Error where nothing could be begun; what fails for one configuration is reported, and in the result.
Shared share(const Job& job, const ShareOptions& options);

}  // namespace proxysql_consul
