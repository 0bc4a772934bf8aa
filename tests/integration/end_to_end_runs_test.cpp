// Runs of the real program between a real Consul and ProxySQL (or its stand-in) as operators, watches and ProxySQL 1.x
// start them: alone, against servers that are away, and many at once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "proxysql_consul/base/error.h"
#include "support/consul_agent.h"
#include "support/node_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;

TEST(EndToEndRuns, PullFillsAProxySqlThatLostItsMemory) {
  Pair pair({.settings = R"({"save_to_disk":false})"});
  pair.b.execute({insert_server("10.0.0.5"), "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.b.run({"save", "mysql_servers"}).exit_code, 0);
  pair.a.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_query_rules"}).exit_code, 0);
  ASSERT_EQ(pair.a.run({"pull"}).exit_code, 0);
  ASSERT_EQ(count(pair.a, "runtime_mysql_servers"), 1U);
  pair.a.proxysql().stop();
  pair.a.proxysql().start();
  ASSERT_EQ(count(pair.a, "runtime_mysql_servers"), 0U);
  ASSERT_EQ(count(pair.a, "runtime_mysql_query_rules"), 0U);
  const auto refused = pair.a.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(refused.exit_code, 8) << all_of(refused);
  const auto pulled = pair.a.run({"pull"});
  EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  EXPECT_EQ(count(pair.a, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(pair.a, "runtime_mysql_query_rules"), 1U) << "also what this node saved itself";
}

TEST(EndToEndRuns, PullTakesOnlyTheNamedConfigurations) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers", "mysql_query_rules"}).exit_code, 0);
  EXPECT_EQ(pair.b.run({"pull", "mysql_query_rules"}).exit_code, 0);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 0U);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);
}

TEST(EndToEndRuns, TheCommandLinesOf2016AreTaken) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  auto after = pair.a.command({});
  after.argv = {PROXYSQL_CONSUL_PATH, "put", "mysql_servers", "--config-file=" + pair.a.settings_file()};
  const auto saved = run_process(after);
  EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_TRUE(pair.consul.get("proxysql/mysql_servers"));
  auto before = pair.b.command({}, pair.consul.recurse("proxysql/"));
  before.argv = {PROXYSQL_CONSUL_PATH, "--config-file=" + pair.b.settings_file(), "update"};
  const auto updated = run_process(before);
  EXPECT_EQ(updated.exit_code, 0) << all_of(updated);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEndRuns, SaveToClusterOfVersion1RunsTheProgram) {
  Pair pair({.version = StandinVersion::v1_1}, {});
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME", a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  pair.a.query("SAVE MYSQL SERVERS TO CLUSTER");
  pair.a.query("SAVE MYSQL QUERY RULES TO CLUSTER");
  EXPECT_EQ(pair.b.run({"pull"}).exit_code, 0);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
  EXPECT_EQ(count(pair.b, "runtime_mysql_query_rules"), 1U);
  // Its user is told when it fails.
  pair.consul.stop();
  pair.a.change_settings(R"({"retry_seconds":0})");
  EXPECT_THROW(pair.a.query("SAVE MYSQL SERVERS TO CLUSTER"), std::runtime_error);
}

/// What the process holds open from descriptor 3 up, as /proc names it: "socket:[4711]".
std::vector<std::string> descriptors_of(pid_t pid) {
  std::vector<std::string> open;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    if (std::stoi(entry.path().filename().string()) < 3) continue;
    open.push_back(std::filesystem::read_symlink(entry.path(), gone).string());
  }
  return open;
}

TEST(EndToEndRuns, WhatProxySqlHandsDownIsClosed) {
  Node node({.version = StandinVersion::v1_1});
  const SilentServer consul;
  node.connect_to(consul.port());
  // As in ProxySQL: sockets and pipes without close-on-exec, here held by the test.
  const SilentServer first;
  const int handed_down = ::fcntl(first.descriptor(), F_DUPFD, 40);
  const auto name = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(handed_down)).string();
  auto command = node.command({"put", "mysql_servers"});
  command.inherit_fds = {handed_down};
  Process hanging(std::move(command));
  ASSERT_TRUE(consul.await_client());
  EXPECT_THAT(descriptors_of(hanging.pid()), Not(::testing::Contains(name)));
  ::close(handed_down);
}

TEST(EndToEndRuns, NoSecretIsInTheArgumentsThatEverybodySees) {
  Node node;
  const SilentServer consul;
  node.connect_to(consul.port());
  node.change_settings(R"({"consul_token":"s3cr3t-token","consul_http_auth":"u:s3cr3t-http"})");
  Process hanging(node.command({"save", "mysql_servers"}));
  ASSERT_TRUE(consul.await_client());
  const auto arguments = read_file("/proc/" + std::to_string(hanging.pid()) + "/cmdline");
  EXPECT_THAT(arguments,
              AllOf(HasSubstr("mysql_servers"), Not(HasSubstr("s3cr3t")), Not(HasSubstr("-of-the-operator"))));
}

