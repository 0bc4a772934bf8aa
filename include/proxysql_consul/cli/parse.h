// From the words of a command line to a command and what it is to do. The only owner of cxxopts. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// A command line, understood.
struct Arguments {
  std::optional<std::string> print;  ///< help, manual or version: print it to stdout, and be done
  std::optional<std::string> config_file;
  std::string log_level = "info";
  Action action;                     ///< set unless there is something to print
  WithoutSettings without_settings;  ///< set for a command that has it
};

/// The form of logs and errors that `words` ask for, as far as they can be read: errors in the other words take it,
/// too.
LogFormat log_format_in(const std::vector<std::string>& words);

/// `version` is the program's own number, `library` what it speaks to ProxySQL with. Throws Error{usage}.
Arguments parse_arguments(const std::vector<std::string>& words, std::span<const Command> commands,
                          const std::string& version, const std::string& library);

}  // namespace proxysql_consul
