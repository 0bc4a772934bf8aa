// Sealing what Consul holds anew, as it is: with another key, and without a new version of anything.
#pragma once

#include <string>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

enum class Resealed { done, was_plain, was_already, gone };

/// Seals the document of `configuration` that `key` holds, and its tables where they are kept apart, with the ring's
/// first key. What it says, down to the node and the time, stays. Written by compare-and-set; where another write came
/// between, it looks again. Whatever ends it, the document is the old one or the new one, and a second call goes on.
/// Throws Error{payload} for one that cannot be opened, Error{refused} where somebody froze the cluster, Error{consul},
/// and what KvStore throws.
Resealed reseal(KvStore& store, const Keys& keys, const Keyring& ring, const std::string& key,
                const std::string& configuration);

}  // namespace proxysql_consul
