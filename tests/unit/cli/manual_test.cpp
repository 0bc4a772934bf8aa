// The manual page and the completions: what they must hold, and what bash makes of them.
#include "proxysql_consul/cli/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/cli/parse.h"
#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/model/catalogue.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;
using Texts = std::vector<std::string>;

std::string manual(const std::string& kind) { return format_manual(kind, commands(), "2.0.0").value(); }

/// A page without its escapes, as a reader would see it.
std::string plain(const std::string& page) {
  return std::regex_replace(std::regex_replace(page, std::regex(R"(\\f[BIR]|\\&)"), ""), std::regex(R"(\\-)"), "-");
}

/// A table of its own, so that a test sees what becomes of each kind of argument.
const std::vector<Command>& some_commands() {
  static const std::vector<Command> all = {
      {.names = {"save", "put"},
       .arguments = "CONFIG...|--all",
       .summary = "it's [bold]: so",
       .details = "`save` it.\n.not a macro, but 1\\2",
       .options = {{.name = "source", .value = "LAYER", .help = "x", .choices = {"runtime", "memory"}},
                   {.name = "message", .value = "TEXT", .help = "why [not]: it's"}},
       .takes_names = true,
       .exits = "  0  saved\n 12  never\n",
       .example = "'x' save"},
      {.names = {"rollback"},
       .arguments = "CONFIG VERSION",
       .summary = "back",
       .details = "Back.",
       .options = {},
       .takes_names = true,
       .exits = "  0  done\n",
       .example = "rollback"},
      {.names = {"update"},
       .arguments = {},
       .summary = "apply",
       .details = "Apply.",
       .options = {{.name = "dry-run", .value = {}, .help = "print"}},
       .exits = "  0  done\n",
       .example = "update"},
  };
  return all;
}

/// What bash offers for the last of `words`, which has been typed so far.
Texts offered_by_bash(const Texts& words, const std::string& program = "proxysql-consul") {
  std::string script = format_manual("bash", some_commands(), "2.0.0").value() + "COMP_WORDS=('" + program + "'";
  for (const auto& word : words) script.append(" '").append(word).append("'");
  script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
            "\n_proxysql_consul\nif ((${#COMPREPLY[@]})); then printf '%s\\n' \"${COMPREPLY[@]}\"; fi\n";
  ProcessOptions options;
  options.argv = {"bash", "-u", "-c", script};
  const auto ran = run_process(options);
  EXPECT_EQ(ran.err, "");
  Texts offered;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) offered.push_back(line);
  return offered;
}

TEST(Manual, IsPrintedByHelp) {
  for (const auto& kind : manual_kinds()) {
    SCOPED_TRACE(kind);
    for (const auto& words : {Texts{"help", kind}, Texts{"--log-level", "debug", "help", kind}}) {
      EXPECT_EQ(parse_arguments(words, commands(), "2.0.0", "a library").print, manual(kind));
    }
  }
  EXPECT_FALSE(format_manual("fish", commands(), "2.0.0"));
  EXPECT_THROW(parse_arguments({"man"}, commands(), "2.0.0", "a library"), Error);
  EXPECT_THROW(parse_arguments({"help", "man", "bash"}, commands(), "2.0.0", "a library"), Error);
}

// One table is behind the help, the page, the completions and, by the test of docs, the README.
TEST(Manual, AndTheHelpAndTheCompletionsNameEveryCommandAndOption) {
  const auto page = plain(manual("man"));
  const auto bash = manual("bash");
  const auto zsh = manual("zsh");
  const auto expect_option = [&](const Option& option, const std::string& help) {
    const auto word = "--" + std::string(option.name);
    SCOPED_TRACE(word);
    EXPECT_THAT(help, HasSubstr("  " + usage_of(option) + " "));
    EXPECT_THAT(page, HasSubstr("\n" + usage_of(option) + "\n" + std::string(option.help)));
    EXPECT_TRUE(std::regex_search(bash, std::regex("[ ']" + word + "[ ']"))) << bash;
    EXPECT_TRUE(std::regex_search(zsh, std::regex("'" + word + "=?-?\\["))) << zsh;
    for (const auto& choice : option.choices) EXPECT_THAT(option.help, HasSubstr(choice));
  };
  for (const auto& option : global_options()) expect_option(option, format_help(commands()));
  for (const auto& command : commands()) {
    for (const auto name : command.names) {
      SCOPED_TRACE(name);
      EXPECT_THAT(page, HasSubstr("\n.SS " + usage_of(name, command) + "\n"));
      EXPECT_TRUE(std::regex_search(bash, std::regex("[ |]" + std::string(name) + "( \\||\\))")));
      EXPECT_THAT(zsh, HasSubstr("'" + std::string(name) + ":"));
      EXPECT_THAT(format_help(commands()), HasSubstr("\n  " + usage_of(name, command) + "  "));
    }
    for (const auto& option : command.options) expect_option(option, format_help(command));
    EXPECT_THAT(page, HasSubstr(std::string(command.example)));
    std::istringstream exits(command.exits);
    for (std::string line; std::getline(exits, line);) {
      ASSERT_THAT(line, SizeIs(Ge(6U)));
      EXPECT_THAT(page, HasSubstr("\n" + line.substr(2, 1) + "\n" + line.substr(5) + "\n"));
    }
  }
  for (const auto& name : configuration_names()) {
    EXPECT_THAT(page, HasSubstr(name));
    EXPECT_THAT(bash, HasSubstr(name));
    EXPECT_THAT(zsh, HasSubstr(name));
  }
}

