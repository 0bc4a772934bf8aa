// What no client can do to a ProxySQL by asking: monitors that move servers, processes that end and start, disks that
// are full. As seen on real 2.7.2 and 3.0.1, with real backends where monitors are concerned.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "standin/conformance_fixture.h"
#include "standin/standin_engine.h"
#include "standin/standin_session.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using Texts = std::vector<std::string>;

void run_all(StandinEngine& engine, const Texts& statements) {
  for (const std::string& statement : statements) {
    const Answer answer = engine.execute(statement);
    EXPECT_TRUE(answer.ok) << statement << ": " << answer.error;
  }
}

Rows rows(StandinEngine& engine, std::string_view sql) {
  const Answer answer = engine.execute(sql);
  EXPECT_TRUE(answer.ok) << sql << ": " << answer.error;
  return answer.rows;
}

std::string value(StandinEngine& engine, const std::string& sql) {
  const Rows all = rows(engine, sql);
  return std::string(all.empty() ? "no row" : all.at(0).at(0).value_or("NULL"));
}

std::string of_global(StandinEngine& engine, const std::string& name) {
  return value(engine, "SELECT Variable_Value FROM stats.stats_mysql_global WHERE Variable_Name='" + name + "'");
}

/// version, epoch and checksum of a module, or one of them.
Row checksum(StandinEngine& engine, const std::string& name) {
  const Rows all =
      rows(engine, "SELECT version,epoch,checksum FROM runtime_checksums_values WHERE name='" + name + "'");
  return all.empty() ? Row{} : all.at(0).copy();
}

/// Hostgroup and name of each server in the answer to the statement, as "10 r, 10 w".
std::string places(StandinEngine& engine, std::string_view sql) {
  std::string out;
  for (const Row& row : rows(engine, sql)) {
    out += (out.empty() ? "" : ", ") + row.at(0).value() + ' ' + row.at(1).value();
  }
  return out;
}

std::string runtime(StandinEngine& engine) {
  return places(engine, "SELECT hostgroup_id,hostname FROM runtime_mysql_servers ORDER BY 1,2");
}

/// W and R, both configured as writers.
void load_two(StandinEngine& engine) {
  run_all(engine, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
                   "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (10,'w'),(10,'r')",
                   "LOAD MYSQL SERVERS TO RUNTIME"});
}

