// Telling the other nodes what this one holds.
#pragma once

#include <string>

#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// Writes this node's record to Consul where something of it is news. `proxysql_version` may be empty where ProxySQL
/// was not asked. A courtesy: an agent that is away, or a missing right, is a warning.
void announce(const Job& job, NodeFiles& files, const std::string& proxysql_version);

/// Where Consul holds another record than this node wrote last, as after a snapshot was restored, or none: announce()
/// writes it anew from here on. Others judge a node by it, also one where nothing happens. What fails is no more than a
/// debug message. Throws Interrupted.
void look_at_record(const Job& job, KvStore& store);

}  // namespace proxysql_consul
