#include "proxysql_consul/cli/help.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/cli/manual.h"

namespace proxysql_consul {
namespace {

std::string aligned(std::string left, std::size_t width, std::string_view right) {
  left.resize(std::max(left.size() + 2, width), ' ');
  return "  " + left + std::string(right) + "\n";
}

std::string format_options(const std::vector<Option>& options) {
  constexpr std::size_t width = 22;
  std::string text;
  for (const auto& option : options) {
    text += aligned(usage_of(option), width, option.help);
  }
  return text;
}

}  // namespace

std::string usage_of(const Option& option) {
  auto text = "--" + std::string(option.name);
  if (option.value.empty()) return text;
  if (!option.alone.empty()) return text + "[=" + std::string(option.value) + "]";
  text += " " + std::string(option.value);
  return text;
}

std::string usage_of(std::string_view name, const Command& command) {
  return std::string(name) + (command.arguments.empty() ? "" : " ") + std::string(command.arguments);
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> options = {
      {.name = "config-file",
       .value = "FILE",
       .help = "settings (default: $PROXYSQL_CONSUL_CONFIG, then /etc/proxysql-consul.cnf)"},
      {.name = "log-level",
       .value = "LEVEL",
       .help = "debug, info, warn or error (info)",
       .choices = {"debug", "info", "warn", "error"}},
      {.name = "log-format", .value = "FORMAT", .help = "text or json (text)", .choices = {"text", "json"}},
      {.name = "help", .value = {}, .help = "this text"},
      {.name = "version", .value = {}, .help = "the version"},
  };
  return options;
}

std::string format_help(std::span<const Command> commands) {
  constexpr std::size_t width = 24;
  std::string text =
      "proxysql-consul spreads the configuration of one ProxySQL to all others through Consul.\n\n"
      "Usage: proxysql-consul [OPTIONS] COMMAND ...\n\nCommands:\n";
  for (const auto& command : commands) {
    text += aligned(usage_of(command.names[0], command), width, command.summary);
    for (std::size_t i = 1; i < command.names.size(); ++i) {
      text += aligned(usage_of(command.names[i], command), width, "the same as " + std::string(command.names[0]));
    }
  }
  text += aligned("help [COMMAND]", width, "this text, or that of a command");
  text += aligned("help " + join(manual_kinds(), "|"), width, "the manual page, or the completions for a shell");
  return text + "\nOptions:\n" + format_options(global_options()) +
         "\n`proxysql-consul COMMAND --help` tells more, with the exit statuses and an example.\n";
}

std::string format_help(const Command& command) {
  auto text =
      "Usage: proxysql-consul [OPTIONS] " + usage_of(command.names[0], command) + "\n\n" + std::string(command.details);
  text += "\n\n";
  if (!command.options.empty()) text += "Options:\n" + format_options(command.options) + "\n";
  return text + "Options of every command:\n" + format_options(global_options()) + "\nExit status:\n" +
         std::string(command.exits) + "\nExample:\n  " + std::string(command.example) + "\n";
}

}  // namespace proxysql_consul
