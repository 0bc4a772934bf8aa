// Configurations that only the settings name, and modules that few ProxySQLs have.
#include <gmock/gmock.h>

#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string audit = R"("configurations":[
  {"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rules"],"secrets":["salt"],"local":["bind"]},
  {"name":"audit_variables","words":"AUDIT VARIABLES","variables":"audit-","exclude":["audit-ifaces"]}])";
const std::string audit_accepted = audit + R"(,"accept":["audit_rules","audit_variables"])";

std::string all_of(const Ran& ran) {
  auto text = ran.out;
  for (const auto& line : ran.err) text.append(line).append("\n");
  return text;
}

class Configurations : public ::testing::Test {
 protected:
  FakeConsul consul;
  TempDir dir;
  NodeUnderTest a{consul, dir, "host-a", audit_accepted, StandinVersion::plugin};
  NodeUnderTest b{consul, dir, "host-b", audit_accepted, StandinVersion::plugin};

  void SetUp() override {
    a.execute(
        {"INSERT INTO audit_rules(rule,destination,api_key,salt,bind) VALUES "
         "('r1','d1','s3cr3t-1','s3cr3t-2','10.0.0.1:1'),('r2',NULL,NULL,NULL,'10.0.0.1:2')",
         "LOAD AUDIT RULES TO RUNTIME", "SAVE AUDIT RULES TO DISK",
         "UPDATE global_variables SET variable_value='7' WHERE variable_name='audit-level'",
         "UPDATE global_variables SET variable_value='s3cr3t-3' WHERE variable_name='audit-api_token'",
         "UPDATE global_variables SET variable_value='10.0.0.1:9' WHERE variable_name='audit-ifaces'",
         "LOAD AUDIT VARIABLES TO RUNTIME", "SAVE AUDIT VARIABLES TO DISK"});
  }

  static Rows rows(NodeUnderTest& node, const std::string& query) { return node.engine.execute(query).rows; }
  static Rows variable(NodeUnderTest& node, const std::string& name, const std::string& layer = "runtime_") {
    return rows(node, "SELECT variable_value FROM " + layer + "global_variables WHERE variable_name='" + name + "'");
  }
};

TEST_F(Configurations, TwoNodesExchangeWhatOnlyTheirSettingsName) {
  b.execute({"INSERT INTO audit_rules(rule,destination,bind) VALUES ('r1','old','10.0.0.2:1'),('gone',NULL,'x')",
             "LOAD AUDIT RULES TO RUNTIME"});
  const auto saved = a.run({"save", "--all"});
  EXPECT_EQ(saved.status, 0) << all_of(saved);
  EXPECT_THAT(saved.out, HasSubstr("audit_rules: saved as version"));
  EXPECT_THAT(saved.out, HasSubstr("audit_variables: saved as version"));
  EXPECT_THAT(saved.err, IsEmpty()) << "all is covered";
  const auto updated = b.update();
  EXPECT_EQ(updated.status, 0) << all_of(updated);
  const Rows expected{{"r1", "", "1", "d1", "s3cr3t-1", "s3cr3t-2", "10.0.0.2:1"},
                      {"r2", "", "1", std::nullopt, std::nullopt, std::nullopt, "10.0.0.1:2"}};
  for (const std::string layer : {"", "runtime_", "disk."}) {
    EXPECT_EQ(rows(b, "SELECT * FROM " + layer + "audit_rules ORDER BY rule"), expected) << "layer " << layer;
    EXPECT_EQ(variable(b, "audit-level", layer), (Rows{{"7"}})) << "layer " << layer;
    EXPECT_EQ(variable(b, "audit-api_token", layer), (Rows{{"s3cr3t-3"}})) << "layer " << layer;
  }
  EXPECT_EQ(variable(b, "audit-ifaces"), (Rows{{"127.0.0.1:6099"}})) << "a node's own";
  const auto again = b.run({"diff"});
  EXPECT_EQ(again.status, 0) << all_of(again);
  EXPECT_EQ(a.run({"status"}).status, 0);
  EXPECT_EQ(b.run({"history", "audit_rules"}).status, 0);
  // And back: the row that went here keeps its address in what A holds.
  b.execute({"UPDATE audit_rules SET destination='d9'", "LOAD AUDIT RULES TO RUNTIME"});
  EXPECT_EQ(b.run({"save", "audit_rules"}).status, 0);
  EXPECT_EQ(a.update().status, 0);
  EXPECT_EQ(rows(a, "SELECT rule,destination,bind FROM runtime_audit_rules ORDER BY rule"),
            (Rows{{"r1", "d9", "10.0.0.1:1"}, {"r2", "d9", "10.0.0.1:2"}}));
  const auto back = a.run({"rollback", "audit_rules", "-1"});
  EXPECT_EQ(back.status, 0) << all_of(back);
  EXPECT_EQ(rows(a, "SELECT destination FROM runtime_audit_rules WHERE rule='r1'"), (Rows{{"d1"}}));
}

