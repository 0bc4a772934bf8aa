#include "proxysql_consul/model/seen_json.h"

#include <nlohmann/json.hpp>

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

Seen seen_from_json(const Json& json) {
  const auto flag = [&](const char* name) {
    return json.contains(name) && json[name].is_boolean() ? std::optional(json[name].get<bool>()) : std::nullopt;
  };
  return {.consul_up = flag("consul_up"),
          .proxysql_up = flag("proxysql_up"),
          .frozen = flag("frozen"),
          .versions = json.value("versions", decltype(Seen::versions)())};
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

Attempts attempts_from_json(const Json& json) {
  Attempts counts;
  for (const auto& [name, one] : json.items()) {
    counts[name] = {.outcomes = one.value("outcomes", decltype(Counts::outcomes)()),
                    .last_success = one.value("last_success", std::int64_t{0}),
                    .apply_milliseconds = one.value("apply_milliseconds", std::int64_t{0}),
                    .unpublished_since = one.value("unpublished_since", std::int64_t{0})};
  }
  return counts;
}

}  // namespace proxysql_consul
