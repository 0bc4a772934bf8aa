// One node for one test: a ProxySQL, the program's files, and the real program run against them. All nodes of a test
// are on one machine, so they differ in their UUIDs alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"
#include "support/loopback.h"
#include "support/process.h"
#include "support/proxysql_server.h"

namespace proxysql_consul::testing {

struct NodeOptions {
  StandinVersion version = StandinVersion::v2_7;
  bool with_socket = false;     ///< the program logs in over a unix socket
  bool with_faults = false;     ///< the test plans faults: the stand-in in any case
  std::string settings = "{}";  ///< JSON merged over the fixture's own
};

class Node {
 public:
  /// Every secret of a test holds this word; no output of the program may.
  static constexpr std::string_view secret = "s3cr3t";

  /// Starts ProxySQL with an account for the program; Consul is to be named by connect_to().
  explicit Node(NodeOptions options = {});
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Names Consul's port in the settings.
  void connect_to(unsigned consul_port);
  /// Merges JSON over the settings.
  void change_settings(std::string_view json);

  ProxySqlServer& proxysql() { return proxysql_; }
  /// Runs a statement on ProxySQL.
  QueryResult query(std::string_view sql) { return proxysql_.query(sql); }
  /// The rows that a SELECT gives.
  Rows rows(std::string_view sql) { return query(sql).rows; }
  /// Runs statements on ProxySQL.
  void execute(const std::vector<std::string>& statements);
  /// The statements since forget_statements() that begin with `head`; none where ProxySQL is the real one, which keeps
  /// no such list.
  std::vector<std::string> statements(std::string_view head = {});
  void forget_statements();

  /// How to run the program with this node's settings, for tests that change something about it.
  ProcessOptions command(const std::vector<std::string>& arguments, std::string input = {}) const;
  /// Runs the program to its end. Throws std::runtime_error where its output holds a secret.
  ProcessResult run(const std::vector<std::string>& arguments, std::string input = {}) const;

  /// The JSON of a Consul agent's configuration with a keyprefix watch, whose handler runs `update` and keeps what it
  /// printed and its exit status.
  std::string watch_config() const { return watch_config({this}); }
  /// The same for several nodes behind one agent.
  static std::string watch_config(const std::vector<const Node*>& nodes);
  /// From now on each run of the handler waits, before it runs `update`, until open_gate() lets it through.
  void put_gate();
  /// Lets one run through, the one that waits or the next that comes.
  void open_gate();
  /// How many runs of the handler have begun.
  std::size_t begun() const;
  /// The exit statuses of the handler's runs, in their order.
  std::vector<int> handled() const;
  /// What the handler's runs printed.
  std::string handler_output() const { return read_file(file("handler.output")); }
  /// Asks `predicate` now, and again whenever a file of this node changes, as at each beginning and end of a handler's
  /// run; false where the answer is no for `limit`.
  bool wait_until(const std::function<bool()>& predicate,
                  std::chrono::milliseconds limit = std::chrono::seconds(20)) const;

  /// A program like the one of 2016 that needs no --config-file: what ProxySQL 1.1 runs on SAVE ... TO CLUSTER.
  std::string script() const { return file("proxysql-consul"); }
  std::string settings_file() const { return file("settings.json"); }
  std::string uuid_file() const { return file("node.uuid"); }
  std::string state_file() const { return file("node.state"); }
  std::string state() const { return read_file(state_file()); }
  /// The node's UUID; empty before the first run.
  std::string uuid() const;
  std::string file(std::string_view name) const { return directory_.file(name); }

 private:
  TempDir directory_;
  ProxySqlServer proxysql_;
  int gate_ = -1;  ///< keeps what open_gate() wrote until a run reads it
};

/// Throws std::runtime_error where a program's output holds a secret.
void check_no_secret(const std::string& output);

/// Accepts connections on a loopback port and never says a word.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  unsigned port() const { return listener_.port; }
  int descriptor() const { return listener_.descriptor; }
  /// Waits until somebody connects; false after `limit`.
  bool await_client(std::chrono::milliseconds limit = std::chrono::seconds(20)) const;

 private:
  Listener listener_;
};

}  // namespace proxysql_consul::testing
