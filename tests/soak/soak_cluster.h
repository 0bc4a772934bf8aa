// Three Consul servers and five nodes for the soak: nodes 1 to 3 with `follow`, each asking a server of its own, 4 and
// 5 with the watch handlers of servers 1 and 2. What each node holds is told by its content alone: version n of a table
// has rows_of(n) rows, each with the comment n.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/node_fixture.h"
#include "support/silent_log.h"

namespace proxysql_consul::testing {

struct SoakTable {
  std::string name;   ///< of the configuration, and of its only table that has rows
  std::string words;  ///< "LOAD <words> TO RUNTIME"
  std::string row;    ///< "INSERT INTO ... VALUES" of row i of version n: #i, #n
};

inline const std::array<SoakTable, 2> soak_tables = {{
    {"mysql_servers", "MYSQL SERVERS",
     "INSERT INTO mysql_servers (hostgroup_id,hostname,port,comment) VALUES (1,'db#i',3306,'#n')"},
    {"mysql_query_rules", "MYSQL QUERY RULES",
     "INSERT INTO mysql_query_rules (rule_id,active,match_pattern,destination_hostgroup,comment) VALUES "
     "(#i,1,'^SELECT #i$',1,'#n')"},
}};

inline std::size_t rows_of(unsigned long n) { return n == 0 ? 0 : 3 + n % 7; }

inline std::string row_of(const SoakTable& table, std::size_t i, unsigned long n) {
  std::string text = table.row;
  for (const auto& [mark, number] : {std::pair<std::string, unsigned long>{"#i", i}, {"#n", n}}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), std::to_string(number));
    }
  }
  return text;
}

/// The version that rows with these comments are the whole of; nothing where they are a mixture or a part.
inline std::optional<unsigned long> version_of(const std::vector<std::string>& comments) {
  if (comments.empty()) return 0;
  const std::set<std::string> different(comments.begin(), comments.end());
  const auto n = std::strtoul(comments.front().c_str(), nullptr, 10);
  if (different.size() != 1 || n == 0 || comments.size() != rows_of(n)) return std::nullopt;
  return n;
}

inline std::optional<unsigned long> version_in(const std::string& document, const SoakTable& wanted) {
  std::vector<std::string> comments;
  for (const auto& table : parse_document(document).tables) {
    if (table.name != wanted.name) continue;
    const auto column = table.find("comment").value();
    for (const auto& row : table.rows) comments.emplace_back(row[column].value_or(""));
  }
  return version_of(comments);
}

struct SoakNode {
  SoakNode(std::size_t number_, std::size_t server_, bool follows_, bool publishes_)
      : number(number_),
        server(server_),
        follows(follows_),
        publishes(publishes_),
        node({.with_socket = true,
              .with_faults = true,
              .settings = publishes_ ? R"({"retry_seconds":3,"history_limit":1000,"publish":["mysql_servers"]})"
                                     : R"({"retry_seconds":3,"history_limit":1000})"}) {
    // The statements of a killed process are on disk all the same.
    node.query("PRAGMA disk.synchronous = OFF");
  }

  void start_follow() { follow = std::make_unique<Process>(node.command({"follow"})); }

  /// Has `follow` read its settings anew. Before it listens to signals one would end it, as it ends any program.
  void reload_follow() {
    if (!follow) return;
    node.wait_until([&] { return follow->wait_for(std::chrono::milliseconds(0)) || !follow->err().empty(); });
    follow->kill(SIGHUP);
  }

  /// The whole version at runtime; nothing where there is a mixture.
  std::optional<unsigned long> runtime(const SoakTable& table) {
    std::vector<std::string> comments;
    for (const auto& row : node.rows("SELECT comment FROM runtime_" + table.name)) {
      comments.emplace_back(row[0].value_or(""));
    }
    return version_of(comments);
  }

  /// For a failure's message.
  std::string describe_runtime(const SoakTable& table) {
    std::string text;
    for (const auto& row : node.rows("SELECT comment FROM runtime_" + table.name)) {
      text.append(row[0].value_or("NULL")).append(" ");
    }
    return text;
  }

  std::size_t number;
  std::size_t server;  ///< the Consul server that it asks
  bool follows;
  bool publishes;
  Node node;
  std::unique_ptr<Process> follow;
  std::array<std::set<unsigned long>, soak_tables.size()> loaded = {{{0}, {0}}};  ///< by its operator, or at the start
};

struct SoakCluster {
  SoakCluster() {
    // The second publishes its servers.
    for (std::size_t i = 0; i < 5; ++i) nodes.push_back(std::make_unique<SoakNode>(i + 1, i % 3, i < 3, i == 1));
    std::vector<unsigned> serf;
    nlohmann::json join = nlohmann::json::array();
    for (int i = 0; i < 3; ++i) serf.push_back(free_port());
    for (const auto port : serf) join.push_back("127.0.0.1:" + std::to_string(port));
    std::vector<std::future<std::unique_ptr<ConsulAgent>>> starting;
    for (std::size_t i = 0; i < 3; ++i) {
      auto config = nlohmann::json::object();
      if (i < 2) config = nlohmann::json::parse(Node::watch_config({&nodes[3 + i]->node}));
      config.merge_patch({{"bootstrap_expect", 3},
                          {"retry_join", join},
                          {"retry_interval", "200ms"},
                          {"log_level", "WARN"},
                          {"ports", {{"serf_lan", serf[i]}}}});
      starting.push_back(std::async(std::launch::async, [text = config.dump()] {
        return std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = text, .dev = false});
      }));
    }
    for (auto& one : starting) servers.push_back(one.get());
    for (auto& each : nodes) {
      connect(*each);
      if (each->follows) each->start_follow();
    }
  }

  void connect(SoakNode& node) { node.node.connect_to(servers[node.server]->http_port()); }

  /// One that is the leader, or any where none says so.
  std::size_t leader() const {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const auto self = nlohmann::json::parse(http_request(servers[i]->http_port(), "GET", "/v1/agent/self").body);
      if (self["Stats"]["consul"]["leader"] == "true") return i;
    }
    return 0;
  }

  std::unique_ptr<KvStore> store(std::size_t server) const {
    ConsulOptions options;
    options.port = servers[server]->http_port();
    options.total_timeout = std::chrono::seconds(15);
    return open_kv_store(options, silent_log());
  }

  std::vector<std::unique_ptr<SoakNode>> nodes;
  std::vector<std::unique_ptr<ConsulAgent>> servers;
};

}  // namespace proxysql_consul::testing
