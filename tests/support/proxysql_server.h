// A ProxySQL for one test: the real one where PROXYSQL_BIN names it and a 2.7 or 3.0 is asked for, else the stand-in as
// a process of its own (from $PROXYSQL_STANDIN, or where the build put it). Loopback only, data of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxysql_consul/proxysql/admin_session.h"
#include "standin/standin_engine.h"
#include "support/process.h"

namespace proxysql_consul::testing {

struct ProxySqlServerOptions {
  StandinVersion version = StandinVersion::v2_7;
  bool exact = false;              ///< the real one only if it is of that version, not of another from 2.7 on
  bool with_socket = false;        ///< listen on a unix socket too
  bool with_faults = false;        ///< the test plans faults: the stand-in in any case
  std::string consul_script = {};  ///< 1.1: what SAVE ... TO CLUSTER runs
};

class ProxySqlServer {
 public:
  /// Returns once the server answers a query; throws std::runtime_error with its output where it does not.
  explicit ProxySqlServer(ProxySqlServerOptions options = {});
  /// Ends the server by its pid.
  ~ProxySqlServer();

  bool is_real() const { return real_; }
  /// What it says of itself; of a real one 2.7 or 3.0, whichever is nearer.
  StandinVersion version();
  const std::string& host() const { return admin_.host; }
  unsigned port() const { return admin_.port; }
  /// The unix socket's path, empty without one.
  const std::string& socket() const { return socket_; }
  /// How to log in over TCP.
  const AdminOptions& admin() const { return admin_; }
  pid_t pid() const { return process_->pid(); }

  /// Runs a statement as admin in a session that stays open; throws what AdminSession::query() throws.
  QueryResult query(std::string_view sql);

  /// Ends the server; the port stays free for start().
  void stop();
  /// Starts it again on the same port with the same disk database.
  void start();
  /// Returns once it answers, as after a restart within its process; throws what the constructor throws.
  void await();

 private:
  ProxySqlServerOptions options_;
  TempDir directory_;
  bool real_ = false;
  bool started_before_ = false;
  std::string socket_;
  AdminOptions admin_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<AdminSession> session_;
};

}  // namespace proxysql_consul::testing
