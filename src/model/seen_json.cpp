#include "proxysql_consul/model/seen_json.h"

#include <nlohmann/json.hpp>

#include "proxysql_consul/model/json_numbers.h"

namespace proxysql_consul {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json seen_to_json(const Seen& seen) {
  const auto or_null = [](const std::optional<bool>& flag) { return flag ? Json(*flag) : Json(nullptr); };
  return {{"consul_up", or_null(seen.consul_up)},
          {"proxysql_up", or_null(seen.proxysql_up)},
          {"frozen", or_null(seen.frozen)},
          {"versions", seen.versions}};
}

Seen seen_from_json(const nlohmann::json& json) {
  const auto flag = [&](const char* name) {
    return json.contains(name) && json[name].is_boolean() ? std::optional(json[name].get<bool>()) : std::nullopt;
  };
  return {.consul_up = flag("consul_up"),
          .proxysql_up = flag("proxysql_up"),
          .frozen = flag("frozen"),
          .versions = as_counts(member_or_empty(json, "versions"))};
}

Json attempts_to_json(const Attempts& counts) {
  auto all = Json::object();
  for (const auto& [name, one] : counts) {
    all[name] = {{"outcomes", one.outcomes},
                 {"last_success", one.last_success},
                 {"apply_milliseconds", one.apply_milliseconds},
                 {"unpublished_since", one.unpublished_since}};
  }
  return all;
}

Attempts attempts_from_json(const nlohmann::json& json) {
  Attempts counts;
  for (const auto& [name, one] : json.items()) {
    counts[name] = {.outcomes = as_counts(member_or_empty(one, "outcomes")),
                    .last_success = time_or_zero(one, "last_success"),
                    .apply_milliseconds = time_or_zero(one, "apply_milliseconds"),
                    .unpublished_since = time_or_zero(one, "unpublished_since")};
  }
  return counts;
}

}  // namespace proxysql_consul
