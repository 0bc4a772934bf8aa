// The manual page and the shells' completions, made from the commands' own tables. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/cli/command.h"

namespace proxysql_consul {

/// What `help` can print beside the help of a command: "man", "bash" and "zsh".
const std::vector<std::string>& manual_kinds();

/// The text of that kind; nothing where there is no such kind. `version` is the program's own number.
std::optional<std::string> format_manual(std::string_view kind, std::span<const Command> commands,
                                         std::string_view version);

}  // namespace proxysql_consul
