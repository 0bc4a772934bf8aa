// The texts of --help, made from the commands' own tables. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// The options that every command takes.
const std::vector<Option>& global_options();

/// The help of the whole program.
std::string format_help(std::span<const Command> commands);
/// The help of one command.
std::string format_help(const Command& command);

}  // namespace proxysql_consul
