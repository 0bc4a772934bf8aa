#include "proxysql_consul/cli/completion.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/cli/manual.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

/// What the usage line of a command says of its words.
struct Places {
  bool configuration;  ///< the first is a configuration
  bool version;        ///< the second is a version of it
  bool more;           ///< there may be any number of configurations
};

Places places_of(const Command& command) {
  const auto says = [&](std::string_view word) { return command.arguments.find(word) != std::string_view::npos; };
  return {.configuration = says("CONFIG"), .version = says("VERSION"), .more = says("CONFIG...")};
}

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  return join({words.begin(), words.end()}, separator);
}

/// The options of `options` as words of a command line.
std::vector<std::string> words_of(const std::vector<Option>& options) {
  std::vector<std::string> words;
  for (const auto& option : options) words.push_back("--" + std::string(option.name));
  return words;
}

/// Every option that takes a value in its next word, once.
std::vector<Option> options_with_words(std::span<const Command> commands) {
  std::vector<Option> found;
  const auto add = [&](const std::vector<Option>& options) {
    for (const auto& option : options) {
      const bool is_known =
          std::any_of(found.begin(), found.end(), [&](const Option& known) { return known.name == option.name; });
      if (takes_word(option) && !is_known) found.push_back(option);
    }
  };
  add(global_options());
  for (const auto& command : commands) add(command.options);
  return found;
}

std::vector<std::string> command_names(std::span<const Command> commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.insert(names.end(), command.names.begin(), command.names.end());
  names.emplace_back("help");
  return names;
}

/// Asks Consul for the versions of a configuration, and takes none where it is slow to answer.
constexpr std::string_view ask_versions =
    "timeout 1 \"$program\" \"${settings[@]}\" history \"$configuration\" --json 2>/dev/null |\n"
    "    grep -o '\"id\": *\"[^\"]*\"' | cut -d '\"' -f 4";

constexpr std::string_view bash_words =
    R"bash(  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local program=${COMP_WORDS[0]} command='' configuration='' configurations options offered='' place=0 has_version=false i
  local -a settings=()
  COMPREPLY=()
  # Readline takes --option=value for three words.
  if [[ $word == '=' ]]; then word=''; elif [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config-file)
        i=$((i + 1))
        if [[ ${COMP_WORDS[i]} == '=' ]]; then i=$((i + 1)); fi
        settings=(--config-file "${COMP_WORDS[i]}")
        ;;
)bash";

constexpr std::string_view bash_places = R"bash(
        i=$((i + 1))
        if [[ ${COMP_WORDS[i]} == '=' ]]; then i=$((i + 1)); fi
        ;;
      -* | '=') ;;
      *)
        if [[ -z $command ]]; then
          command=${COMP_WORDS[i]}
        else
          place=$((place + 1))
          if ((place == 1)); then configuration=${COMP_WORDS[i]}; fi
        fi
        ;;
    esac
  done
)bash";

constexpr std::string_view bash_offer = R"bash(  if [[ $word == -* ]]; then
    offered=$options
  elif $has_version && ((place == 1)); then
    offered+=" $(_proxysql_consul_versions)"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}

complete -F _proxysql_consul proxysql-consul
)bash";

std::string bash_case_of(const Command& command) {
  const auto places = places_of(command);
  auto text =
      "    " + joined(command.names, " | ") + ")\n      options+=' " + join(words_of(command.options), " ") + "'\n";
  if (places.version) text += "      has_version=true\n";
  if (places.configuration) {
    text +=
        places.more ? "      offered=$configurations\n" : "      if ((place == 0)); then offered=$configurations; fi\n";
  }
  return text + "      ;;\n";
}

