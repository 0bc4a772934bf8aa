#include "standin/standin_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/proxysql/scramble.h"

namespace proxysql_consul::testing {
namespace {

constexpr std::size_t max_packet = 0xffffff;
constexpr std::uint32_t connect_with_db = 0x8;
constexpr std::uint32_t ssl = 0x800;
constexpr std::uint32_t secure_connection = 0x8000;
constexpr std::uint32_t plugin_auth = 0x80000;
constexpr std::uint32_t lenenc_auth = 0x200000;
// LONG_PASSWORD, FOUND_ROWS, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION,
// MULTI_STATEMENTS, PLUGIN_AUTH. Without DEPRECATE_EOF; MULTI_STATEMENTS is a promise ProxySQL breaks.
constexpr std::uint32_t server_capabilities = 0x0009a20f;
constexpr unsigned server_status = 0x0002 | 0x0200;  // AUTOCOMMIT, NO_BACKSLASH_ESCAPES
constexpr std::string_view auth_plugin = "mysql_native_password";

std::string integer(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string lenenc(std::uint64_t value) {
  if (value < 251) return integer(value, 1);
  if (value < 0x10000) return '\xfc' + integer(value, 2);
  if (value < 0x1000000) return '\xfd' + integer(value, 3);
  return '\xfe' + integer(value, 8);
}

std::string lenenc_text(std::string_view text) { return lenenc(text.size()).append(text); }

/// One connection's packets. The calls return false once the connection is gone.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd) {}

  /// Everything after this goes through TLS.
  bool start_tls(SSL_CTX* context) {
    tls_.reset(SSL_new(context));
    return tls_ && SSL_set_fd(tls_.get(), fd_) == 1 && SSL_accept(tls_.get()) == 1;
  }

  bool read(std::string& payload) {
    payload.clear();
    std::size_t length = 0;
    do {
      std::string header;
      if (!read_bytes(header, 4)) return false;
      const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(header[i])}; };
      length = byte(0) | byte(1) << 8 | byte(2) << 16;
      sequence_ = static_cast<std::uint8_t>(byte(3) + 1);
      if (!read_bytes(payload, length)) return false;
    } while (length == max_packet);
    return true;
  }

  void put(std::string_view payload) {
    std::size_t length = 0;
    do {
      length = std::min(payload.size(), max_packet);
      out_ += integer(length, 3) + integer(sequence_++, 1);
      out_ += payload.substr(0, length);
      payload.remove_prefix(length);
    } while (length == max_packet);
    if (out_.size() > 1U << 20) flush();
  }

  bool flush() {
    for (std::string_view rest = out_; !rest.empty() && alive_;) {
      const ssize_t sent = send_some(rest);
      if (sent > 0) {
        rest.remove_prefix(static_cast<std::size_t>(sent));
      } else if (tls_ || errno != EINTR) {
        alive_ = false;
      }
    }
    out_.clear();
    return alive_;
  }

  void ok(std::uint64_t affected = 0, std::string_view info = {}) {
    put(integer(0, 1) + lenenc(affected) + lenenc(0) + integer(server_status, 2) + integer(0, 2) +
        (info.empty() ? std::string() : lenenc_text(info)));
  }
  void eof() { put('\xfe' + integer(0, 2) + integer(server_status, 2)); }
  void error(unsigned code, std::string_view text) {
    put(('\xff' + integer(code, 2) + (code == 1205 ? "#HY000" : "#28000")).append(text));
  }

 private:
  ssize_t send_some(std::string_view bytes) {
    if (tls_) return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  ssize_t receive_some(char* to, std::size_t bytes) {
    if (tls_) return SSL_read(tls_.get(), to, static_cast<int>(bytes));
    return ::recv(fd_, to, bytes, 0);
  }
  bool read_bytes(std::string& to, std::size_t bytes) {
    const std::size_t start = to.size();
    to.resize(start + bytes);
    for (std::size_t have = 0; have < bytes;) {
      const ssize_t got = receive_some(to.data() + start + have, bytes - have);
      if (got == 0 || (got < 0 && (tls_ || errno != EINTR))) return false;
      if (got > 0) have += static_cast<std::size_t>(got);
    }
    return true;
  }

  int fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
  std::uint8_t sequence_ = 0;
  std::string out_;
  bool alive_ = true;
};

/// Reads a packet's fields; what is missing reads as zero or empty.
class Fields {
 public:
  explicit Fields(std::string_view data) : data_(data) {}
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    const std::string_view field = text(bytes);
    for (std::size_t i = 0; i < field.size(); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(field[i])} << 8 * i;
    return value;
  }
  std::string_view text(std::size_t bytes) {
    const std::string_view field = data_.substr(0, bytes);
    data_.remove_prefix(field.size());
    return field;
  }
  std::string_view until_nul() {
    const std::string_view field = text(data_.find('\0'));
    text(1);
    return field;
  }

