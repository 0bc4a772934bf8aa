#include "proxysql_consul/model/tally.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

using Names = std::vector<std::string>;

Table servers(const Names& columns, const Rows& rows) {
  return {.name = "mysql_servers", .columns = columns, .rows = rows};
}

const Names plain = {"hostgroup_id", "hostname", "port", "weight"};

TEST(Tally, CountsRowsByTheirKeys) {
  const auto from = servers(plain, {{"1", "a", "3306", "1"}, {"1", "b", "3306", "1"}, {"1", "c", "3306", "1"}});
  const auto to = servers(plain, {{"1", "a", "3306", "1"}, {"1", "b", "3306", "7"}, {"2", "c", "3306", "1"}});
  EXPECT_EQ(tally({from}, {to}), (Tally{.added = 1, .removed = 1, .changed = 1}));
  EXPECT_EQ(tally({from}, {from}), Tally{});
  EXPECT_EQ(tally({}, {to}), (Tally{.added = 3}));
  EXPECT_EQ(tally({from}, {}), (Tally{.removed = 3}));
}

TEST(Tally, GoesByTheNamesOfColumns) {
  const auto from = servers(plain, {{"1", "a", "3306", "1"}});
  const auto turned = servers({"weight", "port", "hostname", "hostgroup_id"}, {{"1", "3306", "a", "1"}});
  EXPECT_EQ(tally({from}, {turned}), Tally{});
  const auto wider = [&](const char* comment) {
    return servers({"hostgroup_id", "hostname", "port", "weight", "comment"}, {{"1", "a", "3306", "1", comment}});
  };
  EXPECT_EQ(tally({from}, {wider("")}), Tally{}) << "a default is as good as no column";
  EXPECT_EQ(tally({from}, {wider("x")}), (Tally{.changed = 1}));
  EXPECT_EQ(tally({wider("x")}, {from}), (Tally{.changed = 1}));
}

TEST(Tally, TakesTheRowsOf2016ByTheirPlaces) {
  const auto named = servers(plain, {{"1", "a", "3306", "1"}});
  const auto positional = servers({}, {{"1", "a", "3306", "2"}});
  EXPECT_EQ(tally({positional}, {named}), (Tally{.changed = 1}));
  EXPECT_EQ(tally({positional}, {positional}), Tally{});
  EXPECT_EQ(tally({servers({}, {{"1", "a"}})}, {named}), std::nullopt) << "of another width";
}

TEST(Tally, TakesTheWholeRowForTheKeyOfATableThatItDoesNotKnow) {
  const auto rules = [](const char* value) {
    return Table{.name = "of_the_future", .columns = {"id", "v"}, .rows = {{"1", value}}};
  };
  EXPECT_EQ(tally({rules("x")}, {rules("y")}), (Tally{.added = 1, .removed = 1}));
}

TEST(Tally, SpeaksForPeople) {
  EXPECT_EQ(describe(Tally{}), "no row changed");
  EXPECT_EQ(describe(Tally{.added = 1, .changed = 2}), "1 row added, 2 changed");
  EXPECT_EQ(describe(Tally{.removed = 2}), "2 rows removed");
}

}  // namespace
}  // namespace proxysql_consul
