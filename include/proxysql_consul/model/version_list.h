// The versions of a configuration as `history` shows them: a table for people, or JSON. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/columns.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/tally.h"
#include "proxysql_consul/model/version_id.h"

namespace proxysql_consul {

/// One version. `counts` are against the saved version before it.
struct ListedVersion {
  VersionId id;
  bool is_current = false;
  std::string uuid = {};  ///< of the node that saved it
  Origin origin = {};
  std::optional<std::size_t> rows = {};  ///< nothing where the document cannot be read whole
  std::optional<Tally> counts = {};      ///< nothing where it, or the one before, cannot, or none before is kept
};

/// As `versions` are ordered.
std::string format_versions(const std::vector<ListedVersion>& versions, const std::optional<Terminal>& terminal);
/// docs/json.md describes it.
std::string format_versions_json(std::string_view configuration, const std::vector<ListedVersion>& versions);

}  // namespace proxysql_consul
