#include "proxysql_consul/model/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Cells of all lengths at which the form of a length changes, and of bytes that could be taken for one.
Row strange_row() {
  Row row = {std::nullopt, "", "\xFF", std::string(1, '\x01'), "x"};
  for (const std::size_t length : {126U, 127U, 128U, 16382U, 16383U, 16384U, 2097151U})
    row.emplace_back(std::string(length, '\x80'));
  return row;
}

TEST(Rows, GiveBackWhatWasPutIn) {
  Rows rows;
  EXPECT_TRUE(rows.empty());
  for (int i = 0; i < 3; ++i) {
    rows.push_back(strange_row());
    rows.push_back(Row{});
  }
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_TRUE(rows[0] == strange_row());
  EXPECT_EQ(rows[1].size(), 0U);
  EXPECT_EQ(rows[4].copy(), strange_row());
  EXPECT_EQ(rows.back().begin(), rows.back().end());
  for (std::size_t i = 0; i < strange_row().size(); ++i) EXPECT_EQ(rows[2][i], strange_row()[i]);
}

TEST(Rows, KeepNullAndEmptyApart) {
  const Rows rows{{std::nullopt}, {""}};
  EXPECT_FALSE(rows[0][0].has_value());
  EXPECT_EQ(rows[1][0], "");
  EXPECT_FALSE(rows[0] == rows[1]);
  EXPECT_FALSE(rows[0] == Row{""});
}

TEST(Rows, AreEqualWhereTheirCellsAre) {
  const Rows rows{{"a", "b"}, {"c", std::nullopt}};
  EXPECT_EQ(rows, (Rows{{"a", "b"}, {"c", std::nullopt}}));
  EXPECT_FALSE(rows == (Rows{{"a", "b"}}));
  EXPECT_FALSE((Rows{{"ab"}} == Rows{{"a", "b"}}));
  EXPECT_FALSE((Rows{{"a"}, {"b"}} == Rows{{"a", "b"}}));
}

TEST(Rows, AreMadeCellByCell) {
  Rows rows;
  rows.start();
  rows.add("a");
  rows.add(std::nullopt);
  rows.start();
  rows.push_back(rows[0]);
  EXPECT_EQ(rows, (Rows{{"a", std::nullopt}, Row{}, {"a", std::nullopt}}));
}

TEST(Rows, LeaveOutAndChangeSome) {
  Rows rows{{"1"}, {"2"}, {"3"}, {"4"}};
  rows.erase_if([](const RowView& row) { return row[0] == "2" || row[0] == "4"; });
  EXPECT_EQ(rows, (Rows{{"1"}, {"3"}}));
  rows.edit([](const RowView& row) { return row[0] == "3"; }, [](Row& row) { row = {"three", std::nullopt}; });
  EXPECT_EQ(rows, (Rows{{"1"}, {"three", std::nullopt}}));
  rows.erase_if([](const RowView&) { return true; });
  EXPECT_THAT(rows, IsEmpty());
}

TEST(Rows, LeaveTheirCopiesAsTheyAre) {
  Rows rows{{"a"}, {"b"}};
  const auto copy = rows;
  const auto view = copy[1];
  EXPECT_EQ(copy[0].bytes().data(), rows[0].bytes().data()) << "nothing is copied yet";
  rows.push_back(rows[0]);
  rows.add("more");
  EXPECT_EQ(rows, (Rows{{"a"}, {"b"}, {"a", "more"}}));
  EXPECT_EQ(copy, (Rows{{"a"}, {"b"}}));
  rows = copy;
  rows.clear();
  EXPECT_TRUE(rows.empty());
  EXPECT_EQ(view[0], "b");
}

TEST(Rows, ThrowForWhatIsNotThere) {
  const Rows rows{{"a"}};
  EXPECT_THROW(static_cast<void>(rows.at(1)), std::out_of_range);
  EXPECT_THROW(static_cast<void>(rows.at(0).at(1)), std::out_of_range);
}

