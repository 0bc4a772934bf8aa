// A real Consul agent for one test, on loopback with ports and data of its own. CONSUL_BIN names the executable; a
// missing one is a failure, never a skip.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"

namespace proxysql_consul::testing {

struct ConsulAgentOptions {
  std::string config = "{}";  ///< JSON merged over the fixture's own: watches, acl, limits, TLS, addresses ...
  bool dev = true;            ///< -dev; otherwise a server with a data directory of its own
  std::vector<std::string> arguments = {};      ///< more command-line arguments
  std::map<std::string, std::string> env = {};  ///< of the agent, which hands it to watch handlers
  std::string token = {};                       ///< for put(), get() and waiting until it is ready
};

class ConsulAgent {
 public:
  /// Returns once the agent answers and has a leader; throws std::runtime_error with its output where it does not.
  explicit ConsulAgent(ConsulAgentOptions options = {});
  ~ConsulAgent();

  unsigned http_port() const { return http_port_; }
  /// Where other agents join.
  unsigned serf_port() const { return ports_.at(1); }
  /// "http://127.0.0.1:8500"
  std::string address() const;
  /// The agent's log so far.
  std::string log() const;

  void put(std::string_view key, std::string_view value);
  /// The raw value; nothing where there is no such key.
  std::optional<std::string> get(std::string_view key);
  /// The body of GET /v1/kv/<prefix>?recurse, "null" for 404.
  std::string recurse(std::string_view prefix);
  std::vector<std::string> keys(std::string_view prefix);
  /// ModifyIndex of the key, 0 where there is none.
  std::uint64_t modify_index(std::string_view key);
  void remove(std::string_view key);

  /// Ends the agent hard; start() brings it back with the same ports (and data unless dev).
  void stop();
  void start();
  void reload();  ///< SIGHUP
  /// From now on it says nothing, as where the network between it and the others is gone, until go_on().
  void halt();
  void go_on();
  /// Returns once it answers and knows a leader; throws what the constructor throws.
  void await();

 private:
  ConsulAgentOptions options_;
  TempDir directory_;
  unsigned http_port_ = 0;
  std::vector<unsigned> ports_;
  std::string earlier_log_;
  std::unique_ptr<Process> process_;
};

}  // namespace proxysql_consul::testing
