#include "proxysql_consul/model/freeze.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Freeze parse_freeze(std::string_view text) {
  // In the order of the text, as it is written, it would take a search of all members to read each.
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("reason")) return {.reason = std::string(text)};
  return {.reason = text_of(json, "reason"),
          .by = text_of(json, "by"),
          .host = text_of(json, "host"),
          .at = text_of(json, "at")};
}

std::string format_freeze(const Freeze& freeze) {
  const Json json = {{"reason", freeze.reason}, {"by", freeze.by}, {"host", freeze.host}, {"at", freeze.at}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Freeze> find_freeze(const std::vector<KvEntry>& entries, const Keys& keys) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const KvEntry& entry) { return entry.key == keys.freeze(); });
  return found != entries.end() ? std::optional(parse_freeze(found->value)) : std::nullopt;
}

std::string frozen_by(const Freeze& freeze) {
  std::string words = "frozen";
  const auto who =
      printable(freeze.by, 64) + (freeze.by.empty() || freeze.host.empty() ? "" : "@") + printable(freeze.host, 64);
  if (!who.empty()) words += " by " + who;
  if (!freeze.at.empty()) words += " since " + printable(freeze.at, 32);
  return words + ": " + printable(freeze.reason, 200);
}

std::string describe(const Freeze& freeze) { return "the cluster is " + frozen_by(freeze); }

}  // namespace proxysql_consul
