// Keeping in the history what a node holds and Consul does not, before something else is applied over it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// What is needed for that.
struct Keeping {
  const Job& job;
  const NodeFiles& files;
  LocalProxySql& proxysql;
  KvStore& store;
  Patience& patience;
};

/// Puts what is loaded here into the history, as overtaken by that version, unless it is one of `versions`. Nothing
/// where it is, and where this node never saved nor applied the configuration: then nobody said that it is worth
/// keeping, unless this is a follow that publishes it, and there are rows of it. Throws what KvStore and AdminSession
/// throw.
std::optional<VersionId> keep_unsaved(const Keeping& with, const Configuration& configuration,
                                      const std::vector<Version>& versions, std::uint64_t overtaken_by);

}  // namespace proxysql_consul
