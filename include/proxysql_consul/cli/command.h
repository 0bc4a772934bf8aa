// What a command is to the command line: its words, its help, and what it does. Knows no command.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

struct Option {
  std::string_view name;   ///< without its two hyphens
  std::string_view value;  ///< what its value is called; empty for a flag
  std::string_view help;
  std::vector<std::string> choices = {};  ///< the values that it takes; empty for any
  std::string_view alone = {};            ///< its value where it is given none, as in --wait; empty: it needs one
};

/// True where the option's value is its next word.
bool takes_word(const Option& option);

/// What stood on the command line after the command's name, checked against its options.
struct Values {
  std::map<std::string, std::string, std::less<>> options;  ///< those that were given; a flag's value is empty
  std::vector<std::string> names;                           ///< of configurations

  bool has(std::string_view option) const { return options.contains(option); }
  /// The option's value, or `otherwise` where it was not given.
  std::string text(std::string_view option, std::string_view otherwise = {}) const;
};

/// What a command does, once its words are understood.
using Action = std::function<ExitCode(const Job&)>;

/// What it does where there are no settings to do it with.
using WithoutSettings = std::function<ExitCode(const Context&, const Error&)>;

struct Command {
  std::vector<std::string_view> names;  ///< the first is its own, the others mean the same
  std::string_view arguments;           ///< as in the usage line
  std::string_view summary;             ///< one line
  std::string_view details;
  std::vector<Option> options;
  bool takes_names = false;  ///< of configurations
  std::string exits;         ///< a line for each exit status
  std::string_view example;
  /// Understands the words. Throws Error{usage}.
  Action (*prepare)(const Values&) = nullptr;
  /// What the command does in place of its action where the settings cannot be read; otherwise the run ends with that
  /// error.
  WithoutSettings (*prepare_without_settings)(const Values&) = nullptr;
};

/// Throws Error{usage} with `hint`, or else pointing to the help.
[[noreturn]] void refuse_usage(const std::string& what, const std::string& hint = {});

}  // namespace proxysql_consul
