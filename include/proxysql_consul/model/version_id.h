// What one version of a configuration is called: the number that Consul gave to its document, or, for what was LOADed
// on a node and overtaken before it could be saved, the number of the version that overtook it, and that node's UUID.
// Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proxysql_consul {

struct VersionId {
  std::uint64_t version = 0;
  std::string uuid = {};     ///< of an overtaken one; empty for one that was saved
  std::uint64_t number = 1;  ///< the how-manieth of that node that this version overtook

  bool is_saved() const { return uuid.empty(); }

  bool operator==(const VersionId&) const = default;
  /// From the oldest to the newest: what was overtaken comes before what overtook it.
  std::strong_ordering operator<=>(const VersionId& other) const;
};

/// "812", "812.<uuid>", "812.<uuid>.2"
std::string to_string(const VersionId& id);
/// Nothing where `text` is not what to_string() makes.
std::optional<VersionId> parse_version_id(std::string_view text);

}  // namespace proxysql_consul
