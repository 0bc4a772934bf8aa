// What --dry-run prints, as a whole: people read it before they let a save or an update have its way.
#include <gtest/gtest.h>

#include <string>

#include "support/golden.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

class DryRun : public Run {
 protected:
  DryRun() {
    const std::string settings = R"("accept":["mysql_servers","mysql_query_rules","mysql_users","mysql_variables"])";
    a.configure(settings);
    b.configure(settings);
    a.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname,comment) VALUES (1,'db1','it''s'),(2,'db2','')",
               "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)",
               "LOAD MYSQL SERVERS TO RUNTIME",
               "INSERT INTO mysql_query_rules(rule_id,active,match_digest,destination_hostgroup,apply) VALUES "
               "(10,1,'^SELECT',2,1)",
               "LOAD MYSQL QUERY RULES TO RUNTIME",
               "INSERT INTO mysql_users(username,password,default_hostgroup) VALUES ('app','s3cr3t',1)",
               "LOAD MYSQL USERS TO RUNTIME"});
    b.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'db1'),(2,'gone')",
               "LOAD MYSQL SERVERS TO RUNTIME"});
  }
};

TEST_F(DryRun, OfSave) {
  const auto ran = a.run({"save", "mysql_servers", "mysql_query_rules", "mysql_users", "--dry-run"});
  EXPECT_EQ(ran.status, 0);
  expect_golden("dry-run-save.txt", ran.out);
}

TEST_F(DryRun, OfUpdate) {
  EXPECT_EQ(a.run({"save", "mysql_servers", "mysql_query_rules", "mysql_users"}).status, 0);
  // One variable, for the document of a save holds whatever variables the server has.
  consul.set("proxysql/mysql_variables",
             R"({"config_name":"mysql_variables","uuid":"11111111-2222-4333-8444-555555555555",)"
             R"("columns":{"global_variables":["variable_name","variable_value"]},)"
             R"("tables":{"global_variables":[["mysql-max_connections","77"],["mysql-monitor_password","s3cr3t"]]}})");
  const auto ran = b.run({"update", "--dry-run"}, consul.watch(prefix));
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  expect_golden("dry-run-update.txt", ran.out);
}

}  // namespace
}  // namespace proxysql_consul::testing
