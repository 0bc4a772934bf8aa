// The use cases, as functions over the two interfaces. They print results to stdout through Job::out and everything
// else through Job::log.
#pragma once

#include <spdlog/logger.h>

#include <iosfwd>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/settings.h"
#include "proxysql_consul/run.h"

namespace proxysql_consul {

/// What every command works with.
struct Job {
  const Context& context;
  const Settings& settings;
  spdlog::logger& log;
};

struct SaveOptions {
  std::vector<std::string> configurations;
  bool all = false;     ///< every configuration that is accepted and that the server has
  bool memory = false;  ///< read the memory tables instead of runtime
  bool force = false;   ///< write even though nothing changed
  bool if_current = false;
  bool dry_run = false;
  std::string message;
};

/// Reads configurations from ProxySQL and writes them to Consul. Throws Error where nothing could be begun; what fails
/// for one configuration is reported, and in the result.
ExitCode save(const Job& job, const SaveOptions& options);

struct UpdateOptions {
  std::vector<std::string> configurations;  ///< of pull: only these; empty for all that are accepted
  bool force = false;                       ///< apply also what is applied already or this node's own
  bool dry_run = false;
  bool stale = false;  ///< of pull: any Consul server may answer
};

/// Applies what a watch delivered on stdin. Throws and returns as save().
ExitCode update(const Job& job, const UpdateOptions& options);

/// Applies what Consul holds now: update() without a watch.
ExitCode pull(const Job& job, const UpdateOptions& options);

}  // namespace proxysql_consul
