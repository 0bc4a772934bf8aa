// No secret is shown, whatever fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/commands/commands.h"
#include "standin/standin_engine.h"
#include "support/fake_kv_store.h"
#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AnyOf;
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

/// Words that make each command show what it can, in an order in which each finds something to do. A command that is
/// not here makes the test fail.
const std::vector<Texts> all_words = {
    {"save", "--all", "--dry-run"},
    {"save", "--all", "--message", "all"},
    {"save", "--all", "--if-current"},
    {"save", "--all", "--source", "memory", "--force"},
    {"diff"},
    {"diff", "--json"},
    {"pull", "--dry-run"},
    {"pull", "--force"},
    {"status"},
    {"status", "--json"},
    {"history", "mysql_users"},
    {"history", "mysql_users", "--json"},
    {"rollback", "mysql_users", "-1", "--dry-run"},
    {"rollback", "mysql_users", "-1"},
    {"rekey"},
    {"check"},
    {"check", "--json"},
    {"check", "--health"},
    {"update"},
    {"follow"},
    {"freeze", "--reason", "a look"},
    {"update"},
    {"thaw"},
};

/// Both nodes have marked secrets of every kind, and keys.
class SecretsOfAll : public Run {
 protected:
  void SetUp() override {
    for (auto* node : {&a, &b}) {
      hold(
          *node, dir, {"k1"},
          R"("proxysql_admin_password":"s3cr3t-admin","consul_token":"s3cr3t-token","consul_http_auth":"u:s3cr3t-http",)"
          R"("retry_seconds":0,"publish":["mysql_users"],"metrics_file":")" +
              metrics_of(*node) +
              R"(","accept":["mysql_servers","mysql_query_rules","mysql_users","mysql_variables","admin_variables"])");
      give_secrets(*node, "s3cr3t-" + node->agent());
    }
  }

  std::string metrics_of(const NodeUnderTest& node) { return dir.file(node.agent() + ".prom"); }

  static void give_secrets(NodeUnderTest& node, const std::string& mark) {
    node.execute({"REPLACE INTO mysql_users(username,password,attributes) VALUES ('u','" + mark +
                      "',''),"
                      "('v','x','{\"additional_password\":\"" +
                      mark + "\"}')",
                  "LOAD MYSQL USERS TO RUNTIME",
                  "UPDATE global_variables SET variable_value='" + mark +
                      "' WHERE variable_name IN "
                      "('mysql-monitor_password','admin-cluster_password')",
                  "LOAD MYSQL VARIABLES TO RUNTIME", "LOAD ADMIN VARIABLES TO RUNTIME"});
  }

  /// Runs it at debug level, and keeps what it showed.
  int run(NodeUnderTest& node, Texts words, const char* format) {
    words.insert(words.begin(), {"--log-level=debug", std::string("--log-format=") + format});
    // A resident command ends after some waiting.
    node.clock.is_stopping = false;
    int waits = 0;
    node.clock.on_pause = [&] { node.clock.is_stopping = ++waits > 5; };
    consul.on_wait = [&](std::chrono::milliseconds time) {
      node.clock.turn(time);
      node.clock.on_pause();
      return true;
    };
    const auto ran = node.run(words, words.back() == "update" ? consul.watch(prefix) : std::string());
    consul.on_wait = {};
    node.clock.on_pause = {};
    shown_ += ran.out;
    for (const auto& line : ran.err) shown_.append(line).append("\n");
    return ran.status;
  }

  void run_all(NodeUnderTest& node, const char* format) {
    for (const auto& words : all_words) run(node, words, format);
  }
  /// Each does what it is for: none ends in an error. Those that compare may find a difference, or something to warn
  /// of.
  void expect_all(NodeUnderTest& node, const char* format) {
    for (const auto& words : all_words) {
      const bool compares = words[0] == "diff" || words[0] == "status" || words[0] == "check";
      const bool warns = words.back() == "--health";
      EXPECT_THAT(run(node, words, format), AnyOf(0, compares ? 7 : 0, warns ? 1 : 0))
          << ::testing::PrintToString(words);
    }
  }

  void expect_no_mark() {
    for (const auto& [key, entry] : consul.entries) shown_.append(key).append("\n").append(entry.value).append("\n");
    for (auto* node : {&a, &b}) {
      shown_ += read_file(node->state_file());
      shown_ += read_file(metrics_of(*node));
    }
    EXPECT_THAT(shown_, Not(HasSubstr("s3cr3t")));
    EXPECT_THAT(shown_, Not(HasSubstr(to_base64(key_called("k1").secret))));
  }

  std::string shown_;
};

TEST_F(SecretsOfAll, CommandsAreInNothingThatIsShownOrWritten) {
  for (const auto& command : commands()) {
    const auto& name = command.names.front();
    const auto is_it = [&](const Texts& words) { return words.front() == name; };
    EXPECT_TRUE(std::any_of(all_words.begin(), all_words.end(), is_it)) << "all_words, above, lacks " << name;
  }
  for (const auto* format : {"text", "json"}) {
    SCOPED_TRACE(format);
    EXPECT_EQ(run(a, {"save", "--all"}, format), 0);
    give_secrets(a, std::string("s3cr3t-again-") + format);
    expect_all(a, format);
    give_secrets(b, std::string("s3cr3t-at-b-") + format);
    expect_all(b, format);
  }
  EXPECT_THAT(shown_, HasSubstr("***")) << "nothing was hidden";
  expect_no_mark();
}

TEST_F(SecretsOfAll, CommandsAreInNoErrorWhateverFails) {
  EXPECT_EQ(run(a, {"save", "--all"}, "text"), 0);
  for (const auto failure : {FakeConsul::Failure::refused, FakeConsul::Failure::away}) {
    consul.always = failure;
    run_all(a, "text");
  }
  consul.always.reset();
  a.is_away = true;
  run_all(a, "text");
  a.is_away = false;
  // The server repeats the statement that it does not take.
  for (std::size_t n = 1; n < 40; ++n) {
    b.engine.fail_statement(n, "near \"x\": syntax error");
    run(b, {"pull", "--force"}, "text");
    b.engine.execute("STANDIN CLEAR");
  }
  expect_no_mark();
}

}  // namespace
}  // namespace proxysql_consul::testing
