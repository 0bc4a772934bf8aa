// The resident process between a real Consul and ProxySQL (or its stand-in): what arrives, what is published, and what
// it outlives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "integration/end_to_end_fixture.h"
#include "proxysql_consul/model/state_json.h"

namespace proxysql_consul::testing {
namespace {

/// The version of servers that a node says it holds.
std::uint64_t version_at(const Node& node, const std::string& configuration = "mysql_servers") {
  const auto text = node.state();
  if (text.empty()) return 0;
  const auto state = parse_state(text, "state");
  const auto* known = state.find(configuration);
  return known != nullptr ? known->version : 0;
}

/// `follow` on a node; ended hard at the latest with the object.
std::unique_ptr<Process> follow(const Node& node) { return std::make_unique<Process>(node.command({"follow"})); }

void set_weight(Node& node, int weight) {
  node.execute({"UPDATE mysql_servers SET weight=" + std::to_string(weight), "LOAD MYSQL SERVERS TO RUNTIME"});
}

void expect_to_end_well(Process& process, int signal = SIGTERM) {
  process.kill(signal);
  const auto ended = process.wait();
  EXPECT_EQ(ended.exit_code, 0) << all_of(ended);
}

class FollowEndToEnd : public ::testing::Test {
 protected:
  /// Waits until B holds what Consul has of a configuration.
  bool has_arrived(const std::string& configuration = "mysql_servers") {
    return pair.b.wait_until(
        [&] { return version_at(pair.b, configuration) == pair.consul.modify_index("proxysql/" + configuration); });
  }

  void save_servers_from_a() {
    pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
    ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  }

  Pair pair;
};

TEST_F(FollowEndToEnd, AppliesWhatIsThereAndWhatComes) {
  save_servers_from_a();
  const auto process = follow(pair.b);
  EXPECT_TRUE(has_arrived()) << process->err();
  for (const int weight : {2, 3, 4}) {
    set_weight(pair.a, weight);
    ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
    EXPECT_TRUE(has_arrived()) << process->err();
    EXPECT_EQ(runtime(pair.b, "mysql_servers"), runtime(pair.a, "mysql_servers"));
  }
  const auto second = pair.b.run({"follow"});
  EXPECT_EQ(second.exit_code, 8) << all_of(second);
  expect_to_end_well(*process);
}

TEST_F(FollowEndToEnd, OutlivesConsulAndProxySql) {
  save_servers_from_a();
  const auto process = follow(pair.b);
  ASSERT_TRUE(has_arrived()) << process->err();
  pair.b.proxysql().stop();
  set_weight(pair.a, 7);
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  pair.b.proxysql().start();
  EXPECT_TRUE(has_arrived()) << process->err();
  EXPECT_EQ(runtime(pair.b, "mysql_servers"), runtime(pair.a, "mysql_servers"));
  // In memory alone, so that nothing of it is there afterwards; a server's index begins anew.
  pair.consul.stop();
  pair.consul.start();
  set_weight(pair.a, 8);
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(has_arrived()) << process->err();
  EXPECT_EQ(runtime(pair.b, "mysql_servers"), runtime(pair.a, "mysql_servers"));
  expect_to_end_well(*process, SIGINT);
}

TEST_F(FollowEndToEnd, GoesOnWhereItWasKilled) {
  save_servers_from_a();
  for (int weight = 2; weight < 12; ++weight) {
    const auto process = follow(pair.b);
    set_weight(pair.a, weight);
    ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
    process->kill(SIGKILL);
    process->wait();
  }
  const auto process = follow(pair.b);
  EXPECT_TRUE(has_arrived()) << process->err();
  EXPECT_EQ(runtime(pair.b, "mysql_servers"), runtime(pair.a, "mysql_servers"));
  expect_to_end_well(*process);
}

/// How a program is made the first process of a namespace of its own; nothing where this system does not allow that.
std::vector<std::string> as_first_process() {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"unshare", "--fork", "--pid", "--kill-child"},
        {"unshare", "--user", "--map-root-user", "--fork", "--pid", "--kill-child"}}) {
    auto probe = words;
    probe.emplace_back("true");
    ProcessOptions options;
    options.argv = std::move(probe);
    if (Process(std::move(options)).wait().exit_code == 0) return words;
  }
  return {};
}

std::string children_of(pid_t pid) {
  const auto id = std::to_string(pid);
  return read_file("/proc/" + id + "/task/" + id + "/children");
}