TEST(Rows, AreSortedByTheCellsOfAKey) {
  const Rows rows{{"10", "b"}, {"9", "z"}, {"a", "1"}, {"10", "a"}, {std::nullopt, "x"}, {"1a", ""}, {"010", "c"}};
  std::vector<Row> sorted;
  for (const auto& row : sorted_by({0, 1}, rows)) sorted.push_back(row.copy());
  EXPECT_THAT(sorted, ElementsAre(Row{std::nullopt, "x"}, Row{"9", "z"}, Row{"010", "c"}, Row{"10", "a"},
                                  Row{"10", "b"}, Row{"1a", ""}, Row{"a", "1"}));
}

TEST(Rows, PickCells) {
  const Rows rows{{"x", std::nullopt, "z"}};
  EXPECT_EQ(pick(rows[0], {2, 1}), (Row{"z", std::nullopt}));
}

TEST(Compare, IsAnOrder) {
  const std::vector<Cell> cells = {std::nullopt, "", "-2", "0", "00", "1", "9", "10", "010", "1a", "a", "A", "9a", "-"};
  for (const auto& a : cells) {
    for (const auto& b : cells) {
      EXPECT_EQ(compare(a, b), -compare(b, a));
      EXPECT_EQ(compare(a, b) == 0, a == b);
      for (const auto& c : cells) {
        EXPECT_TRUE(compare(a, b) >= 0 || compare(b, c) >= 0 || compare(a, c) < 0);
      }
    }
  }
}

/// What RowsLike makes of `came` where `expected` was expected.
Rows gathered(const Rows& expected, const Rows& came) {
  RowsLike rows(expected);
  for (const auto& row : came) rows.push_back(std::vector<CellView>(row.begin(), row.end()));
  return rows.take();
}

TEST(RowsLike, AreTheExpectedOnesThemselvesWhereTheSameCome) {
  const Rows expected{{"1", "a"}, {"2", std::nullopt}, {"3", ""}};
  EXPECT_TRUE(gathered(expected, Rows{{"1", "a"}, {"2", std::nullopt}, {"3", ""}}).is_shared_with(expected));
}

TEST(RowsLike, AreWhatCameWhateverWasExpected) {
  const Rows expected{{"1", "a"}, {"2", std::nullopt}, {"3", ""}};
  const Rows cases[] = {
      {},
      {{"1", "a"}},
      {{"1", "a"}, {"2", ""}, {"3", ""}},
      {{"1", "a"}, {"3", ""}},
      {{"0", "a"}, {"1", "a"}, {"2", std::nullopt}, {"3", ""}},
      {{"1", "a"}, {"2", std::nullopt}, {"3", ""}, {"4", "d"}},
      {{"1", "a", "more"}, {"2"}, {"3", ""}},
  };
  for (const auto& came : cases) {
    SCOPED_TRACE(came.size());
    EXPECT_EQ(gathered(expected, came), came);
    EXPECT_EQ(gathered({}, came), came);
  }
}

TEST(Rows, ShowTheirUnequalMiddles) {
  const auto numbers = [](const std::vector<RowView>& rows) {
    std::string text;
    for (const auto& row : rows) text += std::string(row[0].value());
    return text;
  };
  const struct {
    Rows a;
    Rows b;
    std::string of_a;
    std::string of_b;
  } cases[] = {
      {{}, {}, "", ""},
      {{{"1"}, {"2"}, {"3"}}, {{"1"}, {"2"}, {"3"}}, "", ""},
      {{{"1"}, {"2"}, {"3"}}, {{"1"}, {"4"}, {"3"}}, "2", "4"},
      {{{"1"}, {"3"}}, {{"1"}, {"2"}, {"3"}}, "", "2"},
      {{{"1"}, {"1"}}, {{"1"}, {"1"}, {"1"}}, "", "1"},
      {{{"1"}, {"2"}}, {}, "12", ""},
      {{{"1"}, {"2"}}, {{"2"}, {"1"}}, "12", "21"},
  };
  for (const auto& [a, b, of_a, of_b] : cases) {
    SCOPED_TRACE(of_a + "/" + of_b);
    const auto [middle_a, middle_b] = unequal_middles(a, b);
    EXPECT_EQ(numbers(middle_a), of_a);
    EXPECT_EQ(numbers(middle_b), of_b);
  }
}

}  // namespace
}  // namespace proxysql_consul
