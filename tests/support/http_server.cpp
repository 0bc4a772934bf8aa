#include "support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul::testing {
namespace {

constexpr int drip_ms = 5;

}  // namespace

std::string HttpRequest::header(std::string_view name) const {
  const auto wanted = "\r\n" + to_lower(name) + ": ";
  const auto at = to_lower("\r\n" + headers).find(wanted);
  if (at == std::string::npos) return "";
  const auto start = at + wanted.size() - 2;
  return headers.substr(start, headers.find('\r', start) - start);
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)), listener_(listen_on_loopback()) {
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::HttpServer(Script script)
    : HttpServer([script = std::move(script), next = std::size_t{0}](const HttpRequest&) mutable {
        return script.at(std::min(next++, script.size() - 1));
      }) {}

HttpServer::~HttpServer() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_, &one, sizeof one));
  thread_.join();
  ::close(listener_.descriptor);
  ::close(stop_);
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

/// False once the server is to end, or when nothing happened within the limit (-1: none).
bool HttpServer::wait_for(int descriptor, short events, int limit_ms) const {
  std::array<pollfd, 2> wanted = {pollfd{descriptor, events, 0}, pollfd{stop_, POLLIN, 0}};
  while (::poll(wanted.data(), wanted.size(), limit_ms) < 0) {
    if (errno != EINTR) return false;
  }
  return wanted[1].revents == 0 && wanted[0].revents != 0;
}

void HttpServer::serve() {
  while (wait_for(listener_.descriptor, POLLIN, -1)) {
    const int connection = ::accept4(listener_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

std::optional<HttpRequest> HttpServer::read_request(int connection) const {
  std::string bytes;
  std::array<char, 65536> buffer{};
  HttpRequest request;
  std::size_t body_at = std::string::npos;
  std::size_t wanted = 0;
  while (body_at == std::string::npos || bytes.size() < body_at + wanted) {
    if (!wait_for(connection, POLLIN, -1)) return std::nullopt;
    const auto got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) return std::nullopt;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (body_at != std::string::npos) continue;
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    body_at = end + 4;
    const auto line_end = bytes.find("\r\n");
    request.headers = bytes.substr(line_end + 2, body_at - line_end - 4);
    const auto first = bytes.find(' ');
    const auto second = bytes.find(' ', first + 1);
    request.method = bytes.substr(0, first);
    request.target = bytes.substr(first + 1, second - first - 1);
    const auto length = request.header("Content-Length");
    wanted = length.empty() ? 0 : std::stoul(length);
  }
  request.body = bytes.substr(body_at, wanted);
  return request;
}

bool HttpServer::send(int connection, std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!wait_for(connection, POLLOUT, -1)) return false;
    const auto sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void HttpServer::answer(int connection) {
  const auto request = read_request(connection);
  if (!request) return;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(*request);
  }
  const auto reply = handler_(*request);
  if (reply.reset) {
    const linger at_once{1, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  if (reply.reset || reply.close) return;
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\nConnection: close\r\n";
  const bool has_length = !reply.drip && reply.endless_bytes == 0;
  if (has_length) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  if (!send(connection, head + "\r\n")) return;
  if (!send(connection, std::string_view(reply.body).substr(0, reply.cut_after.value_or(reply.body.size())))) return;
  // send() fails once the client has gone or the server is to end; before that nothing makes the connection readable.
  while (reply.drip && send(connection, " ")) wait_for(connection, POLLIN, drip_ms);
  const std::string filler(std::size_t{1} << 20U, ' ');
  for (std::size_t sent = 0; sent < reply.endless_bytes && send(connection, filler); sent += filler.size()) continue;
}

HttpReply http_request(unsigned port, const std::string& method, const std::string& target, const std::string& body,
                       const std::string& token) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string bytes;
  // HTTP/1.0, so that the answer is neither chunked nor followed by another.
  std::string text = method + " " + target + " HTTP/1.0\r\nHost: 127.0.0.1\r\n";
  if (!token.empty()) text += "X-Consul-Token: " + token + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  bool sent = ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  for (std::string_view rest = text; sent && !rest.empty();) {
    const auto count = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    sent = count > 0;
    if (sent) rest.remove_prefix(static_cast<std::size_t>(count));
  }
  std::array<char, 65536> buffer{};
  while (sent) {
    const auto got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(connection);
  const auto end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.") || end == std::string::npos) {
    throw std::runtime_error(method + " " + target + ": no answer");
  }
  return {.status = std::stoi(bytes.substr(9, 3)), .body = bytes.substr(end + 4)};
}

}  // namespace proxysql_consul::testing
