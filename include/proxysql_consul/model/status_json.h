// What `status --json` prints; docs/json.md is its description for others. Pure.
#pragma once

#include <string>

#include "proxysql_consul/model/convergence.h"

namespace proxysql_consul {

/// One object, over several lines or on one; with a line feed at its end.
std::string format_status_json(const std::string& prefix, const Convergence& convergence, bool on_one_line);

}  // namespace proxysql_consul
