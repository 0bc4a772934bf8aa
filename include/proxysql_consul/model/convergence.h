// Who has what: Consul's documents, the nodes' records and the agents that live, put together. What status shows, and
// what whoever waits for the others waits for. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/node_record.h"

namespace proxysql_consul {

/// Of each agent that the catalog knows whether it lives.
using AgentHealth = std::map<std::string, bool, std::less<>>;

/// What Consul tells of the cluster. To be read in this order, so that what changes meanwhile makes a node look behind
/// and never up to date.
struct Picture {
  std::vector<KvEntry> records;            ///< those under Keys::nodes()
  std::vector<KvEntry> entries;            ///< documents, and the freeze if there is one
  std::optional<AgentHealth> agents = {};  ///< nothing where that may not be read: then nobody counts as gone
  Catalogue catalogue = {};                ///< the configurations to speak of
};

enum class Standing { ok, behind, partial, failed, drifted, frozen, gone };

std::string_view to_string(Standing standing);

/// A configuration as Consul holds it.
struct SharedConfiguration {
  std::string name;
  std::uint64_t version = 0;
  std::string sha256;
  Origin origin;
  std::optional<std::size_t> rows;      ///< nothing where the tables are kept apart, or the document cannot be read
  std::size_t bytes = 0;                ///< of the document, with tables that are kept apart
  std::optional<std::string> key = {};  ///< the id of the one that it is sealed with; nothing where it is plain
  std::string problem = {};             ///< why it cannot be opened here
  std::size_t have = 0;                 ///< so many live nodes have this version
  std::size_t of = 0;                   ///< so many live nodes accept it
};

struct NodeView {
  std::string uuid;
  NodeRecord record;  ///< empty where it cannot be read
  bool is_readable = true;
  Standing standing = Standing::ok;
  std::string reason;      ///< for people; empty where all is well
  bool is_exempt = false;  ///< it accepts none of the configurations that there are
  bool has_all = true;     ///< every configuration that it accepts, at the current version
};

struct Convergence {
  std::optional<Freeze> frozen;
  std::vector<SharedConfiguration> configurations;  ///< in the catalogue's order
  std::vector<NodeView> nodes;                      ///< by host and UUID
  /// Every live node has all, and where there is something to have there is such a node.
  bool converged = true;

  std::size_t live() const;  ///< the nodes that are not gone
};

Convergence converge(const Keys& keys, const Picture& picture, const Keyring& ring = {});

/// The nodes that live, take `configuration` and do not hold that key, by name, with what they hold: "proxy-2 (holds
/// 2026)". A record that cannot be read says nothing; the node `but_uuid` is left out.
std::vector<std::string> who_lacks_key(const Convergence& all, const std::string& key, const std::string& configuration,
                                       const std::string& but_uuid);

/// What people call each of `nodes`: its host, with the beginning of its UUID where several have the same.
std::vector<std::string> names_of(const std::vector<NodeView>& nodes);

}  // namespace proxysql_consul
