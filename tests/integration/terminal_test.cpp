// What people see: the real program on a terminal of 80 columns, over a Consul whose answers are scripted, so that
// every letter can be held against a golden file.
#include "support/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/model/node_record.h"
#include "support/golden.h"
#include "support/http_server.h"
#include "support/process.h"
#include "support/watch_json.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

KvEntry shared(const std::string& name, std::uint64_t version, const std::string& by, const std::string& message) {
  // Saved in a future that will not come, so that its age does not change.
  return {.key = "proxysql/" + name,
          .value = format_document({.config_name = name,
                                    .uuid = "u",
                                    .tables = {{.name = name, .columns = {"a"}, .rows = {{"1"}, {"2"}, {"3"}}}},
                                    .blob = {},
                                    .origin = {.host = "proxy-1",
                                               .by = by,
                                               .proxysql_version = "2.7.2",
                                               .saved_at = "2199-01-01T00:00:00Z",
                                               .message = message}}),
          .modify_index = version,
          .problem = {}};
}

/// Seven nodes, of which each fares in a way of its own.
struct ScriptedConsul {
  ScriptedConsul() {
    add("0a", "proxy-1", told(servers, 812, "saved"));
    add("0b", "proxy-2", told(servers, 812, "applied"));
    add("0c", "proxy-2", told(servers, 799, "applied"));
    auto failed =
        told(servers, 799, "failed", {"proxysql 127.0.0.1:6032: Can't connect to server on '127.0.0.1' (115)"});
    failed.attempted = 812;
    add("0d", "proxy-4", failed);
    auto old = told(servers, 812, "partial", {"this ProxySQL has no column gtid_port of mysql_servers: 2 rows had it"});
    old.lacks = true;
    add("0e", "proxy-old", old);
    add("0f", "proxy-thawing", told(servers, 812, "applied"), true);
    add("10", "proxy-dead", told(servers, 799, "applied"));
  }

  static RecordedConfiguration told(const KvEntry& entry, std::uint64_t version, const std::string& outcome,
                                    std::vector<std::string> warnings = {}) {
    return {.version = version,
            .attempted = version,
            .sha256 = version == entry.modify_index ? sha256_hex(entry.value) : "of the one before",
            .outcome = outcome,
            .at = "2198-12-31T00:00:00Z",
            .warnings = std::move(warnings)};
  }

  void add(const std::string& uuid, const std::string& host, const RecordedConfiguration& of_servers,
           bool frozen = false) {
    const NodeRecord record{
        .uuid = uuid,
        .host = host,
        .consul_node = host,
        .proxysql_version = host == "proxy-old" ? "1.4.16" : "2.7.2",
        .frozen = frozen,
        .configurations = {{"mysql_servers", of_servers}, {"mysql_query_rules", told(rules, 640, "applied")}}};
    records.push_back({.key = "proxysql-meta/node/" + uuid + "000000-0000-4000-8000-000000000000",
                       .value = format_node_record(record),
                       .modify_index = 900,
                       .problem = {}});
  }

  HttpReply answer(const HttpRequest& request) const {
    if (request.target.starts_with("/v1/health")) {
      auto checks = Json::array();
      for (const std::string node : {"proxy-1", "proxy-2", "proxy-4", "proxy-old", "proxy-thawing", "proxy-dead"}) {
        checks.push_back(
            {{"Node", node}, {"CheckID", "serfHealth"}, {"Status", node == "proxy-dead" ? "critical" : "passing"}});
      }
      return {.body = checks.dump()};
    }
    if (request.target.starts_with("/v1/kv/proxysql-meta/node/")) return {.body = format_watch(records)};
    if (request.target.starts_with("/v1/kv/proxysql/")) return {.body = format_watch({rules, servers})};
    return {.status = 404};
  }

  KvEntry servers =
      shared("mysql_servers", 812, "alice", "two more replicas for the reports, until the end of the month");
  KvEntry rules = shared("mysql_query_rules", 640, "root", "");
  std::vector<KvEntry> records;
  HttpServer server{[this](const HttpRequest& request) { return answer(request); }};
};

class OnATerminal : public ::testing::Test {
 protected:
  Process start(const std::string& words, std::map<std::string, std::string> env = {}) const {
    write_file(directory.file("cnf"), "{\"consul_port\":" + std::to_string(consul.server.port()) + "}");
    ProcessOptions options;
    options.argv = {"sh", "-c",
                    "exec '" PROXYSQL_CONSUL_PATH "' --config-file '" + directory.file("cnf") + "' " + words + " >" +
                        terminal.path()};
    options.env = std::move(env);
    options.clean_env = true;
    return Process(std::move(options));
  }

  TempDir directory;
  ScriptedConsul consul;
  Terminal terminal{80};
};

TEST_F(OnATerminal, StatusIsAlignedColouredAndCut) {
  EXPECT_EQ(start("status").wait().exit_code, 7);
  expect_golden("status-80-columns.txt", terminal.finish());
}

TEST_F(OnATerminal, StatusIsPlainWithNoColor) {
  EXPECT_EQ(start("status", {{"NO_COLOR", "1"}}).wait().exit_code, 7);
  const auto text = terminal.finish();
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  expect_golden("status-80-columns-plain.txt", text);
}

TEST_F(OnATerminal, AWatchDrawsUntilItIsInterrupted) {
  auto watch = start("status --watch");
  EXPECT_TRUE(terminal.await("proxy-old"));
  watch.kill(SIGINT);
  EXPECT_EQ(watch.wait().signal, SIGINT);
  EXPECT_TRUE(terminal.finish().starts_with("\x1b[H\x1b[2J"));
}

}  // namespace
}  // namespace proxysql_consul::testing
