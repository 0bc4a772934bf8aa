// The freeze: one key that keeps every node from applying and from saving, and says who wants that, since when and why.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"

namespace proxysql_consul {

struct Freeze {
  std::string reason;
  std::string by = {};    ///< the user who froze; empty, as are the others, where somebody set the key by hand
  std::string host = {};  ///< from where
  std::string at = {};    ///< UTC
};

/// What the key's value says; a text of no such form is a reason.
Freeze parse_freeze(std::string_view text);
std::string format_freeze(const Freeze& freeze);

/// What the freeze among `entries` says; nothing where the cluster is not frozen.
std::optional<Freeze> find_freeze(const std::vector<KvEntry>& entries, const Keys& keys);

/// "frozen by alice@proxy-1 since 2026-11-22T18:00:00Z: black friday"
std::string frozen_by(const Freeze& freeze);

/// "the cluster is frozen by alice@proxy-1 since 2026-11-22T18:00:00Z: black friday"
std::string describe(const Freeze& freeze);

}  // namespace proxysql_consul
