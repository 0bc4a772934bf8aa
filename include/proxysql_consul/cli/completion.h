// What a shell offers behind each word of a command line, made from the commands' own tables. Pure.
#pragma once

#include <span>
#include <string>

#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// For bash 4 and later; needs no other completion to be installed.
std::string format_bash_completion(std::span<const Command> commands);

/// For zsh, as a function of its fpath called _proxysql-consul.
std::string format_zsh_completion(std::span<const Command> commands);

}  // namespace proxysql_consul
