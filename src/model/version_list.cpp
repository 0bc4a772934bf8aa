#include "proxysql_consul/model/version_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

std::string who(const ListedVersion& version) {
  if (version.origin.host.empty()) return "node " + printable(version.uuid, 36);
  return (version.origin.by.empty() ? "" : printable(version.origin.by, 64) + "@") + printable(version.origin.host, 64);
}

std::string state_of(const ListedVersion& version) {
  if (version.is_current) return "current";
  return version.id.is_saved() ? "" : "overtaken";
}

std::string changes_of(const ListedVersion& version) {
  if (!version.counts) return "?";
  const auto& [added, removed, changed] = *version.counts;
  return "+" + std::to_string(added) + " -" + std::to_string(removed) + " ~" + std::to_string(changed);
}

/// Two blanks between columns, and none at a line's end.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line) += '\n';
  }
  return text;
}

Json count_or_null(const ListedVersion& version, std::size_t Tally::*count) {
  return version.counts ? Json((*version.counts).*count) : Json(nullptr);
}

}  // namespace

std::string format_versions(const std::vector<ListedVersion>& versions) {
  std::vector<std::vector<std::string>> rows = {{"VERSION", "", "SAVED AT", "BY", "ROWS", "CHANGES", "MESSAGE"}};
  for (const auto& version : versions) {
    rows.push_back({to_string(version.id), state_of(version), printable(version.origin.saved_at, 32), who(version),
                    version.rows ? std::to_string(*version.rows) : "?", changes_of(version),
                    printable(version.origin.message, 200)});
  }
  return aligned(rows);
}

std::string format_versions_json(std::string_view configuration, const std::vector<ListedVersion>& versions) {
  auto list = Json::array();
  for (const auto& version : versions) {
    list.push_back({{"version", version.id.version},
                    {"id", to_string(version.id)},
                    {"kind", version.id.is_saved() ? "saved" : "overtaken"},
                    {"current", version.is_current},
                    {"saved_at", version.origin.saved_at},
                    {"host", version.origin.host},
                    {"by", version.origin.by},
                    {"proxysql_version", version.origin.proxysql_version},
                    {"message", version.origin.message},
                    {"rows", version.rows ? Json(*version.rows) : Json(nullptr)},
                    {"added", count_or_null(version, &Tally::added)},
                    {"removed", count_or_null(version, &Tally::removed)},
                    {"changed", count_or_null(version, &Tally::changed)}});
  }
  const Json json = {{"format", 1}, {"configuration", configuration}, {"versions", std::move(list)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proxysql_consul
