// The texts of --help, made from the commands' own tables. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// The options that every command takes.
const std::vector<Option>& global_options();

/// How an option is written: "--name" or "--name VALUE".
std::string usage_of(const Option& option);
/// How a command is written under one of its names.
std::string usage_of(std::string_view name, const Command& command);

/// The help of the whole program.
std::string format_help(std::span<const Command> commands);
/// The help of one command.
std::string format_help(const Command& command);

}  // namespace proxysql_consul
