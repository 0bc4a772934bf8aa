// Large tables: blobs, their parts and collection, and the limits of the servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "integration/consul_fixture.h"
#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/gzip.h"
#include "proxysql_consul/model/document.h"
#include "support/consul_agent.h"
#include "support/effort.h"
#include "support/http_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using Node = ConsulNode;

TEST(ConsulSize, TwoHundredThousandRulesTravel) {
  constexpr int count = sanitized ? 20'000 : 200'000;
  ConsulAgent agent;
  Node a(agent.http_port());
  Node b(agent.http_port());
  a.add_rules(count);
  auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(std::to_string(count) + " rows"));
  ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const auto* table : {"mysql_query_rules", "runtime_mysql_query_rules"}) {
    const auto sums =
        "SELECT count(*) || ' ' || sum(rule_id * destination_hostgroup) || ' ' || max(match_digest) FROM " +
        std::string(table);
    EXPECT_EQ(b.value(sums), a.value(sums));
  }
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), std::to_string(count));

  const auto document = parse_document(*agent.get(rules_key));
  ASSERT_TRUE(document.blob);
  EXPECT_THAT(agent.keys("proxysql-meta/blob/" + document.blob->sha256 + "/"), SizeIs(document.blob->parts));
}

/// Two nodes and an agent that takes 8 KiB at most, so that three thousand rules are a blob of several parts.
class ConsulBlob : public ::testing::Test {
 protected:
  ConsulBlob() {
    a.add_rules(3000);
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    document = parse_document(agent.get(rules_key).value_or("{}"));
    EXPECT_TRUE(document.blob);
    if (document.blob) {
      EXPECT_GT(document.blob->parts, 2U);
    }
  }

  std::string part(std::size_t number) const {
    return "proxysql-meta/blob/" + document.blob->sha256 + "/" + std::to_string(number);
  }

  std::set<std::string> blobs() {
    std::set<std::string> found;
    for (const auto& key : agent.keys("proxysql-meta/blob/")) found.insert(key.substr(19, 64));
    return found;
  }

  /// Expects that another node refuses what is in Consul, with those words, and is left as it was; and that others are
  /// not hindered.
  void expect_unusable(const std::string& words) {
    Node b(agent.http_port());
    b.proxysql.query("INSERT INTO mysql_query_rules (rule_id, active) VALUES (7, 1)");
    b.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    agent.put(servers_key, document_of(other_uuid, "db1"));
    const auto ran = b.run({"pull"});
    EXPECT_EQ(ran.status, 6);
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_EQ(b.value("SELECT group_concat(rule_id) FROM mysql_query_rules"), "7");
    EXPECT_EQ(b.value("SELECT group_concat(rule_id) FROM runtime_mysql_query_rules"), "7");
    EXPECT_EQ(b.servers(), "db1");
  }

