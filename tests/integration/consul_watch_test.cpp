// The watches of docs/consul.md run as printed; and no block of that page is run by no test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "integration/consul_fixture.h"
#include "support/consul_agent.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;
using Node = ConsulNode;

class ConsulWatch : public ::testing::Test {
 protected:
  /// Runs an agent with a watch of the document, in an environment where the program finds the receiving node's
  /// settings, and expects that two saves in turn arrive.
  void expect_to_arrive(const std::string& block) {
    ConsulAgent agent({.config = doc_block(block), .env = environment()});
    receiver.set({{"consul_port", agent.http_port()}});
    Node sender(agent.http_port());
    for (const std::string name : {"db1", "db2"}) {
      sender.add_server(name);
      const auto ran = sender.run({"save", "mysql_servers"});
      ASSERT_EQ(ran.status, 0) << ran.err;
      await_applied(agent, receiver.directory.file("node.uuid"), saved_version(ran));
      EXPECT_EQ(receiver.servers(), sender.servers());
    }
  }

  std::map<std::string, std::string> environment() const {
    return {{"PATH", search_path()}, {"PROXYSQL_CONSUL_CONFIG", receiver.config()}};
  }

  Node receiver{1};
};

TEST_F(ConsulWatch, RunsArgsAsDocumented) { expect_to_arrive("watch-args"); }

TEST_F(ConsulWatch, RunsAHandlerAsDocumented) { expect_to_arrive("watch-handler"); }

TEST_F(ConsulWatch, OfOneKeyRunsAsDocumented) { expect_to_arrive("watch-key"); }

TEST_F(ConsulWatch, RunsOnTheCommandLineAsDocumented) {
  ConsulAgent agent;
  receiver.set({{"consul_port", agent.http_port()}});
  Node sender(agent.http_port());
  sender.add_server("db1");
  ASSERT_EQ(sender.run({"save", "mysql_servers"}).status, 0);
  auto env = environment();
  env["CONSUL_HTTP_ADDR"] = agent.address();
  // exec, so that the watch is the process that ends with the test.
  ProcessOptions options;
  options.argv = {"sh", "-c", "exec " + doc_block("consul-watch")};
  options.env = env;
  options.clean_env = true;
  Process watch(std::move(options));
  await_applied(agent, receiver.directory.file("node.uuid"), agent.modify_index(servers_key));
  sender.add_server("db2");
  const auto ran = sender.run({"save", "mysql_servers"});
  await_applied(agent, receiver.directory.file("node.uuid"), saved_version(ran));
  EXPECT_EQ(receiver.servers(), "db1 db2");
  EXPECT_FALSE(watch.wait_for(0ms)) << watch.err();
}

TEST_F(ConsulWatch, CurlInItsPlaceRunsAsDocumented) {
  ConsulAgent agent;
  receiver.set({{"consul_port", agent.http_port()}});
  Node sender(agent.http_port());
  sender.add_server("db1");
  ASSERT_EQ(sender.run({"save", "mysql_servers"}).status, 0);
  const TempDir directory;
  auto env = environment();
  env["CONSUL_HTTP_ADDR"] = "127.0.0.1:" + std::to_string(agent.http_port());
  const auto result = shell(doc_block("curl-update"), directory.path(), env);
  EXPECT_THAT(result.out, HasSubstr("applied"));
  EXPECT_EQ(receiver.servers(), "db1");
}

TEST(ConsulDocs, EveryBlockIsRunByATest) {
  const auto text = read_file(std::filesystem::path(PROJECT_SOURCE_PATH) / "docs/consul.md");
  const std::regex fence("```([a-z]+) ([a-z-]+)\n");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), fence), end; at != end; ++at) names.insert((*at)[2]);
  std::size_t fences = 0;
  for (auto at = text.find("\n```"); at != std::string::npos; at = text.find("\n```", at + 1)) ++fences;
  EXPECT_EQ(names, (std::set<std::string>{"policy-save", "policy-receive", "acl-create", "watch-args", "watch-handler",
                                          "watch-key", "consul-watch", "curl-update", "tls-create", "tls-agent",
                                          "tls-settings", "health"}));
  EXPECT_EQ(fences, 2 * names.size()) << "a block without a name is not run";
}

}  // namespace
}  // namespace proxysql_consul::testing
