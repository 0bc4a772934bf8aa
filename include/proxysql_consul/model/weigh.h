// What comes of a save: whether Consul's document is to be replaced, by what, and what is said of that. Pure, so that
// every guard can be tested with text alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What the saving node holds of a configuration.
struct Holding {
  const Configuration& configuration;
  Document document;  ///< as it would be saved, were nothing there yet
  std::vector<TableSchema> schemas;
  /// The memory tables, where ProxySQL does not tell what was loaded and a monitor may have moved servers at runtime.
  std::optional<std::vector<Table>> memory = {};
  Scope scope = {};
  std::vector<Table> left_out = {};           ///< of memory, where something is local: Sharing::left_out()
  std::vector<std::string> passed_over = {};  ///< of Consul's document when this node recorded it: as in the state
};

/// What Consul holds of it.
struct Held {
  KvEntry entry;
  std::optional<Document> document = {};  ///< with its tables; nothing where it cannot be read whole
  std::string problem = {};               ///< why it cannot
};

/// How well this node knows what Consul holds.
enum class Acquaintance {
  whole,          ///< saved or applied by it, and in its ProxySQL since
  in_part,        ///< applied as far as its ProxySQL could
  unloaded,       ///< saved from its memory, and not loaded since
  earlier_start,  ///< saved or applied, but ProxySQL has started since, or the settings have changed
  untold,         ///< saved or applied, but this ProxySQL does not tell whether it has started since
  none,
};

/// How well a node of that state knows what Consul holds.
Acquaintance acquaintance_with(const KvEntry& entry, const Keyring& ring, const State& state,
                               const std::string& configuration);

struct SaveOptions {
  bool force = false;         ///< write though nothing changed; drop what this ProxySQL cannot hold
  bool if_current = false;    ///< nobody looks: refuse what may be a mistake
  bool allow_shrink = false;  ///< with if_current: tables may be emptied or lose most of their rows
};

struct Weighed {
  /// False where Consul holds the same as far as this node can see, or holds nothing and an empty node would speak
  /// first.
  bool write = false;
  Document document = {};                  ///< what to write
  std::string changes = {};                ///< how it differs from Consul's, "1 row added, 2 changed"; for people
  std::vector<std::string> lost = {};      ///< what Consul's document holds beyond this ProxySQL's columns and tables
  std::vector<std::string> warnings = {};  ///< what is replaced or dropped, for people
  std::vector<std::string> notices = {};   ///< what else an operator should know
  std::vector<std::string> passed_over = {};  ///< passed_over() of `document`
};

/// Throws Error{refused} where a guard stands against it; the hint says the ways out. Where Consul holds nothing,
/// `acquaintance` is none for a node that never knew a version of it.
Weighed weigh(const Holding& ours, const std::optional<Held>& theirs, Acquaintance acquaintance,
              const SaveOptions& options);

/// "version 7 of alice@proxy-1 at 2026-11-22T18:00:00Z"
std::string describe(const Held& held);

}  // namespace proxysql_consul
