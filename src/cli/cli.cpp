#include "proxysql_consul/cli/cli.h"

#include <algorithm>
#include <array>
#include <cxxopts.hpp>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

struct Option {
  const char* name;
  const char* value;  ///< what its value is called; null for a flag
  const char* help;
};

struct Command {
  const char* name;
  const char* arguments;
  const char* summary;
  const char* details;
  std::vector<Option> options;
  bool takes_names;  ///< of configurations
  const char* exits;
  const char* example;
};

const std::vector<Option>& global_options() {
  static const std::vector<Option> options = {
      {"config-file", "FILE", "settings (default: $PROXYSQL_CONSUL_CONFIG, then /etc/proxysql-consul.cnf)"},
      {"log-level", "LEVEL", "debug, info, warn or error (info)"},
      {"log-format", "FORMAT", "text or json (text)"},
      {"help", nullptr, "this text"},
      {"version", nullptr, "the version"},
  };
  return options;
}

constexpr auto update_exits =
    "  0  applied, or nothing to do\n"
    "  2  usage\n"
    "  3  configuration file, UUID file or state file\n"
    "  4  ProxySQL cannot be reached, refused, or took a configuration only in part\n"
    "  5  Consul cannot be reached, or refused\n"
    "  6  a document that cannot be used; the others are applied all the same\n";

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"save",
       "CONFIG...|--all",
       "write this ProxySQL's configurations to Consul",
       "Reads the runtime tables of each configuration over the admin port and writes them to Consul, from where the\n"
       "other nodes apply them. `put` is the same command; ProxySQL 1.x calls it so.",
       {{"all", nullptr, "every configuration that the settings accept and this ProxySQL has"},
        {"source", "LAYER", "runtime, or memory, which has inactive rules and users too (runtime)"},
        {"if-current", nullptr, "refuse when Consul has a version that this node neither saved nor applied"},
        {"force", nullptr, "write even though nothing changed"},
        {"message", "TEXT", "why, for those who look at the history"},
        {"dry-run", nullptr, "print what would be written, secrets masked, and write nothing"}},
       true,
       "  0  saved, or unchanged\n"
       "  2  usage\n"
       "  3  configuration file, UUID file or state file\n"
       "  4  ProxySQL cannot be reached, or refused\n"
       "  5  Consul cannot be reached, or refused\n"
       "  6  a value that cannot be shared\n"
       "  8  refused by --if-current, or the cluster is frozen\n",
       "proxysql-consul save mysql_servers mysql_query_rules --message 'two more replicas'"},
      {"update",
       "",
       "apply what a Consul watch delivers on stdin",
       "The handler of a watch of type keyprefix (or key): reads the watch's JSON from stdin, rewrites the memory "
       "tables\n"
       "and loads them to runtime. What this node saved itself, or applied before, is passed over.",
       {{"dry-run", nullptr, "print the SQL statements, secrets masked, and change nothing"}},
       false,
       update_exits,
       "curl -s http://127.0.0.1:8500/v1/kv/proxysql/?recurse | proxysql-consul update --dry-run"},
      {"pull",
       "[CONFIG...]",
       "apply what Consul holds now",
       "`update` without a watch: for boot, after a restart of ProxySQL, or by hand.",
       {{"force", nullptr, "apply also what was applied before, and what this node saved itself"},
        {"stale", nullptr, "any Consul server may answer, also one that is behind"},
        {"dry-run", nullptr, "print the SQL statements, secrets masked, and change nothing"}},
       true,
       update_exits,
       "proxysql-consul pull --force mysql_servers"},
  };
  return all;
}

[[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) {
  throw Error(ExitCode::usage, what, hint.empty() ? "see proxysql-consul --help" : hint);
}

std::string format_options(const std::vector<Option>& options) {
  constexpr std::size_t width = 22;
  std::string text;
  for (const auto& option : options) {
    auto left = std::string("--") + option.name + (option.value != nullptr ? std::string(" ") + option.value : "");
    left.resize(std::max(left.size() + 2, width), ' ');
    text += "  " + left + option.help + "\n";
  }
  return text;
}

std::string format_command_help(const Command& command) {
  std::string text = "Usage: proxysql-consul [OPTIONS] " + std::string(command.name) +
                     (*command.arguments != '\0' ? " " : "") + command.arguments + "\n\n" + command.details + "\n\n";
  if (!command.options.empty()) text += "Options:\n" + format_options(command.options) + "\n";
  return text + "Options of every command:\n" + format_options(global_options()) + "\nExit status:\n" + command.exits +
         "\nExample:\n  " + command.example + "\n";
}

const Command& find_command(const std::string& word) {
  const auto name = word == "put" ? std::string("save") : word;
  const auto& all = commands();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Command& command) { return command.name == name; });
  if (found != all.end()) return *found;
  std::vector<std::string> names = {"put"};
  for (const auto& command : all) names.emplace_back(command.name);
  refuse("no command is called " + printable(word, 64), did_you_mean(word, names));
}

/// The position of the command: the first word that is neither an option nor a global option's value.
std::optional<std::size_t> find_command_word(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("-")) return i;
    for (const auto& option : global_options()) {
      if (option.value != nullptr && words[i] == std::string("--") + option.name) ++i;
    }
  }
  return std::nullopt;
}

