// What is in etc/ for Prometheus, Grafana and systemd, held against the tools that read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

const std::string project = PROJECT_SOURCE_PATH;

std::set<std::string> found_in(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

/// The names of all series that the program writes.
std::set<std::string> series() {
  return found_in(read_file(project + "/tests/testdata/golden/metrics.prom"), "# TYPE (proxysql_consul_[a-z_]+) ");
}

std::string output_of(std::vector<std::string> argv) {
  ProcessOptions options;
  options.argv = std::move(argv);
  const auto ran = run_process(options);
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  return ran.out + ran.err;
}

TEST(Alerts, AreRulesThatPrometheusTakesAndFireWhenTheyShould) {
  const auto promtool = unpacked_tool("prometheus", "promtool");
  EXPECT_THAT(output_of({promtool, "check", "rules", project + "/etc/prometheus-alerts.yml"}),
              HasSubstr("7 rules found"));
  EXPECT_THAT(output_of({promtool, "test", "rules", project + "/tests/testdata/prometheus-alerts-test.yml"}),
              HasSubstr("SUCCESS"));
}

TEST(Alerts, HaveACaseEach) {
  const auto rules = found_in(read_file(project + "/etc/prometheus-alerts.yml"), "alert: (\\w+)");
  EXPECT_EQ(rules.size(), 7U);
  EXPECT_EQ(found_in(read_file(project + "/tests/testdata/prometheus-alerts-test.yml"), "alertname: (\\w+)"), rules);
  EXPECT_THAT(found_in(read_file(project + "/docs/metrics.md"), "`(Proxysql\\w+)`"), IsSupersetOf(rules));
}

TEST(Metrics, AreAllDescribedAndThoseInUseExist) {
  ASSERT_EQ(series().size(), 12U);
  EXPECT_EQ(found_in(read_file(project + "/docs/metrics.md"), "`(proxysql_consul_[a-z_]+)`"), series());
  for (const auto* const file : {"/etc/prometheus-alerts.yml", "/etc/grafana-dashboard.json"}) {
    const auto used = found_in(read_file(project + file), "(proxysql_consul_[a-z_]+)");
    EXPECT_FALSE(used.empty()) << file;
    EXPECT_THAT(series(), IsSupersetOf(used)) << file;
  }
}

TEST(Dashboard, HasPanelsOfItsOwnNumbersThatAskForSomething) {
  const auto dashboard = nlohmann::json::parse(read_file(project + "/etc/grafana-dashboard.json"));
  std::set<int> numbers;
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_TRUE(numbers.insert(panel.at("id").get<int>()).second);
    EXPECT_FALSE(panel.at("description").get<std::string>().empty());
    EXPECT_THAT(panel.at("targets").at(0).at("expr").get<std::string>(), HasSubstr("proxysql_consul_"));
  }
  EXPECT_GE(numbers.size(), 5U);
}

/// The unit with the program's place in this build in it, since systemd wants to find the program.
std::string unit_in(const TempDir& dir) {
  const auto unit = read_file(project + "/etc/proxysql-consul.service");
  write_file(dir.file("proxysql-consul.service"),
             std::regex_replace(unit, std::regex("/usr/bin/proxysql-consul"), PROXYSQL_CONSUL_PATH));
  return dir.file("proxysql-consul.service");
}

TEST(Unit, IsWhatSystemdTakesWithoutAWord) {
  const TempDir dir;
  EXPECT_EQ(output_of({"systemd-analyze", "verify", "--man=no", unit_in(dir)}), "");
}

TEST(Unit, IsHardened) {
  const TempDir dir;
  const auto version = found_in(output_of({"systemd-analyze", "--version"}), "^systemd ([0-9]+)");
  ASSERT_EQ(version.size(), 1U);
  const auto unit = unit_in(dir);
  // Older ones ask the running systemd alone.
  constexpr int can_judge_files = 250;
  if (std::stoi(*version.begin()) >= can_judge_files) {
    output_of({"systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", unit});
  }
  for (const std::string line : {"Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=on-failure",
                                 "WatchdogSec=10min", "NoNewPrivileges=yes", "ProtectSystem=strict",
                                 "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service"}) {
    EXPECT_THAT(read_file(unit), HasSubstr("\n" + line + "\n"));
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
