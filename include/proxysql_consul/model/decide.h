// Deciding, without doing: which of the entries that Consul delivered are to be applied. Pure, so that every rule can
// be tested with text alone.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

/// The node for which is decided.
struct Recipient {
  std::string uuid;
  std::string host;
  Keys keys;
  std::vector<std::string> accept;  ///< configurations that it applies
  bool force = false;               ///< apply also what is its own or applied already
};

enum class Verdict {
  apply,
  confirm,       ///< apply, unless Consul has a newer version by now: an older one than this was applied already
  frozen,        ///< the cluster is frozen
  not_accepted,  ///< the node's settings leave it out
  foreign,       ///< no such configuration
  own,           ///< saved by this node
  applied,       ///< this very version was applied before
  unusable,      ///< the document cannot be used
};

struct Decision {
  Verdict verdict = Verdict::apply;
  std::string configuration;
  KvEntry entry;
  Document document;   ///< of apply and confirm
  std::string reason;  ///< for people: why it is unusable; for apply, a warning or nothing
};

/// Decides entry by entry; one that is bad does not affect the others. The key of the prefix itself is no entry.
/// CONSUL_INDEX plays no part: it names one key, and a watch delivers several changes at once.
std::vector<Decision> decide(std::vector<KvEntry> entries, const Recipient& recipient, const State& state);

}  // namespace proxysql_consul
