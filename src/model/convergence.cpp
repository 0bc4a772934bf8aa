#include "proxysql_consul/model/convergence.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

constexpr std::array standing_names = {
    std::string_view{"ok"},      std::string_view{"behind"}, std::string_view{"partial"}, std::string_view{"failed"},
    std::string_view{"drifted"}, std::string_view{"frozen"}, std::string_view{"gone"}};

/// What a node has of one configuration.
struct Share {
  bool is_exempt = false;  ///< it does not accept that, or its ProxySQL has no such thing
  bool has = false;
  Standing standing = Standing::ok;
  std::string reason;
};

/// How much an operator should mind it. What a ProxySQL lacks is the least of all: nothing can be done about it.
int gravity(const Share& share) {
  switch (share.standing) {
    case Standing::failed: return 6;
    case Standing::partial: return share.has ? 1 : 5;
    case Standing::drifted: return 4;
    case Standing::frozen: return 3;
    case Standing::behind: return 2;
    default: return 0;
  }
}

std::string warnings_of(const RecordedConfiguration& told) {
  return told.warnings.empty() ? "it does not say why" : printable(join(told.warnings, "; "));
}

Share at_current_version(const RecordedConfiguration& told) {
  if (told.outcome == "applied" || told.outcome == "saved" || told.outcome == "frozen") {
    return {.has = true, .standing = Standing::ok, .reason = {}};
  }
  if (told.outcome == "partial") {
    return {.has = told.lacks, .standing = Standing::partial, .reason = warnings_of(told)};
  }
  if (told.outcome == "failed") return {.standing = Standing::failed, .reason = warnings_of(told)};
  if (told.outcome == "drifted") {
    return {.standing = Standing::drifted, .reason = told.warnings.empty() ? "changed since" : warnings_of(told)};
  }
  return {.standing = Standing::behind,
          .reason = "tells an outcome that this program does not know: " + printable(told.outcome, 32)};
}

Share share_of(const NodeRecord& record, const SharedConfiguration& current) {
  const auto found = record.configurations.find(current.name);
  if (found == record.configurations.end()) return {.standing = Standing::behind, .reason = "has not seen it yet"};
  const auto& told = found->second;
  if (told.outcome == "not_accepted" || told.outcome == "not_here") return {.is_exempt = true, .reason = {}};
  if (told.version == current.version && told.sha256 == current.sha256) return at_current_version(told);
  const auto of = " instead of " + std::to_string(current.version);
  const auto held = told.version == 0 ? "has none" : "has version " + std::to_string(told.version) + of;
  if (told.outcome == "failed") {
    const bool is_this = told.attempted == current.version;
    return {.standing = Standing::failed,
            .reason = (is_this ? "" : "version " + std::to_string(told.attempted) + ": ") + warnings_of(told)};
  }
  if (told.outcome != "frozen") return {.standing = Standing::behind, .reason = held};
  // What failed before the freeze fails after it.
  return {.standing = Standing::frozen,
          .reason = held + (told.warnings.empty() ? "" : " (before the freeze: " + warnings_of(told) + ")")};
}

SharedConfiguration read_configuration(std::string_view name, const KvEntry& entry, const Keyring& ring) {
  SharedConfiguration shared{.name = std::string(name),
                             .version = entry.modify_index,
                             .sha256 = sha256_hex(entry.value),
                             .origin = {},
                             .rows = {},
                             .bytes = entry.value.size()};
  try {
    const auto document = ring.open(entry.value);
    if (!document.sealed_with.empty()) shared.key = document.sealed_with;
    shared.origin = document.origin;
    if (document.blob) {
      shared.bytes += document.blob->bytes;
    } else {
      shared.rows = 0;
      for (const auto& table : document.tables) *shared.rows += table.rows.size();
    }
  } catch (const Error& error) {
    // The nodes say what is wrong with it, too, each for itself.
    shared.problem = error.what();
    shared.key = key_of_sealed(entry.value);
  }
  return shared;
}

std::vector<SharedConfiguration> read_configurations(const Keys& keys, const Keyring& ring, const Picture& picture) {
  const auto& entries = picture.entries;
  std::vector<SharedConfiguration> all;
  for (const auto& configuration : picture.catalogue.all()) {
    const auto key = keys.document(configuration.name);
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const KvEntry& entry) { return entry.key == key; });
    if (found != entries.end()) all.push_back(read_configuration(configuration.name, *found, ring));
  }
  return all;
}

/// Why the node is not waited for; nothing where it is.
std::optional<std::string> gone_because(const NodeRecord& record, const std::optional<AgentHealth>& agents) {
  if (!agents || record.consul_node.empty()) return std::nullopt;
  const auto found = agents->find(record.consul_node);
  const auto agent = "its Consul agent " + printable(record.consul_node, 64);
  if (found == agents->end()) return agent + " has left";
  return found->second ? std::nullopt : std::optional(agent + " has failed");
}

