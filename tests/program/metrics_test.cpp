// What a run leaves for Prometheus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::Contains;
using ::testing::StartsWith;

class MetricsRun : public Run {
 protected:
  MetricsRun() {
    a.configure("\"metrics_file\":\"" + file("a") + "\"");
    b.configure("\"metrics_file\":\"" + file("b") + "\"");
  }

  std::string file(const std::string& node) const { return dir.file(node + ".prom"); }

  std::string value(const std::string& node, const std::string& series) const {
    const auto text = read_file(file(node));
    const auto at = text.find("\nproxysql_consul_" + series + " ");
    if (at == std::string::npos) return "none";
    const auto begin = text.find(' ', at) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  std::string of_servers(const std::string& node, const std::string& name) const {
    return value(node, name + "{configuration=\"mysql_servers\"}");
  }
  std::string applies(const std::string& node, const std::string& outcome) const {
    return value(node, "applies_total{configuration=\"mysql_servers\",outcome=\"" + outcome + "\"}");
  }
};

TEST_F(MetricsRun, TellWhatARunCameTo) {
  const auto version = save_from_a({"10.0.0.1"});
  EXPECT_EQ(of_servers("a", "version"), version);
  EXPECT_EQ(of_servers("a", "consul_version"), version);
  EXPECT_EQ(of_servers("a", "in_sync"), "1");
  EXPECT_EQ(applies("a", "saved"), "1");
  EXPECT_EQ(value("a", "consul_up"), "1");
  EXPECT_EQ(value("a", "proxysql_up"), "1");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(of_servers("b", "version"), version);
  EXPECT_EQ(of_servers("b", "in_sync"), "1");
  EXPECT_EQ(applies("b", "applied"), "1");
  EXPECT_NE(of_servers("b", "last_success_timestamp_seconds"), "0");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(applies("b", "applied"), "1") << "what was applied already is no attempt";
  struct stat status {};
  ASSERT_EQ(stat(file("b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_F(MetricsRun, TellOfAFailureAndCountIt) {
  save_from_a({"10.0.0.1"});
  b.is_away = true;
  EXPECT_EQ(b.update().status, 4);
  EXPECT_EQ(value("b", "proxysql_up"), "0");
  EXPECT_EQ(of_servers("b", "in_sync"), "0");
  EXPECT_EQ(of_servers("b", "version"), "0");
  EXPECT_EQ(applies("b", "failed"), "1");
  EXPECT_EQ(of_servers("b", "last_success_timestamp_seconds"), "0");
  b.is_away = false;
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(value("b", "proxysql_up"), "1");
  EXPECT_EQ(of_servers("b", "in_sync"), "1");
  EXPECT_EQ(applies("b", "failed"), "1");
}

TEST_F(MetricsRun, TellThatConsulIsAway) {
  save_from_a({"10.0.0.1"});
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(a.run({"pull"}).status, 5);
  EXPECT_EQ(value("a", "consul_up"), "0");
  EXPECT_EQ(of_servers("a", "in_sync"), "1") << "as far as was seen";
  consul.always.reset();
  EXPECT_EQ(a.run({"pull"}).status, 0);
  EXPECT_EQ(value("a", "consul_up"), "1");
}

TEST_F(MetricsRun, TellOfARefusedSaveThatConsulHasAnotherVersion) {
  save_from_a({"10.0.0.1"});
  b.set_servers({"10.0.0.9"});
  EXPECT_EQ(b.run({"save", "--if-current", "mysql_servers"}).status, 8);
  EXPECT_EQ(of_servers("b", "consul_version"), version_of(servers_key));
  EXPECT_EQ(of_servers("b", "in_sync"), "0");
}

TEST_F(MetricsRun, TellOfAFreeze) {
  save_from_a({"10.0.0.1"});
  EXPECT_EQ(a.run({"freeze", "--reason", "x"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(value("b", "frozen"), "1");
  EXPECT_EQ(of_servers("b", "in_sync"), "0");
  EXPECT_EQ(a.run({"thaw"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(value("b", "frozen"), "0");
}

TEST_F(MetricsRun, AreNotWrittenByDryRunsNorWithoutAFileForThem) {
  save_from_a({"10.0.0.1"});
  EXPECT_EQ(b.run({"pull", "--dry-run"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(file("b")));
  b.configure("");
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(file("b")));
}

TEST_F(MetricsRun, ThatCannotBeWrittenAreAWarning) {
  b.configure("\"metrics_file\":\"" + dir.file("none/b.prom") + "\"");
  save_from_a({"10.0.0.1"});
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, Contains(StartsWith("warning: metrics could not be written: " + dir.file("none/b.prom") +
                                           ": create as user ")));
}

}  // namespace
}  // namespace proxysql_consul::testing