TEST_F(Configurations, AreKnownToTheCommandLine) {
  EXPECT_EQ(a.run({"save", "audit_rules"}).status, 0);
  auto ran = a.run({"save", "audit_rule"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, ElementsAre("error: no configuration is called audit_rule (did you mean 'audit_rules'?)"));
  for (const auto* command : {"diff", "pull", "history", "rollback"}) {
    Texts words = {command, "audit_rulez"};
    if (std::string(command) == "rollback") words.emplace_back("-1");
    ran = a.run(words);
    EXPECT_EQ(ran.status, 2) << command;
    EXPECT_THAT(ran.err, Contains(HasSubstr("did you mean 'audit_rules'?"))) << command;
  }
  a.configure(audit);
  EXPECT_EQ(a.run({"pull", "audit_rules"}).status, 2) << "not accepted";
  EXPECT_EQ(a.run({"save", "audit_rules"}).status, 0) << "by name whatever is accepted";
}

TEST_F(Configurations, AskForLocalColumnsInAnyOfTheirTables) {
  a.configure(R"("configurations":[{"name":"mysql_servers","words":"MYSQL SERVERS","tables":["mysql_servers"],)"
              R"("local":["weight"]}])");
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << all_of(ran);
  const auto rules = [](const std::string& local) {
    return R"("configurations":[{"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rules"],"local":[")" +
           local + "\"]}]";
  };
  a.configure(rules("bnid"));
  auto refused = a.run({"save", "audit_rules"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.err, ElementsAre("error: configurations: audit_rules.local: there is no column bnid in "
                                       "audit_rules (did you mean 'bind'?)"));
  a.configure(rules("rule"));
  refused = a.run({"save", "audit_rules"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.err, ElementsAre(StartsWith("error: configurations: audit_rules: rule is a column of the ")));
}

TEST_F(Configurations, AreNamedWhereNothingCoversThem) {
  a.configure("");
  const auto ran = a.run({"save", "--all"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains("info: not saved, since no configuration covers it: audit_rules, audit-%").Times(1));
  EXPECT_THAT(a.run({"check"}).out, HasSubstr("no configuration covers audit_rules, audit-%"));
  a.configure(audit);
  EXPECT_THAT(a.run({"check"}).out, HasSubstr("every table and variable of this ProxySQL belongs to a configuration"));
}

TEST_F(Configurations, SayWhatThisServerLacksOfThem) {
  a.configure(R"("configurations":[{"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rulez"]},)"
              R"({"name":"audit_variables","words":"AUDIT VARIABLES","variables":"adit-"}])");
  const auto tables = a.run({"save", "audit_rules"});
  EXPECT_EQ(tables.status, 2);
  EXPECT_THAT(tables.err, Contains(HasSubstr("has no audit_rules: no table audit_rulez (it has ")));
  const auto variables = a.run({"save", "audit_variables"});
  EXPECT_EQ(variables.status, 2);
  EXPECT_THAT(variables.err, Contains(HasSubstr("has no audit_variables: no variables adit-% (it has ")));
  EXPECT_THAT(a.run({"check"}).out,
              HasSubstr("this ProxySQL lacks what \"configurations\" in the settings name: audit_rules: no table "
                        "audit_rulez; audit_variables: no variables adit-%"));
  a.configure(audit);
  EXPECT_THAT(a.run({"check"}).out, Not(HasSubstr("lacks what")));
}

TEST_F(Configurations, ANodeThatDoesNotKnowThemIsNotWaitedFor) {
  b.configure("");
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(a.run({"save", "audit_rules"}).status, 0);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains("info: proxysql/audit_rules: passed over: is no configuration"));
  EXPECT_THAT(rows(b, "SELECT * FROM audit_rules"), IsEmpty());
  const auto status = a.run({"status"});
  EXPECT_EQ(status.status, 0) << status.out;
  // Named later, they come.
  b.configure(audit_accepted);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(rows(b, "SELECT COUNT(*) FROM runtime_audit_rules"), (Rows{{"2"}}));
}

TEST_F(Configurations, TheirSecretsAreShownNowhere) {
  std::string shown;
  const auto add = [&](const Ran& ran) { shown += all_of(ran); };
  add(a.run({"--log-level=debug", "save", "--all", "--dry-run"}));
  EXPECT_THAT(shown, HasSubstr(R"(["r1","","1","d1","***","***","10.0.0.1:1"])"));
  EXPECT_THAT(shown, HasSubstr(R"(["audit-api_token","***"])"));
  add(a.run({"--log-level=debug", "save", "--all"}));
  add(b.run({"--log-level=debug", "update", "--dry-run"}, consul.watch(prefix)));
  add(b.run({"--log-level=debug", "update"}, consul.watch(prefix)));
  b.execute({"UPDATE audit_rules SET api_key='s3cr3t-4', salt='s3cr3t-5'", "LOAD AUDIT RULES TO RUNTIME",
             "UPDATE global_variables SET variable_value='s3cr3t-6' WHERE variable_name='audit-api_token'",
             "LOAD AUDIT VARIABLES TO RUNTIME"});
  const auto diff = b.run({"diff"});
  EXPECT_EQ(diff.status, 7);
  EXPECT_THAT(diff.out, HasSubstr("api_key *** (here), *** (Consul); salt *** (here), *** (Consul)"));
  add(diff);
  add(b.run({"diff", "--json"}));
  add(b.run({"rollback", "audit_rules", "-1", "--dry-run"}));
  add(b.run({"status", "--json"}));
  for (const auto& [key, entry] : consul.entries) {
    if (key.starts_with(meta + "node/")) shown += entry.value;
  }
  shown += read_file(b.state_file());
  EXPECT_THAT(shown, Not(HasSubstr("s3cr3t")));
}

TEST_F(Configurations, WordsThatProxySqlRefusesLeaveMemoryAsItWas) {
  EXPECT_EQ(a.run({"save", "audit_rules"}).status, 0);
  b.configure(R"("configurations":[{"name":"audit_rules","words":"AUDIT REGULATIONS","tables":["audit_rules"]}],
                 "accept":["audit_rules"])");
  b.execute({"INSERT INTO audit_rules(rule) VALUES ('mine')", "LOAD AUDIT RULES TO RUNTIME"});
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(all_of(ran), HasSubstr("LOAD AUDIT REGULATIONS TO RUNTIME"));
  EXPECT_THAT(all_of(ran), HasSubstr("runtime is untouched, the memory tables are as before"));
  EXPECT_THAT(all_of(ran), HasSubstr("\"configurations\" in the settings"));
  EXPECT_EQ(rows(b, "SELECT rule FROM audit_rules"), (Rows{{"mine"}}));
  EXPECT_EQ(rows(b, "SELECT rule FROM runtime_audit_rules"), (Rows{{"mine"}}));
  EXPECT_EQ(b.state().find("audit_rules")->outcome, Outcome::failed);
}

TEST_F(Configurations, AreRefusedWhereTheyCoverWhatAnotherDoes) {
  a.configure(R"("configurations":[{"name":"x","words":"X","tables":["mysql_users"]}])");
  const auto ran = a.run({"status"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("covers mysql_users of mysql_users")));
  a.configure(R"("configurations":[{"name":"mysqlx_routes","words":"MYSQLX ROUTES","tables":["mysqlx_routes"]}])");
  const auto taken = a.run({"status"});
  EXPECT_THAT(taken.err, Contains(HasSubstr("mysqlx_routes is built in by now, and need not be named there")).Times(1));
}

const std::string mysqlx_accepted =
    R"("accept":["mysql_users","mysqlx_users","mysqlx_routes","mysqlx_backend_endpoints","mysqlx_variables"])";

class Mysqlx : public ::testing::TestWithParam<StandinVersion> {
 protected:
  FakeConsul consul;
  TempDir dir;
  NodeUnderTest a{consul, dir, "host-a", mysqlx_accepted, GetParam()};
  NodeUnderTest b{consul, dir, "host-b", mysqlx_accepted, GetParam()};

  std::string set_variable() const {
    return GetParam() == StandinVersion::v3_1
               ? "INSERT INTO mysqlx_variables VALUES ('mysqlx_thread_pool_size','8')"
               : "UPDATE global_variables SET variable_value='8' WHERE variable_name='mysqlx-thread_pool_size'";
  }
  std::string get_variable() const {
    return GetParam() == StandinVersion::v3_1
               ? "SELECT variable_value FROM runtime_mysqlx_variables"
               : "SELECT variable_value FROM runtime_global_variables WHERE variable_name='mysqlx-thread_pool_size'";
  }
};

TEST_P(Mysqlx, TravelsWithoutItsAddressesWhereItIsAccepted) {
  a.execute({"INSERT INTO mysql_users(username,password) VALUES ('u','p')", "LOAD MYSQL USERS TO RUNTIME",
             "INSERT INTO mysqlx_users(username,backend_password) VALUES ('u','s3cr3t')",
             "INSERT INTO mysqlx_users(username,active) VALUES ('sleeper',0)", "LOAD MYSQLX USERS TO RUNTIME",
             "INSERT INTO mysqlx_routes(name,bind,destination_hostgroup) VALUES ('r','10.0.0.1:33060',1)",
             "LOAD MYSQLX ROUTES TO RUNTIME",
             "INSERT INTO mysqlx_backend_endpoints(hostname,mysql_port) VALUES "
             "('db',3306)",
             "LOAD MYSQLX BACKEND ENDPOINTS TO RUNTIME", set_variable(), "LOAD MYSQLX VARIABLES TO RUNTIME"});
  b.execute({"INSERT INTO mysqlx_routes(name,bind,destination_hostgroup) VALUES ('r','10.0.0.2:33060',7)",
             "LOAD MYSQLX ROUTES TO RUNTIME", "INSERT INTO mysqlx_users(username,active) VALUES ('mine',0)"});
  const auto saved = a.run({"save", "--all"});
  EXPECT_EQ(saved.status, 0) << all_of(saved);
  const auto updated = b.update();
  EXPECT_EQ(updated.status, 0) << all_of(updated);
  EXPECT_EQ(b.engine.execute("SELECT username,backend_password FROM runtime_mysqlx_users").rows,
            (Rows{{"u", "s3cr3t"}}));
  EXPECT_EQ(b.engine.execute("SELECT username,active FROM mysqlx_users ORDER BY username").rows,
            (Rows{{"mine", "0"}, {"u", "1"}}))
      << "an inactive one stays where it is";
  EXPECT_EQ(b.engine.execute("SELECT bind,destination_hostgroup FROM runtime_mysqlx_routes").rows,
            (Rows{{"10.0.0.2:33060", "1"}}));
  EXPECT_EQ(b.engine.execute("SELECT hostname FROM runtime_mysqlx_backend_endpoints").rows, (Rows{{"db"}}));
  EXPECT_EQ(b.engine.execute(get_variable()).rows, (Rows{{"8"}}));
  const auto diff = b.run({"diff"});
  EXPECT_EQ(diff.status, 0) << all_of(diff);
  EXPECT_THAT(b.run({"check"}).out, Not(HasSubstr("no configuration covers mysqlx")));
}

TEST_P(Mysqlx, IsPassedOverWhereItIsNotAcceptedOrNotThere) {
  a.execute({"INSERT INTO mysqlx_routes(name,bind,destination_hostgroup) VALUES ('r','10.0.0.1:33060',1)",
             "LOAD MYSQLX ROUTES TO RUNTIME", set_variable(), "LOAD MYSQLX VARIABLES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysqlx_routes", "mysqlx_variables"}).status, 0);
  b.configure("");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_THAT(b.engine.execute("SELECT * FROM mysqlx_routes").rows, IsEmpty()) << "off by default";
  NodeUnderTest old(consul, dir, "old", mysqlx_accepted);
  const auto ran = old.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("info: proxysql/mysqlx_routes: passed over: this ProxySQL 2.7.2-3-gstandin has no such "
                          "configuration",
                          "info: proxysql/mysqlx_variables: passed over: this ProxySQL 2.7.2-3-gstandin has no such "
                          "configuration"));
  const auto status = a.run({"status"});
  EXPECT_EQ(status.status, 0) << status.out;
}

