// A server of MySQL's protocol that says what a test wants, above all what no ProxySQL says: for what the admin session
// makes of someone else on the admin port. Loopback only.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "support/loopback.h"

namespace proxysql_consul::testing {

/// A number in as many bytes, the lowest first.
std::string little_endian(std::uint64_t value, int bytes);

/// The server's end of one connection. The calls return false once the connection is gone.
class Peer {
 public:
  Peer(int descriptor, std::string& received) : descriptor_(descriptor), received_(received) {}

  /// Sends one packet, with its header.
  bool send(std::string_view payload);
  /// Sends bytes as they are.
  bool send_raw(std::string_view bytes) const;
  /// The next packet of the client, "" at the end of the connection.
  std::string read();
  /// Reads until the client closes.
  void drain();
  /// Forgets what clients sent so far.
  void forget() { received_.clear(); }

  /// Greets with `plugin` and a fixed nonce; returns the client's answer.
  std::string greet(std::string_view plugin = "mysql_native_password");
  /// Greets, and lets in whoever answers.
  void let_in();
  bool ok() { return send(std::string("\0\0\0\x02\0\0\0", 7)); }
  bool eof() { return send(std::string("\xfe\0\0\x02\0", 5)); }
  bool column(std::string_view name);

 private:
  bool read_bytes(std::string& to, std::size_t count);

  int descriptor_;
  std::string& received_;
  std::uint8_t sequence_ = 0;
};

/// Runs the script for one connection after the other, in a thread of its own.
class ScriptedServer {
 public:
  static constexpr std::string_view nonce = "abcdefghijklmnopqrst";

  explicit ScriptedServer(std::function<void(Peer&)> script);
  /// Breaks off the conversation.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  unsigned port() const { return listener_.port; }
  /// All that clients sent, once each of their connections has come to its end. No more are accepted.
  std::string received();

 private:
  void serve();
  void stop();

  std::function<void(Peer&)> script_;
  Listener listener_;
  std::mutex mutex_;
  bool stopping_ = false;
  int connection_ = -1;
  std::string received_;
  std::thread thread_;
};

}  // namespace proxysql_consul::testing
