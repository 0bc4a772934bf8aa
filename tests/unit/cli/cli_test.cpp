#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/cli/parse.h"
#include "proxysql_consul/commands/commands.h"
#include "support/golden.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

/// What the last command line was understood as.
struct Understood {
  std::string command;
  Values values;
};
Understood understood;

template <int number>
Action note(const Values& values) {
  const auto& command = proxysql_consul::commands()[number];
  command.prepare(values);
  understood = {.command = std::string(command.names[0]), .values = values};
  return [](const Job&) { return ExitCode::ok; };
}

/// The program's own commands, which note what they were told.
const std::vector<Command>& noting_commands() {
  static const auto all = [] {
    const auto own = proxysql_consul::commands();
    std::vector<Command> commands(own.begin(), own.end());
    commands[0].prepare = note<0>;
    commands[1].prepare = note<1>;
    commands[2].prepare = note<2>;
    return commands;
  }();
  return all;
}

Arguments parse_arguments(const Words& words) {
  understood = {};
  return proxysql_consul::parse_arguments(words, noting_commands(), "2.0.0", "a library");
}

std::string format_help() { return proxysql_consul::format_help(noting_commands()); }

TEST(Cli, UnderstandsSave) {
  const auto arguments = parse_arguments({"save", "mysql_servers", "mysql_users", "--source", "memory", "--force",
                                          "--if-current", "--dry-run", "--message", "two words, -- and a comma"});
  EXPECT_EQ(understood.command, "save");
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_servers", "mysql_users"));
  EXPECT_EQ(understood.values.text("source"), "memory");
  EXPECT_TRUE(understood.values.has("force"));
  EXPECT_TRUE(understood.values.has("if-current"));
  EXPECT_TRUE(understood.values.has("dry-run"));
  EXPECT_FALSE(understood.values.has("all"));
  EXPECT_EQ(understood.values.text("message"), "two words, -- and a comma");
  EXPECT_FALSE(arguments.print);
  EXPECT_TRUE(arguments.action);
}

TEST(Cli, DefaultsToTheLeast) {
  const auto arguments = parse_arguments({"save", "--all"});
  EXPECT_THAT(understood.values.names, IsEmpty());
  EXPECT_THAT(understood.values.options, ElementsAre(::testing::Pair("all", "")));
  EXPECT_EQ(understood.values.text("source", "runtime"), "runtime");
  EXPECT_EQ(arguments.log_level, "info");
  EXPECT_EQ(log_format_in({"save", "--all"}), LogFormat::text);
  EXPECT_FALSE(arguments.config_file);
}

TEST(Cli, TakesAnOptionWithOrWithoutItsValue) {
  parse_arguments({"save", "mysql_servers"});
  EXPECT_FALSE(understood.values.has("wait"));
  parse_arguments({"save", "--wait", "mysql_servers"});
  EXPECT_EQ(understood.values.text("wait"), "60");
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_servers")) << "what follows is a name";
  parse_arguments({"save", "mysql_servers", "--wait=5"});
  EXPECT_EQ(understood.values.text("wait"), "5");
  parse_arguments({"save", "mysql_servers", "--wait"});
  EXPECT_EQ(understood.values.text("wait"), "60");
}

TEST(Cli, TakesPutForSave) {
  parse_arguments({"put", "mysql_query_rules"});
  EXPECT_EQ(understood.command, "save");
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_query_rules"));
}

TEST(Cli, UnderstandsUpdateAndPull) {
  parse_arguments({"update", "--dry-run"});
  EXPECT_EQ(understood.command, "update");
  EXPECT_TRUE(understood.values.has("dry-run"));
  parse_arguments({"pull", "mysql_users", "--force", "--stale"});
  EXPECT_EQ(understood.command, "pull");
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_users"));
  EXPECT_TRUE(understood.values.has("force"));
  EXPECT_TRUE(understood.values.has("stale"));
  EXPECT_FALSE(understood.values.has("dry-run"));
}

TEST(Cli, TakesANegativeNumberForAWord) {
  parse_arguments({"pull", "mysql_users", "-1", "--force"});
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_users", "-1"));
  EXPECT_TRUE(understood.values.has("force"));
  parse_arguments({"save", "mysql_users", "--message", "-1"});
  EXPECT_THAT(understood.values.names, ElementsAre("mysql_users"));
  EXPECT_EQ(understood.values.text("message"), "-1");
}

TEST(Cli, TakesOptionsBeforeAndAfterTheCommand) {
  for (const auto& words : {Words{"--config-file=X", "--log-level=debug", "--log-format=json", "update"},
                            Words{"--config-file", "X", "--log-level", "debug", "--log-format", "json", "update"},
                            Words{"update", "--config-file=X", "--log-level=debug", "--log-format=json"},
                            Words{"update", "--config-file", "X", "--log-level", "debug", "--log-format", "json"},
                            Words{"--config-file", "X", "update", "--log-level", "debug", "--log-format", "json"}}) {
    SCOPED_TRACE(::testing::PrintToString(words));
    const auto arguments = parse_arguments(words);
    EXPECT_EQ(understood.command, "update");
    EXPECT_EQ(arguments.config_file, "X");
    EXPECT_EQ(arguments.log_level, "debug");
    EXPECT_EQ(log_format_in(words), LogFormat::json);
  }
}

