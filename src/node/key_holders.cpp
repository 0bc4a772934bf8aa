#include "proxysql_consul/node/key_holders.h"

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/node/cluster.h"

namespace proxysql_consul {

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

}  // namespace proxysql_consul
