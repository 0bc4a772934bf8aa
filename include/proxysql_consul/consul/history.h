// The earlier versions of a configuration, as they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

/// The version under which the history holds exactly `text`; nothing where it does not, or where the token may not
/// read it. Throws what KvStore throws otherwise.
std::optional<std::uint64_t> find_in_history(KvStore& store, const Keys& keys, const std::string& configuration,
                                             const std::string& text);

/// Leaves the newest `limit` versions. Throws what KvStore throws.
void trim_history(KvStore& store, const Keys& keys, const std::string& configuration, std::size_t limit);

}  // namespace proxysql_consul
