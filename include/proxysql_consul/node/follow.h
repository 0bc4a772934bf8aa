// The resident form of update: applies what Consul holds whenever it changes, and tries on until it succeeds.
#pragma once

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// Returns when the clock says that the program is to stop. Throws Error where nothing could be begun: {refused} where
/// another one follows on this node, {settings} for the node's files.
ExitCode follow(const Job& job);

/// The file whose lock it holds all the while: as long as nobody has that, nobody follows. Holds its pid, and is as old
/// as the settings that it goes by.
std::string lock_of_follow(const std::string& state_file);

}  // namespace proxysql_consul
