#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/golden.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

class DiffCommand : public Run {
 protected:
  /// B holds what A saved, and then changes some of it.
  void differ() {
    a.execute({"INSERT INTO mysql_users(username,password,default_hostgroup) VALUES ('app','s3cret',1),('old','x',1)",
               "LOAD MYSQL USERS TO RUNTIME"});
    a.set_servers({"db1", "db2"});
    EXPECT_EQ(a.run({"save", "mysql_servers", "mysql_users"}).status, 0);
    EXPECT_EQ(b.update().status, 0);
    b.execute({"UPDATE mysql_users SET password='0ther', max_connections=7 WHERE username='app'",
               "DELETE FROM mysql_users WHERE username='old'",
               "INSERT INTO mysql_users(username,password) VALUES ('new','n3w')", "LOAD MYSQL USERS TO RUNTIME",
               "UPDATE mysql_servers SET comment='it''s mine' WHERE hostname='db2'", "LOAD MYSQL SERVERS TO RUNTIME"});
  }
};

TEST_F(DiffCommand, ShowsRowByRowWhatDiffers) {
  differ();
  const auto ran = b.run({"diff"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, IsEmpty());
  for (const auto* secret : {"s3cret", "0ther", "n3w"}) EXPECT_THAT(ran.out, Not(HasSubstr(secret)));
  expect_golden("diff.txt", ran.out);
}

TEST_F(DiffCommand, SpeaksJson) {
  differ();
  const auto ran = b.run({"diff", "--json"});
  EXPECT_EQ(ran.status, 7);
  for (const auto* secret : {"s3cret", "0ther", "n3w"}) EXPECT_THAT(ran.out, Not(HasSubstr(secret)));
  expect_golden("diff.json", Json::parse(ran.out).dump(2) + "\n");
}

TEST_F(DiffCommand, EndsWithWhatResolvesIt) {
  differ();
  EXPECT_EQ(b.run({"pull", "--force", "mysql_servers", "mysql_users"}).status, 0);
  const auto ran = b.run({"diff"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, Not(HasSubstr("pull")));
  EXPECT_EQ(Json::parse(b.run({"diff", "--json"}).out)["same"], true);
}

TEST_F(DiffCommand, NeedsNoForceForAVersionThatWasNotHere) {
  save_from_a({"db1"});
  EXPECT_THAT(b.run({"diff", "mysql_servers"}).out, HasSubstr("`proxysql-consul pull mysql_servers` takes"));
  b.configure(R"("accept":["mysql_users"])");
  EXPECT_THAT(b.run({"diff", "mysql_servers"}).out, Not(HasSubstr("pull")));
}

TEST_F(DiffCommand, ChangesNothing) {
  differ();
  const auto entries = consul.keys_under("");
  const auto state = read_file(b.state_file());
  b.engine.clear_log();
  b.run({"diff"});
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(consul.keys_under(""), entries);
  EXPECT_EQ(read_file(b.state_file()), state);
}

TEST_F(DiffCommand, ComparesWithAnEarlierVersion) {
  const auto first = save_from_a({"db1"});
  const auto second = save_from_a({"db2"});
  for (const auto& version : {first, std::string("-1")}) {
    const auto ran = a.run({"diff", "mysql_servers", version});
    EXPECT_EQ(ran.status, 7);
    EXPECT_THAT(ran.out, StartsWith("mysql_servers: 2 rows differ from version " + first + " of host-a at "));
    EXPECT_THAT(ran.out, HasSubstr("`proxysql-consul rollback mysql_servers " + first + "` makes that version"));
  }
  EXPECT_EQ(a.run({"diff", "mysql_servers", second}).status, 0);
  a.set_servers({"db3"});
  EXPECT_THAT(a.run({"diff", "mysql_servers", second}).out, HasSubstr("`proxysql-consul pull"));
  const auto unknown = a.run({"diff", "mysql_servers", "7"});
  EXPECT_EQ(unknown.status, 6);
  EXPECT_THAT(unknown.err, ElementsAre("error: mysql_servers: there is no version 7 of mysql_servers (there are " +
                                       second + " (current), " + first + ")"));
}

TEST_F(DiffCommand, CountsNoDifferenceWithExitZero) {
  differ();
  EXPECT_EQ(b.run({"diff", "--exit-zero"}).status, 0);
  EXPECT_EQ(b.run({"diff", "--exit-zero", "mysql_variables"}).status, 6) << "an error is one all the same";
}

TEST_F(DiffCommand, TakesWhatAMonitorDoesForNoDifference) {
  for (const auto version : {StandinVersion::v2_7, StandinVersion::v2_5}) {
    FakeConsul fresh;
    TempDir files;
    NodeUnderTest node(fresh, files, "node", {}, version);
    node.execute({"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (10,20)",
                  "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (10,'w'),(10,'r')",
                  "LOAD MYSQL SERVERS TO RUNTIME"});
    EXPECT_EQ(node.run({"save", "mysql_servers"}).status, 0);
    node.engine.set_read_only("r", 3306, true);
    node.engine.set_server_status(10, "w", 3306, "SHUNNED");
    const auto ran = node.run({"diff"});
    EXPECT_EQ(ran.status, 0) << ran.out;
    if (version == StandinVersion::v2_5) {
      EXPECT_THAT(ran.out, HasSubstr("(server r:3306: its place is hostgroup 10, a monitor has it in 20)"));
    }
  }
}

TEST_F(DiffCommand, ShowsInactiveRowsThatTheDocumentHolds) {
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,comment) VALUES (1,1,'x'),(2,0,'y')",
             "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "--source", "memory"}).status, 0);
  EXPECT_EQ(a.run({"diff", "mysql_query_rules"}).status, 0);
  a.execute({"UPDATE mysql_query_rules SET comment='z' WHERE rule_id=2",
             "INSERT INTO mysql_query_rules(rule_id,active) VALUES (3,0)"});
  const auto ran = a.run({"diff", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.out, HasSubstr("~ rule_id=2: comment 'z' here, 'y' in Consul"));
  EXPECT_THAT(ran.out, Not(HasSubstr("rule_id=3"))) << "the document does not speak of it";
  a.execute({"UPDATE mysql_query_rules SET active=0 WHERE rule_id=1", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_THAT(a.run({"diff", "mysql_query_rules"}).out, HasSubstr("~ rule_id=1: active '0' here, '1' in Consul"));
}

TEST_F(DiffCommand, PassesOverVariablesThatAreExcludedOrUnknown) {
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  b.execute({"UPDATE global_variables SET variable_value='111' WHERE variable_name='mysql-monitor_ping_interval'",
             "LOAD MYSQL VARIABLES TO RUNTIME"});
  EXPECT_EQ(b.run({"diff"}).status, 7);
  b.configure(R"("exclude_variables":["mysql-monitor_*"])");
  EXPECT_EQ(b.run({"diff"}).status, 0);
  consul.set(
      "proxysql/mysql_variables",
      R"({"config_name":"mysql_variables","uuid":"u","tables":{"global_variables":[["mysql-of_the_future","1"]]},)"
      R"("columns":{"global_variables":["variable_name","variable_value"]}})");
  const auto ran = b.run({"diff"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("(this ProxySQL has no variable mysql-of_the_future: left out)"));
}

TEST_F(DiffCommand, ShowsWhereLongValuesDiffer) {
  save_from_a({"db1"});
  const std::string same(200, 'x');
  a.execute({"UPDATE mysql_servers SET comment='" + same + "a'", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  a.execute({"UPDATE mysql_servers SET comment='" + same + "b'", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_THAT(a.run({"diff"}).out, HasSubstr("comment '...b' here, '...a' in Consul, from byte 201 on"));
}

TEST_F(DiffCommand, GoesOnAfterADocumentThatCannotBeRead) {
  differ();
  consul.set(servers_key, "no JSON");
  const auto ran = b.run({"diff", "--json"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, ElementsAre(AllOf(HasSubstr("mysql_servers: version "), HasSubstr("document: is no JSON"))));
  const auto json = Json::parse(ran.out);
  EXPECT_EQ(json["same"], false);
  EXPECT_EQ(json["configurations"].size(), 1U);
}

TEST_F(DiffCommand, EndsWith4Or5WhereAServerIsAway) {
  save_from_a({"db1"});
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(a.run({"diff", "mysql_servers"}).status, 5);
  consul.always.reset();
  a.is_away = true;
  const auto ran = a.run({"diff", "--json"});
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.out, IsEmpty());
}

}  // namespace
}  // namespace proxysql_consul::testing
