#include "proxysql_consul/model/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TableSchema scoped_servers = {.name = "mysql_servers",
                                    .columns = {{.name = "hostname", .default_value = {}, .not_null = true, .key = 1},
                                                {.name = "weight", .default_value = "1"},
                                                {.name = "comment", .default_value = {}}}};

Table scoped_table(std::initializer_list<Row> rows) {
  return {.name = "mysql_servers", .columns = {"hostname", "weight", "comment"}, .rows = rows};
}

CellRule text_rule(const std::string& column, const std::string& text) { return {.column = column, .text = text}; }

Scope scope_of(LocalPart part) {
  Scope scope;
  scope.tables["mysql_servers"] = std::move(part);
  return scope;
}

/// Of what is shared and of what is one's own, each seen.
Table joined_by(const Scope& scope, const Table& shared, const Table& own) {
  Sharing sharing(scope, {scoped_servers});
  sharing.see(shared);
  sharing.see(own);
  return sharing.combine({shared}, {own}).front();
}

TEST(Scope, TakesLocalColumnsFromOneSideAndAllElseFromTheOther) {
  const auto scope = scope_of({.columns = {"weight"}, .rows = {}});
  EXPECT_EQ(joined_by(scope, scoped_table({{"a", "1", "new"}, {"b", "2", {}}}),
                      scoped_table({{"a", "7", "old"}, {"c", "3", {}}})),
            scoped_table({{"a", "7", "new"}, {"b", "2", {}}}));
}

TEST(Scope, TakesLocalRowsFromOneSideWhicheverSideMakesThemLocal) {
  const auto scope = scope_of({.columns = {}, .rows = {{text_rule("comment", "mine")}, {text_rule("hostname", "z")}}});
  const auto shared = scoped_table({{"a", "1", {}}, {"b", "1", "mine"}, {"c", "1", {}}, {"z", "1", {}}});
  const auto own = scoped_table({{"a", "7", "mine"}, {"b", "7", {}}, {"d", "7", {}}});
  EXPECT_EQ(joined_by(scope, shared, own), scoped_table({{"a", "7", "mine"}, {"b", "7", {}}, {"c", "1", {}}}));
  EXPECT_EQ(joined_by(scope, own, shared),
            scoped_table({{"a", "1", {}}, {"b", "1", "mine"}, {"d", "7", {}}, {"z", "1", {}}}));
}

TEST(Scope, NeedsAllConditionsOfAnEntry) {
  const auto scope = scope_of({.columns = {}, .rows = {{text_rule("comment", "mine"), text_rule("weight", "7")}}});
  EXPECT_EQ(joined_by(scope, scoped_table({{"a", "7", {}}, {"b", "7", "mine"}}), scoped_table({})),
            scoped_table({{"a", "7", {}}}));
}

TEST(Scope, IsUndoneByCombiningTwice) {
  // What a node makes of a document and its own is, saved again, that document.
  const auto scope = scope_of({.columns = {"weight"}, .rows = {{text_rule("comment", "mine")}}});
  const auto document = scoped_table({{"a", "1", {}}, {"b", "1", "mine"}, {"c", "1", {}}});
  const auto own = scoped_table({{"a", "7", {}}, {"c", "7", "mine"}, {"d", "7", "mine"}});
  const auto here = joined_by(scope, document, own);
  EXPECT_EQ(here, scoped_table({{"a", "7", {}}, {"c", "7", "mine"}, {"d", "7", "mine"}}));
  EXPECT_EQ(joined_by(scope, here, document), document);
}

TEST(Scope, CostsNothingWhereNothingIsLocal) {
  const Sharing sharing(scope_of({.columns = {"weight"}, .rows = {}}), {{.name = "mysql_users", .columns = {}}});
  EXPECT_FALSE(sharing.has_local());
  const auto rows = scoped_table({{"a", "1", {}}}).rows;
  const auto given = sharing.combine({{.name = "mysql_servers", .columns = {}, .rows = rows}}, {});
  EXPECT_TRUE(given.front().rows.is_shared_with(rows));
  EXPECT_FALSE(Scope().is_about({"mysql_servers"}));
}

TEST(Scope, TellsWhichEntriesNothingMeetsAndWhatIsKept) {
  Sharing sharing(scope_of({.columns = {"weight"},
                            .rows = {{text_rule("hostname", "a")},
                                     {text_rule("hostname", "nobody"), text_rule("comment", "s3cr3t")},
                                     {text_rule("of another version", "x")}}}),
                  {scoped_servers});
  const auto table = scoped_table({{"a", "1", {}}, {"b", "1", {}}});
  sharing.see(table);
  EXPECT_THAT(sharing.unmet(),
              ElementsAre("keep_local: entry 2 of mysql_servers (rows by hostname and comment) matches "
                          "no row here and none of Consul's",
                          HasSubstr("entry 3 of mysql_servers (rows by of another version)")));
  EXPECT_THAT(sharing.describe_kept({table}), ElementsAre("of mysql_servers: weight, 1 row"));
  EXPECT_THAT(sharing.afresh().describe_kept({table}), ElementsAre("of mysql_servers: weight, 0 rows"));
}

TEST(Scope, FindsRowsThatCannotStandSideBySide) {
  const TableSchema hostgroups = {
      .name = "mysql_replication_hostgroups",
      .columns = {{.name = "writer_hostgroup", .default_value = {}, .not_null = true, .key = 1},
                  {.name = "reader_hostgroup", .default_value = {}}}};
  Scope scope;
  scope.tables[hostgroups.name].rows = {{text_rule("writer_hostgroup", "900")}};
  Table table{.name = hostgroups.name, .columns = {"writer_hostgroup", "reader_hostgroup"}, .rows = {}};
  table.rows = {{"1", {}}, {"2", {}}, {"10", "20"}, {"900", "30"}};
  Sharing sharing(scope, {hostgroups});
  sharing.see(table);
  EXPECT_EQ(sharing.collision({table}), std::nullopt) << "NULL is like nothing else";
  table.rows.push_back(Row{"11", "30"});
  EXPECT_EQ(sharing.collision({table}),
            "table mysql_replication_hostgroups, row writer_hostgroup=900, which is kept local, and table "
            "mysql_replication_hostgroups, row writer_hostgroup=11 cannot stand side by side: no two may have the same "
            "reader_hostgroup");
}

}  // namespace
}  // namespace proxysql_consul
