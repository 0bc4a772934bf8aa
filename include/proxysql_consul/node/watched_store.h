// A KvStore that notes, of each answer that passes through, what metrics want to know.
#pragma once

#include <memory>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/seen.h"

namespace proxysql_consul {

/// As `store` in all it does. `catalogue` and `seen` must outlive it.
std::unique_ptr<KvStore> watch_store(std::unique_ptr<KvStore> store, Keys keys, const Catalogue& catalogue, Seen& seen);

}  // namespace proxysql_consul
