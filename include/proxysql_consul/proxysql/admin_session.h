// A session on ProxySQL's admin port, as the use cases see it. The client library stays in the one adapter behind
// open_admin_session().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What one statement answered; empty for statements without a result set.
struct QueryResult {
  std::vector<std::string> columns;
  Rows rows;
};

/// Takes an answer while it comes from the server.
class RowSink {
 public:
  virtual ~RowSink() = default;

  /// The names of the answer's columns, before its rows; not called for a statement without a result set.
  virtual void begin(const std::vector<std::string>& columns) = 0;
  /// One row; its cells are valid during the call.
  virtual void add(std::span<const CellView> cells) = 0;
};

class AdminSession {
 public:
  virtual ~AdminSession() = default;

  /// Runs exactly one statement (an admin port drops what follows a first one in silence) and hands all its rows to
  /// `sink`, which has got a part of them where it throws.
  /// Throws Error{proxysql}: refused by the server, larger than the options allow, or no answer that can be understood;
  /// Unavailable: lost, over the time limit, or the server's database is locked. The message holds no literal of the
  /// statement. After all but a refusal and a locked database the connection is lost, and every later call throws too.
  virtual void stream(std::string_view statement, RowSink& sink) = 0;

  /// The same, with all its rows in memory.
  QueryResult query(std::string_view statement);
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
  std::chrono::seconds io_timeout{30};                ///< of one read or write
  std::size_t largest_answer = std::size_t{1} << 30;  ///< bytes of memory that the rows of one answer may take
};

/// Printable and without secrets: "proxysql admin@127.0.0.1:6032".
std::string describe(const AdminOptions& options);

/// The client library inside and its version: "MariaDB Connector/C 3.3.14" or "libmysqlclient 9.7.4".
std::string admin_library();

/// Connects once. Throws Unavailable where waiting may help (nobody listens yet, connection lost while connecting),
/// Error{proxysql} where it does not (access denied). Who answers is not trusted: no local file is sent, and the
/// password never but through TLS with a verified certificate: what goes out is a hash of it over the server's nonce,
/// by mysql_native_password or caching_sha2_password.
std::unique_ptr<AdminSession> open_admin_session(const AdminOptions& options);

}  // namespace proxysql_consul