INSTANTIATE_TEST_SUITE_P(Versions, Mysqlx, ::testing::Values(StandinVersion::v3_1, StandinVersion::plugin),
                         [](const auto& one) { return one.param == StandinVersion::v3_1 ? "table" : "variables"; });

TEST(SqliteServer, ItsVariablesTravelWithoutItsAddress) {
  FakeConsul consul;
  const TempDir dir;
  const std::string accept = R"("accept":["sqliteserver_variables"])";
  NodeUnderTest a(consul, dir, "host-a", accept, StandinVersion::v2_7_sqlite);
  NodeUnderTest b(consul, dir, "host-b", accept, StandinVersion::v2_7_sqlite);
  NodeUnderTest without(consul, dir, "host-c", accept);
  a.execute({"UPDATE global_variables SET variable_value='true' WHERE variable_name='sqliteserver-read_only'",
             "UPDATE global_variables SET variable_value='10.0.0.1:1' WHERE variable_name='sqliteserver-mysql_ifaces'",
             "LOAD SQLITESERVER VARIABLES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "--all"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine
                .execute("SELECT variable_name,variable_value FROM runtime_global_variables WHERE variable_name LIKE "
                         "'sqliteserver-%' ORDER BY 1")
                .rows,
            (Rows{{"sqliteserver-mysql_ifaces", "127.0.0.1:6030"}, {"sqliteserver-read_only", "true"}}));
  // The disk of an earlier start brings them to memory, where nothing takes them to runtime.
  without.execute({"INSERT INTO global_variables VALUES ('sqliteserver-read_only','false')"});
  EXPECT_THAT(without.update().err, ElementsAre(StartsWith("info: proxysql/sqliteserver_variables: passed over:")));
  EXPECT_EQ(without.run({"save", "sqliteserver_variables"}).status, 2);
}

}  // namespace
}  // namespace proxysql_consul::testing
