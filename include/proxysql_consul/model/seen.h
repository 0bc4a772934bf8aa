// What a run saw of the two servers on its way, and what of this node's work is counted: both for metrics. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/kv_entry.h"

namespace proxysql_consul {

/// What is nothing was not looked at.
struct Seen {
  std::optional<bool> consul_up;    ///< it answered when it was asked last
  std::optional<bool> proxysql_up;  ///< it let the program in when it was asked last
  std::optional<bool> frozen;
  std::map<std::string, std::uint64_t, std::less<>> versions;  ///< Consul's, by configuration; 0 where it holds none

  /// What Consul holds as that key; no entry, if there is no such key.
  void note(const Keys& keys, const Catalogue& catalogue, const std::string& key, const std::optional<KvEntry>& entry);
  /// What Consul holds under the prefix of the documents, all of it or a part.
  void note(const Keys& keys, const Catalogue& catalogue, const std::vector<KvEntry>& entries, bool all);
  /// True where Consul was seen not to hold the configuration.
  bool is_gone(std::string_view configuration) const;
  /// Whatever `later` has looked at goes over what is here.
  void add(const Seen& later);

  bool operator==(const Seen&) const = default;
};

/// Of one configuration, since the state file was made.
struct Counts {
  std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< how often each came of an attempt
  std::int64_t last_success = 0;                               ///< seconds since 1970; 0 for never
  std::int64_t apply_milliseconds = 0;                         ///< how long the last apply took
  /// Since when something that was loaded here is not published, in seconds since 1970; 0: nothing is.
  std::int64_t unpublished_since = 0;

  bool operator==(const Counts&) const = default;
};

using Attempts = std::map<std::string, Counts, std::less<>>;  ///< by configuration

}  // namespace proxysql_consul