TEST(Manual, PageIsRoffThatShowsTextsAsTheyAre) {
  const auto page = format_manual("man", some_commands(), "2.0.0").value();
  EXPECT_THAT(page, ::testing::StartsWith(R"(.TH PROXYSQL\-CONSUL 1 "" "proxysql\-consul 2.0.0" "User Commands")"));
  EXPECT_THAT(page, AllOf(HasSubstr("\\fBsave\\fR it.\n\\&.not a macro, but 1\\e2\n"), HasSubstr("\n\\&'x'"))) << page;
  const std::regex macro(R"(\.(TH|SH|SS|TP|PP|EX|EE|B|BR)( .*)?)");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.empty());
    if (line.starts_with(".") || line.starts_with("'")) {
      EXPECT_TRUE(std::regex_match(line, macro)) << line;
    }
  }
}

TEST(Completion, OffersCommandsOptionsAndConfigurationsInBash) {
  const auto configurations = configuration_names();
  EXPECT_THAT(offered_by_bash({""}), ElementsAre("save", "put", "rollback", "update", "help"));
  EXPECT_THAT(offered_by_bash({"--config-file", "save", "r"}), ElementsAre("rollback"));
  EXPECT_THAT(offered_by_bash({"--log-level", "=", "debug", "up"}), ElementsAre("update"));
  EXPECT_THAT(offered_by_bash({"help", "b"}), ElementsAre("bash"));
  EXPECT_THAT(offered_by_bash({"put", "--s"}), ElementsAre("--source"));
  EXPECT_THAT(offered_by_bash({"save", "--source", ""}), ElementsAre("runtime", "memory"));
  EXPECT_THAT(offered_by_bash({"save", "--source", "="}), ElementsAre("runtime", "memory"));
  EXPECT_THAT(offered_by_bash({"save", "--source", "=", "m"}), ElementsAre("memory"));
  EXPECT_THAT(offered_by_bash({"save", "--message", ""}), IsEmpty());
  EXPECT_THAT(offered_by_bash({"update", "--"}),
              AllOf(IsSupersetOf({"--dry-run", "--log-format"}), Not(Contains("--source"))));
  EXPECT_THAT(offered_by_bash({"update", ""}), IsEmpty());
  EXPECT_EQ(offered_by_bash({"save", ""}), configurations);
  EXPECT_EQ(offered_by_bash({"save", "--message", "x", "mysql_users", ""}), configurations);
  EXPECT_EQ(offered_by_bash({"rollback", ""}), configurations);
}

TEST(Completion, AsksConsulForVersions) {
  const TempDir dir;
  const auto program = dir.file("proxysql-consul");
  write_file(program, "#!/bin/sh\necho \"$@\" >" + dir.file("words") +
                          "\necho '{\"format\":1,\"versions\":[{\"version\":812,\"id\":\"812\",\"kind\":\"saved\"},"
                          "{\"version\":790,\"id\": \"790.aae1\"}]}'\n");
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  EXPECT_THAT(offered_by_bash({"--config-file", "a b", "rollback", "mysql_users", ""}, program),
              ElementsAre("812", "790.aae1"));
  EXPECT_EQ(read_file(dir.file("words")), "--config-file a b history mysql_users --json\n");
  EXPECT_THAT(offered_by_bash({"rollback", "mysql_users", "79"}, program), ElementsAre("790.aae1"));
  EXPECT_THAT(offered_by_bash({"rollback", "mysql_users", "812", ""}, program), IsEmpty());
  // A Consul that is away leaves the line as it is.
  EXPECT_THAT(offered_by_bash({"rollback", "mysql_users", ""}, "/nonexistent"), IsEmpty());
}

TEST(Completion, QuotesForZsh) {
  const auto zsh = format_manual("zsh", some_commands(), "2.0.0").value();
  EXPECT_THAT(zsh, HasSubstr(R"('--message=[why \[not\]\: it'\''s]:TEXT:')"));
  EXPECT_THAT(zsh, HasSubstr(R"('--source=[x]:LAYER:(runtime memory)')"));
  EXPECT_THAT(zsh, HasSubstr(R"('save:it'\''s \[bold\]\: so')"));
  EXPECT_THAT(zsh, HasSubstr("'2:version:_proxysql_consul_versions'"));
}

}  // namespace
}  // namespace proxysql_consul::testing