void check_options(const std::vector<std::string>& words, const std::vector<Option>& known) {
  std::vector<std::string> names;
  for (const auto& option : known) names.push_back(std::string("--") + option.name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--") return;
    if (word == "-h" || !word.starts_with("-")) continue;
    const auto name = word.substr(0, word.find('='));
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) refuse("no option is called " + printable(name, 64), did_you_mean(name, names));
    const bool takes_value = known[static_cast<std::size_t>(found - names.begin())].value != nullptr;
    if (!takes_value && word.size() > name.size()) refuse(name + " takes no value");
    if (takes_value && word.size() == name.size() && ++i == words.size()) refuse(name + " needs a value");
  }
}

std::string one_of(const cxxopts::ParseResult& parsed, const char* option, const std::string& default_value,
                   const std::vector<std::string>& choices) {
  if (parsed.count(option) == 0) return default_value;
  auto value = parsed[option].as<std::string>();
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  refuse(std::string("--") + option + " is one of " + join(choices) + ", not " + printable(value, 64));
}

cxxopts::ParseResult parse_words(const std::vector<std::string>& words, const std::vector<Option>& known) {
  cxxopts::Options options("proxysql-consul");
  for (const auto& option : known) {
    const auto name = (std::string(option.name) == "help" ? "h," : "") + std::string(option.name);
    if (option.value != nullptr) {
      options.add_options()(name, option.help, cxxopts::value<std::string>());
    } else {
      options.add_options()(name, option.help);
    }
  }
  options.add_options()("names", "", cxxopts::value<std::vector<std::string>>());
  options.parse_positional({"names"});
  std::vector<const char*> pointers = {"proxysql-consul"};
  for (const auto& word : words) pointers.push_back(word.c_str());
  try {
    return options.parse(static_cast<int>(pointers.size()), pointers.data());
  } catch (const std::exception& error) {
    // The library's exception has another name in each of its versions.
    refuse(error.what());
  }
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& arguments) {
  Arguments result;
  auto words = arguments;
  const auto position = find_command_word(words);
  auto known = global_options();
  const Command* command = nullptr;
  if (position) {
    if (words[*position] == "help" && words.size() == 1) {
      result.print = format_help();
      return result;
    }
    command = &find_command(words[*position]);
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(*position));
    known.insert(known.end(), command->options.begin(), command->options.end());
  }
  check_options(words, known);
  const auto parsed = parse_words(words, known);
  if (parsed.count("version") > 0) {
    result.print = "proxysql-consul " PROXYSQL_CONSUL_VERSION "\n";
    return result;
  }
  if (parsed.count("help") > 0) {
    result.print = command != nullptr ? format_command_help(*command) : format_help();
    return result;
  }
  if (command == nullptr) refuse("no command is given");
  result.command = command->name;
  if (parsed.count("config-file") > 0) result.config_file = parsed["config-file"].as<std::string>();
  result.log_level = one_of(parsed, "log-level", result.log_level, {"debug", "info", "warn", "error"});
  result.log_format = one_of(parsed, "log-format", result.log_format, {"text", "json"});
  std::vector<std::string> names;
  if (parsed.count("names") > 0) names = parsed["names"].as<std::vector<std::string>>();
  if (!names.empty() && !command->takes_names) {
    refuse(std::string(command->name) + " takes no argument, but was given " + printable(names[0], 64));
  }
  const auto has = [&](const char* option) {
    return std::any_of(command->options.begin(), command->options.end(),
                       [&](const Option& o) { return std::string_view(o.name) == option; }) &&
           parsed.count(option) > 0;
  };
  if (result.command == "save") {
    result.save = {.configurations = names,
                   .all = has("all"),
                   .memory = one_of(parsed, "source", "runtime", {"runtime", "memory"}) == "memory",
                   .force = has("force"),
                   .if_current = has("if-current"),
                   .dry_run = has("dry-run"),
                   .message = has("message") ? parsed["message"].as<std::string>() : std::string()};
    if (names.empty() != result.save.all) {
      refuse(names.empty() ? "save needs the names of configurations, or --all"
                           : "save takes names or --all, not both");
    }
  } else {
    result.update = {.configurations = names, .force = has("force"), .dry_run = has("dry-run"), .stale = has("stale")};
  }
  return result;
}

std::string format_help() {
  std::string text =
      "proxysql-consul spreads the configuration of one ProxySQL to all others through Consul.\n\n"
      "Usage: proxysql-consul [OPTIONS] COMMAND ...\n\nCommands:\n";
  for (const auto& command : commands()) {
    auto left = std::string(command.name) + (*command.arguments != '\0' ? " " : "") + command.arguments;
    left.resize(std::max<std::size_t>(left.size() + 2, 24), ' ');
    text += "  " + left + command.summary + "\n";
  }
  return text + "  put CONFIG...           the same as save\n\nOptions:\n" + format_options(global_options()) +
         "\n`proxysql-consul COMMAND --help` tells more, with the exit statuses and an example.\n";
}

}  // namespace proxysql_consul
