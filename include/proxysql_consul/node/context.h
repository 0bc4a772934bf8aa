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
  /// False once whoever read `out` has closed it.
  std::function<bool()> has_reader = [] { return true; };
  /// Tells the service manager, if one has started this: "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1".
  std::function<void(const std::string&)> notify = [](const std::string&) {};
  std::optional<std::chrono::milliseconds> watchdog = {};  ///< how often it wants to hear "WATCHDOG=1"; nothing: never
  /// Told how long the work that begins now may take, so that it can be ended from outside; 0: no work is going on.
  std::function<void(std::chrono::seconds)> bound;
  /// From now on SIGTERM and SIGINT only make the clock say that the program is to stop.
  std::function<void()> stop_on_signals = {};
  /// True once for each time that somebody asked for the settings to be read anew.
  std::function<bool()> take_reload = {};
};

}  // namespace proxysql_consul