TEST(StandinMonitor, MovesServersAtRuntimeAlone) {
  StandinEngine engine(StandinVersion::v2_7);
  load_two(engine);
  const std::string memory = "SELECT hostgroup_id,hostname FROM mysql_servers ORDER BY 1,2";
  const Row at_load = checksum(engine, "mysql_servers");
  const Row v2 = checksum(engine, "mysql_servers_v2");
  EXPECT_EQ(at_load.at(0), "2");
  EXPECT_EQ(v2.at(0), "2");

  engine.set_read_only("r", 3306, true);
  EXPECT_EQ(runtime(engine), "10 w, 20 r");
  const Row moved = checksum(engine, "mysql_servers");
  EXPECT_EQ(moved.at(0), "2");
  EXPECT_NE(moved.at(2), at_load.at(2));

  engine.set_read_only("w", 3306, true);
  engine.set_read_only("r", 3306, false);
  EXPECT_EQ(runtime(engine), "10 r, 20 r, 20 w");
  EXPECT_NE(checksum(engine, "mysql_servers").at(2), moved.at(2));
  EXPECT_EQ(places(engine, memory), "10 r, 10 w");
  EXPECT_EQ(places(engine, servers_as_loaded), "10 r, 10 w");
  EXPECT_EQ(checksum(engine, "mysql_servers_v2"), v2);

  run_all(engine, {"UPDATE mysql_servers SET weight=7"});
  EXPECT_EQ(rows(engine, servers_as_loaded).at(0).at(5), "1");
  run_all(engine, {"LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(runtime(engine), "10 r, 10 w");
  EXPECT_EQ(rows(engine, servers_as_loaded).at(0).at(5), "7");
  EXPECT_EQ(checksum(engine, "mysql_servers").at(0), "3");
  EXPECT_EQ(checksum(engine, "mysql_servers_v2").at(0), "3");
  EXPECT_NE(checksum(engine, "mysql_servers_v2").at(2), v2.at(2));
}

TEST(StandinMonitor, TakesAWriterFromTheReadersWhereItIsToldTo) {
  StandinEngine engine(StandinVersion::v2_7);
  load_two(engine);
  run_all(engine, {"SET mysql-monitor_writer_is_also_reader='false'", "LOAD MYSQL VARIABLES TO RUNTIME"});
  engine.set_read_only("r", 3306, true);
  engine.set_read_only("r", 3306, false);
  EXPECT_EQ(runtime(engine), "10 r, 10 w");
}

TEST(StandinMonitor, CountsAsALoadBefore26) {
  StandinEngine engine(StandinVersion::v2_5);
  load_two(engine);
  EXPECT_EQ(checksum(engine, "mysql_servers").at(0), "2");
  EXPECT_EQ(checksum(engine, "mysql_servers_v2"), Row{});
  engine.set_read_only("r", 3306, true);
  EXPECT_EQ(checksum(engine, "mysql_servers").at(0), "3");
}

TEST(StandinMonitor, GivesTheChecksumOfServersANewEpoch) {
  StandinEngine engine(StandinVersion::v2_7);
  std::int64_t now = 1000;
  engine.set_clock([&] { return now; });
  load_two(engine);
  now = 1060;
  engine.set_read_only("r", 3306, true);
  EXPECT_EQ(checksum(engine, "mysql_servers").at(1), "1060");
  EXPECT_EQ(checksum(engine, "mysql_servers_v2").at(1), "1000");
}

TEST(StandinMonitor, ShunsWithoutAChecksum) {
  StandinEngine engine(StandinVersion::v2_7);
  load_two(engine);
  const Row before = checksum(engine, "mysql_servers");
  engine.set_server_status(10, "w", 3306, "SHUNNED");
  EXPECT_EQ(value(engine, "SELECT status FROM runtime_mysql_servers WHERE hostname='w'"), "SHUNNED");
  EXPECT_EQ(checksum(engine, "mysql_servers"), before);
  EXPECT_EQ(rows(engine, servers_as_loaded).at(1).at(4), "ONLINE");
}

TEST(StandinMonitor, MovesAndDiscoversWithinAGroup) {
  for (const StandinVersion version : {StandinVersion::v2_5, StandinVersion::v2_7}) {
    StandinEngine engine(version);
    run_all(engine, {"INSERT INTO mysql_galera_hostgroups(writer_hostgroup,backup_writer_hostgroup,reader_hostgroup,"
                     "offline_hostgroup) VALUES (1,2,3,4)",
                     "INSERT INTO mysql_aws_aurora_hostgroups(writer_hostgroup,reader_hostgroup,domain_name,"
                     "new_reader_weight) VALUES (5,6,'.x',9)",
                     "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(5,'w'),(7,'z')",
                     "LOAD MYSQL SERVERS TO RUNTIME"});
    const std::string committed = of_global(engine, "Servers_table_version");
    engine.move_server(1, "a", 3306, 4);
    EXPECT_EQ(of_global(engine, "Servers_table_version"), std::to_string(std::stoi(committed) + 1));
    engine.add_server(6, "new", 3307);
    engine.add_server(3, "b", 3306);
    EXPECT_EQ(runtime(engine), "3 b, 4 a, 5 w, 6 new, 7 z");
    EXPECT_EQ(rows(engine, "SELECT port,weight FROM runtime_mysql_servers WHERE hostname='new'"),
              (Rows{{"3307", "9"}}));
    EXPECT_THROW(engine.move_server(4, "a", 3306, 6), std::runtime_error);
    EXPECT_THROW(engine.move_server(1, "a", 3306, 3), std::runtime_error);
    EXPECT_THROW(engine.add_server(7, "b", 3306), std::runtime_error);
    run_all(engine, {"LOAD MYSQL SERVERS TO RUNTIME"});
    EXPECT_EQ(runtime(engine), "1 a, 5 w, 7 z");
  }
}

TEST(StandinMonitor, ActsByStatementsToo) {
  StandinEngine engine(StandinVersion::v2_7);
  load_two(engine);
  run_all(engine, {"STANDIN READONLY r 3306 1", "STANDIN STATUS 10 w 3306 SHUNNED", "STANDIN DISCOVER 20 n 3306",
                   "STANDIN MOVE 20 n 3306 10"});
  EXPECT_EQ(runtime(engine), "10 n, 10 w, 20 r");
  EXPECT_EQ(value(engine, "SELECT status FROM runtime_mysql_servers WHERE hostname='w'"), "SHUNNED");
  EXPECT_EQ(engine.execute("STANDIN MOVE 10 w 3306 30").error,
            "ProxySQL Admin Error: no monitor moves w:3306 of hostgroup 10 to 30");
  EXPECT_EQ(engine.execute("STANDIN MOVE 10").error, "ProxySQL Admin Error: near \"STANDIN\": syntax error");
}

TEST(StandinRestart, BringsBackWhatTheDiskHolds) {
  for (const StandinVersion version : {StandinVersion::v1_1, StandinVersion::v2_7}) {
    StandinEngine engine(version);
    run_all(engine, {"INSERT INTO mysql_servers(hostname) VALUES ('kept')", "SAVE MYSQL SERVERS TO DISK",
                     "INSERT INTO mysql_servers(hostname) VALUES ('forgotten')", "LOAD MYSQL SERVERS TO RUNTIME"});
    engine.restart();
    EXPECT_EQ(rows(engine, "SELECT hostname FROM mysql_servers"), (Rows{{"kept"}}));
    EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers"), (Rows{{"kept"}}));
  }
}

TEST(StandinRestart, BeginsToCountAnew) {
  StandinEngine engine(StandinVersion::v2_7);
  std::int64_t now = 5000;
  engine.set_clock([&] { return now; });
  engine.restart();
  run_all(engine, {"LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL USERS TO RUNTIME"});
  now = 5100;
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), "100");
  engine.restart();
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), "0");
  EXPECT_EQ(of_global(engine, "Servers_table_version"), "1");
  EXPECT_EQ(rows(engine, "SELECT DISTINCT version,epoch FROM runtime_checksums_values"), (Rows{{"1", "5100"}}));
  engine.turn_clock(1);
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), "1");
  engine.restart();
  EXPECT_EQ(rows(engine, "SELECT DISTINCT version,epoch FROM runtime_checksums_values"), (Rows{{"1", "5101"}}));
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), "0");
}

