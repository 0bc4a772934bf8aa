// Whether those who are to read what is sealed here can: a version that a live node cannot open would leave it behind.
#pragma once

#include <optional>
#include <string>

#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// What stands against sealing `configuration` with this node's first key: the live nodes that do not hold it. Nothing
/// where all do, and where nothing is sealed here. This node itself, `uuid`, is not asked. Throws what KvStore and
/// Agents throw.
std::optional<Error> who_could_not_open(const Job& job, const std::string& configuration, const std::string& uuid);

/// What stands against writing in the clear: the live nodes that have keys, but for this one, `uuid`. Nothing where
/// none has, where the token may not read their records, and where this node seals. Throws Unavailable.
std::optional<Error> who_seals(const Job& job, const std::string& uuid);

}  // namespace proxysql_consul
