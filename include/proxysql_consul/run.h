// The whole program as a function: arguments and the world in, exit status out. main() hands it the real world, tests
// another.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/node/context.h"

namespace proxysql_consul {

/// Runs one command; `arguments` without the program's name. Never throws: every failure is printed to `err` and is in
/// the exit status (ExitCode).
int run(const std::vector<std::string>& arguments, const Context& context);

}  // namespace proxysql_consul
