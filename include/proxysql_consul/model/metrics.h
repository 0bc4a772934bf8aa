// What this node tells Prometheus. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

/// Prometheus' text: every series of each of `configurations` from the first time on, without times and secrets.
/// `version` is the program's.
std::string format_metrics(const State& state, const std::vector<std::string>& configurations,
                           std::string_view version);

}  // namespace proxysql_consul
