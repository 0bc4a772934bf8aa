// The commands: each is a file of its own, src/commands/<name>.cpp, which defines the function that is declared here.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// Exit statuses that are said in the same words by several commands.
constexpr std::string_view receiving_exits =
    "  0  applied, or nothing to do\n"
    "  2  usage\n"
    "  3  configuration file, UUID file or state file\n"
    "  4  ProxySQL cannot be reached, refused, or took a configuration only in part\n"
    "  5  Consul cannot be reached, or refused\n"
    "  6  a document that cannot be used; the others are applied all the same\n";

/// --wait[=SECONDS]: until every live node has what the command gave. `help` says that.
Option wait_option(std::string_view help);
/// Its seconds. Throws Error{usage} for what is no number from 1 to 86400.
std::chrono::seconds wait_limit(const Values& values);

Command save_command();
Command update_command();
Command pull_command();
Command diff_command();
Command follow_command();
Command history_command();
Command status_command();
Command rollback_command();
Command freeze_command();
Command thaw_command();
Command check_command();
Command rekey_command();

/// All of them, in the order of the help.
std::span<const Command> commands();

}  // namespace proxysql_consul
