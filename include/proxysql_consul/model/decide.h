// Deciding, without doing: which of the entries that Consul delivered are to be applied. Pure, so that every rule can
// be tested with text alone.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

/// The node for which is decided.
struct Recipient {
  std::string uuid;
  std::string host;
  Keys keys;
  Catalogue catalogue = {};         ///< the configurations that it knows
  std::vector<std::string> accept;  ///< configurations that it applies
  bool force = false;               ///< compare also what is recorded as applied or saved
  Keyring ring = {};
};

enum class Verdict {
  apply,
  confirm,       ///< apply, unless Consul has a newer version by now: an older one than this was applied already
  frozen,        ///< the cluster is frozen
  not_accepted,  ///< the node's settings leave it out
  foreign,       ///< no such configuration
  applied,       ///< this very version was applied or saved before, and ProxySQL has not started since
  unusable,      ///< the document cannot be used
};

struct Decision {
  Verdict verdict = Verdict::apply;
  std::string configuration;
  KvEntry entry;
  Document document;   ///< of apply and confirm
  std::string reason;  ///< for people: why it is unusable; for apply, a warning or nothing
  /// Foreign, and by its looks a mistake: somebody waits for it in vain. Another program's key is none.
  bool is_misplaced = false;
};

/// True where the entry is the version that is known, or the same that was sealed anew since.
bool is_version(const ConfigurationState& known, const KvEntry& entry, const Keyring& ring);

/// True where one of the entries may have to be applied, so that ProxySQL has to be asked whether it has started since.
bool may_apply(const std::vector<KvEntry>& entries, const Recipient& recipient);

/// Decides entry by entry, in the catalogue's order, then what is no configuration; one that is bad does not affect the
/// others. The key of the prefix itself is no entry. CONSUL_INDEX plays no part: it names one key, and a watch delivers
/// several changes at once. Only what `state` says of the observed start counts.
std::vector<Decision> decide(std::vector<KvEntry> entries, const Recipient& recipient, const State& state);

}  // namespace proxysql_consul