TEST(StandinRestart, OfProxySqlKeepsTheProcess) {
  StandinEngine engine(StandinVersion::v2_7);
  std::int64_t now = 5000;
  engine.set_clock([&] { return now; });
  const auto uptime = std::stoi(of_global(engine, "ProxySQL_Uptime"));
  run_all(engine, {"LOAD MYSQL USERS TO RUNTIME", "INSERT INTO mysql_servers(hostname) VALUES ('lost')",
                   "LOAD MYSQL SERVERS TO RUNTIME", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(of_global(engine, "Servers_table_version"), "3");
  now = 5100;
  EXPECT_EQ(engine.execute("PROXYSQL RESTART").fault, Fault::drop);
  EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers"), Rows{});
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), std::to_string(uptime + 100));
  EXPECT_EQ(of_global(engine, "Servers_table_version"), "1");
  EXPECT_EQ(checksum(engine, "mysql_servers").at(0), "4");
  EXPECT_EQ(checksum(engine, "mysql_users").at(0), "3");
  EXPECT_EQ(checksum(engine, "mysql_query_rules").at(0), "2");
  EXPECT_EQ(rows(engine, "SELECT DISTINCT epoch FROM runtime_checksums_values"), (Rows{{"5100"}}));
}

TEST(StandinRestart, LosesTheConnections) {
  StandinEngine engine(StandinVersion::v2_7);
  StandinSession by_statement(engine);
  StandinSession other(engine);
  by_statement.query("STANDIN RESTART");
  EXPECT_EQ(by_statement.query("SELECT 1").rows, (Rows{{"1"}}));
  EXPECT_THROW(other.query("DELETE FROM mysql_servers"), Unavailable);
  EXPECT_THROW(other.query("SELECT 1"), Unavailable);
  EXPECT_EQ(engine.log(), (Texts{"SELECT 1"}));
  EXPECT_THROW(by_statement.query("PROXYSQL RESTART"), Unavailable);
  EXPECT_EQ(StandinSession(engine).query("SELECT 1").rows, (Rows{{"1"}}));
  StandinSession between(engine);
  engine.on_statement([&](std::string_view) { engine.restart(); });
  EXPECT_THROW(between.query("SELECT 1"), Unavailable);
}

TEST(StandinRestart, TakesAnotherDisk) {
  const TempDir directory;
  const std::string path = directory.file("other.db");
  {
    StandinEngine other(StandinVersion::v2_7, path);
    run_all(other, {"INSERT INTO mysql_servers(hostname) VALUES ('other')", "SAVE MYSQL SERVERS TO DISK"});
  }
  for (const std::string& own : {std::string(":memory:"), directory.file("own.db")}) {
    StandinEngine engine(StandinVersion::v2_7, own);
    run_all(engine, {"INSERT INTO mysql_servers(hostname) VALUES ('own')", "SAVE MYSQL SERVERS TO DISK"});
    engine.restart_with_disk(path);
    EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers"), (Rows{{"other"}}));
    engine.restart();
    EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers"), (Rows{{"other"}}));
    run_all(engine, {"STANDIN RESTART EMPTY"});
    EXPECT_EQ(rows(engine, "SELECT hostname FROM disk.mysql_servers"), Rows{});
    run_all(engine, {"STANDIN RESTART FROM " + path});
    EXPECT_EQ(rows(engine, "SELECT hostname FROM mysql_servers"), (Rows{{"other"}}));
  }
}

