// Whether runtime still is what was applied: compares it with Consul's document now and then.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"
#include "proxysql_consul/proxysql/loads.h"

namespace proxysql_consul {

class DriftWatch {
 public:
  /// `job` must outlive the object.
  explicit DriftWatch(const Job& job) : job_(job) {}

  /// Compares the accepted configurations that this node holds as it last saved or applied them, but for those that it
  /// publishes, and records, says and mends what differs, as the settings' `drift` wants. By `signs` where these tell
  /// that nobody loaded anything, row by row elsewhere. Returns what failed.
  ExitCode look(const Signs& signs);

  /// True where something failed that Consul still holds, also for a run by hand, of which the state alone tells.
  bool finds_failure() const;

 private:
  ExitCode look_at(const Configuration& configuration, const Signs& signs);

  const Job& job_;
  std::map<std::string_view, std::string> same_;  ///< the last load_of() that was compared and is the same
};

}  // namespace proxysql_consul
