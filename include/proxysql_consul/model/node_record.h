// What a node tells the others: the record at `proxysql-meta/node/<uuid>`. Pure.
#pragma once

#include <string>

#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

std::string format_node_record(const State& state, const std::string& host, const std::string& proxysql_version);

}  // namespace proxysql_consul
