// Differences as `diff` shows them: lines for people, or JSON; secrets are never in them. Pure.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/compare.h"
#include "proxysql_consul/model/version_id.h"

namespace proxysql_consul {

/// One configuration, compared with one version of it.
struct ListedDifference {
  std::string name;
  VersionId id;
  std::string version;  ///< "version 812 of alice@proxy-1 at 2026-11-22T18:00:00Z"
  Comparison comparison;
};

std::string format_difference(const ListedDifference& difference);
/// docs/json.md describes it.
std::string format_differences_json(const std::vector<ListedDifference>& differences, bool same);

}  // namespace proxysql_consul
