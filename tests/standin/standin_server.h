// The MySQL wire protocol before a StandinEngine, as far as ProxySQL's admin port speaks it: a thread a connection,
// mysql_native_password, the text protocol, TLS where it is given a certificate. No prepared statements.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "standin/standin_engine.h"

struct ssl_ctx_st;

namespace proxysql_consul::testing {

struct StandinServerOptions {
  std::string host = "127.0.0.1";
  unsigned port = 0;     ///< 0: the system chooses
  std::string socket;    ///< a unix socket's path, served besides the port unless empty
  std::string tls_cert;  ///< PEM files; TLS is offered unless empty
  std::string tls_key;
  /// Ask for the password itself by caching_sha2_password, as a server does that keeps a hash of it.
  bool full_authentication = false;
  bool inherit_sockets = false;  ///< leave the sockets open to started programs, as ProxySQL 1.x does
  /// What STANDIN EXIT does; without it the server closes every connection and accepts no more.
  std::function<void()> on_exit = {};
};

class StandinServer {
 public:
  /// Listens when it returns; throws std::runtime_error where it cannot. The engine must outlive the server.
  explicit StandinServer(StandinEngine& engine, StandinServerOptions options = {});
  /// Closes every connection and waits for their threads.
  ~StandinServer();
  StandinServer(const StandinServer&) = delete;
  StandinServer& operator=(const StandinServer&) = delete;

  const std::string& host() const { return options_.host; }
  unsigned port() const { return options_.port; }

 private:
  struct Client {
    int fd = -1;
    bool done = false;
    std::thread thread;
  };

  void accept_loop();
  void accept_one(int listener);
  void serve(Client& client);
  void close_all();

  StandinEngine& engine_;
  StandinServerOptions options_;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> tls_;
  int tcp_ = -1;
  int unix_ = -1;
  int wake_[2] = {-1, -1};
  std::mutex mutex_;
  bool stopping_ = false;
  std::list<Client> clients_;
  std::thread acceptor_;
};

}  // namespace proxysql_consul::testing
