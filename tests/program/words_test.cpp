// The command line, and the files that a run needs before it can do anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <istream>
#include <nlohmann/json.hpp>
#include <streambuf>
#include <string>

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
  world.out.str("");
  EXPECT_EQ(world.run({"help", "man"}), 0);
  EXPECT_THAT(world.out.str(), ::testing::ContainsRegex("\"proxysql.-consul [0-9.]+\" \"User Commands\""));
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
  world.environment = Environment({{"PROXYSQL_CONSUL_CONFIG", dir.file("host-a.cnf")}});
  world.bound = [&](std::chrono::seconds limit) { input.bounded = limit.count() > 0; };
  EXPECT_EQ(world.run({"update"}), 6);
  EXPECT_TRUE(input.was_bounded);
}

TEST_F(Words, BoundsItsTime) {
  a.run({"save", "mysql_servers"});
  EXPECT_EQ(a.bound, std::chrono::seconds(241));
  // A file of the settings can be a pipe that nobody writes.
  ASSERT_GE(a.bounds.size(), 3U);
  EXPECT_EQ(a.bounds[0], std::chrono::seconds(10));
  EXPECT_EQ(a.bounds[1], std::chrono::seconds(0));
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

/// The members of a line of the log that is JSON, without the time.
std::string without_time(const std::string& line) {
  const auto mark = line.find(",\"level\"");
  EXPECT_TRUE(line.starts_with("{\"time\":\"") && mark != std::string::npos) << line;
  EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  return line.substr(std::min(mark, line.size()));
}

TEST_F(Words, LogsErrorsAsJsonWithCodeAndHint) {
  a.configure(R"("consul_port":"x\"")");
  const auto ran = a.run({"--log-format", "json", "update"});
  // The settings are what failed, but the words were understood before.
  ASSERT_THAT(ran.err, SizeIs(1));
  EXPECT_EQ(without_time(ran.err[0]), ",\"level\":\"error\",\"message\":\"" + dir.file("host-a.cnf") +
                                          R"(: consul_port: must be a port from 1 to 65535, is \"x\"\"",)"
                                          R"("code":3,"hint":""})");
}

TEST_F(Words, LogsErrorsInTheWordsAsJsonToo) {
  const struct {
    Texts words;
    const char* line;
  } cases[] = {
      {{"--log-format=json", "svae"},
       R"(,"level":"error","message":"no command is called svae","code":2,"hint":"did you mean 'save'?"})"},
      {{"pull", "--forse", "--log-format", "json"},
       R"(,"level":"error","message":"no option is called --forse","code":2,"hint":"did you mean '--force'?"})"},
      {{"--log-format", "json"},
       R"(,"level":"error","message":"no command is given","code":2,"hint":"see proxysql-consul --help"})"},
  };
  for (const auto& [words, line] : cases) {
    ProgramWorld world(a.clock);
    EXPECT_EQ(world.run(words), 2);
    EXPECT_EQ(without_time(world.err.str()), std::string(line) + "\n");
  }
}

TEST_F(Words, LogsWhatFailedOfAConfigurationAsJsonToo) {
  consul.set(servers_key, "hello");
  const auto ran = a.run({"--log-format", "json", "pull"});
  EXPECT_EQ(ran.status, 6);
  ASSERT_THAT(ran.err, ::testing::Not(IsEmpty()));
  EXPECT_THAT(ran.err[0],
              AllOf(HasSubstr("\"message\":\"proxysql/mysql_servers: "), HasSubstr("\"code\":6,\"hint\":\"")));
  for (const auto& line : ran.err) without_time(line);
}

/// The program with a stdin that stays silent, ended by its own alarm.
std::string last_words_of(const Texts& words) {
  const TempDir dir;
  std::string command =
      "mkfifo '" + dir.file("fifo") + "' && exec 3<>'" + dir.file("fifo") + "' && exec '" + PROXYSQL_CONSUL_PATH "'";
  for (const auto& word : words) command.append(" ").append(word);
  ProcessOptions options;
  options.argv = {"sh", "-c", command + " <&3"};
  Process process(options);
  // It listens to the signal from the moment when the mask of those that it catches has it.
  const auto catches_it = [&] {
    const auto status = read_file("/proc/" + std::to_string(process.pid()) + "/status");
    const auto mask = status.find("SigCgt:");
    return mask != std::string::npos && (std::stoull(status.substr(mask + 7), nullptr, 16) >> (SIGALRM - 1) & 1U) != 0;
  };
  while (!catches_it() && !process.wait_for(std::chrono::milliseconds(1))) {
  }
  process.kill(SIGALRM);
  const auto ended = process.wait();
  EXPECT_EQ(ended.exit_code, 4);
  return ended.err;
}

TEST_F(Words, SaysThatItGaveUp) {
  EXPECT_THAT(last_words_of({"update"}),
              EndsWith("Z proxysql-consul: error: gave up: the run took too long (is "
                       "ProxySQL's admin port, or the writer of stdin or of a file of the settings, hanging?)\n"));
  EXPECT_EQ(without_time(last_words_of({"--log-format=json", "update"})),
            ",\"level\":\"error\",\"message\":\"gave up: the run took too long\",\"code\":4,"
            "\"hint\":\"is ProxySQL's admin port, or the writer of stdin or of a file of the settings, hanging?\"}\n");
}

}  // namespace
}  // namespace proxysql_consul::testing
