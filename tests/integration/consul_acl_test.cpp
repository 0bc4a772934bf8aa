// Tokens and their rights: the policies of docs/consul.md, and what is said where a right is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;
using namespace std::chrono_literals;
using Node = ConsulNode;

/// An agent that denies by default, with the policies and tokens that docs/consul.md makes.
class ConsulAcl : public ::testing::Test {
 protected:
  ConsulAcl() {
    write_file(directory.file("proxysql-save.hcl"), doc_block("policy-save"));
    write_file(directory.file("proxysql-receive.hcl"), doc_block("policy-receive"));
    shell(doc_block("acl-create"), directory.path(),
          {{"CONSUL_HTTP_ADDR", agent.address()}, {"CONSUL_HTTP_TOKEN", master_token}});
    save_token = token_in("node-a.token");
    receive_token = token_in("node-b.token");
    EXPECT_THAT(save_token, SizeIs(36));
    EXPECT_THAT(receive_token, SizeIs(36));
  }

  std::string token_in(const std::string& name) const {
    auto text = read_file(directory.file(name));
    return text.substr(0, text.find('\n'));
  }

  TempDir directory;
  ConsulAgent agent{{.config = acl_config(), .token = master_token}};
  std::string save_token;
  std::string receive_token;
};

TEST_F(ConsulAcl, WithoutATokenNothingIsRetriedAndTheMissingRuleIsNamed) {
  Node node(agent.http_port());
  node.add_server("db1");
  const auto saved = node.run({"save", "mysql_servers"});
  EXPECT_EQ(saved.status, 5);
  EXPECT_THAT(saved.err, Not(HasSubstr("trying again")));
  EXPECT_THAT(saved.err, HasSubstr("consul " + agent.address() +
                                   ": GET proxysql/freeze: 403 Permission denied (no token is set; its policy needs "
                                   "key_prefix \"proxysql/\" { policy = \"read\" }, or to save key_prefix "
                                   "\"proxysql/\" { policy = \"write\" })"));
  EXPECT_FALSE(agent.get(servers_key));

  // A recurse read shows what a token may see, which is nothing: no error of Consul's, but one all the same.
  agent.put(servers_key, document_of(other_uuid, "db2"));
  const auto pulled = node.run({"pull"});
  EXPECT_EQ(pulled.status, 5);
  EXPECT_THAT(pulled.err, Not(HasSubstr("trying again")));
  EXPECT_THAT(pulled.err, AllOf(HasSubstr("403"), HasSubstr("no token is set"), HasSubstr("policy = \"read\"")));
  EXPECT_EQ(node.servers(), "db1");
}

TEST_F(ConsulAcl, AReadOnlyTokenIsNamedWithItsSourceAndTheRuleThatItLacks) {
  const auto token = make_token(agent, "key_prefix \"proxysql/\" { policy = \"read\" }");
  Node node(agent.http_port());
  node.add_server("db1");
  write_file(directory.file("read-only.token"), token + "\n");
  struct Case {
    Json settings;
    std::map<std::string, std::string> env;
    std::string source;
  };
  for (const auto& [settings, env, source] : std::vector<Case>{
           {{{"consul_token", token}}, {}, "consul_token of " + node.config()},
           {{{"consul_token", "wrong"}}, {{"CONSUL_HTTP_TOKEN", token}}, "CONSUL_HTTP_TOKEN"},
           {{{"consul_token_file", directory.file("read-only.token")}},
            {},
            "file " + directory.file("read-only.token")},
           {{{"consul_token_file", nullptr}},
            {{"CONSUL_HTTP_TOKEN_FILE", directory.file("read-only.token")}},
            "file " + directory.file("read-only.token")},
       }) {
    SCOPED_TRACE(source);
    node.set(settings);
    const auto ran = node.run({"save", "mysql_servers"}, env);
    EXPECT_EQ(ran.status, 5);
    EXPECT_THAT(ran.err, Not(HasSubstr("trying again")));
    EXPECT_THAT(ran.err, AllOf(HasSubstr("ermission denied"), HasSubstr("the token is from " + source +
                                                                        "; its policy needs key_prefix \"proxysql/\" { "
                                                                        "policy = \"write\" }")));
    EXPECT_THAT(ran.err + ran.out, Not(HasSubstr(token)));
  }
  EXPECT_FALSE(agent.get(servers_key));
}

TEST_F(ConsulAcl, AnUnknownTokenIsRefusedAtOnceAndNotShown) {
  Node node(agent.http_port(), {{"consul_token", "99999999-9999-4999-8999-999999999999"}});
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, Not(HasSubstr("trying again")));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("ACL not found"), Not(HasSubstr("99999999"))));
}

TEST_F(ConsulAcl, TheDocumentedPoliciesAreEnoughAndNoMore) {
  Node saver(agent.http_port(), {{"consul_token_file", directory.file("node-a.token")}});
  saver.add_server("db1");
  auto ran = saver.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty());
  saver.add_server("db2");
  ran = saver.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty()) << "history is kept";
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), SizeIs(1));
  saver.add_rules(5000);
  ran = saver.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.keys("proxysql-meta/blob/"), Not(IsEmpty())) << "the test has to be about a blob";

  Node receiver(agent.http_port(), {{"consul_token_file", directory.file("node-b.token")}});
  ran = receiver.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty()) << "the node's record is written";
  EXPECT_EQ(receiver.servers(), "db1 db2");
  EXPECT_EQ(receiver.value("SELECT count(*) FROM runtime_mysql_query_rules"), "5000");
  EXPECT_THAT(agent.get("proxysql-meta/node/" + receiver.uuid()).value_or(""),
              HasSubstr("\"consul_node\": \"node-" + std::to_string(agent.http_port()) + "\""));
  ran = receiver.run({"status"});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.err, IsEmpty()) << "it may read which agents live";
  ran = receiver.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(ran.status, 5) << "who only receives cannot save";

  // update asks Consul for nothing but a blob.
  Node handler(agent.http_port());
  ran = handler.run({"update"}, {}, agent.recurse("proxysql/"));
  EXPECT_EQ(ran.status, 5) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("mysql_query_rules"), HasSubstr("403"), HasSubstr("no token is set")));
  EXPECT_EQ(handler.servers(), "db1 db2");
}

TEST_F(ConsulAcl, APolicyOf2016SavesWithAWarningThatNoHistoryIsKept) {
  const auto token = make_token(agent, "key_prefix \"proxysql/\" { policy = \"write\" }");
  Node node(agent.http_port(), {{"consul_token", token}});
  node.add_server("db1");
  auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  node.add_server("db2");
  ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr("no history is kept: key_prefix \"proxysql-meta/\" { policy = \"write\" } is missing"));
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db2"));

  Node receiver(agent.http_port(), {{"consul_token", token}});
  ran = receiver.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("this node's record for the others could not be written"));
  EXPECT_EQ(receiver.servers(), "db1 db2");
}

}  // namespace
}  // namespace proxysql_consul::testing
