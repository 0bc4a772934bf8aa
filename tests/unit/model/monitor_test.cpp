// settle_servers(): which differences a monitor alone can make.
#include "proxysql_consul/model/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A server's hostgroup, name, status and weight.
std::vector<Table> tables(Rows servers, Rows replication, Rows galera = {}) {
  servers.edit([](const RowView&) { return true; }, [](Row& row) { row.insert(row.begin() + 2, "3306"); });
  return {{.name = "mysql_servers",
           .columns = {"hostgroup_id", "hostname", "port", "status", "weight"},
           .rows = std::move(servers)},
          {.name = "mysql_replication_hostgroups",
           .columns = {"writer_hostgroup", "reader_hostgroup", "comment"},
           .rows = std::move(replication)},
          {.name = "mysql_galera_hostgroups",
           .columns = {"writer_hostgroup", "backup_writer_hostgroup", "reader_hostgroup", "offline_hostgroup"},
           .rows = std::move(galera)}};
}

const Rows pair = {{"10", "20", ""}};
const Rows cluster = {{"1", "2", "3", "4"}};

TEST(Monitor, AloneMovesServersWithinTheHostgroupsOfOneRow) {
  const struct {
    const char* what;
    Rows runtime, reference;
    bool settled;
  } cases[] = {
      {"to the readers", {{"20", "a", "ONLINE", "1"}}, {{"10", "a", "ONLINE", "1"}}, true},
      {"to both", {{"10", "a", "ONLINE", "1"}, {"20", "a", "ONLINE", "1"}}, {{"20", "a", "ONLINE", "1"}}, true},
      {"with its status", {{"20", "a", "SHUNNED", "1"}}, {{"10", "a", "ONLINE", "1"}}, true},
      {"to a hostgroup of no row", {{"30", "a", "ONLINE", "1"}}, {{"10", "a", "ONLINE", "1"}}, false},
      {"with another weight", {{"20", "a", "ONLINE", "9"}}, {{"10", "a", "ONLINE", "1"}}, false},
      {"taken out by an operator", {{"20", "a", "OFFLINE_SOFT", "1"}}, {{"10", "a", "ONLINE", "1"}}, false},
      {"to the writers of another row", {{"1", "a", "ONLINE", "1"}}, {{"10", "a", "ONLINE", "1"}}, false},
      {"one that is gone", {}, {{"10", "a", "ONLINE", "1"}}, false},
      {"one that nobody knows, where no monitor adds any", {{"20", "b", "ONLINE", "1"}}, {}, false},
  };
  for (const auto& [what, runtime, reference, is_settled] : cases) {
    SCOPED_TRACE(what);
    const auto wanted = tables(reference, pair, cluster);
    const auto settled = settle_servers(tables(runtime, pair, cluster), wanted, wanted);
    EXPECT_EQ(settled.tables.front().rows == wanted.front().rows, is_settled);
    EXPECT_EQ(settled.moved.empty(), !is_settled);
    if (!is_settled) {
      EXPECT_EQ(settled.tables, tables(runtime, pair, cluster));
    }
  }
}

TEST(Monitor, AloneAddsServersThatNobodyNamed) {
  const auto reference = tables({{"1", "a", "ONLINE", "1"}}, pair, cluster);
  const auto runtime = tables({{"1", "a", "ONLINE", "1"}, {"3", "found", "ONLINE", "1"}}, pair, cluster);
  const auto settled = settle_servers(runtime, reference, reference);
  EXPECT_EQ(settled.tables, reference);
  EXPECT_THAT(settled.moved, ElementsAre("server found:3306: a monitor has added it to hostgroup 3"));
  // One that stands in memory has an operator.
  EXPECT_THAT(settle_servers(runtime, reference, runtime).moved, IsEmpty());
}

}  // namespace
}  // namespace proxysql_consul
