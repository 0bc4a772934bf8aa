// What people may see of a table: secrets are shown as "***". Pure.
#pragma once

#include <string_view>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// True where the cell must not be shown: passwords, credentials, tokens. `variable` is the row's variable_name, if
/// any.
bool is_secret(std::string_view table, std::string_view column, std::string_view variable, std::string_view value);

/// `table` as people may see it.
Table masked(Table table);

}  // namespace proxysql_consul
