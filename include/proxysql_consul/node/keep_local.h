// The setting keep_local: its JSON, read strictly. Pure; whether there are such tables and columns is asked of the
// server later.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul {

/// Puts what `value` says into `scope`. Throws Error{settings} that names source, place and rule.
void read_keep_local(const Source& source, const nlohmann::json& value, Scope& scope);

}  // namespace proxysql_consul
