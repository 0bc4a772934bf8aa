#include "proxysql_consul/node/key_holders.h"

#include <algorithm>
#include <string>
#include <vector>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/model/node_record.h"
#include "proxysql_consul/node/cluster.h"

namespace proxysql_consul {
namespace {

bool has_keys(const KvEntry& entry) {
  try {
    return !parse_node_record(entry.value).keys.empty();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<Error> who_could_not_open(const Job& job, const std::string& configuration, const std::string& uuid) {
  const auto ring = job.settings.keyring();
  if (!ring.seals()) return std::nullopt;
  Cluster cluster(job);
  const auto lacking = who_lacks_key(converge(cluster.keys(), cluster.look_for({})), ring.first(), configuration, uuid);
  if (lacking.empty()) return std::nullopt;
  return Error(ExitCode::refused,
               "key " + ring.first() + ", which seals here, is not held by " + join(lacking) +
                   ": what is sealed with it could not be opened there",
               "put it into encryption_keys_file there, behind the first one, and `pull` there (or reload `follow`); "
               "of a node that is gone for good, remove " +
                   cluster.keys().nodes() + "UUID");
}

std::optional<Error> who_seals(const Job& job, const std::string& uuid) {
  if (job.settings.keyring().seals()) return std::nullopt;
  const auto nodes = job.settings.keys().nodes();
  std::vector<std::string> sealing;
  try {
    // Mostly nobody has any, whoever lives.
    const auto records = job.open_consul(job.settings.consul)->list(nodes).entries;
    if (std::none_of(records.begin(), records.end(), has_keys)) return std::nullopt;
    Cluster cluster(job);
    const auto all = converge(cluster.keys(), cluster.look_for({}));
    const auto names = names_of(all.nodes);
    for (std::size_t i = 0; i < all.nodes.size(); ++i) {
      const auto& node = all.nodes[i];
      const bool is_other = node.standing != Standing::gone && node.uuid != uuid;
      if (is_other && !node.record.keys.empty()) sealing.push_back(names[i]);
    }
  } catch (const Interrupted&) {
    throw;
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // A token of 2016 may not read the records, and saves all the same.
    job.log.debug("whether others seal what they save is unknown: {}", error.what());
  }
  if (sealing.empty()) return std::nullopt;
  return Error(ExitCode::refused,
               "would be in Consul for all to read: " + join(sealing) + (sealing.size() == 1 ? " seals" : " seal") +
                   " what is saved there, and this node has no keys",
               "set encryption_keys_file here; of a node that is gone for good, remove " + nodes + "UUID");
}

}  // namespace proxysql_consul
