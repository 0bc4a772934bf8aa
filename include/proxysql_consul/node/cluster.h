// What Consul tells of all nodes, read anew whenever one of them tells something. Touches neither ProxySQL nor files.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// Every call has patience of its own, and throws what KvStore and Agents throw when that is over.
class Cluster {
 public:
  /// `job` must outlive the object.
  explicit Cluster(const Job& job);

  /// Reads the records, every document with the freeze, and who lives. That the token may not read who lives,
  /// and what is no node's record, is said once.
  const Picture& look();
  /// The same with the entries of `keys` alone.
  const Picture& look_for(const std::vector<std::string>& keys);
  /// Returns when a node may have told something new, and after `limit` at the latest.
  void await_change(std::chrono::seconds limit);

  const Keys& keys() const { return keys_; }

 private:
  void read_records();
  void take_records(std::vector<KvEntry> entries);
  void read_health();

  const Job& job_;
  Keys keys_;
  std::unique_ptr<KvStore> store_;
  std::unique_ptr<Agents> agents_;
  Picture picture_;
  std::uint64_t index_ = 0;  ///< where the records stand; 0 before they were read
  std::optional<std::chrono::steady_clock::time_point> health_read_;
  bool told_of_health_ = false;
  std::set<std::string> strays_;  ///< keys that are no nodes', and were told of
};

}  // namespace proxysql_consul
