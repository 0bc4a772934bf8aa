// The state as its file has it. Text in, text out; files.h does the rest. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

/// `file` names the origin in errors. Throws Error{settings} for text that format_state() did not write.
State parse_state(std::string_view text, const std::string& file);
std::string format_state(const State& state);

}  // namespace proxysql_consul
