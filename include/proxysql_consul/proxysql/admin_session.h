// A session on ProxySQL's admin port, as the use cases see it. The client library stays in the one adapter behind
// open_admin_session().
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What one statement answered; empty for statements without a result set.
struct Result {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

class AdminSession {
 public:
  virtual ~AdminSession() = default;

  /// Runs exactly one statement (an admin port drops what follows a first one in silence) and returns all its rows.
  /// Throws Error{proxysql}: refused by the server, lost, or over the time limit. The message holds no literal of the
  /// statement. After a lost connection every later call throws too.
  virtual Result query(std::string_view statement) = 0;
};

struct AdminOptions {
  std::string host = "127.0.0.1";
  unsigned port = 6032;
  std::string socket;  ///< a unix socket's path; used instead of host and port unless empty
  std::string username = "admin";
  std::string password = "admin";
  bool tls = false;        ///< asked for only when set: a 2016 server can crash on it
  bool tls_verify = true;  ///< verify the server's certificate against tls_ca and its name
  std::string tls_ca;      ///< PEM file; empty: the system's
  std::string tls_cert;
  std::string tls_key;
  std::chrono::seconds connect_timeout{3};
  std::chrono::seconds io_timeout{30};  ///< of one read or write
};

/// Printable and without secrets: "proxysql admin@127.0.0.1:6032".
std::string describe(const AdminOptions& options);

/// Connects once. Throws Unavailable where waiting may help (nobody listens yet, connection lost while connecting),
/// Error{proxysql} where it does not (access denied).
std::unique_ptr<AdminSession> open_admin_session(const AdminOptions& options);

}  // namespace proxysql_consul