 private:
  std::string_view data_;
};

std::string random_scramble() {
  std::random_device random;
  std::string out;
  while (out.size() < 20) out += static_cast<char>(33 + random() % 90);
  return out;
}

/// The password as the client gives it away when asked, or nothing.
std::optional<std::string> ask_for_password(Wire& wire, const std::string& scramble) {
  std::string reply;
  wire.put(("\xfe" + std::string("caching_sha2_password") + '\0').append(scramble) + '\0');
  if (!wire.flush() || !wire.read(reply)) return std::nullopt;
  wire.put("\x01\x04");
  if (!wire.flush() || !wire.read(reply) || reply.empty()) return std::nullopt;
  reply.pop_back();
  return reply;
}

/// The handshake; the role of who came in, or nothing.
std::optional<Role> authenticate(Wire& wire, StandinEngine& engine, SSL_CTX* tls, bool full) {
  const std::string scramble = random_scramble();
  const std::string version = engine.version() != StandinVersion::v1_1 ? "8.0.11 (ProxySQL stand-in)" : "5.1.30";
  const std::uint32_t offered = server_capabilities | (tls != nullptr ? ssl : 0);
  std::string hello = '\x0a' + version + '\0' + integer(1, 4) + scramble.substr(0, 8) + '\0';
  hello += integer(offered & 0xffff, 2) + integer(33, 1) + integer(server_status, 2) + integer(offered >> 16, 2);
  hello += integer(21, 1) + std::string(10, '\0') + scramble.substr(8) + '\0';
  wire.put(hello.append(auth_plugin) + '\0');
  std::string reply;
  if (!wire.flush() || !wire.read(reply)) return std::nullopt;
  if (tls != nullptr && (Fields(reply).number(4) & ssl) != 0) {
    if (!wire.start_tls(tls) || !wire.read(reply)) return std::nullopt;
  }

  Fields fields(reply);
  const auto capabilities = static_cast<std::uint32_t>(fields.number(4));
  fields.text(4 + 1 + 23);
  const std::string username(fields.until_nul());
  std::string response;
  if ((capabilities & (secure_connection | lenenc_auth)) != 0) {
    response = fields.text(static_cast<std::size_t>(fields.number(1)));
  } else {
    response = fields.until_nul();
  }
  if ((capabilities & connect_with_db) != 0) fields.until_nul();
  if ((capabilities & plugin_auth) != 0 && fields.until_nul() != auth_plugin) {
    wire.put(('\xfe' + std::string(auth_plugin) + '\0').append(scramble) + '\0');
    if (!wire.flush() || !wire.read(response)) return std::nullopt;
  }
  const auto account = engine.account(username);
  const bool is_right = account && (full ? ask_for_password(wire, scramble) == account->password
                                         : native_scramble(account->password, scramble) == response);
  if (!is_right) {
    wire.error(1045, "ProxySQL Error: Access denied for user '" + username +
                         "'@'' (using password: " + (response.empty() ? "NO)" : "YES)"));
    wire.flush();
    return std::nullopt;
  }
  wire.ok();
  if (!wire.flush()) return std::nullopt;
  return account->role;
}

void put_answer(Wire& wire, const Answer& answer) {
  if (!answer.ok) return wire.error(answer.error_code, answer.error);
  if (!answer.has_result_set) return wire.ok(answer.affected, answer.info);
  wire.put(lenenc(answer.columns.size()));
  for (const std::string& column : answer.columns) {
    // Every column claims to be a VAR_STRING in utf8, 15 long and NOT NULL, whatever it holds.
    wire.put(lenenc_text("def") + std::string(3, '\0') + lenenc_text(column) + '\0' + integer(12, 1) + integer(33, 2) +
             integer(15, 4) + integer(253, 1) + integer(1, 2) + integer(0, 3));
  }
  wire.eof();
  std::string packet;
  for (const Row& row : answer.rows) {
    packet.clear();
    for (const Cell& cell : row) packet += cell ? lenenc_text(*cell) : std::string(1, '\xfb');
    wire.put(packet);
  }
  wire.eof();
}

void kill_peer(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  // Over TCP there is no peer to know; the connection is dropped all the same.
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0 && peer.pid != ::getpid()) {
    ::kill(peer.pid, SIGKILL);
  }
}

SSL_CTX* open_tls(const StandinServerOptions& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr || SSL_CTX_use_certificate_chain_file(context, options.tls_cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, options.tls_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("stand-in: cannot use " + options.tls_cert + " and " + options.tls_key);
  }
  return context;
}

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::runtime_error("stand-in: " + what + ": " + std::strerror(errno));
}

}  // namespace

