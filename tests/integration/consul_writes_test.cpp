// Who replaces whose document: saves that meet each other, and writes whose answer is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/document.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;
using namespace std::chrono_literals;
using Node = ConsulNode;

TEST(ConsulWrites, EqualTablesAreNotPut) {
  ConsulAgent agent;
  Node a(agent.http_port());
  a.add_server("db1");
  auto ran = a.run({"save", "mysql_servers", "--message", "two more"});
  const auto version = agent.modify_index(servers_key);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(saved_version(ran), version);
  EXPECT_EQ(parse_document(*agent.get(servers_key)).origin.message, "two more");

  ran = a.run({"save", "mysql_servers", "--message", "another message is no change"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "mysql_servers: unchanged, Consul holds it as version " + std::to_string(version) + "\n");
  EXPECT_EQ(agent.modify_index(servers_key), version);
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), IsEmpty());

  // From another node as well; --force writes.
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  ran = b.run({"save", "mysql_servers"});
  EXPECT_THAT(ran.out, HasSubstr("unchanged")) << ran.err;
  EXPECT_EQ(agent.modify_index(servers_key), version);
  ran = b.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
  EXPECT_GT(agent.modify_index(servers_key), version);
  EXPECT_THAT(ran.out, MatchesRegex("mysql_servers: saved as version [0-9]+, 1 row, replacing version " +
                                    std::to_string(version) + " of .+ at 20.+Z: no row changed\n"));
}

TEST(ConsulWrites, IfCurrentRefusesToReplaceWhatThisNodeHasNotSeen) {
  ConsulAgent agent;
  Node a(agent.http_port());
  Node b(agent.http_port());
  a.add_server("a1");
  b.add_server("b1");
  auto ran = a.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 0) << "nothing is there to be replaced: " << ran.err;
  const auto version = agent.modify_index(servers_key);

  ran = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, HasSubstr("Consul holds version " + std::to_string(version) + " of "));
  EXPECT_THAT(ran.err, HasSubstr("which this node has neither saved nor applied (`pull mysql_servers` takes Consul's "
                                 "version, a plain `save mysql_servers` replaces it)"));
  EXPECT_EQ(agent.modify_index(servers_key), version);

  EXPECT_EQ(b.run({"pull"}).status, 0);
  b.add_server("b2");
  ran = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  a.add_server("a2");
  ran = a.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 8) << "b came between";
}

TEST(ConsulWrites, ASaveThatCameBetweenIsReadAndNamed) {
  ConsulAgent agent;
  Node node(agent.http_port());
  node.add_server("mine");
  int commits = 0;
  auto ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key && ++commits == 1) {
      agent.put(servers_key, document_of(other_uuid, "theirs"));
    }
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(commits, 2);
  const auto entries = parse_kv_entries(agent.recurse("proxysql-meta/history/"));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].value, document_of(other_uuid, "theirs"));
  const auto theirs = entries[0].key.substr(entries[0].key.rfind('/') + 1);
  EXPECT_THAT(ran.out, HasSubstr(", replacing version " + theirs + " of proxy-other at 2026-01-02T03:04:05Z"));
  EXPECT_THAT(ran.err, HasSubstr("another save came between; now replacing version " + theirs));
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));

  // With --if-current the one that came between is not replaced.
  node.add_server("mine2");
  commits = 0;
  ran = node.run_here({"save", "mysql_servers", "--if-current"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key && ++commits == 1) {
      agent.put(servers_key, document_of(other_uuid, "theirs again"));
    }
  });
  EXPECT_EQ(ran.status, 8) << ran.err;
  EXPECT_EQ(agent.get(servers_key), document_of(other_uuid, "theirs again"));

  // Contention without end is an error in the end.
  int count = 0;
  ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key) {
      agent.put(servers_key, document_of(other_uuid, "theirs " + std::to_string(++count)));
    }
  });
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(count, 6);
  EXPECT_THAT(ran.err, HasSubstr("other saves came between 6 times in a row (save again when the others are done)"));
}

