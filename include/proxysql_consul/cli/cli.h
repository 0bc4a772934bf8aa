// The command line: one table of commands and options feeds parsing, help and suggestions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {

/// A command line, understood.
struct Arguments {
  std::string command;  ///< "save" also for put; empty where only help or version is wanted
  std::optional<std::string> config_file;
  std::string log_level = "info";
  std::string log_format = "text";
  std::optional<std::string> print;  ///< help or version: print it to stdout, and be done
  SaveOptions save;
  UpdateOptions update;
};

/// Pure. Throws Error{usage}.
Arguments parse_arguments(const std::vector<std::string>& arguments);

/// The help of the whole program.
std::string format_help();

}  // namespace proxysql_consul
