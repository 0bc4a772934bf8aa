// What people may see of a table: secrets are shown as "***". Pure.
#pragma once

#include <string_view>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// True where the cell must not be shown: passwords, credentials, tokens, and what `schema.secrets` names. `variable`
/// is the row's variable_name, if any.
bool is_secret(const TableSchema& schema, std::string_view column, std::string_view variable, std::string_view value);

/// `table`, which is of that shape or has other columns, as people may see it.
Table masked(const TableSchema& schema, Table table);

}  // namespace proxysql_consul
