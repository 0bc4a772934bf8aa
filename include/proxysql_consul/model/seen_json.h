// What was seen and counted, as the state file has it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proxysql_consul/model/seen.h"

namespace proxysql_consul {

nlohmann::ordered_json seen_to_json(const Seen& seen);
/// Throws what the JSON library throws for members of another type; one that is missing is none.
Seen seen_from_json(const nlohmann::ordered_json& json);
nlohmann::ordered_json attempts_to_json(const Attempts& counts);
Attempts attempts_from_json(const nlohmann::ordered_json& json);

}  // namespace proxysql_consul