/// Counts the node, too.
void judge(NodeView& node, std::vector<SharedConfiguration>& configurations, bool is_cluster_frozen) {
  std::vector<std::pair<std::string, Share>> shares;
  node.is_exempt = true;
  const bool has_seen = node.record.frozen == is_cluster_frozen;
  if (node.record.frozen && !has_seen) {
    shares.push_back({"", {.standing = Standing::frozen, .reason = "has not seen the thaw yet"}});
  } else if (node.record.frozen) {
    shares.push_back({"", {.standing = Standing::frozen, .reason = {}}});
  } else if (!has_seen) {
    shares.push_back({"", {.standing = Standing::ok, .reason = "has not seen the freeze yet"}});
  }
  for (auto& current : configurations) {
    auto share = share_of(node.record, current);
    if (share.is_exempt) continue;
    node.is_exempt = false;
    ++current.of;
    if (share.has) ++current.have;
    node.has_all = node.has_all && share.has;
    shares.emplace_back(current.name, std::move(share));
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return gravity(a.second) > gravity(b.second); });
  if (!shares.empty()) node.standing = shares.front().second.standing;
  const bool waits = node.standing == Standing::behind || node.standing == Standing::frozen;
  if (((waits && !node.has_all) || !has_seen) && !node.record.following) {
    shares.push_back({"", {.reason = "no `follow` runs there: does its agent's watch?"}});
  }
  for (const auto& [name, share] : shares) {
    if (share.reason.empty()) continue;
    if (!node.reason.empty()) node.reason += "; ";
    if (!name.empty()) node.reason.append(name).append(": ");
    node.reason += share.reason;
  }
}

NodeView read_node(const Keys& keys, const KvEntry& entry) {
  NodeView node{.uuid = entry.key.substr(keys.nodes().size()), .record = {}, .reason = {}};
  try {
    node.record = parse_node_record(entry.value);
  } catch (const Error& error) {
    node.is_readable = false;
    node.standing = Standing::behind;
    node.reason = error.what();
    node.has_all = false;
  }
  return node;
}

std::string last_told(const NodeRecord& record) {
  std::string last;
  for (const auto& [name, told] : record.configurations) last = std::max(last, told.at);
  return last;
}

/// A machine that was set up anew has a new UUID, and leaves the old one's record, which nobody brings up to date any
/// more. Two ProxySQLs of one machine look the same, one of which may just have nothing to tell: so this is no more
/// than a hint to whoever knows.
void hint_at_replaced(const Keys& keys, std::vector<NodeView>& nodes) {
  const auto lives = [](const NodeView& node) { return node.standing != Standing::gone && node.is_readable; };
  for (auto& node : nodes) {
    const auto& record = node.record;
    if (!lives(node) || node.has_all || record.consul_node.empty()) continue;
    const auto told = last_told(record);
    const auto newer = std::find_if(nodes.begin(), nodes.end(), [&](const NodeView& other) {
      return lives(other) && other.uuid != node.uuid && other.record.host == record.host &&
             other.record.consul_node == record.consul_node && last_told(other.record) > told;
    });
    if (newer == nodes.end()) continue;
    if (!node.reason.empty()) node.reason += "; ";
    node.reason.append("if ").append(printable(newer->uuid, 64)).append(" has replaced it: `consul kv delete ");
    node.reason.append(keys.node(printable(node.uuid, 64))).append("`");
  }
}

}  // namespace

std::string_view to_string(Standing standing) { return standing_names.at(static_cast<std::size_t>(standing)); }

std::size_t Convergence::live() const {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.standing != Standing::gone; }));
}

Convergence converge(const Keys& keys, const Picture& picture, const Keyring& ring) {
  Convergence result;
  result.frozen = find_freeze(picture.entries, keys);
  result.configurations = read_configurations(keys, ring, picture);
  for (const auto& entry : picture.records) {
    auto node = read_node(keys, entry);
    if (auto why = gone_because(node.record, picture.agents)) {
      node.standing = Standing::gone;
      node.reason = std::move(*why);
      node.has_all = false;
    } else if (node.is_readable) {
      judge(node, result.configurations, result.frozen.has_value());
    } else {
      for (auto& configuration : result.configurations) ++configuration.of;
    }
    result.converged = result.converged && (node.has_all || node.standing == Standing::gone);
    result.nodes.push_back(std::move(node));
  }
  hint_at_replaced(keys, result.nodes);
  std::stable_sort(result.nodes.begin(), result.nodes.end(),
                   [](const NodeView& a, const NodeView& b) { return a.record.host < b.record.host; });
  if (!result.configurations.empty() && result.live() == 0) result.converged = false;
  return result;
}

std::vector<std::string> who_lacks_key(const Convergence& all, const std::string& key, const std::string& configuration,
                                       const std::string& but_uuid) {
  const auto names = names_of(all.nodes);
  std::vector<std::string> lacking;
  for (std::size_t i = 0; i < all.nodes.size(); ++i) {
    const auto& node = all.nodes[i];
    const auto& held = node.record.keys;
    if (node.standing == Standing::gone || !node.is_readable || node.uuid == but_uuid) continue;
    if (std::find(held.begin(), held.end(), key) != held.end()) continue;
    const auto told = node.record.configurations.find(configuration);
    const bool takes_it = told == node.record.configurations.end() ||
                          (told->second.outcome != "not_accepted" && told->second.outcome != "not_here");
    if (takes_it) lacking.push_back(names[i] + (held.empty() ? " (holds none)" : " (holds " + join(held) + ")"));
  }
  return lacking;
}

std::vector<std::string> names_of(const std::vector<NodeView>& nodes) {
  constexpr std::size_t shown = 8;
  std::map<std::string, int> hosts;
  for (const auto& node : nodes) ++hosts[node.record.host];
  std::vector<std::string> names;
  for (const auto& node : nodes) {
    const auto host = printable(node.record.host, 64);
    const auto uuid = printable(node.uuid.substr(0, shown), shown);
    auto name = host.empty() ? uuid : host;
    if (!host.empty() && hosts[node.record.host] > 1) name.append(" (").append(uuid).append(")");
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace proxysql_consul
