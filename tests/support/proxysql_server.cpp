#include "support/proxysql_server.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul::testing {
namespace {

std::string environment_or(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::move(otherwise);
}

std::string standin_path() { return environment_or("PROXYSQL_STANDIN", PROXYSQL_STANDIN_PATH); }

std::string name_of(StandinVersion version) {
  const auto* found = std::find_if(version_names.begin(), version_names.end(),
                                   [&](const auto& entry) { return entry.first == version; });
  return std::string(found->second);
}

/// Of the real server. Its monitor is off: what it finds out would change runtime under the tests.
std::string proxysql_config(const AdminOptions& admin, const std::string& socket, bool with_sqlite) {
  const std::string admin_at = admin.host + ':' + std::to_string(admin.port) + (socket.empty() ? "" : ';' + socket);
  return "admin_variables={ admin_credentials=\"admin:admin;radmin:radmin\" mysql_ifaces=\"" + admin_at +
         "\" }\nmysql_variables={ interfaces=\"127.0.0.1:" + std::to_string(free_port()) +
         "\" threads=2 monitor_enabled=false }\n" +
         (with_sqlite ? "sqliteserver_variables={ mysql_ifaces=\"127.0.0.1:" + std::to_string(free_port()) + "\" }\n"
                      : "");
}

}  // namespace

ProxySqlServer::ProxySqlServer(ProxySqlServerOptions options) : options_(std::move(options)) {
  real_ = options_.version >= StandinVersion::v2_7 && options_.version <= StandinVersion::v3_0 &&
          !options_.with_faults && !environment_or("PROXYSQL_BIN", "").empty();
  if (options_.with_socket) socket_ = directory_.file("admin.sock");
  admin_.port = free_port();
  start();
  if (real_ && options_.exact && version() != options_.version) {
    stop();
    real_ = false;
    std::filesystem::remove_all(directory_.file("data"));
    start();
  }
}

ProxySqlServer::~ProxySqlServer() { stop(); }

void ProxySqlServer::start() {
  ProcessOptions options;
  const std::string data = directory_.file("data");
  if (real_) {
    std::filesystem::create_directories(data);
    const std::string config = directory_.file("proxysql.cnf");
    const bool with_sqlite = options_.version == StandinVersion::v2_7_sqlite;
    if (!started_before_) write_file(config, proxysql_config(admin_, socket_, with_sqlite));
    // The version check would ask a server on the net.
    options.argv = {environment_or("PROXYSQL_BIN", ""), "-f", "--no-version-check", "-c", config, "-D", data};
    if (!started_before_) options.argv.emplace_back("--initial");
    if (with_sqlite) options.argv.emplace_back("--sqlite3-server");
  } else {
    options.argv = {standin_path(), "--port",       std::to_string(admin_.port), "--data-dir",
                    data,           "--version-of", name_of(options_.version)};
    if (!socket_.empty()) options.argv.insert(options.argv.end(), {"--socket", socket_});
    if (!options_.consul_script.empty()) {
      options.argv.insert(options.argv.end(), {"--consul-script", options_.consul_script});
    }
  }
  started_before_ = true;
  process_ = std::make_unique<Process>(std::move(options));
  await();
}

StandinVersion ProxySqlServer::version() {
  if (!real_) return options_.version;
  const std::string text(query("SELECT @@version").rows.at(0).at(0).value_or(""));
  return text.starts_with("2.") ? StandinVersion::v2_7 : StandinVersion::v3_0;
}

void ProxySqlServer::await() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (true) {
    try {
      query("SELECT 1");
      return;
    } catch (const Error& error) {
      // The wait for the process is the pause between two tries, and ends early if it does.
      const bool ended = process_->wait_for(std::chrono::milliseconds(10));
      if (ended || std::chrono::steady_clock::now() > until) {
        throw std::runtime_error(std::string("ProxySQL does not answer: ") + error.what() + '\n' + process_->out() +
                                 process_->err());
      }
    }
  }
}

void ProxySqlServer::stop() {
  session_.reset();
  if (!process_) return;
  process_->kill(SIGTERM);
  process_->wait_for(std::chrono::seconds(10));
  process_.reset();
}

QueryResult ProxySqlServer::query(std::string_view sql) {
  if (!session_) session_ = open_admin_session(admin_);
  try {
    return session_->query(sql);
  } catch (const Unavailable&) {
    session_.reset();
    throw;
  }
}

}  // namespace proxysql_consul::testing
