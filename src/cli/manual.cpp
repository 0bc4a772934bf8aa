#include "proxysql_consul/cli/manual.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/cli/completion.h"
#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

constexpr std::string_view program_exits =
    "  0  done, or nothing to do\n"
    "  1  internal error\n"
    "  2  usage\n"
    "  3  configuration file, UUID file or state file\n"
    "  4  ProxySQL cannot be reached, refused, or took a configuration only in part\n"
    "  5  Consul cannot be reached, refused, or could not confirm what has to be known\n"
    "  6  a document that cannot be used; the other configurations are dealt with all the same\n"
    "  7  differs, not converged, or a problem was found\n"
    "  8  refused, since something would be lost; or the cluster is frozen\n";

/// As roff shows it literally, but that what stands between backticks is bold. Hyphens are escaped so that options can
/// be copied from the page.
std::string roff(std::string_view text) {
  std::string escaped;
  bool is_bold = false;
  for (const char c : text) {
    const bool begins_line = escaped.empty() || escaped.back() == '\n';
    if (c == '`') {
      is_bold = !is_bold;
      escaped += is_bold ? "\\fB" : "\\fR";
    } else if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      if (begins_line && (c == '.' || c == '\'')) escaped += "\\&";
      escaped += c;
    }
  }
  return escaped;
}

/// A term and what it means, as a hanging paragraph.
std::string entry(std::string_view term, std::string_view meaning) {
  return ".TP\n\\fB" + roff(term) + "\\fR\n" + roff(meaning) + "\n";
}

/// Lines of "  NUMBER  meaning".
std::string page_of_exits(std::string_view lines) {
  std::string page;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto number = line.find_first_not_of(' ');
    const auto gap = line.find("  ", number);
    if (number == std::string_view::npos || gap == std::string_view::npos) continue;
    page += entry(line.substr(number, gap - number), line.substr(line.find_first_not_of(' ', gap)));
  }
  return page;
}

std::string page_of(const std::vector<Option>& options) {
  std::string page;
  for (const auto& option : options) page += entry(usage_of(option), option.help);
  return page;
}

std::string format_command(const Command& command) {
  std::string page;
  for (const auto name : command.names) page += ".SS " + roff(usage_of(name, command)) + "\n";
  page += roff(command.details) + "\n" + page_of(command.options);
  return page + ".PP\nExit status:\n" + page_of_exits(command.exits) + ".PP\nExample:\n.PP\n.EX\n" +
         roff(command.example) + "\n.EE\n";
}

std::string format_man(std::span<const Command> commands, std::string_view version) {
  std::string page = ".TH PROXYSQL\\-CONSUL 1 \"\" \"proxysql\\-consul ";
  page += roff(version);
  page +=
      "\" \"User Commands\"\n"
      ".SH NAME\n"
      "proxysql\\-consul \\- spread the configuration of one ProxySQL to all others through Consul\n"
      ".SH SYNOPSIS\n"
      ".B proxysql\\-consul\n"
      "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...\n"
      ".SH DESCRIPTION\n";
  page += roff(
      "Stands between the ProxySQL and the Consul agent of one machine. `save` writes what this ProxySQL runs with to\n"
      "Consul's key/value store; on every other node `update`, which a Consul watch calls, applies what differs, and\n"
      "checks what arrived. Data goes to stdout, logs and errors to stderr.\n");
  page +=
      ".SH OPTIONS\n"
      "Before or behind the command.\n";
  page += page_of(global_options());
  page += ".SH COMMANDS\n";
  for (const auto& command : commands) page += format_command(command);
  page += ".SS help [COMMAND|" + join(manual_kinds(), "|") +
          "]\nThe help of the program or of a command; this page; the completions for a shell.\n"
          ".SH CONFIGURATIONS\nWherever CONFIG stands above:\n" +
          roff(join(configuration_names())) +
          ".\n.SH EXIT STATUS\nWhere several configurations fail, the lowest of their statuses from 3 up.\n";
  page += page_of_exits(program_exits);
  page += ".SH ENVIRONMENT\n" + entry("PROXYSQL_CONSUL_CONFIG", "The settings file, where --config-file names none.") +
          entry("PROXYSQL_CONSUL_SETTING", "Any setting, by its name in capitals, over the settings file.") +
          entry("CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, ...",
                "Consul's own variables, over both; docs/consul.md has them all.") +
          ".SH FILES\n" +
          entry("/etc/proxysql-consul.cnf", "The settings, a JSON object; docs/settings.md describes each.") +
          entry("/var/lib/proxysql/proxysql-consul.uuid", "Who this node is: made by the first run, never copied.") +
          entry("/var/lib/proxysql/proxysql-consul.state", "What this node has saved and applied.") +
          ".SH SEE ALSO\n.BR consul (1),\n.BR proxysql (1)\n";
  return page;
}

}  // namespace

const std::vector<std::string>& manual_kinds() {
  static const std::vector<std::string> kinds = {"man", "bash", "zsh"};
  return kinds;
}

std::optional<std::string> format_manual(std::string_view kind, std::span<const Command> commands,
                                         std::string_view version) {
  if (kind == "man") return format_man(commands, version);
  if (kind == "bash") return format_bash_completion(commands);
  if (kind == "zsh") return format_zsh_completion(commands);
  return std::nullopt;
}

}  // namespace proxysql_consul