TEST(ConsulWrites, ManySavesAtOnceLoseNoneOfThemselves) {
  ConsulAgent agent;
  constexpr int count = 12;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < count; ++i) {
    nodes.push_back(std::make_unique<Node>(agent.http_port(), Json{{"history_limit", 1000}}));
    nodes.back()->add_server("db" + std::to_string(i));
  }
  std::vector<std::unique_ptr<Process>> saves;
  for (const auto& node : nodes) {
    ProcessOptions options;
    options.argv = {PROXYSQL_CONSUL_PATH, "save", "mysql_servers"};
    options.env = {{"PROXYSQL_CONSUL_CONFIG", node->config()}};
    options.clean_env = true;
    saves.push_back(std::make_unique<Process>(std::move(options)));
  }
  std::map<std::uint64_t, std::string> saved;  // version to server
  for (int i = 0; i < count; ++i) {
    const auto result = saves[static_cast<std::size_t>(i)]->wait();
    if (result.exit_code == 0) {
      saved[saved_version({0, result.out, result.err})] = "db" + std::to_string(i);
    } else {
      EXPECT_EQ(result.exit_code, 5) << result.err;
      EXPECT_THAT(result.err, HasSubstr("other saves came between 6 times in a row"));
    }
  }
  // Whoever gave up has seen six others come first.
  ASSERT_THAT(saved, SizeIs(Ge(6)));
  const auto hostname_in = [](const std::string& text) {
    return std::string(parse_document(text).tables.at(0).rows.at(0).at(1).value_or("NULL"));
  };
  std::map<std::uint64_t, std::string> kept;
  for (const auto& entry : parse_kv_entries(agent.recurse("proxysql-meta/history/mysql_servers/"))) {
    kept[std::stoull(entry.key.substr(entry.key.rfind('/') + 1))] = hostname_in(entry.value);
  }
  kept[agent.modify_index(servers_key)] = hostname_in(*agent.get(servers_key));
  EXPECT_EQ(kept, saved);
}

TEST(ConsulWrites, APutWithoutAnAnswerIsReadBack) {
  ConsulAgent agent;
  for (const bool applied : {true, false}) {
    for (const auto& fault : std::vector<HttpReply>{{.close = true},
                                                    {.reset = true},
                                                    {.drip = true},
                                                    {.body = R"({"Results":[)", .cut_after = 3},
                                                    {.status = 500, .body = "rpc error: leadership lost"}}) {
      SCOPED_TRACE(std::string(applied ? "applied" : "not applied") + ", status " + std::to_string(fault.status) +
                   (fault.close ? ", closed" : "") + (fault.reset ? ", reset" : "") + (fault.drip ? ", dripped" : ""));
      agent.remove(servers_key);
      std::atomic<int> puts = 0;
      Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
        if (!is_write_of(request, servers_key) || ++puts > 1) return std::nullopt;
        if (applied) http_request(agent.http_port(), request.method, request.target, request.body);
        return fault;
      });
      Node node(between.port());
      node.total_timeout = 400ms;
      node.add_server("db1");
      const auto ran = node.run_here({"save", "mysql_servers"});
      EXPECT_EQ(ran.status, 0) << ran.err;
      EXPECT_EQ(puts, applied ? 1 : 2);
      EXPECT_NE(saved_version(ran), 0U) << ran.out;
      EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
      EXPECT_THAT(ran.err, HasSubstr("; trying again for up to "));
    }
  }
}

TEST(ConsulWrites, APutWithoutAnAnswerIsNoLicenceToReplaceALaterSave) {
  ConsulAgent agent;
  bool first = true;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (!is_write_of(request, servers_key) || !first) return std::nullopt;
    first = false;
    http_request(agent.http_port(), request.method, request.target, request.body);
    // Another node has seen this save and builds on it before the answer would have come.
    Node other(agent.http_port());
    EXPECT_EQ(other.run({"pull"}).status, 0);
    other.add_server("later");
    EXPECT_EQ(other.run({"save", "mysql_servers"}).status, 0);
    return HttpReply{.close = true};
  });
  Node node(between.port());
  node.add_server("db1");
  const auto ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("\"later\"")) << "it had been written, and then replaced";
  const auto history = agent.keys("proxysql-meta/history/mysql_servers/");
  ASSERT_THAT(history, SizeIs(1));
  EXPECT_EQ(history[0], "proxysql-meta/history/mysql_servers/" + std::to_string(saved_version(ran)));
}

TEST(ConsulWrites, AWriteThatConsulCannotTakeNowIsTriedUntilRetrySeconds) {
  ConsulAgent agent;
  std::atomic<int> puts = 0;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (!is_write_of(request, servers_key)) return std::nullopt;
    ++puts;
    if (puts <= 4) return HttpReply{.status = 429, .body = "rate limit exceeded"};
    if (puts <= 8) return HttpReply{.status = 500, .body = "No cluster leader"};
    return std::nullopt;
  });
  Node node(between.port());
  node.real_pauses = false;
  node.add_server("db1");
  auto ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(puts, 9);
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));

  puts = -1'000'000;
  node.real_pauses = true;
  node.set({{"retry_seconds", 1}});
  node.add_server("db2");
  ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(hang_limit)));
  EXPECT_THAT(ran.err, HasSubstr("trying again for up to 1 s"));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("429 rate limit exceeded"), Not(HasSubstr("other saves"))));
}

}  // namespace
}  // namespace proxysql_consul::testing
