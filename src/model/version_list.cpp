#include "proxysql_consul/model/version_list.h"

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

Json count_or_null(const ListedVersion& version, std::size_t Tally::*count) {
  return version.counts ? Json((*version.counts).*count) : Json(nullptr);
}

}  // namespace

std::string format_versions(const std::vector<ListedVersion>& versions, const std::optional<Terminal>& terminal) {
  Columns columns{.titles = {{"VERSION"}, {"STATE"}, {"SAVED AT"}, {"BY"}, {"ROWS", true}, {"CHANGES"}, {"MESSAGE"}},
                  .rows = {}};
  for (const auto& version : versions) {
    columns.rows.push_back({{to_string(version.id)},
                            {state_of(version), version.is_current ? Colour::green : Colour::faint},
                            {version.origin.saved_at},
                            {who(version)},
                            {version.rows ? std::to_string(*version.rows) : "?"},
                            {changes_of(version)},
                            {version.origin.message}});
  }
  return format_columns(columns, terminal);
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