TEST(EndToEndRuns, NoSocketOfVersion1IsHeldByTheProgramItRan) {
  Node node({.version = StandinVersion::v1_1});
  const SilentServer consul;
  node.connect_to(consul.port());
  // The query blocks until the program ends, so another process waits for it.
  const auto script = node.file("pid");
  write_file(node.script(), "#!/bin/sh\necho $$ >'" + script + "'\nexec '" PROXYSQL_CONSUL_PATH "' --config-file '" +
                                node.settings_file() + "' \"$@\"\n");
  std::set<std::string> of_proxysql;
  for (const auto& open : descriptors_of(node.proxysql().pid())) of_proxysql.insert(open);
  const auto options = node.proxysql().admin();
  const auto asking = std::async(std::launch::async, [&] {
    EXPECT_THROW(open_admin_session(options)->query("SAVE MYSQL SERVERS TO CLUSTER"), Error);
  });
  ASSERT_TRUE(consul.await_client());
  const auto pid = std::stoi(read_file(script));
  for (const auto& open : descriptors_of(node.proxysql().pid())) of_proxysql.insert(open);
  ASSERT_GT(of_proxysql.size(), 2U);
  for (const auto& open : descriptors_of(pid)) EXPECT_FALSE(of_proxysql.contains(open)) << open;
  ::kill(pid, SIGKILL);
}

TEST(EndToEndRuns, SaveNeverReadsItsInput) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  // sleep keeps the pipe open for as long as the program runs, and longer.
  auto command = pair.a.command({});
  command.argv = {"/bin/sh", "-c",
                  "mkfifo '" + pair.a.file("pipe") + "'; exec <>'" + pair.a.file("pipe") +
                      "' " PROXYSQL_CONSUL_PATH " --config-file '" + pair.a.settings_file() + "' save mysql_servers"};
  command.limit = std::chrono::seconds(15);
  const auto saved = run_process(std::move(command));
  EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
  EXPECT_FALSE(saved.timed_out);
}

TEST(EndToEndRuns, AServerThatIsAwayEndsTheRunWithItsExitStatus) {
  struct Case {
    const char* what;
    bool proxysql_away;
    std::vector<std::string> arguments;
    int exit_code;
  };
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  const auto input = pair.consul.recurse("proxysql/");
  pair.b.change_settings(R"({"retry_seconds":1})");
  pair.a.change_settings(R"({"retry_seconds":1})");
  pair.b.proxysql().stop();
  pair.consul.stop();
  const std::vector<Case> cases = {{"ProxySQL away", true, {"update"}, 4},
                                   {"ProxySQL away", true, {"save", "mysql_servers"}, 4},
                                   {"Consul away", false, {"pull"}, 5},
                                   {"Consul away", false, {"save", "mysql_servers"}, 5}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    SCOPED_TRACE(one.arguments[0]);
    const auto result = (one.proxysql_away ? pair.b : pair.a).run(one.arguments, input);
    EXPECT_EQ(result.exit_code, one.exit_code) << all_of(result);
    EXPECT_THAT(result.err, HasSubstr("trying again for up to 1 s"));
    EXPECT_THAT(result.err, HasSubstr(one.proxysql_away ? "is ProxySQL running" : "is the Consul agent running"));
    EXPECT_LE(std::count(result.err.begin(), result.err.end(), '\n'), 3) << result.err;
  }
  // What could not be applied is applied by the next run.
  pair.consul.start();
  pair.b.proxysql().start();
  const auto completed = pair.b.run({"update"}, input);
  EXPECT_EQ(completed.exit_code, 0) << all_of(completed);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEndRuns, ASilentServerEndsTheRunWithItsExitStatus) {
  Node no_consul({.settings = R"({"retry_seconds":1})"});
  Node no_proxysql({.settings = R"({"retry_seconds":1})"});
  const SilentServer silent;
  no_consul.connect_to(silent.port());
  no_proxysql.connect_to(silent.port());
  no_proxysql.change_settings("{\"proxysql_admin_port\":" + std::to_string(silent.port()) + "}");
  Process pull(no_consul.command({"pull"}));
  Process save(no_proxysql.command({"save", "mysql_servers"}));
  const auto saved = save.wait();
  EXPECT_EQ(saved.exit_code, 4) << all_of(saved);
  const auto pulled = pull.wait();
  EXPECT_EQ(pulled.exit_code, 5) << all_of(pulled);
  EXPECT_FALSE(pulled.timed_out);
  check_no_secret(all_of(saved) + all_of(pulled));
}

