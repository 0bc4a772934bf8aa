#include "proxysql_consul/model/table.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace proxysql_consul {
namespace {

TEST(Table, OrdersItsKeyAndTakesAllColumnsWhereThereIsNone) {
  TableSchema schema{.name = "t",
                     .columns = {{.name = "a", .default_value = {}, .not_null = false, .key = 2},
                                 {.name = "b", .default_value = {}, .not_null = false, .key = 0},
                                 {.name = "c", .default_value = {}, .not_null = false, .key = 1}}};
  EXPECT_EQ(schema.key(), (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(schema.find("b"), 1U);
  EXPECT_EQ(schema.find("B"), std::nullopt);
  for (auto& column : schema.columns) column.key = 0;
  EXPECT_EQ(schema.key(), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Table, FindsColumns) {
  const Table table{.name = "t", .columns = {"a", "b"}, .rows = {}};
  EXPECT_EQ(table.find("b"), 1U);
  EXPECT_EQ(table.find("c"), std::nullopt);
}

}  // namespace
}  // namespace proxysql_consul
