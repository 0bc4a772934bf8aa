// The command line, and the files that a run needs before it can do anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <istream>
#include <optional>
#include <streambuf>
#include <string>
#include <vector>

#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"
#include "support/program_world.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Words : public Run {};

TEST_F(Words, PrintsHelpOnStderrWhereNoCommandIsGiven) {
  ProgramWorld world(a.clock);
  EXPECT_EQ(world.run({}), 2);
  EXPECT_EQ(world.out.str(), "");
  EXPECT_THAT(world.err.str(), StartsWith("proxysql-consul spreads the configuration of one ProxySQL to all others"));
  world.err.str("");
  for (const std::string word : {"--help", "--version", "help", "-h"}) {
    SCOPED_TRACE(word);
    world.out.str("");
    EXPECT_EQ(world.run({word}), 0);
    EXPECT_THAT(world.out.str(), StartsWith("proxysql-consul "));
    EXPECT_EQ(world.err.str(), "");
  }
}

TEST_F(Words, FailsWhereStdoutCannotBeWritten) {
  ProgramWorld world(a.clock);
  world.out.setstate(std::ios::badbit);
  EXPECT_EQ(world.run({"--version"}), 1);
  EXPECT_THAT(world.err.str(), EndsWith("proxysql-consul: error: stdout: could not be written\n"));
}

TEST_F(Words, ReportsUsageWithASuggestion) {
  const struct {
    Texts words;
    const char* error;
  } cases[] = {
      {{"svae"}, "error: no command is called svae (did you mean 'save'?)"},
      {{"save", "mysql_server"}, "error: no configuration is called mysql_server (did you mean 'mysql_servers'?)"},
      {{"save", "pgsql_users"},
       "error: this ProxySQL 2.7.2-3-gstandin has no pgsql_users (it has mysql_servers, mysql_query_rules, "
       "mysql_users, "
       "mysql_variables, admin_variables, mysql_firewall, scheduler, proxysql_servers, restapi_routes, "
       "coredump_filters)"},
      {{"pull", "mysql_user"}, "error: no configuration is called mysql_user (did you mean 'mysql_users'?)"},
      {{"pull", "scheduler"}, "error: this node does not accept scheduler (add it to \"accept\" in the settings)"},
  };
  for (const auto& [words, error] : cases) {
    SCOPED_TRACE(words.back());
    const auto ran = a.run(words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, ElementsAre(error));
  }
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Words, BoundsTheReadingOfStdin) {
  /// Ends at once, and knows whether the time was bounded before anything was read.
  struct Watching : std::streambuf {
    int_type underflow() override {
      was_bounded = bounded;
      return traits_type::eof();
    }
    bool bounded = false;
    bool was_bounded = false;
  } input;
  ProgramWorld world(a.clock);
  static_cast<std::istream&>(world.in).rdbuf(&input);
  world.environment = [&](const char* name) {
    return std::string(name) == "PROXYSQL_CONSUL_CONFIG" ? std::optional(dir.file("host-a.cnf")) : std::nullopt;
  };
  world.bound = [&](std::chrono::seconds) { input.bounded = true; };
  EXPECT_EQ(world.run({"update"}), 6);
  EXPECT_TRUE(input.was_bounded);
}

TEST_F(Words, BoundsItsTime) {
  a.run({"save", "mysql_servers"});
  EXPECT_EQ(a.bound, std::chrono::seconds(241));
}

TEST_F(Words, ReportsFilesThatCannotBeUsed) {
  const struct {
    const char* what;
    std::function<void()> damage;
    std::string error;
  } cases[] = {
      {"empty uuid", [&] { write_file(a.uuid_file(), ""); },
       "error: " + a.uuid_file() +
           ": is empty (restore it from a backup; or remove it, and the next run makes a new one (the node then "
           "applies "
           "once more what it saved itself))"},
      {"no uuid", [&] { write_file(a.uuid_file(), "hello\n"); },
       "error: " + a.uuid_file() +
           ": holds no UUID (restore it from a backup; or remove it, and the next run makes a new one (the node then "
           "applies once more what it saved itself))"},
      {"no state", [&] { write_file(a.state_file(), "{}"); },
       "error: " + a.state_file() +
           ": is no state file of proxysql-consul (remove it; the next run makes a new one, and compares every "
           "configuration once more)"},
      {"settings", [&] { a.configure(R"("consul_port":"x")"); },
       "error: " + dir.file("host-a.cnf") + ": consul_port: must be a port from 1 to 65535, is \"x\""},
  };
  for (const auto& [what, damage, error] : cases) {
    SCOPED_TRACE(what);
    std::filesystem::remove(a.uuid_file());
    std::filesystem::remove(a.state_file());
    a.configure({});
    damage();
    for (const Texts& words : {Texts{"save", "mysql_servers"}, Texts{"update"}}) {
      const auto ran = a.run(words, "[]");
      EXPECT_EQ(ran.status, 3);
      EXPECT_THAT(ran.err, ElementsAre(error));
    }
  }
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Words, LogsJsonLines) {
  a.configure(R"("consul_port":"x\"")");
  const auto ran = a.run({"--log-format", "json", "update"});
  // The settings are what failed, but the words were understood before.
  ASSERT_THAT(ran.err, SizeIs(1));
  EXPECT_THAT(ran.err[0], AllOf(StartsWith("{\"time\":\""), HasSubstr("\"level\":\"error\",\"message\":\""),
                                EndsWith("is \\\"x\\\"\\\"\"}")));
}

}  // namespace
}  // namespace proxysql_consul::testing
