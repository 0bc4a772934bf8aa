// Servers that are away or fail in the middle of an update.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Failures : public Run {};

TEST_F(Failures, WaitsForAProxySqlThatIsStarting) {
  save_from_a({"db1"});
  b.is_away = true;
  b.clock.on_pause = [&] { b.is_away = false; };
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("warning: proxysql admin@127.0.0.1:6032: away; trying again for up to 1 s"));
  EXPECT_THAT(b.clock.pauses, SizeIs(1));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Failures, GivesUpOnAServerThatStaysAway) {
  save_from_a({"db1"});
  b.configure(R"("retry_seconds":0)");
  b.is_away = true;
  for (const std::string command : {"update", "pull"}) {
    const auto ran = b.run({command}, consul.watch(prefix));
    EXPECT_EQ(ran.status, 4);
    EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_servers: proxysql admin@127.0.0.1:6032: away"));
  }
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 4);
  b.is_away = false;
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(b.run({"pull"}).status, 5);
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 5);
}

TEST_F(Failures, CompletesAnUpdateWhateverStatementLosesItsConnection) {
  save_from_a({"db1", "db2"});
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("statement " + std::to_string(n));
    NodeUnderTest node(consul, dir, "node" + std::to_string(n));
    node.set_servers({"old"});
    node.engine.plan(n, Fault::drop);
    EXPECT_EQ(node.update().status, 0);
    const bool reached = node.engine.log().size() >= n && !node.clock.pauses.empty();
    node.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(node.servers(), (Texts{"db1", "db2"}));
    for (const std::string layer : {"main", "disk"}) {
      EXPECT_EQ(node.engine.execute("SELECT COUNT(*) FROM " + layer + ".mysql_servers").rows, (Rows{{"2"}})) << layer;
    }
    if (!reached) break;
    ASSERT_LT(n, 100U);
  }
}

TEST_F(Failures, CompletesInTheNextUpdateWhateverStatementIsRefused) {
  save_from_a({"db1", "db2"});
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("statement " + std::to_string(n));
    NodeUnderTest node(consul, dir, "node" + std::to_string(n));
    node.set_servers({"old"});
    node.engine.fail_statement(n, "no");
    const auto ran = node.update();
    const bool reached = ran.status != 0;
    if (reached) {
      EXPECT_EQ(ran.status, 4);
      EXPECT_THAT(ran.err.front(), StartsWith("error: proxysql/mysql_servers: ProxySQL Admin Error: no"));
      EXPECT_EQ(node.update().status, 0);
    }
    node.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(node.servers(), (Texts{"db1", "db2"}));
    EXPECT_EQ(node.state().find("mysql_servers")->outcome, Outcome::applied);
    if (!reached) break;
    ASSERT_LT(n, 100U);
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