TEST(StandinClock, TurnsByAStatement) {
  StandinEngine engine(StandinVersion::v2_7);
  const std::int64_t before = std::stoll(of_global(engine, "ProxySQL_Uptime"));
  run_all(engine, {"STANDIN CLOCK 3600"});
  EXPECT_GE(std::stoll(of_global(engine, "ProxySQL_Uptime")), before + 3600);
  EXPECT_LE(std::stoll(of_global(engine, "ProxySQL_Uptime")), before + 3660);
}

TEST(StandinClock, TellsNoUptimeIn11) {
  StandinEngine engine(StandinVersion::v1_1);
  EXPECT_EQ(of_global(engine, "ProxySQL_Uptime"), "no row");
  EXPECT_EQ(of_global(engine, "Servers_table_version"), "1");
}

TEST(StandinDisk, AnswersOkThoughItDoesNotTakeTheRows) {
  StandinEngine engine(StandinVersion::v2_7);
  run_all(engine, {"INSERT INTO mysql_query_rules(rule_id) VALUES (1)", "SAVE MYSQL QUERY RULES TO DISK",
                   "INSERT INTO mysql_query_rules(rule_id) VALUES (2)"});
  const struct {
    const char* disk;
    Rows rows;
    const char* error;
  } cases[] = {{"FULL", {{"1"}}, "ProxySQL Admin Error: database or disk is full"},
               {"READONLY", {{"1"}}, "ProxySQL Admin Error: attempt to write a readonly database"},
               {"LOSING", {}, "ProxySQL Admin Error: database or disk is full"},
               {"OK", {{"1"}, {"2"}}, ""}};
  for (const auto& [disk, left, error] : cases) {
    SCOPED_TRACE(disk);
    run_all(engine, {std::string("STANDIN DISK ") + disk, "SAVE MYSQL QUERY RULES TO DISK"});
    EXPECT_EQ(rows(engine, "SELECT rule_id FROM disk.mysql_query_rules ORDER BY rule_id"), left);
    EXPECT_EQ(engine.execute("DELETE FROM disk.mysql_query_rules WHERE rule_id=3").error, error);
  }
  engine.set_disk(DiskState::full);
  run_all(engine, {"SET mysql-max_connections=7", "SAVE MYSQL VARIABLES TO DISK", "LOAD MYSQL VARIABLES FROM DISK"});
  EXPECT_EQ(value(engine, "SELECT variable_value FROM global_variables WHERE variable_name='mysql-max_connections'"),
            "7");
  EXPECT_EQ(value(engine, "SELECT COUNT(*) FROM disk.global_variables"), "0");
}

TEST(StandinCluster, AnswersWhatTheVersionKnows) {
  const struct {
    StandinVersion version;
    bool servers;
    bool rules;
  } cases[] = {{StandinVersion::v1_1, false, false},
               {StandinVersion::v2_0, false, false},
               {StandinVersion::v2_5, false, true},
               {StandinVersion::v2_7, true, true}};
  for (const auto& [version, servers, rules] : cases) {
    SCOPED_TRACE(static_cast<int>(version));
    StandinEngine engine(version);
    EXPECT_EQ(engine.execute(servers_as_loaded).ok, servers);
    EXPECT_EQ(engine.execute(rules_as_loaded).ok, rules);
    EXPECT_EQ(engine.execute(rules_as_loaded, Role::stats).ok, false);
    if (version == StandinVersion::v1_1) continue;
    EXPECT_EQ(checksum(engine, "mysql_servers_v2").empty(), !servers) << "the statement and the row come together";
  }
}

TEST(StandinCluster, SaysAsSqliteThatItIsNoStatement) {
  EXPECT_EQ(StandinEngine(StandinVersion::v1_1).execute(servers_as_loaded).error,
            "near \"PROXY_SELECT\": syntax error");
  EXPECT_EQ(StandinEngine(StandinVersion::v2_5).execute(servers_as_loaded).error,
            "ProxySQL Admin Error: near \"PROXY_SELECT\": syntax error");
}

}  // namespace
}  // namespace proxysql_consul::testing