TEST(Cli, TakesAValueThatIsACommandsName) {
  const auto arguments = parse_arguments({"--config-file", "save", "pull"});
  EXPECT_EQ(understood.command, "pull");
  EXPECT_EQ(arguments.config_file, "save");
}

TEST(Cli, HelpIsACommandToo) {
  const auto help = parse_arguments({"save", "--help"}).print;
  EXPECT_EQ(help, format_help(commands()[0]));
  for (const auto& words : {Words{"help", "save"}, Words{"--help", "save"}, Words{"save", "-h"}, Words{"put", "-h"}}) {
    EXPECT_EQ(parse_arguments(words).print, help);
  }
  EXPECT_EQ(parse_arguments({"--log-level", "debug", "help", "pull"}).print, parse_arguments({"pull", "-h"}).print);
}

TEST(Cli, EveryCommandHasAllThatHelpTells) {
  for (const auto& command : proxysql_consul::commands()) {
    SCOPED_TRACE(command.names.empty() ? "" : command.names[0]);
    ASSERT_FALSE(command.names.empty());
    EXPECT_NE(command.prepare, nullptr);
    for (const auto text : {command.summary, command.details, std::string_view(command.exits), command.example}) {
      EXPECT_FALSE(text.empty());
    }
  }
}

TEST(Cli, PrintsHelpAndVersion) {
  for (const auto& words : {Words{"--help"}, Words{"-h"}, Words{"help"}, Words{"--log-level", "debug", "--help"}}) {
    EXPECT_EQ(parse_arguments(words).print, format_help());
  }
  for (const auto& words : {Words{"--version"}, Words{"save", "--version"}}) {
    EXPECT_EQ(parse_arguments(words).print, "proxysql-consul 2.0.0 with a library\n");
  }
}

TEST(Cli, HelpIsAsAccepted) {
  testing::expect_golden("help.txt", proxysql_consul::format_help(commands()));
  for (const auto& command : commands()) {
    testing::expect_golden("help-" + std::string(command.names.front()) + ".txt", format_help(command));
  }
}

TEST(Cli, RefusesWithAHint) {
  const std::string see = "see proxysql-consul --help";
  const struct {
    Words words;
    std::string error;
    std::string hint;
  } cases[] = {
      {{"--log-level", "debug"}, "no command is given", see},
      {{"sav"}, "no command is called sav", "did you mean 'save'?"},
      {{"updaet"}, "no command is called updaet", "did you mean 'update'?"},
      {{"get"}, "no command is called get", "did you mean 'put'?"},
      {{"something"}, "no command is called something", see},
      {{"help", "sav"}, "no command is called sav", "did you mean 'save'?"},
      {{"hlep"}, "no command is called hlep", "did you mean 'help'?"},
      {{"save"}, "save needs the names of configurations, or --all", see},
      {{"save", "--all", "mysql_users"}, "save takes names or --all, not both", see},
      {{"save", "--al"}, "no option is called --al", "did you mean '--all'?"},
      {{"save", "--mesage", "x", "a"}, "no option is called --mesage", "did you mean '--message'?"},
      {{"update", "--forse"}, "no option is called --forse", see},
      {{"update", "--stale"}, "no option is called --stale", see},
      {{"update", "mysql_users"}, "update takes no argument, but was given mysql_users", see},
      {{"save", "-x", "a"}, "no option is called -x", see},
      {{"save", "a", "--message"}, "--message needs a value", see},
      {{"--config-file"}, "--config-file needs a value", see},
      {{"save", "a", "--force=yes"}, "--force takes no value", see},
      {{"save", "a", "--source", "disk"}, "--source is one of runtime, memory, not disk", see},
      {{"--log-level", "loud", "update"}, "--log-level is one of debug, info, warn, error, not loud", see},
      {{"update", "--log-format=xml"}, "--log-format is one of text, json, not xml", see},
      {{"s\x1B[31m"}, "no command is called s [31m", see},
  };
  for (const auto& [words, message, hint] : cases) {
    SCOPED_TRACE(::testing::PrintToString(words));
    try {
      parse_arguments(words);
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_EQ(error.what(), message);
      EXPECT_EQ(error.hint(), hint);
    }
  }
}

TEST(Cli, TakesNoSecretOnTheCommandLine) {
  auto help = format_help();
  for (const auto& command : commands()) help += format_help(command);
  for (const char* word : {"--password", "--token", "--secret", "--auth"}) {
    EXPECT_EQ(help.find(word), std::string::npos) << word;
  }
}

TEST(ExitCodes, TheLowestFailureCounts) {
  EXPECT_EQ(worst_of(ExitCode::ok, ExitCode::ok), ExitCode::ok);
  EXPECT_EQ(worst_of(ExitCode::ok, ExitCode::payload), ExitCode::payload);
  EXPECT_EQ(worst_of(ExitCode::payload, ExitCode::ok), ExitCode::payload);
  EXPECT_EQ(worst_of(ExitCode::payload, ExitCode::proxysql), ExitCode::proxysql);
  EXPECT_EQ(worst_of(ExitCode::proxysql, ExitCode::refused), ExitCode::proxysql);
}

}  // namespace
}  // namespace proxysql_consul
