// What was seen and counted, as the state file has it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proxysql_consul/model/seen.h"

namespace proxysql_consul {

nlohmann::ordered_json seen_to_json(const Seen& seen);
/// Throws what json_numbers.h and the JSON library throw for members of another type; one that is missing is none.
Seen seen_from_json(const nlohmann::json& json);
nlohmann::ordered_json attempts_to_json(const Attempts& counts);
Attempts attempts_from_json(const nlohmann::json& json);

}  // namespace proxysql_consul
