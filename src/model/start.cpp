#include "proxysql_consul/model/start.h"

#include <algorithm>

namespace proxysql_consul {
namespace {

/// How often that was loaded.
std::uint64_t count_of(const Start& start, const std::string& name) {
  const auto found = start.loads.find(name);
  return found != start.loads.end() ? found->second : 0;
}

}  // namespace

bool is_surely_same_start(const Start& then, const Start& now) {
  return std::any_of(then.epochs.begin(), then.epochs.end(), [&](const auto& epoch) {
    const auto found = now.epochs.find(epoch.first);
    return found != now.epochs.end() && found->second == epoch.second &&
           count_of(now, epoch.first) == count_of(then, epoch.first);
  });
}

bool is_same_start(const Start& then, const Start& now) {
  constexpr std::int64_t wobble = 2;
  const auto moved = now.began - then.began;
  if (moved > wobble || moved < -wobble) return false;
  if (!now.is_carried && now.servers_loads < then.servers_loads) return false;
  const auto& loads = then.loads;
  return std::none_of(loads.begin(), loads.end(),
                      [&](const auto& load) { return count_of(now, load.first) < load.second; }) &&
         std::any_of(loads.begin(), loads.end(),
                     [&](const auto& load) { return count_of(now, load.first) == load.second; });
}

}  // namespace proxysql_consul
