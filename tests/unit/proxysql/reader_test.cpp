// Reading what was loaded, from servers that tell it and from those that do not; and their starts.
#include "proxysql_consul/proxysql/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/loads.h"
#include "standin/standin_session.h"
#include "support/fake_clock.h"
#include "unit/proxysql/apply_fixture.h"

namespace proxysql_consul::testing {
namespace {

const Configuration& servers = *find_configuration("mysql_servers");

RuntimeTables read_servers(AdminSession& session) {
  const auto inventory = read_inventory(session);
  return read_runtime(session, inventory, servers, read_schemas(session, inventory, servers));
}

Rows places(const RuntimeTables& runtime) {
  Rows found;
  for (const auto& row : runtime.tables.front().rows) found.push_back(pick(row, {0, 1}));
  return found;
}

void start_with_a_moved_server(StandinEngine& engine) {
  start_with(engine,
             {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
              "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (10,'r')"},
             load_servers);
  engine.set_read_only("r", 3306, true);
}

TEST(Reader, ReadsServersAsTheyWereLoadedWhereTheServerTellsAndRuntimeElsewhere) {
  const struct {
    StandinVersion version;
    bool tells;
  } cases[] = {{StandinVersion::v3_0, true},
               {StandinVersion::v2_7, true},
               {StandinVersion::v2_5, false},
               {StandinVersion::v2_0, false}};
  for (const auto& [version, tells] : cases) {
    SCOPED_TRACE(static_cast<int>(version));
    StandinEngine engine(version);
    start_with_a_moved_server(engine);
    StandinSession session(engine);
    const auto runtime = read_servers(session);
    EXPECT_EQ(runtime.as_loaded, tells);
    EXPECT_EQ(places(runtime), (Rows{{tells ? "10" : "20", "r"}}));
    // Elsewhere its checksum moves with the monitor.
    EXPECT_EQ(runtime.load.empty(), !tells);
  }
}

TEST(Reader, ReadsRuntimeWhereTheServerKnowsTheQueryNoMore) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with_a_moved_server(engine);
  engine.on_statement([&](std::string_view sql) {
    if (sql.starts_with("PROXY_SELECT")) engine.fail_statement(1, "near \"PROXY_SELECT\": syntax error");
  });
  StandinSession session(engine);
  EXPECT_EQ(places(read_servers(session)), (Rows{{"20", "r"}}));
  engine.on_statement([&](std::string_view sql) {
    if (sql.starts_with("PROXY_SELECT")) engine.fail_statement(1, "disk I/O error");
  });
  EXPECT_THROW(read_servers(session), Error) << "another error is none of that kind";
}

TEST(Reader, ReadsAgainWhereALoadCameBetween) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  int reads = 0;
  engine.on_statement([&](std::string_view sql) {
    if (sql.starts_with("PROXY_SELECT") && ++reads == 1) {
      engine.execute("DELETE FROM mysql_servers");
      engine.execute(load_servers);
    }
  });
  StandinSession session(engine);
  EXPECT_EQ(places(read_servers(session)), Rows{});
  EXPECT_EQ(reads, 2);
}

TEST(Loads, ChangeWithEveryLoadOfTheConfigurationAlone) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with_a_moved_server(engine);
  StandinSession session(engine);
  const auto inventory = read_inventory(session);
  const auto load = [&](const std::string& name) {
    return load_of(read_loads(session, inventory), *find_configuration(name));
  };
  const auto before = load("mysql_servers");
  EXPECT_THAT(before, ::testing::MatchesRegex("[0-9]+/0x[0-9A-F]+"));
  engine.set_read_only("r", 3306, false);
  execute(engine, {"LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(load("mysql_servers"), before) << "a monitor and another configuration";
  execute(engine, {load_servers});
  EXPECT_NE(load("mysql_servers"), before) << "a LOAD, also of the same";
  EXPECT_EQ(load("scheduler"), "") << "which has no checksum";
}

TEST(Loads, TellOfAStartWhereTheServerDoes) {
  FakeClock clock;
  for (const auto version : {StandinVersion::v2_0, StandinVersion::v2_7, StandinVersion::v3_0}) {
    StandinEngine engine(version);
    engine.set_clock([&] { return std::chrono::system_clock::to_time_t(clock.now()); });
    StandinSession session(engine);
    const auto inventory = read_inventory(session);
    const auto start = [&] { return read_signs(session, clock).start; };
    const auto first = start();
    ASSERT_TRUE(first.has_value());
    clock.turn(std::chrono::seconds(100));
    execute(engine, {load_servers});
    const auto later = start();
    EXPECT_TRUE(is_same_start(*first, *later));
    engine.clear_log();
    auto carried = later;
    carried->is_carried = true;
    EXPECT_EQ(read_signs(session, clock, later).start, carried);
    EXPECT_EQ(engine.log().size(), 1U) << "what was not loaded since tells that nothing has started";
    engine.execute("PROXYSQL RESTART");
    StandinSession again(engine);
    const auto restarted = read_signs(again, clock).start;
    ASSERT_TRUE(restarted.has_value());
    EXPECT_FALSE(is_same_start(*first, *restarted));
    const auto found = read_signs(again, clock, later).start;
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(is_same_start(*later, *found));
  }
  StandinEngine old(StandinVersion::v1_1);
  StandinSession session(old);
  EXPECT_FALSE(read_signs(session, clock).start.has_value());
}

}  // namespace
}  // namespace proxysql_consul::testing
