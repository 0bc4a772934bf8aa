#include "proxysql_consul/model/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/model/state_json.h"
#include "support/golden.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> names = {"mysql_users", "mysql_servers"};

State busy() {
  State state;
  state.record("mysql_servers", {.version = 812, .sha256 = "a", .at = "2026-11-22T18:00:00Z", .warnings = {}});
  state.count("mysql_servers", Outcome::applied, 1'795'370'400);
  state.count("mysql_servers", Outcome::failed, 1'795'370'401);
  state.attempts["mysql_servers"].apply_milliseconds = 1042;
  state.fail("mysql_users", 820, "2026-11-22T18:00:01Z", "no s3cr3t is shown");
  state.count("mysql_users", Outcome::failed, 1'795'370'401);
  state.seen = {
      .consul_up = true, .proxysql_up = false, .frozen = true, .versions = {{"mysql_servers", 812}, {"scheduler", 3}}};
  return state;
}

/// The value of one series, as text.
std::string value(const State& state, const std::string& series) {
  const auto text = format_metrics(state, names, "2.0.0");
  const auto at = text.find("\nproxysql_consul_" + series + " ");
  if (at == std::string::npos) return "none";
  const auto begin = text.find(' ', at) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(Metrics, AreWhatPrometheusReads) {
  const auto text = format_metrics(busy(), names, "2.0.0");
  expect_golden("metrics.prom", text);
  EXPECT_EQ(text.find("s3cr3t"), std::string::npos);
  for (const auto& each : {text, format_metrics({}, names, "2.0.0"), format_metrics({}, {}, "2.0.0")}) {
    ProcessOptions options;
    options.argv = {unpacked_tool("prometheus", "promtool"), "check", "metrics"};
    options.input = each;
    const auto checked = run_process(options);
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    EXPECT_EQ(checked.out + checked.err, "");
  }
}

TEST(Metrics, HaveEverySeriesFromTheStart) {
  for (const std::string series :
       {"build_info{version=\"2.0.0\"}", "in_sync{configuration=\"mysql_users\"}",
        "version{configuration=\"mysql_users\"}", "consul_version{configuration=\"mysql_users\"}",
        "drifted{configuration=\"mysql_users\"}", "frozen",
        "last_success_timestamp_seconds{configuration=\"mysql_users\"}",
        "applies_total{configuration=\"mysql_users\",outcome=\"applied\"}",
        "applies_total{configuration=\"mysql_users\",outcome=\"saved\"}",
        "applies_total{configuration=\"mysql_users\",outcome=\"partial\"}",
        "applies_total{configuration=\"mysql_users\",outcome=\"failed\"}",
        "apply_duration_seconds{configuration=\"mysql_users\"}", "consul_up", "proxysql_up"}) {
    EXPECT_NE(value({}, series), "none") << series;
  }
}

TEST(Metrics, SayWhetherTheNodeHasConsulsVersion) {
  const std::string in_sync = "in_sync{configuration=\"mysql_servers\"}";
  State state;
  EXPECT_EQ(value(state, in_sync), "1") << "where Consul holds none there is nothing to have";
  state.seen.versions["mysql_servers"] = 7;
  EXPECT_EQ(value(state, in_sync), "0") << "never seen here";
  const struct {
    const char* what;
    ConfigurationState known;
    const char* value;
  } cases[] = {
      {"applied", {.version = 7, .sha256 = "", .outcome = Outcome::applied, .at = {}, .warnings = {}}, "1"},
      {"saved", {.version = 7, .sha256 = "", .outcome = Outcome::saved, .at = {}, .warnings = {}}, "1"},
      {"failed", {.version = 7, .sha256 = "", .outcome = Outcome::failed, .at = {}, .warnings = {}}, "0"},
      {"an older one", {.version = 6, .sha256 = "", .outcome = Outcome::applied, .at = {}, .warnings = {}}, "0"},
      {"partial", {.version = 7, .sha256 = "", .outcome = Outcome::partial, .at = {}, .warnings = {}}, "0"},
      {"as far as it can",
       {.version = 7, .sha256 = "", .outcome = Outcome::partial, .at = {}, .warnings = {}, .lacks = true},
       "1"},
  };
  for (const auto& [what, known, expected] : cases) {
    state.record("mysql_servers", known);
    EXPECT_EQ(value(state, in_sync), expected) << what;
  }
  state.mark_applying("mysql_servers");
  EXPECT_EQ(value(state, in_sync), "0") << "interrupted";
  state.pass_over("mysql_servers", 8, PassedOver::not_here, "");
  EXPECT_EQ(value(state, in_sync), "1") << "this ProxySQL has no such thing";
}

TEST(Metrics, KnowConsulsVersionFromWhatCameWhereNobodyLooked) {
  const std::string version = "consul_version{configuration=\"mysql_servers\"}";
  State state;
  state.fail("mysql_servers", 9, "", "why");
  EXPECT_EQ(value(state, version), "9");
  state.pass_over("mysql_servers", 11, PassedOver::frozen, "");
  EXPECT_EQ(value(state, version), "11");
  state.seen.versions["mysql_servers"] = 12;
  EXPECT_EQ(value(state, version), "12");
}

TEST(Seen, TakesWhatConsulHolds) {
  const Keys keys("proxysql/");
  Seen seen;
  seen.note(keys, Catalogue(), {{.key = "proxysql/mysql_users", .value = {}, .modify_index = 5, .problem = {}}}, false);
  EXPECT_EQ(seen.versions, (decltype(Seen::versions){{"mysql_users", 5}}));
  EXPECT_EQ(seen.frozen, std::nullopt) << "a watch of one key does not tell";
  seen.note(keys, Catalogue(), {{.key = "proxysql/freeze", .value = {}, .modify_index = 6, .problem = {}}}, true);
  EXPECT_EQ(seen.frozen, true);
  EXPECT_EQ(seen.versions["mysql_users"], 0U) << "gone";
  seen.note(keys, Catalogue(), "proxysql/freeze", std::nullopt);
  EXPECT_EQ(seen.frozen, false);
  seen.note(keys, Catalogue(), "proxysql/of_the_future",
            KvEntry{.key = {}, .value = {}, .modify_index = 7, .problem = {}});
  EXPECT_FALSE(seen.versions.contains("of_the_future"));
}

TEST(Seen, IsKeptInTheStateWithTheCounts) {
  const auto again = parse_state(format_state(busy()), "f");
  EXPECT_EQ(again.seen, busy().seen);
  EXPECT_EQ(again.attempts, busy().attempts);
  EXPECT_THAT(format_state(busy()), HasSubstr("\"consul_up\": true"));
}

}  // namespace
}  // namespace proxysql_consul::testing
