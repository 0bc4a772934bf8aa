// The setting `configurations`: modules of ProxySQL that came after this program. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul {

/// The built-in configurations and those of `value` behind them. Puts into `notices`, for people, what is built in and
/// need not be named. Throws Error{settings} that names source, rule and value.
Catalogue as_catalogue(const Source& source, const nlohmann::json& value, std::vector<std::string>& notices);

}  // namespace proxysql_consul
