// The tables of a document, also as a packed blob, in the words of the tables that a ProxySQL has.
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/base/gzip.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul::testing {

namespace {

const TableSchema& schema_of_servers() {
  static const TableSchema schema{
      .name = "mysql_servers",
      .columns = {{.name = "hostgroup_id", .default_value = "0", .not_null = true, .key = 1},
                  {.name = "hostname", .default_value = {}, .not_null = true, .key = 2},
                  {.name = "port", .default_value = "3306", .not_null = true, .key = 3},
                  {.name = "status", .default_value = "'ONLINE'", .not_null = true},
                  {.name = "comment", .default_value = "''", .not_null = true}}};
  return schema;
}

}  // namespace

FUZZ_TARGET(tables) {
  // gzip's own check would keep the fuzzer out, so that it may begin with either.
  constexpr std::size_t most_bytes = 1U << 20U;
  const auto unpacked = input.starts_with("\x1f\x8b") ? gunzip(input, most_bytes) : std::nullopt;
  if (unpacked) require(unpacked->size() <= most_bytes, "nothing expands beyond its limit");
  const auto tables =
      attempt(ExitCode::payload, [&] { return parse_tables(unpacked ? *unpacked : std::string(input)); });
  if (!tables) return;
  const auto& schema = schema_of_servers();
  const auto fitted =
      attempt(ExitCode::payload, [&] { return fit(*find_configuration("mysql_servers"), *tables, {schema}, {}, {}); });
  if (fitted && !fitted->tables.empty()) {
    for (const auto& warning : fitted->warnings) require_readable(warning);
    const auto& fitting = fitted->tables.at(0);
    Table empty{.name = schema.name, .columns = fitting.columns, .rows = {}};
    const auto statements = statements_between(schema, empty, fitting);
    require(statements.empty() == fitting.rows.empty(), "all rows are written");
    require(statements_between(schema, fitting, fitting).empty(), "what is equal is not written");
  }
  const auto text = format_tables(*tables);
  bool have_columns = true;
  for (const auto& table : *tables) have_columns = have_columns && !table.columns.empty();
  if (have_columns) require(parse_tables(text) == *tables, "tables come back as they were written");
}

}  // namespace proxysql_consul::testing
