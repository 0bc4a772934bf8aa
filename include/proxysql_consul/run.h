// The program as a function: arguments and the world in, exit status out. main() hands it the real world, tests
// another.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

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
  std::string host;  ///< this machine's name, as in documents
  std::function<std::unique_ptr<AdminSession>(const AdminOptions&)> open_admin;
  std::function<std::unique_ptr<KvStore>(const ConsulOptions&)> open_kv;
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<void(std::chrono::milliseconds)> pause;
  /// Told once how long this run may take, so that it can be ended from outside.
  std::function<void(std::chrono::seconds)> bound;
};

/// Runs one command; `arguments` without the program's name. Never throws: every failure is printed to `err` and is in
/// the exit status (ExitCode).
int run(const std::vector<std::string>& arguments, const Context& context);

}  // namespace proxysql_consul
