// docs/integrations/: a watch, systemd, health checks and metrics. Each page's own blocks are run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/end_to_end_fixture.h"
#include "support/http_server.h"
#include "support/page.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

/// A script of a page in the node's directory, as a program that can be run.
std::string make_page_script(const Node& node, const std::string& name, const std::string& text) {
  const auto path = node.file(name);
  write_file(path, text);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(PageConsulWatch, KeepsWhatTheHandlerPrints) {
  Pair pair;
  const auto script = make_page_script(pair.b, "proxysql-consul-update",
                                       with(page_block("consul-watch#script", pair.b), "/var/log/proxysql-consul.log",
                                            pair.b.file("proxysql-consul.log")));
  const TempDir directory;
  ConsulAgent consul({.arguments = {"-config-dir=" + directory.path().string()}});
  for (auto* node : {&pair.a, &pair.b}) node->connect_to(consul.http_port());
  write_file(directory.file("watch.json"),
             with(page_block("consul-watch#watch"), "/usr/local/bin/proxysql-consul-update", script));
  run_shell(pair.b, consul, "consul-watch#reload");
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  EXPECT_TRUE(pair.b.wait_until([&] {
    return read_file(pair.b.file("proxysql-consul.log")).find(": applied (") != std::string::npos;
  })) << consul.log()
      << read_file(pair.b.file("proxysql-consul.log"));
  EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
}

/// What systemd says of units in a directory; nothing where it has nothing to say.
std::string verified_units(const TempDir& dir, const std::vector<std::string>& units) {
  ProcessOptions options;
  options.argv = {"systemd-analyze", "verify", "--man=no"};
  for (const auto& unit : units) options.argv.push_back(dir.file(unit));
  const auto ran = run_process(std::move(options));
  EXPECT_EQ(ran.exit_code, 0);
  return ran.out + ran.err;
}

TEST(PageSystemd, DropInIsWhatSystemdTakes) {
  const Node node;
  const TempDir dir;
  const auto unit = read_file(PROJECT_SOURCE_PATH "/etc/proxysql-consul.service");
  write_file(dir.file("proxysql-consul.service"), with(unit, "/usr/bin/proxysql-consul", node.script()));
  std::filesystem::create_directory(dir.file("proxysql-consul.service.d"));
  const auto drop_in = page_block("systemd#user");
  write_file(dir.file("proxysql-consul.service.d/override.conf"), drop_in);
  EXPECT_EQ(verified_units(dir, {"proxysql-consul.service"}), "");
  // That it is read at all shows where it is wrong.
  write_file(dir.file("proxysql-consul.service.d/override.conf"), with(drop_in, "Group=", "Gruop="));
  EXPECT_THAT(verified_units(dir, {"proxysql-consul.service"}), HasSubstr("Gruop"));
}

TEST(PageSystemd, PullsAfterAStart) {
  Pair pair({}, {.settings = R"({"save_to_disk":false})"});
  const TempDir dir;
  const auto unit = page_block("systemd#pull", pair.b);
  write_file(dir.file("proxysql-consul-pull.service"), unit);
  write_file(dir.file("proxysql-consul-pull.timer"), page_block("systemd#timer"));
  EXPECT_EQ(verified_units(dir, {"proxysql-consul-pull.service", "proxysql-consul-pull.timer"}), "");
  const std::string key = "\nExecStart=";
  const auto begin = unit.find(key) + key.size();
  const auto command = unit.substr(begin, unit.find('\n', begin) - begin);
  pair.a.execute({a_server, "LOAD MYSQL SERVERS TO RUNTIME"});
  ASSERT_EQ(pair.a.run({"save", "mysql_servers"}).exit_code, 0);
  for (int start = 0; start < 2; ++start) {
    const auto ran = run_process(on_node(pair.b, pair.consul, command));
    EXPECT_EQ(ran.exit_code, 0) << all_of(ran);
    EXPECT_EQ(count(pair.b, "runtime_mysql_servers"), 1U);
    pair.b.proxysql().stop();
    pair.b.proxysql().start();
    ASSERT_EQ(count(pair.b, "runtime_mysql_servers"), 0U);
  }
}

TEST(PageConsulChecks, ReportsToATtlCheck) {
  Node node({.settings = R"({"retry_seconds":1})"});
  std::filesystem::permissions(node.settings_file(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  auto config = Json::parse(node.watch_config());
  config.merge_patch(Json::parse(page_block("consul-checks#ttl")));
  ConsulAgent consul({.config = config.dump()});
  node.connect_to(consul.http_port());
  std::filesystem::permissions(node.settings_file(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto script = make_page_script(node, "proxysql-consul-report", page_block("consul-checks#report", node));
  const auto reported = [&] {
    const auto ran = run_process(on_node(node, consul, script));
    EXPECT_EQ(ran.exit_code, 0) << all_of(ran);
    const auto checks = Json::parse(http_request(consul.http_port(), "GET", "/v1/agent/checks").body);
    const auto& check = checks.at("proxysql-consul");
    return check.at("Status").get<std::string>() + "\n" + check.at("Output").get<std::string>();
  };
  EXPECT_THAT(reported(), StartsWith("passing\nOK: "));
  consul.put("proxysql/freeze", "black friday & more?");
  EXPECT_THAT(reported(), AllOf(StartsWith("warning\nWARNING: frozen\n"), HasSubstr("black friday & more?")));
  consul.remove("proxysql/freeze");
  node.proxysql().stop();
  EXPECT_THAT(reported(), StartsWith("critical\nCRITICAL: proxysql\n"));
}

TEST(PagePrometheus, ServesWhatARunLeft) {
  ConsulAgent consul;
  Node node;
  node.connect_to(consul.http_port());
  const TempDir metrics;
  node.change_settings(
      with(page_block("prometheus#settings"), "/var/lib/prometheus/node-exporter", metrics.path().string()));
  ASSERT_EQ(node.run({"save", "mysql_servers"}).exit_code, 0);
  const auto address = "127.0.0.1:" + std::to_string(free_port());
  ProcessOptions started;
  started.argv = {unpacked_tool("prometheus", "prometheus-node-exporter"), "--collector.disable-defaults",
                  "--collector.textfile", "--collector.textfile.directory=" + metrics.path().string(),
                  "--web.listen-address=" + address};
  const Process exporter(started);
  auto look = with(page_block("prometheus#look"), "127.0.0.1:9100", address);
  look = with(look, "curl -sS", "curl -sS --retry 20 --retry-connrefused --retry-max-time 30");
  const auto seen = run_process(on_node(node, consul, look));
  EXPECT_THAT(seen.out, HasSubstr("\nproxysql_consul_in_sync{configuration=\"mysql_servers\"} 1\n"))
      << all_of(seen) << exporter.err();

  const TempDir dir;
  write_file(dir.file("prometheus.yml"), with(page_block("prometheus#prometheus"),
                                              "/usr/share/doc/proxysql-consul/examples", PROJECT_SOURCE_PATH "/etc"));
  ProcessOptions checking;
  checking.argv = {unpacked_tool("prometheus", "promtool"), "check", "config", dir.file("prometheus.yml")};
  const auto checked = run_process(std::move(checking));
  EXPECT_EQ(checked.exit_code, 0) << all_of(checked);
  EXPECT_THAT(all_of(checked), HasSubstr(" rules found"));
}

}  // namespace
}  // namespace proxysql_consul::testing
