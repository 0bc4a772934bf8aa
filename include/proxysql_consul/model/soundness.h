// Whether a configuration can mean what it says: rules, users and servers that do not find each other. ProxySQL takes
// all of it without a word. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "proxysql_consul/model/findings.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What is to be said of the tables of one protocol ("mysql" or "pgsql"): servers with all their hostgroup tables,
/// query rules and users, as runtime has them. Tables that are missing are taken for empty ones. A finding for each
/// check, also where it found nothing.
Findings examine_configuration(std::string_view protocol, const std::vector<Table>& tables);

}  // namespace proxysql_consul
