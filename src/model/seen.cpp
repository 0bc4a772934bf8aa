#include "proxysql_consul/model/seen.h"

#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {

void Seen::note(const Keys& keys, const Catalogue& catalogue, const std::string& key,
                const std::optional<KvEntry>& entry) {
  if (key == keys.freeze()) frozen = entry.has_value();
  const auto name = keys.name_of(key);
  if (name && catalogue.find(*name) != nullptr) versions[*name] = entry ? entry->modify_index : 0;
}

void Seen::note(const Keys& keys, const Catalogue& catalogue, const std::vector<KvEntry>& entries, bool all) {
  if (all) {
    frozen = false;
    for (const auto& name : catalogue.names()) versions[name] = 0;
  }
  for (const auto& entry : entries) note(keys, catalogue, entry.key, entry);
}

bool Seen::is_gone(std::string_view configuration) const {
  const auto found = versions.find(configuration);
  return found != versions.end() && found->second == 0;
}

void Seen::add(const Seen& later) {
  if (later.consul_up) consul_up = later.consul_up;
  if (later.proxysql_up) proxysql_up = later.proxysql_up;
  if (later.frozen) frozen = later.frozen;
  for (const auto& [name, version] : later.versions) versions[name] = version;
}

}  // namespace proxysql_consul
