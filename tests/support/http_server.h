// An HTTP server that misbehaves as told, for what a real Consul does not do on request; and a client of one request,
// to set a real one up and to stand between it and the program. Loopback only.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/loopback.h"

namespace proxysql_consul::testing {

struct HttpRequest {
  std::string method;
  std::string target;   ///< path and query
  std::string headers;  ///< as they came, a line each
  std::string body;

  /// The value of a header, whatever its case; "" where there is none.
  std::string header(std::string_view name) const;
};

struct HttpReply {
  int status = 200;
  std::string body = {};
  std::optional<std::size_t> cut_after = {};  ///< close after that many bytes of the body, though more are promised
  bool close = false;                         ///< close without an answer
  bool reset = false;                         ///< the same with a TCP reset
  bool drip = false;                          ///< a byte of the body every few milliseconds, without end
  std::size_t endless_bytes = 0;              ///< so many bytes after the body, without a Content-Length
};

/// Answers one request after the other, each on a connection of its own, in a thread of its own.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;
  using Script = std::vector<HttpReply>;

  explicit HttpServer(Handler handler);
  /// Gives these answers in turn, the last one again and again.
  explicit HttpServer(Script script);
  /// Breaks off whatever it is answering.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  unsigned port() const { return listener_.port; }
  /// What was asked so far.
  std::vector<HttpRequest> requests() const;

 private:
  void serve();
  void answer(int connection);
  std::optional<HttpRequest> read_request(int connection) const;
  bool send(int connection, std::string_view bytes) const;
  bool wait_for(int descriptor, short events, int limit_ms) const;

  Handler handler_;
  Listener listener_;
  int stop_ = -1;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

/// Sends one request to 127.0.0.1 and gives the answer's status and body. Throws std::runtime_error where none comes.
HttpReply http_request(unsigned port, const std::string& method, const std::string& target,
                       const std::string& body = {}, const std::string& token = {});

}  // namespace proxysql_consul::testing
