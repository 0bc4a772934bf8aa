// Whether this node holds what Consul holds: by its own state, as `status` says it of every node by their records.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/findings.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

/// The node that is judged.
struct Holder {
  const State& state;  ///< where ProxySQL told its start, observed
  const std::vector<std::string>& accept;
  bool following = false;   ///< a resident process brings what comes
  bool unattended = false;  ///< neither that does, nor a watch
};

/// A problem where one of the accepted configurations among `entries` (those under Keys::prefix(), the freeze too) is
/// not here at its current version; what waits for nothing but the thaw is none. Where ProxySQL's start is not known,
/// what is recorded is taken as it is.
Finding judge_held(const Keys& keys, const Catalogue& catalogue, const std::vector<KvEntry>& entries,
                   const Holder& holder);

/// What this node itself says of what it last did: a problem where that failed, with a hint that fits the cause, and a
/// warning for what is there in part or has drifted. Nothing: there is no state yet.
Finding judge_applied(const std::optional<State>& state);

}  // namespace proxysql_consul
