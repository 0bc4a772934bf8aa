// The stand-in's controls, which no ProxySQL has, and what a session's messages do not show.
#include "standin/standin_engine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "standin/standin_session.h"

namespace proxysql_consul::testing {
namespace {

using Texts = std::vector<std::string>;

TEST(StandinEngine, FailsThePlannedStatementWithoutRunningIt) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.fail_statement(2, "database is locked");
  EXPECT_TRUE(engine.execute("INSERT INTO mysql_servers(hostname) VALUES ('a')").ok);
  const Answer answer = engine.execute("DELETE FROM mysql_servers");
  EXPECT_EQ(answer.error, "ProxySQL Admin Error: database is locked");
  EXPECT_EQ(answer.error_code, 1205U);
  EXPECT_EQ(engine.execute("SELECT hostname FROM mysql_servers").rows, (Rows{{"a"}}));
}

TEST(StandinEngine, AnswersOtherErrorsWith1045) {
  StandinEngine engine(StandinVersion::v2_7);
  EXPECT_EQ(engine.execute("SELECT * FROM nosuchtable").error_code, 1045U);
  EXPECT_EQ(engine.execute("STANDIN NOSUCH").error, "ProxySQL Admin Error: near \"STANDIN\": syntax error");
}

TEST(StandinEngine, LogsStatementsButNotItsControls) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.execute("STANDIN FAIL 1 no");
  engine.execute("SELECT 1");
  EXPECT_EQ(engine.log(), (Texts{"SELECT 1"}));
  EXPECT_EQ(engine.execute("STANDIN LOG").rows, (Rows{{"SELECT 1"}}));
  engine.clear_log();
  EXPECT_EQ(engine.log(), Texts{});
}

TEST(StandinEngine, LetsATestStepBetweenTwoStatements) {
  StandinEngine engine(StandinVersion::v2_7);
  engine.on_statement([&](std::string_view sql) {
    if (sql == "SELECT hostname FROM mysql_servers") engine.execute("DELETE FROM mysql_servers");
  });
  engine.execute("INSERT INTO mysql_servers(hostname) VALUES ('a')");
  EXPECT_TRUE(engine.execute("SELECT hostname FROM mysql_servers").rows.empty());
}

TEST(StandinEngine, ShunsAServerUntilTheNextLoad) {
  StandinEngine engine(StandinVersion::v2_7);
  const auto status = [&] {
    return copy_of(engine.execute("SELECT status FROM runtime_mysql_servers").rows.at(0).at(0));
  };
  engine.execute("INSERT INTO mysql_servers(hostgroup_id,hostname,port) VALUES (1,'a',3306)");
  engine.execute("LOAD MYSQL SERVERS TO RUNTIME");
  engine.set_server_status(1, "a", 3306, "SHUNNED");
  EXPECT_EQ(status(), "SHUNNED");
  engine.execute("SAVE MYSQL SERVERS TO MEMORY");
  EXPECT_EQ(engine.execute("SELECT status FROM mysql_servers").rows.at(0).at(0), "ONLINE");
  engine.execute("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(status(), "ONLINE");
}

TEST(StandinEngine, LetsTheClusterScriptConnectBack) {
  StandinEngine engine(StandinVersion::v1_1);
  Texts saved;
  engine.on_cluster_save([&](const std::string&, const std::string& config) {
    saved.push_back(config + std::to_string(engine.execute("SELECT 1").rows.size()));
    return 0;
  });
  EXPECT_TRUE(engine.execute("SAVE MYSQL QUERY RULES TO CLUSTER").ok);
  EXPECT_EQ(saved, (Texts{"mysql_query_rules1"}));
}

TEST(StandinEngine, TellsWhatSetDidInTheInfoOfItsOk) {
  StandinEngine engine(StandinVersion::v2_7);
  EXPECT_EQ(engine.execute("SET mysql-nosuch=1").info, "ERROR: Unknown global variable: 'mysql-nosuch'.");
  EXPECT_EQ(engine.execute("SET mysql-max_connections=7").affected, 1U);
}

TEST(StandinSession, LosesItsConnectionForGood) {
  StandinEngine engine(StandinVersion::v2_7);
  StandinSession session(engine);
  engine.plan(1, Fault::drop);
  EXPECT_THROW(session.query("SELECT 1"), Unavailable);
  EXPECT_THROW(session.query("SELECT 1"), Unavailable);
  EXPECT_EQ(engine.log().size(), 1U);
  EXPECT_EQ(StandinSession(engine).query("SELECT 1 AS x").columns, Texts{"x"});
}

}  // namespace
}  // namespace proxysql_consul::testing
