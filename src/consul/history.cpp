#include "proxysql_consul/consul/history.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace proxysql_consul {

std::optional<std::uint64_t> find_in_history(KvStore& store, const Keys& keys, const std::string& configuration,
                                             const std::string& text) {
  try {
    for (const auto& key : store.keys(keys.history(configuration))) {
      const auto version = keys.version_of(configuration, key);
      const auto entry = version ? store.get(key) : std::nullopt;
      if (entry && entry->value == text) return version;
    }
  } catch (const Denied&) {
    return std::nullopt;
  }
  return std::nullopt;
}

void trim_history(KvStore& store, const Keys& keys, const std::string& configuration, std::size_t limit) {
  std::vector<std::pair<std::uint64_t, std::string>> versions;
  for (auto& key : store.keys(keys.history(configuration))) {
    if (const auto version = keys.version_of(configuration, key)) versions.emplace_back(*version, std::move(key));
  }
  std::sort(versions.rbegin(), versions.rend());
  std::vector<KvOperation> operations;
  for (std::size_t i = limit; i < versions.size() && operations.size() < max_operations; ++i) {
    operations.push_back({.verb = KvOperation::Verb::remove, .key = versions[i].second, .value = {}});
  }
  if (!operations.empty()) store.commit(operations);
}

}  // namespace proxysql_consul
