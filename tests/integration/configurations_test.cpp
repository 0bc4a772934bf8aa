// Modules that few ProxySQLs have, and one that only the settings name, between real Consul and ProxySQL.
#include "integration/end_to_end_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string audit = R"({"configurations":[
  {"name":"audit_rules","words":"AUDIT RULES","tables":["audit_rules"],"secrets":["salt"],"local":["bind"]},
  {"name":"audit_variables","words":"AUDIT VARIABLES","variables":"audit-","exclude":["audit-ifaces"]}],
  "accept":["audit_rules","audit_variables"]})";

TEST(Configurations, AModuleThatOnlyTheSettingsNameReachesTheOtherNode) {
  Cluster cluster({.version = StandinVersion::plugin, .settings = audit},
                  {.version = StandinVersion::plugin, .settings = audit});
  auto& a = cluster.a;
  auto& b = cluster.b;
  a.execute({"INSERT INTO audit_rules(rule,destination,api_key,salt,bind) VALUES ('r','d','s3cr3t-1','s3cr3t-2','x')",
             "LOAD AUDIT RULES TO RUNTIME",
             "UPDATE global_variables SET variable_value='7' WHERE variable_name='audit-level'",
             "LOAD AUDIT VARIABLES TO RUNTIME"});
  const auto saved = a.run({"save", "--all"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_TRUE(b.wait_until([&] {
    return count(b, "runtime_audit_rules") == 1 &&
           b.rows("SELECT 1 FROM runtime_global_variables WHERE variable_name='audit-level' AND variable_value='7'")
                   .size() == 1;
  })) << b.handler_output();
  EXPECT_EQ(a.rows("SELECT * FROM runtime_audit_rules"), b.rows("SELECT * FROM runtime_audit_rules"));
  EXPECT_EQ(count(b, "disk.audit_rules"), 1U);
  EXPECT_THAT(b.handled(), Each(0)) << b.handler_output();
  EXPECT_EQ(b.run({"diff"}).exit_code, 0);
}

constexpr auto sqlite_at_runtime =
    "SELECT variable_value FROM runtime_global_variables WHERE variable_name='sqliteserver-read_only'";
constexpr auto sqlite_address =
    "SELECT variable_value FROM runtime_global_variables WHERE variable_name='sqliteserver-mysql_ifaces'";

TEST(Configurations, VariablesOfAnOptionalModuleTravelWhereItRuns) {
  const NodeOptions with_sqlite{.version = StandinVersion::v2_7_sqlite,
                                .settings = R"({"accept":["sqliteserver_variables"]})"};
  Pair pair(with_sqlite, with_sqlite);
  Node without({.settings = R"({"accept":["sqliteserver_variables"]})"});
  without.connect_to(pair.consul.http_port());
  const auto address = pair.b.rows(sqlite_address);
  pair.a.execute({"UPDATE global_variables SET variable_value='true' WHERE variable_name='sqliteserver-read_only'",
                  "LOAD SQLITESERVER VARIABLES TO RUNTIME"});
  const auto saved = pair.a.run({"save", "--all"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_THAT(saved.out, HasSubstr("sqliteserver_variables: saved as version"));
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(pair.b.rows(sqlite_at_runtime), (Rows{{"true"}}));
  EXPECT_EQ(pair.b.rows("SELECT variable_value FROM disk.global_variables WHERE "
                        "variable_name='sqliteserver-read_only'"),
            (Rows{{"true"}}));
  EXPECT_EQ(pair.b.rows(sqlite_address), address) << "a node's own";
  EXPECT_EQ(pair.b.run({"diff"}).exit_code, 0);
  const auto passed_over = without.run({"pull"});
  EXPECT_EQ(passed_over.exit_code, 0) << all_of(passed_over);
  EXPECT_THAT(passed_over.err, HasSubstr("passed over: this ProxySQL"));
  EXPECT_THAT(without.rows("SELECT * FROM global_variables WHERE variable_name LIKE 'sqliteserver-%'"), IsEmpty());
}

TEST(Configurations, WordsThatProxySqlRefusesLeaveItAsItWas) {
  const std::string mistaken =
      R"({"configurations":[{"name":"wrong","words":"MYSQL COLLATIONZ","tables":["mysql_collations"]}],
          "accept":["wrong"]})";
  Pair pair({.settings = mistaken}, {.settings = mistaken});
  pair.a.execute({"INSERT INTO mysql_collations VALUES (9999,'of_a','utf8','')"});
  const auto saved = pair.a.run({"save", "wrong"});
  ASSERT_EQ(saved.exit_code, 0) << all_of(saved);
  pair.b.execute({"INSERT INTO mysql_collations VALUES (9998,'of_b','utf8','')"});
  const auto before = pair.b.rows("SELECT * FROM mysql_collations ORDER BY Id");
  const auto pulled = pair.b.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 4) << all_of(pulled);
  EXPECT_THAT(pulled.err, HasSubstr("LOAD MYSQL COLLATIONZ TO RUNTIME"));
  EXPECT_THAT(pulled.err, HasSubstr("the memory tables are as before"));
  EXPECT_EQ(pair.b.rows("SELECT * FROM mysql_collations ORDER BY Id"), before);
}

}  // namespace
}  // namespace proxysql_consul::testing
