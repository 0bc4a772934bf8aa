// No secret is shown, whatever fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Secrets : public Run {};

TEST_F(Secrets, ShowsNoSecretAnywhere) {
  const std::string settings =
      R"("proxysql_admin_password":"s3cr3t-admin","consul_token":"s3cr3t-token","retry_seconds":0,)"
      R"("accept":["mysql_servers","mysql_query_rules","mysql_users","mysql_variables","admin_variables","scheduler"])";
  a.configure(settings);
  b.configure(settings);
  const Texts secrets = {
      "INSERT INTO mysql_users(username,password,attributes) VALUES ('u','s3cr3t-user',''),"
      "('h','*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29',''),('v','x','{\"additional_password\":\"s3cr3t-more\"}')",
      "LOAD MYSQL USERS TO RUNTIME",
      "UPDATE global_variables SET variable_value='s3cr3t-var' WHERE variable_name IN "
      "('mysql-monitor_password','admin-cluster_password')",
      "UPDATE global_variables SET variable_value='admin:s3cr3t-cred' WHERE variable_name='admin-admin_credentials'",
      "LOAD MYSQL VARIABLES TO RUNTIME",
      "LOAD ADMIN VARIABLES TO RUNTIME",
      "INSERT INTO scheduler(id,interval_ms,filename,arg1) VALUES (1,1000,'/x','--password=s3cr3t-arg')",
      "LOAD SCHEDULER TO RUNTIME"};
  a.execute(secrets);
  std::string shown;
  const auto show = [&](const Ran& ran) {
    shown += ran.out;
    for (const auto& line : ran.err) shown += line + "\n";
  };
  const auto debug = [&](NodeUnderTest& node, Texts words, const std::string& input = {}) {
    words.insert(words.end(), {"--log-level", "debug"});
    const auto ran = node.run(words, input);
    show(ran);
    return ran.status;
  };
  EXPECT_EQ(debug(a, {"save", "--all", "--dry-run"}), 0);
  EXPECT_THAT(shown, HasSubstr("***"));
  EXPECT_EQ(debug(a, {"save", "--all"}), 0);
  ASSERT_THAT(consul.value_of(users_key), HasSubstr("s3cr3t-user")) << "nothing to hide";
  EXPECT_EQ(debug(a, {"save", "--all"}), 0);
  const auto watch = consul.watch(prefix);
  EXPECT_EQ(debug(b, {"update", "--dry-run"}, watch), 0);
  // Each statement refused, for errors quote statements.
  for (std::size_t n = 1; n < 60; ++n) {
    b.engine.fail_statement(n, "near \"x\": syntax error");
    debug(b, {"update"}, watch);
    b.engine.execute("STANDIN CLEAR");
  }
  EXPECT_EQ(debug(b, {"pull", "--force"}), 0);
  EXPECT_EQ(b.engine.execute("SELECT password FROM mysql_users WHERE username='u'").rows, (Rows{{"s3cr3t-user"}}));
  // Documents that do not fit: the values must stay out of the reasons.
  const std::string head = R"({"config_name":"mysql_users","uuid":"x",)";
  for (
      const std::string body :
      {R"("tables":{"mysql_users":[["u","s3cr3t"]]}})", R"("tables":{"mysql_users":[{"s3cr3t":1}]}})",
       R"("columns":{"mysql_users":["username","password"]},"tables":{"mysql_users":[["u",7],["u","s3cr3t"]]}})",
       R"("columns":{"mysql_users":["username","password","active"]},"tables":{"mysql_users":[["u","s3cr3t","5"]]}})",
       R"("columns":{"mysql_users":["username","password"]},"tables":{"mysql_users":[["u","s3cr3t"],["u","s3cr3t"]]}})",
       R"("columns":{"mysql_users":["username","password","secret_new"]},"tables":{"mysql_users":[["u","a","s3cr3t"]]}})",
       R"("tables":{"mysql_users":[["u","s3cr3t)"}) {
    consul.set(users_key, head + body);
    EXPECT_NE(debug(b, {"pull"}), 0) << body;
  }
  // Servers that fail.
  consul.always = FakeConsul::Failure::refused;
  EXPECT_EQ(debug(a, {"save", "--all", "--force"}), 5);
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(debug(a, {"pull"}), 5);
  a.is_away = true;
  EXPECT_EQ(debug(a, {"save", "--all"}), 4);
  // Settings that are wrong.
  a.configure(R"("consul_token":["s3cr3t"])");
  EXPECT_EQ(debug(a, {"pull"}), 3);
  a.configure(R"("proxysql_admin_password":{"s3cr3t":1})");
  EXPECT_EQ(debug(a, {"pull"}), 3);
  a.configure(R"("proxysql_admin_password":"s3cr3t)");
  EXPECT_EQ(debug(a, {"pull"}), 3);

  EXPECT_THAT(shown, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(shown, Not(HasSubstr("94BDCEBE")));
  ASSERT_THAT(b.opened, Not(IsEmpty()));
  EXPECT_EQ(b.opened.front().password, "s3cr3t-admin");
  EXPECT_EQ(consul.opened.front().token, "s3cr3t-token");
}

}  // namespace
}  // namespace proxysql_consul::testing
