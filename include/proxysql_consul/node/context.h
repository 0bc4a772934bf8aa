// The world as main() or a test hands it to the program.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/consul/agents.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/node/settings.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

/// All that the program touches beside its files.
struct Context {
  std::istream& in;
  std::ostream& out;  ///< data and results
  std::ostream& err;  ///< logs and errors
  Environment environment;
  std::string host;       ///< this machine's name, as in documents
  std::string user = {};  ///< who runs the program, as in documents
  Clock& clock;
  std::uint64_t seed = 0;  ///< of the lengths of pauses; another one on each node and in each run
  std::function<std::unique_ptr<AdminSession>(const AdminOptions&)> open_admin;
  std::function<std::unique_ptr<KvStore>(const ConsulOptions&, spdlog::logger&)> open_kv;
  std::function<std::unique_ptr<Agents>(const ConsulOptions&, spdlog::logger&)> open_agents;
  /// How many characters fit into a line of `out`; nothing where that is no terminal.
  std::function<std::optional<std::size_t>()> terminal_width = {};
  /// Told how long the work that begins now may take, so that it can be ended from outside.
  std::function<void(std::chrono::seconds)> bound;
};

}  // namespace proxysql_consul
