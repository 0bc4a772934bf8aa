// Where the servers of tests listen.
#pragma once

namespace proxysql_consul::testing {

struct Listener {
  int descriptor;  ///< to be closed by whoever asked for it
  unsigned port;
};

/// Listens on a port of 127.0.0.1 that was free. Throws std::system_error.
Listener listen_on_loopback();

}  // namespace proxysql_consul::testing