StandinServer::StandinServer(StandinEngine& engine, StandinServerOptions options)
    : engine_(engine), options_(std::move(options)), tls_(nullptr, SSL_CTX_free) {
  if (!options_.tls_cert.empty()) tls_.reset(open_tls(options_));
  const int flags = SOCK_STREAM | (options_.inherit_sockets ? 0 : SOCK_CLOEXEC);
  tcp_ = ::socket(AF_INET, flags, 0);
  const int on = 1;
  ::setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
  socklen_t size = sizeof address;
  if (::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1 ||
      ::bind(tcp_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(tcp_, 128) != 0 ||
      ::getsockname(tcp_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_errno("listening on " + options_.host);
  }
  options_.port = ntohs(address.sin_port);
  if (!options_.socket.empty()) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    if (options_.socket.size() >= sizeof path.sun_path) throw std::runtime_error("stand-in: socket path too long");
    options_.socket.copy(path.sun_path, sizeof path.sun_path - 1);
    ::unlink(options_.socket.c_str());
    unix_ = ::socket(AF_UNIX, flags, 0);
    if (::bind(unix_, reinterpret_cast<sockaddr*>(&path), sizeof path) != 0 || ::listen(unix_, 128) != 0) {
      throw_errno("listening on " + options_.socket);
    }
  }
  if (::pipe2(wake_, O_CLOEXEC) != 0) throw_errno("pipe");
  acceptor_ = std::thread([this] { accept_loop(); });
}

StandinServer::~StandinServer() {
  close_all();
  acceptor_.join();
  for (Client& client : clients_) client.thread.join();
  for (const int fd : {tcp_, unix_, wake_[0], wake_[1]}) {
    if (fd >= 0) ::close(fd);
  }
  if (unix_ >= 0) ::unlink(options_.socket.c_str());
}

void StandinServer::close_all() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  static_cast<void>(!::write(wake_[1], "x", 1));
  for (const int fd : {tcp_, unix_}) {
    if (fd >= 0) ::shutdown(fd, SHUT_RDWR);
  }
  for (const Client& client : clients_) {
    if (client.fd >= 0) ::shutdown(client.fd, SHUT_RDWR);
  }
}

void StandinServer::accept_loop() {
  while (true) {
    std::array<pollfd, 3> fds = {{{wake_[0], POLLIN, 0}, {tcp_, POLLIN, 0}, {unix_, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) return;
    for (const pollfd& listener : {fds[1], fds[2]}) {
      if (listener.revents != 0) accept_one(listener.fd);
    }
  }
}

void StandinServer::accept_one(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, options_.inherit_sockets ? 0 : SOCK_CLOEXEC);
  if (fd < 0) return;
  if (listener == tcp_) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const std::lock_guard lock(mutex_);
  clients_.remove_if([](Client& client) {
    if (client.done) client.thread.join();
    return client.done;
  });
  if (stopping_) {
    ::close(fd);
    return;
  }
  Client& client = clients_.emplace_back();
  client.fd = fd;
  client.thread = std::thread([this, &client] {
    serve(client);
    const std::lock_guard done(mutex_);
    ::close(client.fd);
    client.fd = -1;
    client.done = true;
  });
}

void StandinServer::serve(Client& client) {
  // TLS writes without MSG_NOSIGNAL; what this thread raises, it alone would get.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  Wire wire(client.fd);
  unsigned start = engine_.starts();
  const auto role = authenticate(wire, engine_, tls_.get(), options_.full_authentication);
  if (!role) return;
  std::string packet;
  while (wire.read(packet) && !packet.empty()) {
    switch (packet[0]) {
      case 0x01:  // COM_QUIT
        return;
      case 0x02:  // COM_INIT_DB
      case 0x0e:  // COM_PING
      case 0x1f:  // COM_RESET_CONNECTION
        wire.ok();
        break;
      case 0x1b:  // COM_SET_OPTION
        wire.eof();
        break;
      case 0x03: {  // COM_QUERY
        const Answer answer = engine_.execute(std::string_view(packet).substr(1), *role, start);
        start = answer.start;
        switch (answer.fault) {
          case Fault::none:
          case Fault::fail: put_answer(wire, answer); break;
          case Fault::exit:
            if (options_.on_exit) options_.on_exit();
            return close_all();
          case Fault::hang:
            while (wire.read(packet)) continue;
            return;
          case Fault::kill: kill_peer(client.fd); return;
          case Fault::drop: return;
        }
        break;
      }
      default:  // COM_STMT_PREPARE, COM_FIELD_LIST and the rest
        wire.error(1045, "Command not supported");
    }
    if (!wire.flush()) return;
  }
}

}  // namespace proxysql_consul::testing
