// Nodes and the Consul between them, for the tests of the real program from end to end.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/consul_agent.h"
#include "support/node_fixture.h"
#include "support/sorted.h"

namespace proxysql_consul::testing {

inline constexpr auto a_server = "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'10.0.0.1',3306)";
inline constexpr auto a_rule =
    "INSERT INTO mysql_query_rules (rule_id,active,match_pattern,destination_hostgroup) VALUES (1,1,'^SELECT',2)";
inline constexpr auto servers_at_runtime = "SELECT * FROM runtime_mysql_servers ORDER BY hostgroup_id, hostname, port";
inline constexpr auto rules_at_runtime = "SELECT * FROM runtime_mysql_query_rules ORDER BY rule_id";

inline std::string insert_server(const std::string& hostname) {
  return "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'" + hostname + "',3306)";
}

/// What ProxySQL has at runtime of one table; its rows come in no promised order.
inline Rows runtime(Node& node, const std::string& table, const std::string& where = {}) {
  return sorted(node.rows("SELECT * FROM runtime_" + table + where));
}

inline std::size_t count(Node& node, const std::string& table) { return node.rows("SELECT 1 FROM " + table).size(); }

inline std::string all_of(const ProcessResult& result) {
  return result.out + result.err + (result.timed_out ? " (timed out)" : "");
}

/// Nodes A and B behind one agent, each with its watch, as they are once both have seen the empty prefix.
struct Cluster {
  explicit Cluster(NodeOptions a_options = {}, NodeOptions b_options = {})
      : a(std::move(a_options)), b(std::move(b_options)), consul({.config = Node::watch_config({&a, &b})}) {
    a.connect_to(consul.http_port());
    b.connect_to(consul.http_port());
    for (const auto* node : {&a, &b}) EXPECT_TRUE(node->wait_until([&] { return node->handled().size() == 1; }));
  }
  ~Cluster() {
    const auto output = consul.log() + a.handler_output() + b.handler_output();
    EXPECT_THAT(output, ::testing::Not(::testing::HasSubstr(std::string(Node::secret))));
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Node a;
  Node b;
  ConsulAgent consul;
};

/// Nodes A and B and an agent without watches, for tests that call the program themselves.
struct Pair {
  explicit Pair(NodeOptions a_options = {}, NodeOptions b_options = {})
      : a(std::move(a_options)), b(std::move(b_options)) {
    a.connect_to(consul.http_port());
    b.connect_to(consul.http_port());
  }
  Node a;
  Node b;
  ConsulAgent consul;
};

}  // namespace proxysql_consul::testing
