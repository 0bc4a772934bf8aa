#include "support/scripted_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace proxysql_consul::testing {

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

bool Peer::send(std::string_view payload) {
  return send_raw((little_endian(payload.size(), 3) + little_endian(sequence_++, 1)).append(payload));
}

bool Peer::send_raw(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Peer::read_bytes(std::string& to, std::size_t count) {
  to.assign(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = ::recv(descriptor_, to.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    received_.append(to, have, static_cast<std::size_t>(got));
    have += static_cast<std::size_t>(got);
  }
  return true;
}

std::string Peer::read() {
  std::string header;
  std::string payload;
  if (!read_bytes(header, 4)) return {};
  const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(header[i])}; };
  sequence_ = static_cast<std::uint8_t>(byte(3) + 1);
  return read_bytes(payload, byte(0) | byte(1) << 8 | byte(2) << 16) ? payload : std::string();
}

void Peer::drain() {
  for (std::string byte; read_bytes(byte, 1);) continue;
}

std::string Peer::greet(std::string_view plugin) {
  // LONG_PASSWORD, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH; LOCAL_FILES too, as an invitation.
  constexpr std::uint32_t capabilities = 0x0008a281;
  const std::string nonce(ScriptedServer::nonce);
  sequence_ = 0;
  std::string hello =
      "\x0a"
      "8.0.11";
  hello += '\0' + little_endian(1, 4) + nonce.substr(0, 8) + '\0';
  hello += little_endian(capabilities & 0xffff, 2) + little_endian(33, 1) + little_endian(2, 2) +
           little_endian(capabilities >> 16, 2) + little_endian(21, 1) + std::string(10, '\0');
  hello += nonce.substr(8) + '\0';
  return send(hello.append(plugin) + '\0') ? read() : std::string();
}

void Peer::let_in() {
  greet();
  ok();
}

bool Peer::column(std::string_view name) {
  const auto text = [](std::string_view word) { return (little_endian(word.size(), 1)).append(word); };
  return send(text("def") + std::string(3, '\0') + text(name) + '\0' + little_endian(12, 1) + little_endian(33, 2) +
              little_endian(15, 4) + little_endian(253, 1) + little_endian(0, 2) + little_endian(0, 3));
}

ScriptedServer::ScriptedServer(std::function<void(Peer&)> script)
    : script_(std::move(script)), listener_(listen_on_loopback()) {
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
  }
  stop();
}

void ScriptedServer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_.descriptor, SHUT_RDWR);
  }
  if (!thread_.joinable()) return;
  thread_.join();
  ::close(listener_.descriptor);
}

std::string ScriptedServer::received() {
  stop();
  return received_;
}

void ScriptedServer::serve() {
  while (true) {
    const int connection = ::accept4(listener_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    {
      const std::lock_guard lock(mutex_);
      if (connection < 0 || stopping_) {
        if (connection >= 0) ::close(connection);
        return;
      }
      connection_ = connection;
    }
    Peer peer(connection, received_);
    script_(peer);
    // What is left unread would turn the end into a reset, which can overtake what was said before.
    ::shutdown(connection, SHUT_WR);
    peer.drain();
    const std::lock_guard lock(mutex_);
    ::close(connection);
    connection_ = -1;
  }
}

}  // namespace proxysql_consul::testing
