#include "proxysql_consul/cli/parse.h"

#include <algorithm>
#include <cxxopts.hpp>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/cli/manual.h"

namespace proxysql_consul {

void refuse_usage(const std::string& what, const std::string& hint) {
  throw Error(ExitCode::usage, what, hint.empty() ? "see proxysql-consul --help" : hint);
}

std::string Values::text(std::string_view option, std::string_view otherwise) const {
  const auto found = options.find(option);
  return found != options.end() ? found->second : std::string(otherwise);
}

bool takes_word(const Option& option) { return !option.value.empty() && option.alone.empty(); }

namespace {

const Command& find_command(std::span<const Command> commands, const std::string& word) {
  std::vector<std::string> known = {"help"};
  for (const auto& command : commands) {
    if (std::find(command.names.begin(), command.names.end(), word) != command.names.end()) return command;
    known.insert(known.end(), command.names.begin(), command.names.end());
  }
  refuse_usage("no command is called " + printable(word, 64), did_you_mean(word, known));
}

/// The position of the command: the first word that is neither an option nor a global option's value.
std::optional<std::size_t> find_command_word(const std::vector<std::string>& words) {
  const auto& options = global_options();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (!word.starts_with("-")) return i;
    const bool takes_next = std::any_of(options.begin(), options.end(), [&](const Option& option) {
      return takes_word(option) && word == "--" + std::string(option.name);
    });
    if (takes_next) ++i;
  }
  return std::nullopt;
}

/// True for what begins like an option and is none: -1, the version before the current one.
bool is_negative_number(std::string_view word) { return word.starts_with("-") && to_integer(word).has_value(); }

/// The words as cxxopts takes them. Its own errors name neither a suggestion nor, in some versions, the option.
std::vector<std::string> checked_options(std::vector<std::string> words, const std::vector<Option>& known) {
  std::vector<std::string> names;
  for (const auto& option : known) names.push_back("--" + std::string(option.name));
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto& word = words[i];
    if (word == "--") break;
    if (is_negative_number(word)) {
      word.insert(0, "--names=");
      continue;
    }
    if (word == "-h" || !word.starts_with("-")) continue;
    const auto name = word.substr(0, word.find('='));
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) refuse_usage("no option is called " + printable(name, 64), did_you_mean(name, names));
    const auto& option = known[static_cast<std::size_t>(found - names.begin())];
    if (option.value.empty() && word.size() > name.size()) refuse_usage(name + " takes no value");
    if (takes_word(option) && word.size() == name.size() && ++i == words.size()) refuse_usage(name + " needs a value");
  }
  return words;
}

Values parse_words(const std::vector<std::string>& words, const std::vector<Option>& known) {
  cxxopts::Options parser("proxysql-consul");
  for (const auto& option : known) {
    const auto name = (option.name == "help" ? "h," : "") + std::string(option.name);
    if (option.value.empty()) {
      parser.add_options()(name, "");
    } else if (!option.alone.empty()) {
      parser.add_options()(name, "", cxxopts::value<std::string>()->implicit_value(std::string(option.alone)));
    } else {
      parser.add_options()(name, "", cxxopts::value<std::string>());
    }
  }
  parser.add_options()("names", "", cxxopts::value<std::vector<std::string>>());
  parser.parse_positional({"names"});
  std::vector<const char*> pointers = {"proxysql-consul"};
  for (const auto& word : words) pointers.push_back(word.c_str());
  Values values;
  try {
    const auto parsed = parser.parse(static_cast<int>(pointers.size()), pointers.data());
    for (const auto& option : known) {
      const std::string name(option.name);
      if (parsed.count(name) == 0) continue;
      values.options[name] = option.value.empty() ? std::string() : parsed[name].as<std::string>();
    }
    if (parsed.count("names") > 0) values.names = parsed["names"].as<std::vector<std::string>>();
  } catch (const std::exception& error) {
    // The library's exception has another name in each of its versions.
    // It quotes the words as they came.
    refuse_usage(printable(error.what(), 400));
  }
  for (const auto& option : known) {
    const auto value = values.text(option.name);
    const auto& choices = option.choices;
    if (!values.has(option.name) || choices.empty()) continue;
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) continue;
    refuse_usage("--" + std::string(option.name) + " is one of " + join(choices) + ", not " + printable(value, 64));
  }
  return values;
}

/// What stands behind "help", where that is nothing that has a help of its own.
std::optional<std::string> manual_kind_in(const std::vector<std::string>& words) {
  const auto position = find_command_word(words);
  if (!position || words[*position] != "help" || *position + 2 != words.size()) return std::nullopt;
  const auto& kinds = manual_kinds();
  const bool is_kind = std::find(kinds.begin(), kinds.end(), words.back()) != kinds.end();
  return is_kind ? std::optional(words.back()) : std::nullopt;
}

/// "help" and "help COMMAND" are "--help" and "COMMAND --help".
std::vector<std::string> without_help_command(std::vector<std::string> words) {
  const auto position = find_command_word(words);
  if (!position || words[*position] != "help") return words;
  words[*position] = "--help";
  // Help on help is the help there is.
  if (const auto next = find_command_word(words); next && words[*next] == "help") {
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(*next));
  }
  return words;
}

}  // namespace

LogFormat log_format_in(const std::vector<std::string>& words) {
  constexpr std::string_view option = "--log-format";
  auto format = LogFormat::text;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string_view word = words[i];
    if (word == option && i + 1 < words.size()) {
      format = words[i + 1] == "json" ? LogFormat::json : LogFormat::text;
    } else if (word.starts_with(option) && word.substr(option.size()).starts_with("=")) {
      format = word.substr(option.size() + 1) == "json" ? LogFormat::json : LogFormat::text;
    }
  }
  return format;
}

Arguments parse_arguments(const std::vector<std::string>& arguments, std::span<const Command> commands,
                          const std::string& version, const std::string& library) {
  Arguments result;
  if (const auto kind = manual_kind_in(arguments)) {
    result.print = format_manual(*kind, commands, version);
    return result;
  }
  auto words = without_help_command(arguments);
  auto known = global_options();
  const Command* command = nullptr;
  if (const auto position = find_command_word(words)) {
    command = &find_command(commands, words[*position]);
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(*position));
    known.insert(known.end(), command->options.begin(), command->options.end());
  }
  const auto values = parse_words(checked_options(std::move(words), known), known);
  if (values.has("version")) {
    result.print = "proxysql-consul " + version + " with " + library + "\n";
  } else if (values.has("help")) {
    result.print = command != nullptr ? format_help(*command) : format_help(commands);
  }
  if (result.print) return result;
  if (command == nullptr) refuse_usage("no command is given");
  if (values.has("config-file")) result.config_file = values.text("config-file");
  result.log_level = values.text("log-level", result.log_level);
  if (!values.names.empty() && !command->takes_names) {
    refuse_usage(std::string(command->names[0]) + " takes no argument, but was given " +
                 printable(values.names[0], 64));
  }
  result.action = command->prepare(values);
  if (command->prepare_without_settings != nullptr) {
    result.without_settings = command->prepare_without_settings(values);
  }
  return result;
}

}  // namespace proxysql_consul