  void expect_repaired_by_force_alone() {
    auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 8);
    EXPECT_THAT(ran.err, HasSubstr("cannot be read whole, so nothing of it could be kept: blob "));
    ran = a.run({"save", "mysql_query_rules", "--force"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    Node b(agent.http_port());
    ran = b.run({"pull"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
  }

  ConsulAgent agent{{.config = R"({"limits": {"kv_max_value_size": 8192}})"}};
  Node a{agent.http_port()};
  Document document;
};

TEST_F(ConsulBlob, ALowerLimitOfTheServerIsFoundOutAndNoMore) {
  EXPECT_EQ(agent.get(part(0)).value_or("").size(), 8192U) << "as much as the server takes";
  const auto version = agent.modify_index(rules_key);
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_THAT(ran.out, HasSubstr("unchanged")) << ran.err;
  EXPECT_EQ(agent.modify_index(rules_key), version);
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged"));
}

TEST_F(ConsulBlob, AMissingPartIsRefusedAndASaveByForceRepairsIt) {
  agent.remove(part(1));
  expect_unusable("blob " + document.blob->sha256.substr(0, 12) + ": part 1 of " +
                  std::to_string(document.blob->parts) + " is missing");
  expect_repaired_by_force_alone();
}

TEST_F(ConsulBlob, ATruncatedPartIsRefusedAndASaveByForceRepairsIt) {
  agent.put(part(1), agent.get(part(1))->substr(1));
  expect_unusable("its parts do not have the SHA-256 that the document names");
  expect_repaired_by_force_alone();
}

TEST_F(ConsulBlob, SwappedPartsAreRefusedAndASaveByForceRepairsThem) {
  const auto first = *agent.get(part(0));
  agent.put(part(0), *agent.get(part(1)));
  agent.put(part(1), first);
  expect_unusable("its parts do not have the SHA-256 that the document names");
  expect_repaired_by_force_alone();
}

TEST_F(ConsulBlob, ABombIsRefusedBeforeItExpands) {
  // 300 MB of zeros that say they are a thousand bytes, and the same that say they are 1 GiB.
  const auto bomb = gzip(std::string(std::size_t{300} << 20U, '0'));
  auto lie = document;
  lie.tables.clear();
  lie.blob = Blob{.sha256 = sha256_hex(bomb), .bytes = 1000, .parts = 0};
  for (std::size_t at = 0; at < bomb.size(); at += 8000) {
    agent.put("proxysql-meta/blob/" + lie.blob->sha256 + "/" + std::to_string(lie.blob->parts++),
              bomb.substr(at, 8000));
  }
  lie.uuid = other_uuid;
  agent.put(rules_key, format_document(lie));
  expect_unusable("it does not expand to the 1000 bytes that the document names");
  lie.blob->bytes = std::size_t{1} << 30U;
  agent.put(rules_key, format_document(lie));
  expect_unusable("its blob expands to 1073741824 bytes, more than the limit of 268435456");
  lie.blob->bytes = 1000;
  lie.blob->parts = 1'000'000;
  agent.put(rules_key, format_document(lie));
  expect_unusable("\"parts\" of the blob is out of range");
}

TEST_F(ConsulBlob, PartsAreWrittenBeforeTheDocument) {
  a.add_server("db1");
  a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = 42");
  a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto before = agent.modify_index(rules_key);
  bool committed = false;
  const auto ran = a.run_here({"save", "mysql_query_rules"}, [&](const std::string& call, const std::string& key) {
    if (call == "put" && key.starts_with("proxysql-meta/blob/")) {
      EXPECT_FALSE(committed);
    }
    if (call == "commit" && key == rules_key) {
      committed = true;
      EXPECT_EQ(agent.modify_index(rules_key), before);
      EXPECT_THAT(blobs(), SizeIs(2));
    }
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(committed);
}

TEST_F(ConsulBlob, IsCollectedWhenNeitherDocumentNorHistoryRefersToIt) {
  a.set({{"history_limit", 1}});
  const auto save_with = [&](int hostgroup) {
    a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = " + std::to_string(hostgroup));
    a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    return parse_document(*agent.get(rules_key)).blob->sha256;
  };
  const auto first = document.blob->sha256;
  const auto second = save_with(1);
  EXPECT_EQ(blobs(), (std::set{first, second})) << "the history refers to the first";
  const auto third = save_with(2);
  EXPECT_EQ(blobs(), (std::set{second, third}));
  EXPECT_THAT(agent.keys("proxysql-meta/history/mysql_query_rules/"), SizeIs(1));
  // Small again, and then the last blob goes out of the history too.
  for (const auto* rule : {"1", "2"}) {
    a.proxysql.query("DELETE FROM mysql_query_rules WHERE rule_id > 1");
    a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = " + std::string(rule));
    a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  }
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(ConsulBlob, CollectedWhileASaveUsesItIsWrittenAgain) {
  // A save finds its parts in Consul and refers to them; before it does, another's collector takes them away.
  const auto first = document.blob->sha256;
  bool once = false;
  const auto ran =
      a.run_here({"save", "mysql_query_rules", "--force"}, [&](const std::string& call, const std::string& key) {
        if (call != "commit" || key != rules_key || once) return;
        once = true;
        for (const auto& gone : agent.keys("proxysql-meta/blob/")) agent.remove(gone);
      });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(blobs(), std::set{first});
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
}

TEST(ConsulSize, ALimitThatTheAnswerDoesNotNameIsFoundOutToo) {
  ConsulAgent agent;
  std::atomic<std::size_t> largest = 0;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.body.size() > 20'000) return HttpReply{.status = 413, .body = "<html>Request Entity Too Large</html>"};
    largest = std::max<std::size_t>(largest, request.body.size());
    return std::nullopt;
  });
  Node a(between.port());
  a.add_rules(3000);
  auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_GT(largest, 8'000U) << "no smaller than need be";
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
}

TEST(ConsulSize, ALimitThatWasLoweredSinceDoesNotKeepALargeVersionFromBeingReplaced) {
  ConsulAgent agent;
  std::atomic<std::size_t> limit = 1 << 20;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.body.size() <= limit) return std::nullopt;
    return HttpReply{.status = 413,
                     .body = "Request body(" + std::to_string(request.body.size()) +
                             " bytes) too large, max size: " + std::to_string(limit) + " bytes. See ..."};
  });
  Node a(between.port());
  a.add_rules(1000);
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_FALSE(parse_document(*agent.get(rules_key)).blob) << "the test has to begin with a large document";
  limit = 16 * 1024;
  a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = 42");
  a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no history is kept"));
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules WHERE destination_hostgroup = 42"), "1000");
}

TEST(ConsulSize, AServerThatTakesNothingIsAnErrorAndNotALoop) {
  HttpServer server([](const HttpRequest& request) {
    return HttpReply{.status = request.method == "PUT" ? 413 : 404, .body = "too large, max size: 0 bytes"};
  });
  Node node(server.port());
  node.add_server("db1");
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, HasSubstr("(raise limits.kv_max_value_size of the Consul servers)"));
  EXPECT_LT(server.requests().size(), 100U);
}

}  // namespace
}  // namespace proxysql_consul::testing
