// What a monitor does to the servers at runtime, undone where ProxySQL does not tell what was loaded: it moves them
// between the hostgroups of one replication, group replication, galera or aurora row, and adds those that it found.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// Servers as a LOAD may have brought them, and what the monitor would have to have done with them, for people.
struct Settled {
  std::vector<Table> tables;
  std::vector<std::string> moved;  ///< "server a:3306: its place is hostgroup 10, a monitor has it in 20"
};

/// `runtime`, in shared form, with each server in the place that `reference` gives it where a monitor alone can make
/// that difference: all its hostgroups here and there belong to one row of the tables of hostgroups, and nothing else
/// about it differs. A server that is in none of `reference` and `memory` is left out where a monitor may have found
/// it. Other tables stay as they are.
Settled settle_servers(std::vector<Table> runtime, const std::vector<Table>& reference,
                       const std::vector<Table>& memory);

}  // namespace proxysql_consul
