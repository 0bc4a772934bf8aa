// Numbers in the JSON of states and records, which count something: the JSON library would also take true for 1, and
// make any number of a fraction, a negative or a huge one. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace proxysql_consul {

/// Throws std::invalid_argument for what is no count.
std::uint64_t as_count(const nlohmann::json& json);
/// The same within what is positive of 64 bits: seconds since 1970, and durations.
std::int64_t as_time(const nlohmann::json& json);

using NamedCounts = std::map<std::string, std::uint64_t, std::less<>>;
/// The counts that an object holds by name.
NamedCounts as_counts(const nlohmann::json& json);

/// The object of that name, or an empty one where there is none. Throws std::invalid_argument for what is no object.
/// Not a copy, which for what is nested deep would need a deep stack.
const nlohmann::json& member_or_empty(const nlohmann::json& object, const char* name);
std::uint64_t count_or(const nlohmann::json& object, const char* name, std::uint64_t otherwise);
std::int64_t time_or_zero(const nlohmann::json& object, const char* name);

}  // namespace proxysql_consul
