// Metrics on their way to Prometheus: written by a run, read by a real node exporter, asked for over HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/consul_agent.h"
#include "support/node_fixture.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;

TEST(NodeExporter, ServesWhatARunLeft) {
  ConsulAgent consul;
  Node node;
  node.connect_to(consul.http_port());
  const TempDir metrics;
  const auto file = metrics.file("proxysql-consul.prom");
  node.change_settings(nlohmann::json{{"metrics_file", file}}.dump());
  ASSERT_EQ(node.run({"save", "mysql_servers"}).exit_code, 0);

  const auto address = "127.0.0.1:" + std::to_string(free_port());
  ProcessOptions started;
  started.argv = {unpacked_tool("prometheus", "prometheus-node-exporter"),
                  "--collector.disable-defaults",
                  "--collector.textfile",
                  "--collector.textfile.directory=" + metrics.path().string(),
                  "--web.listen-address=" + address,
                  "--web.disable-exporter-metrics"};
  const Process exporter(started);
  ProcessOptions asked;
  asked.argv = {"curl",
                "-sS",
                "--retry",
                "20",
                "--retry-connrefused",
                "--retry-max-time",
                "30",
                "http://" + address + "/metrics"};
  const auto served = run_process(asked);
  ASSERT_EQ(served.exit_code, 0) << served.err << exporter.err();
  const auto version = std::to_string(consul.modify_index("proxysql/mysql_servers"));
  EXPECT_THAT(served.out, HasSubstr("node_textfile_scrape_error 0\n"));
  EXPECT_THAT(served.out, HasSubstr("node_textfile_mtime_seconds{file=\"" + file + "\"}"));
  EXPECT_THAT(served.out, HasSubstr("\nproxysql_consul_version{configuration=\"mysql_servers\"} " + version + "\n"));
  EXPECT_THAT(served.out, HasSubstr("\nproxysql_consul_in_sync{configuration=\"mysql_servers\"} 1\n"));
  EXPECT_THAT(served.out, HasSubstr("\n# TYPE proxysql_consul_applies_total counter\n"));
  EXPECT_THAT(served.out,
              HasSubstr("\nproxysql_consul_applies_total{configuration=\"mysql_servers\",outcome=\"saved\"} 1\n"));

  ProcessOptions checking;
  checking.argv = {unpacked_tool("prometheus", "promtool"), "check", "metrics"};
  checking.input = read_file(file);
  const auto checked = run_process(checking);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

}  // namespace
}  // namespace proxysql_consul::testing