TEST_F(FollowEndToEnd, EndsWellAsTheFirstProcessAndMakesNoOther) {
  save_servers_from_a();
  const auto before = as_first_process();
  auto options = pair.b.command({"follow"});
  options.argv.insert(options.argv.begin(), before.begin(), before.end());
  Process process(std::move(options));
  ASSERT_TRUE(has_arrived()) << process.err();
  const auto pid = before.empty() ? process.pid() : static_cast<pid_t>(std::stol(children_of(process.pid())));
  // The first process of a container hears no signal that it has no handler for.
  std::istringstream status(read_file("/proc/" + std::to_string(pid) + "/status"));
  unsigned long long caught = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigCgt:")) caught = std::stoull(line.substr(7), nullptr, 16);
  }
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) EXPECT_NE(caught >> (signal - 1) & 1U, 0U) << signal;
  EXPECT_EQ(children_of(pid), "");
  EXPECT_THAT(read_file("/proc/" + std::to_string(pid) + "/limits"),
              ::testing::ContainsRegex("Max core file size +1 +1 "))
      << "memory holds secrets";
  ASSERT_EQ(::kill(pid, SIGTERM), 0);
  const auto ended = process.wait();
  EXPECT_EQ(ended.exit_code, 0) << all_of(ended);
}

TEST_F(FollowEndToEnd, LetsOthersWorkByHandWhileItTriesAgainWhatFails) {
  save_servers_from_a();
  pair.consul.put("proxysql/mysql_users", "no document at all");
  const auto process = follow(pair.b);
  ASSERT_TRUE(has_arrived()) << process->err();
  const auto first = pair.consul.modify_index("proxysql/mysql_servers");
  for (int weight = 2; weight < 7; ++weight) {
    set_weight(pair.b, weight);
    const auto saved = pair.b.run({"save", "mysql_servers"});
    EXPECT_EQ(saved.exit_code, 0) << all_of(saved);
    const auto pulled = pair.b.run({"pull", "mysql_servers"});
    EXPECT_EQ(pulled.exit_code, 0) << all_of(pulled);
  }
  const auto back = pair.b.run({"rollback", "mysql_servers", std::to_string(first)});
  EXPECT_EQ(back.exit_code, 0) << all_of(back);
  EXPECT_TRUE(has_arrived()) << process->err();
  EXPECT_EQ(runtime(pair.b, "mysql_servers"), runtime(pair.a, "mysql_servers"));
  expect_to_end_well(*process);
}

TEST_F(FollowEndToEnd, TwoThatPublishEndEqualAndQuiet) {
  save_servers_from_a();
  for (auto* node : {&pair.a, &pair.b}) {
    node->change_settings(R"({"publish":["mysql_servers"]})");
    ASSERT_EQ(node->run({"pull"}).exit_code, 0);
  }
  const auto first = follow(pair.a);
  const auto second = follow(pair.b);
  constexpr int rounds = 20;
  for (int round = 1; round <= rounds; ++round) {
    set_weight(pair.a, 100 + round);
    set_weight(pair.b, 200 + round);
  }
  const auto is_settled = [&] {
    const auto current = pair.consul.modify_index("proxysql/mysql_servers");
    return version_at(pair.a) == current && version_at(pair.b) == current &&
           runtime(pair.a, "mysql_servers") == runtime(pair.b, "mysql_servers");
  };
  // Either may be the last to write its files.
  for (int attempt = 0; attempt < 40 && !is_settled(); ++attempt) {
    auto& node = attempt % 2 == 0 ? pair.a : pair.b;
    node.wait_until(is_settled, std::chrono::milliseconds(500));
  }
  ASSERT_TRUE(is_settled()) << first->err() << second->err() << pair.a.state() << pair.b.state();
  // Whatever was still on its way has passed once something later has arrived on both.
  const auto settled = pair.consul.modify_index("proxysql/mysql_servers");
  pair.a.execute({a_rule, "LOAD MYSQL QUERY RULES TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_query_rules"}).exit_code, 0);
  ASSERT_TRUE(has_arrived("mysql_query_rules")) << second->err();
  EXPECT_EQ(pair.consul.modify_index("proxysql/mysql_servers"), settled);
  // At most one version for each LOAD, beside the one before.
  EXPECT_LE(pair.consul.keys("proxysql-meta/history/mysql_servers/").size(), 2U * rounds + 1);
  expect_to_end_well(*first);
  expect_to_end_well(*second);
}

}  // namespace
}  // namespace proxysql_consul::testing
