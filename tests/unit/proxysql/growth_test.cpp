// What an apply and a save cost where tables are large: no more than in proportion to their rows.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/weigh.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "support/allocations.h"
#include "unit/model/schemas.h"

namespace proxysql_consul::testing {
namespace {

const std::vector<TableSchema> rule_schemas = {
    {.name = "mysql_query_rules",
     .columns = {column("rule_id", {}, true, 1), column("active", "0", true), column("match_digest", {}, false)}}};
const std::vector<TableSchema> user_schemas = {
    {.name = "mysql_users",
     .columns = {column("username", {}, true, 1), column("backend", "1", true, 2), column("frontend", "1", true),
                 column("active", "1", true)}}};

/// Rows of the table with that key and, in all other columns, what makes them inactive.
Table inactive_rows(const TableSchema& schema, std::size_t from, std::size_t count) {
  Table table{.name = schema.name, .columns = {}, .rows = {}};
  for (const auto& column : schema.columns) table.columns.push_back(column.name);
  for (std::size_t i = from; i < from + count; ++i) {
    Row row(schema.columns.size(), "0");
    row[0] = std::to_string(i);
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// The allocations of `work(rows)` for as many rows, and for twice as many.
template <typename Work>
void expect_in_proportion(Work work) {
  constexpr std::size_t rows = 500;
  const auto once = work(rows);
  const auto twice = work(2 * rows);
  EXPECT_GT(once, rows) << "nothing was done";
  EXPECT_LT(twice, once * 5 / 2);
}

/// As many columns as ProxySQL's rules have, most of them empty.
TableSchema wide_schema() {
  auto schema = rule_schemas[0];
  for (int i = 0; i < 32; ++i) schema.columns.push_back(column("column_" + std::to_string(i), {}, false));
  return schema;
}

Table active_rules(const TableSchema& schema, std::size_t count) {
  auto table = inactive_rows(schema, 0, 0);
  for (std::size_t i = 1; i <= count; ++i) {
    Row row(schema.columns.size());
    row[0] = std::to_string(i);
    row[1] = "1";
    row[2] = "^SELECT .* FROM table_" + std::to_string(i) + " WHERE id=";
    table.rows.push_back(row);
  }
  return table;
}

constexpr std::size_t many_rules = 20'000;

TEST(Growth, OfASaveIsSixBytesAtOnceForAByteOfTheDocument) {
  const auto schema = wide_schema();
  const auto document = [&] {
    return Document{.config_name = schema.name,
                    .uuid = "u",
                    .tables = {active_rules(schema, many_rules)},
                    .blob = {},
                    .origin = {}};
  };
  const auto bytes = format_document(document()).size();
  const Allocations allocations;
  const Holding ours{.configuration = *find_configuration(schema.name), .document = document(), .schemas = {schema}};
  auto theirs = document();
  theirs.tables[0].rows.erase_if([](const RowView& row) { return row[0] == "77"; });
  const auto weighed = weigh(ours, Held{.entry = {}, .document = std::move(theirs)}, Acquaintance::whole, {});
  EXPECT_EQ(weighed.changes, "1 row added");
  const auto tables = format_tables(weighed.document.tables);
  const auto packed = pack_tables(tables, std::size_t{512} * 1024);
  EXPECT_GT(format_document(weighed.document, tables).size(), bytes - 10);
  EXPECT_LT(allocations.peak(), 6 * bytes);
}

TEST(Growth, OfAnApplyIsSixBytesAtOnceForAByteOfTheDocument) {
  const auto schema = wide_schema();
  const auto text = format_tables({active_rules(schema, many_rules)});
  const Allocations allocations;
  auto fitted = fit(*find_configuration(schema.name), parse_tables(text), {schema}, {}, {});
  const Wanted wanted{.tables = std::move(fitted.tables)};
  const Layers layers{.memory = {active_rules(schema, 0)},
                      .runtime = std::vector<Table>{active_rules(schema, 0)},
                      .disk = std::vector<Table>{active_rules(schema, 0)}};
  const auto plan = plan_apply(*find_configuration(schema.name), {schema}, layers, wanted, {});
  EXPECT_TRUE(plan.load);
  EXPECT_LT(allocations.peak(), 6 * text.size());
}

TEST(Growth, OfAnApplyWithInactiveRowsIsThatOfTheRows) {
  for (const auto& schemas : {rule_schemas, user_schemas}) {
    expect_in_proportion([&](std::size_t rows) {
      const Wanted wanted{.tables = {inactive_rows(schemas[0], 0, rows)}};
      const Layers layers{.memory = {inactive_rows(schemas[0], rows, rows)},
                          .runtime = std::vector<Table>{inactive_rows(schemas[0], 0, 0)},
                          .disk = std::vector<Table>{inactive_rows(schemas[0], rows, rows)}};
      const Allocations allocations;
      const auto plan = plan_apply(*find_configuration(schemas[0].name), schemas, layers, wanted, {});
      EXPECT_EQ(plan.target[0].rows.size(), 2 * rows);
      return allocations.count();
    });
  }
}

TEST(Growth, OfASaveWithInactiveRowsIsThatOfTheRows) {
  for (const auto& schemas : {rule_schemas, user_schemas}) {
    const auto document = [&](Table table) {
      return Document{
          .config_name = schemas[0].name, .uuid = "u", .tables = {std::move(table)}, .blob = {}, .origin = {}};
    };
    expect_in_proportion([&](std::size_t rows) {
      auto active = inactive_rows(schemas[0], 0, rows);
      active.rows.edit([](const RowView&) { return true; }, [](Row& row) { row[1] = row.back() = row[2] = "1"; });
      const Holding ours{.configuration = *find_configuration(schemas[0].name),
                         .document = document(std::move(active)),
                         .schemas = schemas};
      const Held theirs{.entry = {}, .document = document(inactive_rows(schemas[0], rows, rows))};
      const Allocations allocations;
      EXPECT_EQ(weigh(ours, theirs, Acquaintance::whole, {}).document.tables[0].rows.size(), 2 * rows);
      return allocations.count();
    });
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
