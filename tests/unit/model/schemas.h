// Table schemas for the tests of what compares and fits tables.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

inline Column column(const std::string& name, Cell default_value, bool not_null, std::size_t key = 0) {
  return {.name = name, .default_value = std::move(default_value), .not_null = not_null, .key = key};
}

inline const std::vector<TableSchema> variable_schemas = {
    {.name = "global_variables",
     .columns = {column("variable_name", std::nullopt, true, 1), column("variable_value", std::nullopt, true)}}};

}  // namespace proxysql_consul
