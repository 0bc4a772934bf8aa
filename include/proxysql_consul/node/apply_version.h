// One version of a configuration on its way into the local ProxySQL, with what the state has to remember meanwhile: the
// part that update, pull and rollback have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/node/job.h"
#include "proxysql_consul/proxysql/apply.h"

namespace proxysql_consul {

struct VersionToApply {
  const Configuration& configuration;
  const Wanted& wanted;
  std::uint64_t version = 0;
  std::string sha256;  ///< of the document's text
  bool dry_run = false;
  std::optional<std::string> only_over = {};  ///< as in ApplyOptions
  /// As in ApplyOptions; where there are none and a rollback that began here has not ended, what that left.
  std::vector<Table> own = {};
  bool to_disk = true;  ///< false: only memory and runtime are to hold it, for now
};

/// Nothing where this ProxySQL has no such configuration. Records no more than that memory is being written; the rest
/// is the caller's. Throws what Application::run() throws.
std::optional<Applied> apply_version(const Job& job, NodeFiles& files, LocalProxySql& proxysql,
                                     const VersionToApply& version);

}  // namespace proxysql_consul
