#include "proxysql_consul/node/cluster.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/node/identity.h"
#include "proxysql_consul/node/settings_json.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_for_looking{10};

/// Who lives changes more slowly than nodes tell, and is asked of all agents at once.
constexpr std::chrono::seconds health_lasts{5};

}  // namespace

Cluster::Cluster(const Job& job)
    : job_(job),
      keys_(job.settings.keys()),
      store_(job.open_consul(job.settings.consul)),
      agents_(job.open_agents(job.settings.consul)) {
  picture_.catalogue = job.settings.catalogue;
}

const Picture& Cluster::look() {
  if (index_ == 0) read_records();
  picture_.entries = job_.begin(patience_for_looking).retry([&] { return store_->list(keys_.prefix()).entries; });
  read_health();
  return picture_;
}

const Picture& Cluster::look_for(const std::vector<std::string>& keys) {
  if (index_ == 0) read_records();
  picture_.entries.clear();
  auto patience = job_.begin(patience_for_looking);
  for (const auto& key : keys) {
    auto entry = patience.retry([&] { return store_->get(key); });
    if (entry) picture_.entries.push_back(std::move(*entry));
  }
  read_health();
  return picture_;
}

void Cluster::await_change(std::chrono::seconds limit) {
  if (index_ == 0) {
    read_records();
    return;
  }
  auto listing = job_.begin(patience_for_looking).retry([&] { return store_->wait(keys_.nodes(), index_, limit); });
  // Answers can come at once and without a change, or one for each of many nodes.
  job_.context.clock.pause(std::chrono::milliseconds(listing.index == index_ ? 1000 : 100));
  take_records(std::move(listing.entries));
  // An index that goes back is one of a Consul that was set up anew.
  index_ = listing.index < index_ ? 0 : listing.index;
}

void Cluster::read_records() {
  auto listing = job_.begin(patience_for_looking).retry([&] { return store_->list(keys_.nodes()); });
  take_records(std::move(listing.entries));
  index_ = listing.index;
}

/// Somebody may have put other things there, which no node ever brings up to date.
void Cluster::take_records(std::vector<KvEntry> entries) {
  std::erase_if(entries, [&](const KvEntry& entry) {
    const auto uuid = std::string_view(entry.key).substr(keys_.nodes().size());
    if (is_uuid(uuid) && is_json_object(entry.value)) return false;
    if (strays_.insert(entry.key).second) {
      job_.log.info("{}: passed over: is no record of a node; it can be deleted", printable(entry.key, 100));
    }
    return true;
  });
  picture_.records = std::move(entries);
}

void Cluster::read_health() {
  const auto now = job_.context.clock.steady();
  if (health_read_ && now - *health_read_ < health_lasts) return;
  picture_.agents = job_.begin(patience_for_looking).retry([&] { return agents_->health(); });
  health_read_ = now;
  if (picture_.agents || std::exchange(told_of_health_, true)) return;
  job_.log.warn(
      "which Consul agents live may not be read, so no node counts as gone: the token's policy needs "
      "node_prefix \"\" { policy = \"read\" }");
}

}  // namespace proxysql_consul