/// For zsh's _arguments, within single quotes.
std::string zsh_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\'') {
      escaped += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_option(const Option& option) {
  auto text = "'--" + std::string(option.name);
  if (!option.value.empty()) text += takes_word(option) ? "=" : "=-";
  text += "[" + zsh_text(option.help) + "]";
  if (!option.value.empty()) {
    text += std::string(takes_word(option) ? ":" : "::") + zsh_text(option.value) + ":";
    if (option.name == "config-file") text += "_files";
    if (!option.choices.empty()) text += "(" + join(option.choices, " ") + ")";
  }
  return text + "'";
}

std::string zsh_options(const std::vector<Option>& options, const std::string& indent) {
  std::string text;
  for (const auto& option : options) text.append(" \\\n").append(indent).append(zsh_option(option));
  return text;
}

std::string zsh_case_of(const Command& command) {
  const std::string indent(10, ' ');
  const auto places = places_of(command);
  auto text = "        " + joined(command.names, "|") + ")\n          _arguments $globals" +
              zsh_options(command.options, indent + "  ");
  if (places.configuration && (places.version || !places.more)) {
    text += " \\\n" + indent + "  '1:configuration:_proxysql_consul_configurations'";
  }
  if (places.version) text += " \\\n" + indent + "  '2:version:_proxysql_consul_versions'";
  if (places.more) text += " \\\n" + indent + "  '*:configuration:_proxysql_consul_configurations'";
  return text + "\n          ;;\n";
}

}  // namespace

std::string format_bash_completion(std::span<const Command> commands) {
  const auto with_words = options_with_words(commands);
  std::string text = "# Completion for bash, made by `proxysql-consul help bash`.\n_proxysql_consul_versions() {\n  ";
  text.append(ask_versions).append("\n}\n\n_proxysql_consul() {\n").append(bash_words).append("      ");
  text += join(words_of({with_words.begin() + 1, with_words.end()}), " | ") + ")";
  text.append(bash_places);
  text += "  case $previous in\n";
  for (const auto& option : with_words) {
    text.append("    --").append(option.name).append(")\n      mapfile -t COMPREPLY < <(compgen ");
    text += option.name == "config-file" ? "-f" : "-W '" + join(option.choices, " ") + "'";
    text += " -- \"$word\")\n      return\n      ;;\n";
  }
  text += "  esac\n  configurations='" + join(configuration_names(), " ") + "'\n  options='" +
          join(words_of(global_options()), " ") + "'\n  case $command in\n    '') offered='" +
          join(command_names(commands), " ") + "' ;;\n    help) offered='" + join(command_names(commands), " ") + " " +
          join(manual_kinds(), " ") + "' ;;\n";
  for (const auto& command : commands) text += bash_case_of(command);
  return text.append("  esac\n").append(bash_offer);
}

std::string format_zsh_completion(std::span<const Command> commands) {
  std::string text =
      "#compdef proxysql-consul\n# Completion for zsh, made by `proxysql-consul help zsh`.\n"
      "_proxysql_consul_configurations() {\n  compadd -- " +
      join(configuration_names(), " ") +
      "\n}\n\n_proxysql_consul_versions() {\n"
      "  local program=$service configuration=$line[1]\n"
      "  compadd -- ${(f)\"$(" +
      std::string(ask_versions) +
      ")\"}\n}\n\n_proxysql-consul() {\n  local state line\n  local -a globals commands settings\n  typeset -A "
      "opt_args\n"
      "  globals=(" +
      zsh_options(global_options(), "    ") + "\n  )\n  commands=(\n";
  for (const auto& command : commands) {
    for (const auto name : command.names) {
      text.append("    '").append(name).append(":").append(zsh_text(command.summary)).append("'\n");
    }
  }
  text +=
      "    'help:the help of the program or of a command'\n  )\n"
      "  _arguments -C $globals '1:command:->command' '*::word:->word'\n"
      "  if [[ -n $opt_args[--config-file] ]]; then settings=(--config-file $opt_args[--config-file]); fi\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n    word)\n      case $line[1] in\n        help) compadd -- " +
      join(command_names(commands), " ") + " " + join(manual_kinds(), " ") + " ;;\n";
  for (const auto& command : commands) text += zsh_case_of(command);
  return text + "      esac\n      ;;\n  esac\n}\n\n_proxysql-consul \"$@\"\n";
}

}  // namespace proxysql_consul
