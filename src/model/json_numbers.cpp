#include "proxysql_consul/model/json_numbers.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace proxysql_consul {
namespace {

const nlohmann::json* find_member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) throw std::invalid_argument(std::string("no object that could have ") + name);
  const auto found = object.find(name);
  return found != object.end() ? &*found : nullptr;
}

}  // namespace

std::uint64_t as_count(const nlohmann::json& json) {
  if (!json.is_number_unsigned()) throw std::invalid_argument("no count");
  return json.get<std::uint64_t>();
}

std::int64_t as_time(const nlohmann::json& json) {
  const auto count = as_count(json);
  if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw std::invalid_argument("no time");
  return static_cast<std::int64_t>(count);
}

NamedCounts as_counts(const nlohmann::json& json) {
  if (!json.is_object()) throw std::invalid_argument("no counts");
  NamedCounts counts;
  for (const auto& [name, count] : json.items()) counts[name] = as_count(count);
  return counts;
}

const nlohmann::json& member_or_empty(const nlohmann::json& object, const char* name) {
  static const auto empty = nlohmann::json::object();
  const auto* member = find_member(object, name);
  if (member == nullptr) return empty;
  if (!member->is_object()) throw std::invalid_argument(std::string(name) + " is no object");
  return *member;
}

std::uint64_t count_or(const nlohmann::json& object, const char* name, std::uint64_t otherwise) {
  const auto* member = find_member(object, name);
  return member != nullptr ? as_count(*member) : otherwise;
}

std::int64_t time_or_zero(const nlohmann::json& object, const char* name) {
  const auto* member = find_member(object, name);
  return member != nullptr ? as_time(*member) : 0;
}

}  // namespace proxysql_consul