std::string log_in(const Node& node) { return read_file(node.file("log")); }

/// The same command with its stderr in a file of the node, whose growth can be waited for.
ProcessOptions with_log_in(const Node& node, ProcessOptions options) {
  options.argv.insert(options.argv.begin(), {"/bin/sh", "-c", "exec \"$@\" 2>'" + node.file("log") + "'", "sh"});
  return options;
}

TEST(EndToEndRuns, AnUpdateWaitsForAProxySqlThatStartsLater) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  pair.b.proxysql().stop();
  Process update(with_log_in(pair.b, pair.b.command({"update"}, pair.consul.recurse("proxysql/"))));
  EXPECT_TRUE(pair.b.wait_until([&] { return log_in(pair.b).find("trying again") != std::string::npos; }));
  pair.b.proxysql().start();
  EXPECT_EQ(update.wait().exit_code, 0) << log_in(pair.b);
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

TEST(EndToEndRuns, ASaveWaitsForAConsulThatStartsLater) {
  Pair pair;
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  pair.consul.stop();
  Process save(with_log_in(pair.a, pair.a.command({"save", "mysql_servers"})));
  EXPECT_TRUE(pair.a.wait_until([&] { return log_in(pair.a).find("trying again") != std::string::npos; }));
  pair.consul.start();
  EXPECT_EQ(save.wait().exit_code, 0) << log_in(pair.a);
  EXPECT_TRUE(pair.consul.get("proxysql/mysql_servers"));
}

TEST(EndToEndRuns, ManyRunsAtOnceEndWithTheNewestVersion) {
  Pair pair;
  std::vector<std::string> deliveries;
  for (int i = 1; i <= 6; ++i) {
    pair.a.execute({insert_server("10.0.0." + std::to_string(i)), "LOAD MYSQL SERVERS TO RUNTIME"});
    ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
    deliveries.push_back(pair.consul.recurse("proxysql/"));
  }
  pair.b.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  // The newest first, so that older ones come after it.
  std::vector<std::unique_ptr<Process>> runs;
  for (auto delivery = deliveries.rbegin(); delivery != deliveries.rend(); ++delivery) {
    runs.push_back(std::make_unique<Process>(pair.b.command({"update"}, *delivery)));
    runs.push_back(std::make_unique<Process>(pair.b.command({"save", "mysql_query_rules"})));
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  EXPECT_EQ(pair.a.rows(servers_at_runtime), pair.b.rows(servers_at_runtime));
  EXPECT_EQ(count(pair.b, "mysql_servers"), 6U);
  EXPECT_EQ(count(pair.b, "disk.mysql_servers"), 6U);
  const auto state = Json::parse(pair.b.state());
  EXPECT_EQ(state["configurations"]["mysql_servers"]["version"], pair.consul.modify_index("proxysql/mysql_servers"));
  EXPECT_EQ(state["configurations"]["mysql_query_rules"]["outcome"], "saved");
}

TEST(EndToEndRuns, SavesOfOneConfigurationAtOnceLeaveAWholeDocument) {
  Pair pair;
  pair.a.execute({insert_server("of-a"), "LOAD MYSQL SERVERS TO RUNTIME"});
  pair.b.execute({insert_server("of-b"), "LOAD MYSQL SERVERS TO RUNTIME"});
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 4; ++i) {
    for (auto* node : {&pair.a, &pair.b}) {
      runs.push_back(std::make_unique<Process>(node->command({"save", "mysql_servers"})));
    }
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  // The last one wins, whole; the other node takes it.
  for (auto* node : {&pair.a, &pair.b}) {
    const auto result = node->run({"pull"});
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  EXPECT_EQ(pair.a.rows(servers_at_runtime), pair.b.rows(servers_at_runtime));
  EXPECT_THAT(pair.a.rows(servers_at_runtime), SizeIs(1));
}

TEST(EndToEndRuns, FirstRunsAtOnceAgreeOnOneUuid) {
  Pair pair;
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 8; ++i) {
    // Each document is another one: Consul takes equal bytes for no change.
    runs.push_back(std::make_unique<Process>(
        pair.a.command({"save", "mysql_servers", "--force", "--message", std::to_string(i)})));
  }
  for (const auto& run : runs) {
    const auto result = run->wait();
    EXPECT_EQ(result.exit_code, 0) << all_of(result);
  }
  const auto history = pair.consul.keys("proxysql-meta/history/mysql_servers/");
  EXPECT_EQ(history.size(), 7U);
  for (const auto& key : history) {
    EXPECT_EQ(Json::parse(pair.consul.get(key).value_or("{}")).value("uuid", ""), pair.a.uuid());
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
