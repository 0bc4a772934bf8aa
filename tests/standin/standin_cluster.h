// What ProxySQL says to the peers of its cluster: the PROXY_SELECT statements, which it knows by their text alone.
#pragma once

#include <optional>
#include <string>

#include "standin/standin_layers.h"

namespace proxysql_consul::testing {

/// The statement that answers `command`, upper case and folded, where it begins with one that this version answers;
/// nothing where SQLite is to say that it is none.
std::optional<std::string> cluster_statement(const StandinLayers& layers, const std::string& command);

/// Servers as peers are told of them: shunned is online, and OFFLINE_HARD is not there.
std::string as_peers_see_servers(const std::string& table);

}  // namespace proxysql_consul::testing
