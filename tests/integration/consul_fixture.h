// What the tests with real Consul agents share: a ProxySQL with the program's files beside it, a store and a server
// that come in between, and the blocks of docs/consul.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"
#include "support/proxysql_server.h"

namespace proxysql_consul::testing {

inline const std::string servers_key = "proxysql/mysql_servers";
inline const std::string rules_key = "proxysql/mysql_query_rules";
/// The token that may do everything where acl_config() is in force.
inline const std::string master_token = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
inline const std::string other_uuid = "11111111-2222-4333-8444-555555555555";

/// What only a hang takes; no test judges how quick the machine is.
inline constexpr std::chrono::seconds hang_limit{30};

struct TimedRun {
  int status = -1;
  std::string out;
  std::string err;
  std::chrono::milliseconds took{0};
};

/// Called with each call's name and key before the call is made.
using KvHook = std::function<void(const std::string& call, const std::string& key)>;

/// A ProxySQL with the program's files beside it.
class ConsulNode {
 public:
  explicit ConsulNode(unsigned consul_port, nlohmann::json more = nlohmann::json::object());

  /// Merges JSON over the settings.
  void set(const nlohmann::json& more);

  std::string config() const { return directory.file("proxysql-consul.cnf"); }
  std::string uuid() const;

  Process start(const std::vector<std::string>& words, std::map<std::string, std::string> env = {},
                std::string input = {}) const;
  /// As a process.
  TimedRun run(const std::vector<std::string>& words, std::map<std::string, std::string> env = {},
               std::string input = {}) const;
  /// In this process, so that a test can come in between.
  TimedRun run_here(
      const std::vector<std::string>& words, KvHook before = [](const auto&, const auto&) {},
      const std::string& input = {});

  static std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin);

  void add_server(const std::string& name);
  /// Rules of about 140 bytes each in the document.
  void add_rules(int count);
  /// The one value that a query gives.
  std::string value(const std::string& sql);
  /// The names of the servers at runtime, with a blank between.
  std::string servers();

  TempDir directory;
  ProxySqlServer proxysql;
  nlohmann::json settings;
  std::vector<std::chrono::milliseconds> pauses;
  bool real_pauses = true;
  std::uint64_t runs_here = 0;  ///< seeds the pauses, as each run of the program does
  std::chrono::milliseconds total_timeout{30'000};
};

/// Stands between the program and an agent, and hands requests on unless the test says otherwise.
class Between {
 public:
  /// What becomes of a request: handed on as it is for nothing.
  using Meddle = std::function<std::optional<HttpReply>(const HttpRequest&)>;

  Between(const ConsulAgent& agent, Meddle meddle)
      : server_([port = agent.http_port(), meddle = std::move(meddle)](const HttpRequest& request) {
          auto reply = meddle(request);
          return reply ? *reply : http_request(port, request.method, request.target, request.body);
        }) {}

  unsigned port() const { return server_.port(); }

 private:
  HttpServer server_;
};

/// Whether the request puts that key, alone or in a transaction.
bool is_write_of(const HttpRequest& request, const std::string& key);

/// The version of which `save` said that it wrote it; 0 where it said none.
std::uint64_t saved_version(const TimedRun& ran);

/// A document of mysql_servers with one server.
std::string document_of(const std::string& uuid, const std::string& hostname);

/// An agent's configuration that denies by default: JSON.
std::string acl_config();

/// A token of that agent with a policy of these rules.
std::string make_token(const ConsulAgent& agent, const std::string& rules);

/// A PATH that finds the program and Consul, as on an operator's machine.
std::string search_path();

/// The block of docs/consul.md that has this name after its language. Throws std::runtime_error where there is none.
std::string doc_block(const std::string& name);

/// `text` with `with` for every `what`.
std::string replaced(std::string text, const std::string& what, const std::string& with);

/// Runs a shell script in a directory and expects that it succeeds.
ProcessResult shell(const std::string& script, const std::filesystem::path& directory,
                    std::map<std::string, std::string> env = {});

/// Waits, with Consul's blocking queries, until a node's record says that it has applied that version of mysql_servers.
void await_applied(const ConsulAgent& agent, const std::string& uuid_file, std::uint64_t version);

}  // namespace proxysql_consul::testing
