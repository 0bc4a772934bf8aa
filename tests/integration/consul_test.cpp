// The program against real Consul agents: addresses, rights, TLS, writes, sizes, clusters, watches. What a real one
// does not do on request comes from an HTTP server that misbehaves as told. The blocks of docs/consul.md run here as
// printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/run.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"
#include "support/proxysql_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

const std::string servers_key = "proxysql/mysql_servers";

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
  std::chrono::milliseconds took{0};
};

/// Forwards to a store, calling `before` with each call's name and key first.
class HookedStore : public KvStore {
 public:
  using Hook = std::function<void(const std::string& call, const std::string& key)>;

  HookedStore(std::unique_ptr<KvStore> store, Hook before) : store_(std::move(store)), before_(std::move(before)) {}

  std::optional<KvEntry> get(std::string_view key) override {
    before_("get", std::string(key));
    return store_->get(key);
  }
  std::string recurse(std::string_view prefix) override {
    before_("recurse", std::string(prefix));
    return store_->recurse(prefix);
  }
  std::vector<std::string> keys(std::string_view prefix) override {
    before_("keys", std::string(prefix));
    return store_->keys(prefix);
  }
  bool put(std::string_view key, std::string_view value, std::optional<std::uint64_t> cas) override {
    before_("put", std::string(key));
    return store_->put(key, value, cas);
  }
  KvCommit commit(const std::vector<KvOperation>& operations) override {
    before_("commit", operations.front().key);
    return store_->commit(operations);
  }

 private:
  std::unique_ptr<KvStore> store_;
  Hook before_;
};

/// A ProxySQL with the program's files beside it.
class Node {
 public:
  explicit Node(unsigned consul_port, Json more = Json::object()) {
    settings = {{"uuid_file", directory.file("node.uuid")},
                {"proxysql_admin_port", proxysql.port()},
                {"consul_port", consul_port},
                {"retry_seconds", 20}};
    set(std::move(more));
  }

  void set(const Json& more) {
    settings.merge_patch(more);
    write_file(config(), settings.dump(2));
  }

  std::string config() const { return directory.file("proxysql-consul.cnf"); }
  std::string uuid() const {
    auto text = read_file(directory.file("node.uuid"));
    return text.substr(0, text.find('\n'));
  }

  Process start(const std::vector<std::string>& words, std::map<std::string, std::string> env = {},
                std::string input = {}) const {
    ProcessOptions options;
    options.argv = {PROXYSQL_CONSUL_PATH};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.env = std::move(env);
    options.env["PROXYSQL_CONSUL_CONFIG"] = config();
    options.clean_env = true;
    options.input = std::move(input);
    options.limit = 160s;  // 200,000 rules in a build without optimisation
    return Process(std::move(options));
  }

  /// As a process.
  Ran run(const std::vector<std::string>& words, std::map<std::string, std::string> env = {},
          std::string input = {}) const {
    const auto begin = Clock::now();
    auto result = start(words, std::move(env), std::move(input)).wait();
    return {result.exit_code, result.out, result.err, since(begin)};
  }

  static std::chrono::milliseconds since(Clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }

  /// In this process, so that a test can come in between.
  Ran run_here(
      const std::vector<std::string>& words, HookedStore::Hook before = [](const auto&, const auto&) {},
      const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const Context context{
        .in = in,
        .out = out,
        .err = err,
        .environment = [](const char*) { return std::nullopt; },
        .host = "proxy-here",
        .open_admin = open_admin_session,
        .open_kv =
            [&](ConsulOptions options) {
              options.total_timeout = std::min(options.total_timeout, total_timeout);
              return std::make_unique<HookedStore>(open_kv_store(options), before);
            },
        .now = std::chrono::system_clock::now,
        .pause =
            [&](std::chrono::milliseconds time) {
              pauses.push_back(time);
              if (real_pauses) std::this_thread::sleep_for(time);
            },
        .bound = [](std::chrono::seconds) {},
    };
    auto all = words;
    all.insert(all.begin(), {"--config-file", config()});
    const auto begin = Clock::now();
    const int status = proxysql_consul::run(all, context);
    return {status, out.str(), err.str(), since(begin)};
  }

  void add_server(const std::string& name) {
    proxysql.query("REPLACE INTO mysql_servers (hostgroup_id, hostname, port) VALUES (0, '" + name + "', 3306)");
    proxysql.query("LOAD MYSQL SERVERS TO RUNTIME");
  }

  /// Rules of about 140 bytes each in the document.
  void add_rules(int count) {
    proxysql.query(
        "INSERT INTO mysql_query_rules (rule_id, active, match_digest, destination_hostgroup, apply) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" +
        std::to_string(count) + ") SELECT i, 1, '^SELECT .* FROM t_' || abs(random()), i%10, 1 FROM n");
    proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  }

  /// The one value that a query gives.
  std::string value(const std::string& sql) {
    const auto result = proxysql.query(sql);
    return result.rows.size() == 1 ? result.rows[0][0].value_or("NULL") : std::to_string(result.rows.size()) + " rows";
  }

  std::string servers() {
    std::string names;
    for (const auto& row : proxysql.query("SELECT hostname FROM runtime_mysql_servers ORDER BY hostname").rows) {
      names += (names.empty() ? "" : " ") + row[0].value_or("NULL");
    }
    return names;
  }

  TempDir directory;
  ProxySqlServer proxysql;
  Json settings;
  std::vector<std::chrono::milliseconds> pauses;
  bool real_pauses = true;
  std::chrono::milliseconds total_timeout{30'000};
};

std::uint64_t saved_version(const Ran& ran) {
  std::smatch match;
  return std::regex_search(ran.out, match, std::regex("saved as version ([0-9]+)")) ? std::stoull(match[1]) : 0;
}

std::string document_of(const std::string& uuid, const std::string& hostname) {
  return format_document(
      {.config_name = "mysql_servers",
       .uuid = uuid,
       .tables = {{.name = "mysql_servers",
                   .columns = {"hostgroup_id", "hostname", "port"},
                   .rows = {{"0", hostname, "3306"}}}},
       .blob = {},
       .origin = {
           .host = "proxy-other", .proxysql_version = "2.7.2", .saved_at = "2026-01-02T03:04:05Z", .message = ""}});
}

const std::string other_uuid = "11111111-2222-4333-8444-555555555555";

std::string consul_directory() {
  const char* path = std::getenv("CONSUL_BIN");
  return path == nullptr ? "" : std::filesystem::path(path).parent_path().string();
}

/// A PATH that finds the program and Consul, as on an operator's machine.
std::string search_path() {
  const char* path = std::getenv("PATH");
  return std::filesystem::path(PROXYSQL_CONSUL_PATH).parent_path().string() + ":" + consul_directory() + ":" +
         (path != nullptr ? path : "/usr/bin:/bin");
}

/// The block of docs/consul.md that has this name after its language.
std::string doc_block(const std::string& name) {
  const auto text = read_file(std::filesystem::path(PROJECT_SOURCE_PATH) / "docs/consul.md");
  const std::regex fence("```[a-z]+ " + name + "\n([^`]*\n)```\n");
  std::smatch match;
  if (!std::regex_search(text, match, fence)) throw std::runtime_error("docs/consul.md has no block " + name);
  return match[1];
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Runs a shell script in a directory and expects that it succeeds.
ProcessResult shell(const std::string& script, const std::filesystem::path& directory,
                    std::map<std::string, std::string> env = {}) {
  ProcessOptions options;
  options.argv = {"sh", "-e", "-c", script};
  options.cwd = directory;
  options.env = std::move(env);
  options.env["PATH"] = search_path();
  options.clean_env = true;
  auto result = run_process(std::move(options));
  EXPECT_EQ(result.exit_code, 0) << script << result.out << result.err;
  return result;
}

/// Waits, with Consul's blocking queries, until a node's record says that it has applied that version of mysql_servers.
void await_applied(const ConsulAgent& agent, const std::string& uuid_file, std::uint64_t version) {
  const auto until = Clock::now() + 30s;
  std::uint64_t index = 0;
  std::string last;
  while (Clock::now() < until) {
    const auto reply = http_request(agent.http_port(), "GET",
                                    "/v1/kv/proxysql-meta/node/?recurse&wait=5s&index=" + std::to_string(index));
    const auto entries = reply.status == 200 ? parse_kv_entries(reply.body) : std::vector<KvEntry>();
    auto uuid = read_file(uuid_file);
    uuid = uuid.substr(0, uuid.find('\n'));
    for (const auto& entry : entries) {
      index = std::max(index, entry.modify_index);
      last = entry.value;
      if (uuid.empty() || entry.key != "proxysql-meta/node/" + uuid) continue;
      const auto pointer = Json::json_pointer("/configurations/mysql_servers/version");
      const auto json = Json::parse(entry.value);
      if (json.contains(pointer) && json[pointer].get<std::uint64_t>() >= version) return;
    }
    // Without an entry Consul names no index; any key's change then ends the query.
    if (index == 0) index = 1;
  }
  FAIL() << "not applied: " << last << agent.log();
}

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

// ---------------------------------------------------------------------------------------------------------------------
// Addresses and settings

TEST(Consul, IsReachedByEveryFormOfAddress) {
  const TempDir directory;
  const auto socket = directory.file("consul.sock");
  const bool ipv6 = has_ipv6();
  ConsulAgent agent(
      {.config = Json{{"addresses", {{"http", std::string("127.0.0.1 ") + (ipv6 ? "::1 " : "") + "unix://" + socket}}}}
                     .dump()});
  const auto port = std::to_string(agent.http_port());
  Node node(1);  // where nobody listens
  struct Case {
    std::string address;
    std::string shown;
    bool reached;
  };
  int count = 0;
  for (const auto& [address, shown, reached] : std::vector<Case>{
           {"127.0.0.1:" + port, "http://127.0.0.1:" + port, true},
           {"http://127.0.0.1:" + port, "http://127.0.0.1:" + port, true},
           {"http://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port, true},
           {"localhost:" + port, "http://localhost:" + port, true},
           {"[::1]:" + port, "http://[::1]:" + port, ipv6},
           {"http://[::1]:" + port, "http://[::1]:" + port, ipv6},
           {"unix://" + socket, "unix://" + socket, true},
           {"unix://" + directory.file("none"), "unix://" + directory.file("none"), false},
       }) {
    SCOPED_TRACE(address);
    node.add_server("db" + std::to_string(++count));
    node.set({{"retry_seconds", reached ? 10 : 0}});
    const auto ran = node.run({"save", "mysql_servers"}, {{"CONSUL_HTTP_ADDR", address}});
    EXPECT_EQ(ran.status, reached ? 0 : 5) << ran.err;
    if (reached) {
      EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("\"db" + std::to_string(count) + "\""));
    } else {
      EXPECT_THAT(ran.err, HasSubstr("consul " + shown + ": GET proxysql/freeze: "));
    }
  }
  // The same by settings.
  const std::vector<Json> by_settings = {
      {{"consul_iface", "localhost"}, {"consul_port", port}},
      {{"consul_iface", "::1"}, {"consul_port", agent.http_port()}},
      {{"consul_iface", "127.0.0.1"}, {"consul_port", 1}, {"consul_socket", socket}},
  };
  for (const auto& settings : by_settings) {
    SCOPED_TRACE(settings.dump());
    const bool reached = ipv6 || settings["consul_iface"] != "::1";
    node.set(settings);
    node.set({{"retry_seconds", reached ? 10 : 0}});
    node.add_server("db" + std::to_string(++count));
    const auto ran = node.run({"save", "mysql_servers"});
    EXPECT_EQ(ran.status, reached ? 0 : 5) << ran.err;
    if (!reached) {
      EXPECT_THAT(ran.err, HasSubstr("consul http://[::1]:" + port + ": GET "));
    }
  }
  // An address in the environment goes over the socket of the file.
  node.set({{"retry_seconds", 0}});
  const auto ran = node.run({"pull"}, {{"CONSUL_HTTP_ADDR", "127.0.0.1:1"}});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, HasSubstr("consul http://127.0.0.1:1: "));
}

TEST(Consul, SendsEachSettingWhereConsulExpectsItAndTheEnvironmentsInstead) {
  HttpServer server(HttpServer::Script{{.status = 404}});
  const TempDir directory;
  write_file(directory.file("token"), "token-of-a-file\n");
  write_file(directory.file("token2"), "token-of-another-file\n");
  struct Case {
    Json settings;
    std::map<std::string, std::string> env;
    std::string header;
    std::string value;
    std::string target;  ///< a part of it
  };
  const auto address = "127.0.0.1:" + std::to_string(server.port());
  const std::vector<Case> cases = {
      {{}, {}, "X-Consul-Token", "", "/v1/kv/proxysql/?recurse&consistent"},
      {{}, {}, "Authorization", "", ""},
      {{{"consul_token", "t1"}}, {}, "X-Consul-Token", "t1", ""},
      {{{"consul_token", "t1"}}, {{"CONSUL_HTTP_TOKEN", "t2"}}, "X-Consul-Token", "t2", ""},
      {{{"consul_token_file", directory.file("token")}}, {}, "X-Consul-Token", "token-of-a-file", ""},
      {{{"consul_token", "t1"}, {"consul_token_file", directory.file("token")}},
       {},
       "X-Consul-Token",
       "token-of-a-file",
       ""},
      {{{"consul_token_file", directory.file("token")}}, {{"CONSUL_HTTP_TOKEN", "t2"}}, "X-Consul-Token", "t2", ""},
      {{{"consul_token_file", directory.file("token")}},
       {{"CONSUL_HTTP_TOKEN", "t2"}, {"CONSUL_HTTP_TOKEN_FILE", directory.file("token2")}},
       "X-Consul-Token",
       "token-of-another-file",
       ""},
      {{{"consul_http_auth", "user:pass"}}, {}, "Authorization", "Basic " + to_base64("user:pass"), ""},
      {{{"consul_http_auth", "user:pass"}},
       {{"CONSUL_HTTP_AUTH", "u2:p:2"}},
       "Authorization",
       "Basic " + to_base64("u2:p:2"),
       ""},
      {{{"consul_datacenter", "dc 2"}}, {}, "", "", "consistent&dc=dc%202"},
      {{{"consul_namespace", "ns1"}}, {}, "", "", "&ns=ns1"},
      {{{"consul_namespace", "ns1"}}, {{"CONSUL_NAMESPACE", "ns2"}}, "", "", "&ns=ns2"},
      {{{"consul_partition", "p1"}}, {}, "", "", "&partition=p1"},
      {{{"consul_partition", "p1"}}, {{"CONSUL_PARTITION", "p2"}}, "", "", "&partition=p2"},
      {{{"consul_prefix", "prod/proxysql/"}}, {}, "", "", "/v1/kv/prod/proxysql/?recurse"},
      {{}, {{"CONSUL_HTTP_ADDR", "http://" + address + "/consul/"}}, "", "", "/consul/v1/kv/proxysql/"},
      // No proxy of the environment comes between.
      {{}, {{"http_proxy", "http://127.0.0.1:1"}, {"ALL_PROXY", "http://127.0.0.1:1"}}, "", "", "/v1/kv/"},
  };
  for (const auto& [settings, env, header, value, target] : cases) {
    SCOPED_TRACE(settings.dump() + Json(env).dump());
    Node node(server.port());
    if (!settings.is_null()) node.set(settings);
    const auto before = server.requests().size();
    const auto ran = node.run({"pull"}, env);
    EXPECT_EQ(ran.status, 0) << ran.err;
    const auto requests = server.requests();
    ASSERT_GT(requests.size(), before);
    const auto& request = requests[before];
    EXPECT_THAT(request.target, HasSubstr(target));
    EXPECT_THAT(request.target, Not(HasSubstr("token")));
    if (!header.empty()) {
      EXPECT_EQ(request.header(header), value);
    }
  }
}

TEST(Consul, NeverShowsASecretOfTheWrongType) {
  Node node(1);
  for (const auto* key : {"consul_token", "consul_http_auth", "proxysql_admin_password"}) {
    SCOPED_TRACE(key);
    node.set({{"consul_token", nullptr}, {"consul_http_auth", nullptr}, {"proxysql_admin_password", nullptr}});
    node.set({{key, {"s3cret"}}});
    const auto ran = node.run({"pull"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, HasSubstr(node.config() + ": " + key + ": must be a string, is something else"));
  }
  node.set({{"consul_token", nullptr}, {"consul_http_auth", nullptr}, {"proxysql_admin_password", nullptr}});
  const auto ran = node.run({"pull"}, {{"CONSUL_HTTP_ADDR", "http://user:s3cret@127.0.0.1:8500"}});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("CONSUL_HTTP_ADDR: must hold no user name"), Not(HasSubstr("s3cret"))));
}

TEST(Consul, PullReadsConsistentlyAndStaleWhenAllowed) {
  HttpServer server(HttpServer::Script{{.status = 404}});
  Node node(server.port());
  EXPECT_EQ(node.run({"pull"}).status, 0);
  EXPECT_THAT(server.requests().at(0).target, HasSubstr("?recurse&consistent"));
  const auto before = server.requests().size();
  EXPECT_EQ(node.run({"pull", "--stale"}).status, 0);
  EXPECT_THAT(server.requests().at(before).target, HasSubstr("?recurse&stale"));
}

TEST(Consul, TheAdminConnectionTakesASocketAndAPasswordFile) {
  ConsulAgent agent;
  Node node(agent.http_port());
  ProxySqlServer with_socket({.with_socket = true});
  with_socket.query("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (0, 'by-socket', 3306)");
  with_socket.query("LOAD MYSQL SERVERS TO RUNTIME");
  write_file(node.directory.file("password"), "admin\n");
  node.set({{"proxysql_admin_port", 1},
            {"proxysql_admin_socket", with_socket.socket()},
            {"proxysql_admin_password", "wrong"},
            {"proxysql_admin_password_file", node.directory.file("password")}});
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("by-socket"));

  write_file(node.directory.file("password"), "s3cret-but-wrong\n");
  const auto refused = node.run({"save", "mysql_servers"});
  EXPECT_EQ(refused.status, 4);
  EXPECT_LT(refused.took, 5s) << "a wrong password is not retried";
  EXPECT_THAT(refused.err, AllOf(HasSubstr("proxysql admin@" + with_socket.socket()), Not(HasSubstr("s3cret"))));
}

// ---------------------------------------------------------------------------------------------------------------------
// Rights

const std::string master_token = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

/// An agent that denies by default, with the policies and tokens that docs/consul.md makes.
class ConsulAcl : public ::testing::Test {
 protected:
  ConsulAcl() {
    write_file(directory.file("proxysql-save.hcl"), doc_block("policy-save"));
    write_file(directory.file("proxysql-receive.hcl"), doc_block("policy-receive"));
    shell(doc_block("acl-create"), directory.path(),
          {{"CONSUL_HTTP_ADDR", agent.address()}, {"CONSUL_HTTP_TOKEN", master_token}});
    save_token = token_in("node-a.token");
    receive_token = token_in("node-b.token");
    EXPECT_THAT(save_token, SizeIs(36));
    EXPECT_THAT(receive_token, SizeIs(36));
  }

  std::string token_in(const std::string& name) const {
    auto text = read_file(directory.file(name));
    return text.substr(0, text.find('\n'));
  }

  std::string make_token(const std::string& rules) {
    static int count = 0;
    const auto name = "policy-" + std::to_string(++count);
    http_request(agent.http_port(), "PUT", "/v1/acl/policy", Json{{"Name", name}, {"Rules", rules}}.dump(),
                 master_token);
    const auto reply = http_request(agent.http_port(), "PUT", "/v1/acl/token",
                                    Json{{"Policies", {{{"Name", name}}}}}.dump(), master_token);
    return Json::parse(reply.body).at("SecretID").get<std::string>();
  }

  TempDir directory;
  ConsulAgent agent{{.config = R"({"primary_datacenter": "dc1", "acl": {"enabled": true, "default_policy": "deny",
                                   "tokens": {"master": ")" +
                               master_token + "\"}}}",
                     .token = master_token}};
  std::string save_token;
  std::string receive_token;
};

TEST_F(ConsulAcl, WithoutATokenNothingIsRetriedAndTheMissingRuleIsNamed) {
  Node node(agent.http_port());
  node.add_server("db1");
  const auto saved = node.run({"save", "mysql_servers"});
  EXPECT_EQ(saved.status, 5);
  EXPECT_LT(saved.took, 3s) << "retry_seconds is 20";
  EXPECT_THAT(saved.err, HasSubstr("consul " + agent.address() +
                                   ": GET proxysql/freeze: 403 Permission denied (no token is set; its policy needs "
                                   "key_prefix \"proxysql/\" { policy = \"read\" }, or to save key_prefix "
                                   "\"proxysql/\" { policy = \"write\" })"));
  EXPECT_FALSE(agent.get(servers_key));

  // A recurse read shows what a token may see, which is nothing: no error of Consul's, but one all the same.
  agent.put(servers_key, document_of(other_uuid, "db2"));
  const auto pulled = node.run({"pull"});
  EXPECT_EQ(pulled.status, 5);
  EXPECT_LT(pulled.took, 3s);
  EXPECT_THAT(pulled.err, AllOf(HasSubstr("403"), HasSubstr("no token is set"), HasSubstr("policy = \"read\"")));
  EXPECT_EQ(node.servers(), "db1");
}

TEST_F(ConsulAcl, AReadOnlyTokenIsNamedWithItsSourceAndTheRuleThatItLacks) {
  const auto token = make_token("key_prefix \"proxysql/\" { policy = \"read\" }");
  Node node(agent.http_port());
  node.add_server("db1");
  write_file(directory.file("read-only.token"), token + "\n");
  struct Case {
    Json settings;
    std::map<std::string, std::string> env;
    std::string source;
  };
  for (const auto& [settings, env, source] : std::vector<Case>{
           {{{"consul_token", token}}, {}, "consul_token of " + node.config()},
           {{{"consul_token", "wrong"}}, {{"CONSUL_HTTP_TOKEN", token}}, "CONSUL_HTTP_TOKEN"},
           {{{"consul_token_file", directory.file("read-only.token")}},
            {},
            "file " + directory.file("read-only.token")},
           {{{"consul_token_file", nullptr}},
            {{"CONSUL_HTTP_TOKEN_FILE", directory.file("read-only.token")}},
            "file " + directory.file("read-only.token")},
       }) {
    SCOPED_TRACE(source);
    node.set(settings);
    const auto ran = node.run({"save", "mysql_servers"}, env);
    EXPECT_EQ(ran.status, 5);
    EXPECT_LT(ran.took, 3s) << "retry_seconds is 20";
    EXPECT_THAT(ran.err, AllOf(HasSubstr("ermission denied"), HasSubstr("the token is from " + source +
                                                                        "; its policy needs key_prefix \"proxysql/\" { "
                                                                        "policy = \"write\" }")));
    EXPECT_THAT(ran.err + ran.out, Not(HasSubstr(token)));
  }
  EXPECT_FALSE(agent.get(servers_key));
}

TEST_F(ConsulAcl, AnUnknownTokenIsRefusedAtOnceAndNotShown) {
  Node node(agent.http_port(), {{"consul_token", "99999999-9999-4999-8999-999999999999"}});
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_LT(ran.took, 3s);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("ACL not found"), Not(HasSubstr("99999999"))));
}

TEST_F(ConsulAcl, TheDocumentedPoliciesAreEnoughAndNoMore) {
  Node saver(agent.http_port(), {{"consul_token_file", directory.file("node-a.token")}});
  saver.add_server("db1");
  auto ran = saver.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty());
  saver.add_server("db2");
  ran = saver.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty()) << "history is kept";
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), SizeIs(1));
  saver.add_rules(5000);
  ran = saver.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.keys("proxysql-meta/blob/"), Not(IsEmpty())) << "the test has to be about a blob";

  Node receiver(agent.http_port(), {{"consul_token_file", directory.file("node-b.token")}});
  ran = receiver.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty()) << "the node's record is written";
  EXPECT_EQ(receiver.servers(), "db1 db2");
  EXPECT_EQ(receiver.value("SELECT count(*) FROM runtime_mysql_query_rules"), "5000");
  EXPECT_TRUE(agent.get("proxysql-meta/node/" + receiver.uuid()));
  ran = receiver.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(ran.status, 5) << "who only receives cannot save";

  // update asks Consul for nothing but a blob.
  Node handler(agent.http_port());
  ran = handler.run({"update"}, {}, agent.recurse("proxysql/"));
  EXPECT_EQ(ran.status, 5) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("mysql_query_rules"), HasSubstr("403"), HasSubstr("no token is set")));
  EXPECT_EQ(handler.servers(), "db1 db2");
}

TEST_F(ConsulAcl, APolicyOf2016SavesWithAWarningThatNoHistoryIsKept) {
  const auto token = make_token("key_prefix \"proxysql/\" { policy = \"write\" }");
  Node node(agent.http_port(), {{"consul_token", token}});
  node.add_server("db1");
  auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  node.add_server("db2");
  ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr("no history is kept: key_prefix \"proxysql-meta/\" { policy = \"write\" } is missing"));
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db2"));

  Node receiver(agent.http_port(), {{"consul_token", token}});
  ran = receiver.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("this node's record for the others could not be written"));
  EXPECT_EQ(receiver.servers(), "db1 db2");
}

// ---------------------------------------------------------------------------------------------------------------------
// TLS

/// A CA with certificates for an agent that is called consul.test alone, and for a client; and a CA of somebody else.
class ConsulTls : public ::testing::Test {
 protected:
  ConsulTls() {
    shell(R"(
      for ca in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$ca" \
          -addext basicConstraints=critical,CA:true -keyout $ca.key -out $ca.pem
      done
      make() { # name, CA, extension
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout $1.key -out $1.csr
        printf '%s\n' "$3" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
      }
      make server ca subjectAltName=DNS:consul.test
      make client ca extendedKeyUsage=clientAuth
      make stranger other extendedKeyUsage=clientAuth
      mkdir path && cp ca.pem path && openssl rehash path
      chmod 644 *.key)",
          directory.path());
    https_port = free_port();
    agent = std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = Json{
                                                                 {"ports", {{"https", https_port}}},
                                                                 {"ca_file", directory.file("ca.pem")},
                                                                 {"cert_file", directory.file("server.pem")},
                                                                 {"key_file", directory.file("server.key")},
                                                                 {"verify_incoming_https",
                                                                  true}}.dump()});
  }

  Json good_settings() const {
    return {{"consul_scheme", "https"},
            {"consul_port", https_port},
            {"consul_ca_file", directory.file("ca.pem")},
            {"consul_cert_file", directory.file("client.pem")},
            {"consul_key_file", directory.file("client.key")},
            {"consul_tls_server_name", "consul.test"}};
  }

  TempDir directory;
  unsigned https_port = 0;
  std::unique_ptr<ConsulAgent> agent;
};

TEST_F(ConsulTls, SavesAndPullsWithAClientCertificate) {
  Node a(1, good_settings());
  a.add_server("db1");
  auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  auto by_path = good_settings();
  by_path.erase("consul_ca_file");
  by_path["consul_ca_path"] = directory.file("path");
  Node b(1, by_path);
  ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(b.servers(), "db1");

  // The same by Consul's own variables.
  Node c(1);
  const auto address = "127.0.0.1:" + std::to_string(https_port);
  const std::map<std::string, std::string> env = {{"CONSUL_CACERT", directory.file("ca.pem")},
                                                  {"CONSUL_CLIENT_CERT", directory.file("client.pem")},
                                                  {"CONSUL_CLIENT_KEY", directory.file("client.key")},
                                                  {"CONSUL_TLS_SERVER_NAME", "consul.test"}};
  for (const auto& more : std::vector<std::map<std::string, std::string>>{
           {{"CONSUL_HTTP_ADDR", "https://" + address}},
           {{"CONSUL_HTTP_ADDR", address}, {"CONSUL_HTTP_SSL", "true"}},
           {{"CONSUL_HTTP_ADDR", address},
            {"CONSUL_HTTP_SSL", "1"},
            {"CONSUL_CACERT", ""},
            {"CONSUL_CAPATH", directory.file("path")}},
           {{"CONSUL_HTTP_ADDR", "https://" + address},
            {"CONSUL_CACERT", directory.file("other.pem")},
            {"CONSUL_TLS_SERVER_NAME", ""},
            {"CONSUL_HTTP_SSL_VERIFY", "false"}},
       }) {
    SCOPED_TRACE(Json(more).dump());
    auto all = more;
    all.insert(env.begin(), env.end());
    ran = c.run({"pull", "--force"}, all);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(c.servers(), "db1");
  }
}

TEST_F(ConsulTls, WhatDoesNotVerifyIsRefusedWithoutRetry) {
  struct Case {
    const char* what;
    Json settings;
    int status;
    std::string words;
  };
  const auto https = "consul https://127.0.0.1:" + std::to_string(https_port) + ": GET proxysql/?recurse: ";
  for (const auto& [what, settings, status, words] : std::vector<Case>{
           {"another CA", {{"consul_ca_file", directory.file("other.pem")}}, 5, https + "SSL certificate problem"},
           {"no CA", {{"consul_ca_file", nullptr}}, 5, https + "SSL certificate problem"},
           {"another name", {{"consul_tls_server_name", "other.test"}}, 5, https + "SSL: no alternative certificate"},
           {"no name", {{"consul_tls_server_name", nullptr}}, 5, https + "SSL: no alternative certificate"},
           {"no client certificate", {{"consul_cert_file", nullptr}, {"consul_key_file", nullptr}}, 5, https},
           {"a stranger's certificate",
            {{"consul_cert_file", directory.file("stranger.pem")}, {"consul_key_file", directory.file("stranger.key")}},
            5,
            https},
           {"another's key", {{"consul_key_file", directory.file("stranger.key")}}, 5, https},
           {"no such file",
            {{"consul_ca_file", directory.file("none.pem")}},
            3,
            directory.file("none.pem") + ": no such"},
           {"no certificate in it", {{"consul_ca_file", directory.file("ca.key")}}, 5, https},
       }) {
    SCOPED_TRACE(what);
    auto all = good_settings();
    all.merge_patch(settings);
    Node node(1, all);
    const auto ran = node.run({"pull"});
    EXPECT_EQ(ran.status, status);
    EXPECT_LT(ran.took, 4s) << "retry_seconds is 20";
    EXPECT_THAT(ran.err, HasSubstr(words));
    // A server that refuses the client's certificate hangs up at once, which can overtake its reason; the next try
    // tells.
    if (std::string(what).find("certificate") == std::string::npos) {
      EXPECT_THAT(ran.err, Not(HasSubstr("trying again")));
    } else {
      EXPECT_THAT(ran.err, HasSubstr("certificate"));
      EXPECT_THAT(ran.err, HasSubstr("(check the consul_ settings for TLS)"));
    }
  }
}

TEST(ConsulDocs, TlsBlocksWorkAsPrinted) {
  const TempDir directory;
  shell(doc_block("tls-create"), directory.path());
  const auto here = [&](const std::string& text) { return replaced(text, "/etc/consul.d/tls", directory.path()); };
  auto config = Json::parse(here(doc_block("tls-agent")));
  auto settings = Json::parse(here(doc_block("tls-settings")));
  const auto port = free_port();
  EXPECT_EQ(config["ports"]["https"], settings["consul_port"]);
  config["ports"]["https"] = port;
  settings["consul_port"] = port;
  ConsulAgent agent({.config = config.dump()});
  Node node(1, settings);
  node.add_server("db1");
  auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db1"));
  node.set({{"consul_cert_file", nullptr}, {"consul_key_file", nullptr}});
  ran = node.run({"pull"});
  EXPECT_EQ(ran.status, 5) << "the block says: for those alone who show a certificate";
}

// ---------------------------------------------------------------------------------------------------------------------
// Writes

TEST(ConsulWrites, EqualTablesAreNotPut) {
  ConsulAgent agent;
  Node a(agent.http_port());
  a.add_server("db1");
  auto ran = a.run({"save", "mysql_servers", "--message", "two more"});
  const auto version = agent.modify_index(servers_key);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(saved_version(ran), version);
  EXPECT_EQ(parse_document(*agent.get(servers_key)).origin.message, "two more");

  ran = a.run({"save", "mysql_servers", "--message", "another message is no change"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "mysql_servers: unchanged, Consul holds it as version " + std::to_string(version) + "\n");
  EXPECT_EQ(agent.modify_index(servers_key), version);
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), IsEmpty());

  // From another node as well; --force writes.
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  ran = b.run({"save", "mysql_servers"});
  EXPECT_THAT(ran.out, HasSubstr("unchanged")) << ran.err;
  EXPECT_EQ(agent.modify_index(servers_key), version);
  ran = b.run({"save", "mysql_servers", "--force"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
  EXPECT_GT(agent.modify_index(servers_key), version);
  EXPECT_THAT(ran.out, MatchesRegex("mysql_servers: saved as version [0-9]+, 1 rows, replacing version " +
                                    std::to_string(version) + " of .+ at 20.+Z\n"));
}

TEST(ConsulWrites, IfCurrentRefusesToReplaceWhatThisNodeHasNotSeen) {
  ConsulAgent agent;
  Node a(agent.http_port());
  Node b(agent.http_port());
  a.add_server("a1");
  b.add_server("b1");
  auto ran = a.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 0) << "nothing is there to be replaced: " << ran.err;
  const auto version = agent.modify_index(servers_key);

  ran = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, HasSubstr("Consul holds version " + std::to_string(version) + " of "));
  EXPECT_THAT(ran.err, HasSubstr("which this node has neither saved nor applied (run pull first, or save without "
                                 "--if-current to replace it)"));
  EXPECT_EQ(agent.modify_index(servers_key), version);

  EXPECT_EQ(b.run({"pull"}).status, 0);
  b.add_server("b2");
  ran = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  a.add_server("a2");
  ran = a.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(ran.status, 8) << "b came between";
}

TEST(ConsulWrites, ASaveThatCameBetweenIsReadAndNamed) {
  ConsulAgent agent;
  Node node(agent.http_port());
  node.add_server("mine");
  int commits = 0;
  auto ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key && ++commits == 1) {
      agent.put(servers_key, document_of(other_uuid, "theirs"));
    }
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(commits, 2);
  const auto entries = parse_kv_entries(agent.recurse("proxysql-meta/history/"));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].value, document_of(other_uuid, "theirs"));
  const auto theirs = entries[0].key.substr(entries[0].key.rfind('/') + 1);
  EXPECT_THAT(ran.out, HasSubstr(", replacing version " + theirs + " of proxy-other at 2026-01-02T03:04:05Z"));
  EXPECT_THAT(ran.err, HasSubstr("another save came between; now replacing version " + theirs));
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));

  // With --if-current the one that came between is not replaced.
  node.add_server("mine2");
  commits = 0;
  ran = node.run_here({"save", "mysql_servers", "--if-current"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key && ++commits == 1) {
      agent.put(servers_key, document_of(other_uuid, "theirs again"));
    }
  });
  EXPECT_EQ(ran.status, 8) << ran.err;
  EXPECT_EQ(agent.get(servers_key), document_of(other_uuid, "theirs again"));

  // Contention without end is an error in the end.
  int count = 0;
  ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call == "commit" && key == servers_key) {
      agent.put(servers_key, document_of(other_uuid, "theirs " + std::to_string(++count)));
    }
  });
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(count, 6);
  EXPECT_THAT(ran.err, HasSubstr("other saves came between 6 times in a row (save again when the others are done)"));
}

TEST(ConsulWrites, ManySavesAtOnceLoseNoneOfThemselves) {
  ConsulAgent agent;
  constexpr int count = 12;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < count; ++i) {
    nodes.push_back(std::make_unique<Node>(agent.http_port(), Json{{"history_limit", 1000}}));
    nodes.back()->add_server("db" + std::to_string(i));
  }
  std::vector<std::unique_ptr<Process>> saves;
  for (const auto& node : nodes) {
    ProcessOptions options;
    options.argv = {PROXYSQL_CONSUL_PATH, "save", "mysql_servers"};
    options.env = {{"PROXYSQL_CONSUL_CONFIG", node->config()}};
    options.clean_env = true;
    saves.push_back(std::make_unique<Process>(std::move(options)));
  }
  std::map<std::uint64_t, std::string> saved;  // version to server
  for (int i = 0; i < count; ++i) {
    const auto result = saves[static_cast<std::size_t>(i)]->wait();
    if (result.exit_code == 0) {
      saved[saved_version({0, result.out, result.err})] = "db" + std::to_string(i);
    } else {
      EXPECT_EQ(result.exit_code, 5) << result.err;
      EXPECT_THAT(result.err, HasSubstr("other saves came between 6 times in a row"));
    }
  }
  ASSERT_THAT(saved, SizeIs(Ge(2)));
  const auto hostname_in = [](const std::string& text) {
    return parse_document(text).tables.at(0).rows.at(0).at(1).value_or("NULL");
  };
  std::map<std::uint64_t, std::string> kept;
  for (const auto& entry : parse_kv_entries(agent.recurse("proxysql-meta/history/mysql_servers/"))) {
    kept[std::stoull(entry.key.substr(entry.key.rfind('/') + 1))] = hostname_in(entry.value);
  }
  kept[agent.modify_index(servers_key)] = hostname_in(*agent.get(servers_key));
  EXPECT_EQ(kept, saved);
}

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

bool is_write_of(const HttpRequest& request, const std::string& key) {
  return request.method == "PUT" && (request.target.find("/kv/" + key) != std::string::npos ||
                                     request.body.find("\"" + key + "\"") != std::string::npos);
}

TEST(ConsulWrites, APutWithoutAnAnswerIsReadBack) {
  ConsulAgent agent;
  for (const bool applied : {true, false}) {
    for (const auto& fault : std::vector<HttpReply>{{.close = true},
                                                    {.reset = true},
                                                    {.drip = true},
                                                    {.body = R"({"Results":[)", .cut_after = 3},
                                                    {.status = 500, .body = "rpc error: leadership lost"}}) {
      SCOPED_TRACE(std::string(applied ? "applied" : "not applied") + ", status " + std::to_string(fault.status) +
                   (fault.close ? ", closed" : "") + (fault.reset ? ", reset" : "") + (fault.drip ? ", dripped" : ""));
      agent.remove(servers_key);
      std::atomic<int> puts = 0;
      Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
        if (!is_write_of(request, servers_key) || ++puts > 1) return std::nullopt;
        if (applied) http_request(agent.http_port(), request.method, request.target, request.body);
        return fault;
      });
      Node node(between.port());
      node.total_timeout = 400ms;
      node.add_server("db1");
      const auto ran = node.run_here({"save", "mysql_servers"});
      EXPECT_EQ(ran.status, 0) << ran.err;
      EXPECT_EQ(puts, applied ? 1 : 2);
      EXPECT_NE(saved_version(ran), 0U) << ran.out;
      EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
      EXPECT_THAT(ran.err, HasSubstr("; trying again for up to "));
    }
  }
}

TEST(ConsulWrites, APutWithoutAnAnswerIsNoLicenceToReplaceALaterSave) {
  ConsulAgent agent;
  bool first = true;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (!is_write_of(request, servers_key) || !first) return std::nullopt;
    first = false;
    http_request(agent.http_port(), request.method, request.target, request.body);
    // Another node has seen this save and builds on it before the answer would have come.
    Node other(agent.http_port());
    EXPECT_EQ(other.run({"pull"}).status, 0);
    other.add_server("later");
    EXPECT_EQ(other.run({"save", "mysql_servers"}).status, 0);
    return HttpReply{.close = true};
  });
  Node node(between.port());
  node.add_server("db1");
  const auto ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("\"later\"")) << "it had been written, and then replaced";
  const auto history = agent.keys("proxysql-meta/history/mysql_servers/");
  ASSERT_THAT(history, SizeIs(1));
  EXPECT_EQ(history[0], "proxysql-meta/history/mysql_servers/" + std::to_string(saved_version(ran)));
}

TEST(ConsulWrites, AWriteThatConsulCannotTakeNowIsTriedUntilRetrySeconds) {
  ConsulAgent agent;
  std::atomic<int> puts = 0;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (!is_write_of(request, servers_key)) return std::nullopt;
    ++puts;
    if (puts <= 4) return HttpReply{.status = 429, .body = "rate limit exceeded"};
    if (puts <= 8) return HttpReply{.status = 500, .body = "No cluster leader"};
    return std::nullopt;
  });
  Node node(between.port());
  node.real_pauses = false;
  node.add_server("db1");
  auto ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(puts, 9);
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));

  puts = -1'000'000;
  node.real_pauses = true;
  node.set({{"retry_seconds", 1}});
  node.add_server("db2");
  ran = node.run_here({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(4s)));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("429 rate limit exceeded"), Not(HasSubstr("other saves"))));
}

// ---------------------------------------------------------------------------------------------------------------------
// Faults

std::unique_ptr<KvStore> store_at(unsigned port, std::chrono::milliseconds limit = 5s) {
  ConsulOptions options;
  options.port = port;
  options.connect_timeout = limit;
  options.total_timeout = limit;
  return open_kv_store(options);
}

enum class Expected { unavailable, refused, too_large, denied, absent };

Expected outcome_of(KvStore& store, const std::string& call, std::string& message) {
  try {
    if (call == "get" && !store.get("proxysql/x")) return Expected::absent;
    if (call == "recurse" && store.recurse("proxysql/") == "null") return Expected::absent;
    if (call == "keys" && store.keys("proxysql/").empty()) return Expected::absent;
    if (call == "put") store.put("proxysql/x", "v", 0);
    if (call == "commit") store.commit({{.verb = KvOperation::Verb::cas, .key = "proxysql/x", .value = "v"}});
  } catch (const Unavailable& error) {
    message = error.what();
    return Expected::unavailable;
  } catch (const TooLarge& error) {
    message = error.what();
    return Expected::too_large;
  } catch (const Denied& error) {
    message = error.what();
    return Expected::denied;
  } catch (const Error& error) {
    message = error.what();
    EXPECT_EQ(error.code(), ExitCode::consul);
    return Expected::refused;
  }
  ADD_FAILURE() << call << " succeeded";
  return Expected::absent;
}

TEST(ConsulFaults, EachAnswerIsWhatItIsForEveryCall) {
  const std::string entry =
      R"([{"LockIndex":0,"Key":"proxysql/x","Flags":0,"Value":"djE=","CreateIndex":1,"ModifyIndex":1}])";
  const std::vector<std::string> all = {"get", "recurse", "keys", "put", "commit"};
  const std::vector<std::string> reads = {"get", "recurse", "keys"};
  const std::vector<std::string> writes = {"put", "commit"};
  struct Case {
    const char* what;
    HttpReply reply;
    std::vector<std::string> calls;
    Expected expected;
    std::string words;
  };
  for (const auto& [what, reply, calls, expected, words] : std::vector<Case>{
           {"absent", {.status = 404}, reads, Expected::absent, ""},
           {"absent makes no sense", {.status = 404}, writes, Expected::refused, ": 404 "},
           {"no leader",
            {.status = 500, .body = "No cluster leader"},
            all,
            Expected::unavailable,
            "500 No cluster leader"},
           {"rate", {.status = 429, .body = "Too Many\nRequests"}, all, Expected::unavailable, "429 Too Many Requests"},
           {"gateway", {.status = 502}, all, Expected::unavailable, ": 502 "},
           {"unavailable", {.status = 503}, all, Expected::unavailable, ": 503 "},
           {"gateway time-out", {.status = 504}, all, Expected::unavailable, ": 504 "},
           {"denied", {.status = 403, .body = "Permission denied"}, all, Expected::denied, "403 Permission denied"},
           {"unauthorised", {.status = 401}, all, Expected::denied, ": 401 "},
           {"bad request", {.status = 400, .body = "Bad"}, all, Expected::refused, "400 Bad"},
           {"elsewhere", {.status = 301, .body = "Moved"}, all, Expected::refused, "301 Moved"},
           {"no content", {.status = 204}, all, Expected::refused, ": 204"},
           {"too large", {.status = 413, .body = "no"}, all, Expected::too_large, "413 no"},
           {"close", {.close = true}, all, Expected::unavailable, ""},
           {"reset", {.reset = true}, all, Expected::unavailable, ""},
           {"cut", {.body = entry, .cut_after = 20}, all, Expected::unavailable, ""},
           {"cut at once", {.body = entry, .cut_after = 0}, all, Expected::unavailable, ""},
           {"no JSON", {.body = "<html>proxy error</html>"}, all, Expected::refused, "the answer is n"},
           {"half JSON", {.body = entry.substr(0, 40)}, all, Expected::refused, "the answer is n"},
           {"empty", {.body = ""}, all, Expected::refused, "the answer is n"},
           {"number", {.body = "12"}, all, Expected::refused, "the answer is n"},
           {"other objects", {.body = R"([{"a":1}])"}, all, Expected::refused, "the answer is n"},
           {"deep", {.body = std::string(100'000, '[')}, all, Expected::refused, "the answer is n"},
       }) {
    for (const auto& call : calls) {
      SCOPED_TRACE(std::string(what) + ", " + call);
      HttpServer server(HttpServer::Script{reply});
      const auto store = store_at(server.port());
      std::string message;
      EXPECT_EQ(outcome_of(*store, call, message), expected) << message;
      EXPECT_THAT(message, HasSubstr(words));
      if (expected != Expected::absent) {
        EXPECT_THAT(message, StartsWith("consul http://127.0.0.1:" + std::to_string(server.port()) + ": "));
      }
      EXPECT_LT(message.size(), 500U) << "brief, whatever the answer is";
    }
  }
}

TEST(ConsulFaults, ABodyWithoutEndIsEndedByTheLimitOnSize) {
  HttpServer server(HttpServer::Script{{.body = "[", .endless_bytes = std::size_t{400} << 20U}});
  std::string message;
  EXPECT_EQ(outcome_of(*store_at(server.port(), 60s), "recurse", message), Expected::refused);
  EXPECT_THAT(message, HasSubstr("GET proxysql/?recurse: the answer is larger than 268435456 bytes"));
}

TEST(ConsulFaults, ASlowBodyIsEndedByTheTimeOut) {
  HttpServer server(HttpServer::Script{{.drip = true}});
  std::string message;
  for (const auto* call : {"get", "recurse", "keys", "put", "commit"}) {
    SCOPED_TRACE(call);
    const auto begin = Clock::now();
    EXPECT_EQ(outcome_of(*store_at(server.port(), 200ms), call, message), Expected::unavailable);
    EXPECT_THAT(Node::since(begin), AllOf(Ge(190ms), Le(2s)));
    EXPECT_THAT(message, HasSubstr("timed out"));
  }
}

TEST(ConsulFaults, WhoDoesNotAnswerAtAllIsUnavailable) {
  std::string message;
  EXPECT_EQ(outcome_of(*store_at(free_port()), "get", message), Expected::unavailable);

  // A listener whose queue is full lets nobody in.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, generic, &size), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(fillers.back(), generic, size));
  }
  const auto begin = Clock::now();
  EXPECT_EQ(outcome_of(*store_at(ntohs(address.sin_port), 300ms), "get", message), Expected::unavailable);
  EXPECT_LT(Node::since(begin), 3s);
  for (const int filler : fillers) ::close(filler);
  ::close(listener);

  ConsulOptions options;
  options.host = "no-such-host.invalid";
  options.connect_timeout = 2s;
  EXPECT_EQ(outcome_of(*open_kv_store(options), "get", message), Expected::unavailable);
  EXPECT_THAT(message, StartsWith("consul http://no-such-host.invalid:8500: GET proxysql/x: "));
}

TEST(ConsulFaults, TryingAgainWaitsLongerAndLongerAndNeverTheSame) {
  HttpServer server(HttpServer::Script{{.status = 500, .body = "No cluster leader"},
                                       {.status = 429},
                                       {.close = true},
                                       {.reset = true},
                                       {.body = "[{", .cut_after = 1},
                                       {.status = 503},
                                       {.drip = true},
                                       {.body = "[]"}});
  Node node(server.port());
  node.total_timeout = 300ms;
  node.real_pauses = false;
  const auto ran = node.run_here({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  ASSERT_THAT(node.pauses, SizeIs(7));
  auto most = 50ms;
  for (const auto pause : node.pauses) {
    EXPECT_THAT(pause, AllOf(Ge(most / 2), Le(most)));
    most = std::min<std::chrono::milliseconds>(most * 2, 2s);
  }
  EXPECT_THAT(ran.err, HasSubstr("500 No cluster leader; trying again for up to 20 s"));
  std::set<std::chrono::milliseconds> last_ones;
  for (int i = 0; i < 4; ++i) {
    HttpServer again(
        HttpServer::Script{{.status = 500}, {.status = 500}, {.status = 500}, {.status = 500}, {.body = "[]"}});
    node.set({{"consul_port", again.port()}});
    node.pauses.clear();
    EXPECT_EQ(node.run_here({"pull"}).status, 0);
    last_ones.insert(node.pauses.at(3));
  }
  EXPECT_THAT(last_ones, SizeIs(Ge(2))) << "jitter";
}

TEST(ConsulFaults, TryingAgainEndsWithRetrySeconds) {
  HttpServer server(HttpServer::Script{{.status = 500, .body = "No cluster leader"}});
  Node node(server.port(), {{"retry_seconds", 1}});
  const std::vector<std::vector<std::string>> commands = {{"pull"}, {"save", "mysql_servers"}};
  for (const auto& words : commands) {
    SCOPED_TRACE(words[0]);
    const auto ran = node.run(words);
    EXPECT_EQ(ran.status, 5);
    EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(4s)));
    EXPECT_THAT(ran.err, HasSubstr("500 No cluster leader"));
  }
  node.set({{"consul_port", 1}});
  const auto ran = node.run({"pull"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(4s)));
  EXPECT_THAT(ran.err, HasSubstr("(is the Consul agent running, and are consul_iface and consul_port right?)"));
}

TEST(ConsulFaults, AnAgentThatComesUpLaterIsWaitedFor) {
  ConsulAgent agent({.dev = false});
  agent.put(servers_key, document_of(other_uuid, "db1"));
  agent.stop();
  Node node(agent.http_port());
  auto pull = node.start({"pull"});
  agent.start();
  const auto result = pull.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(node.servers(), "db1");
}

TEST(ConsulFaults, ADeniedReadIsNotRetried) {
  HttpServer server(HttpServer::Script{{.status = 403, .body = "Permission denied"}});
  Node node(server.port());
  EXPECT_EQ(node.run_here({"pull"}).status, 5);
  EXPECT_EQ(node.run_here({"save", "mysql_servers"}).status, 5);
  EXPECT_THAT(server.requests(), SizeIs(2));
  EXPECT_THAT(node.pauses, IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------------------
// Sizes

const std::string rules_key = "proxysql/mysql_query_rules";

TEST(ConsulSize, TwoHundredThousandRulesTravel) {
#ifdef __SANITIZE_ADDRESS__
  constexpr int count = 20'000;  // under the sanitizers it takes as long as ten times as many without
#else
  constexpr int count = 200'000;
#endif
  ConsulAgent agent;
  Node a(agent.http_port());
  Node b(agent.http_port());
  a.add_rules(count);
  auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(std::to_string(count) + " rows"));
  ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
#ifdef __OPTIMIZE__
  EXPECT_LT(ran.took, 30s);
#endif
  for (const auto* table : {"mysql_query_rules", "runtime_mysql_query_rules"}) {
    const auto sums =
        "SELECT count(*) || ' ' || sum(rule_id * destination_hostgroup) || ' ' || max(match_digest) FROM " +
        std::string(table);
    EXPECT_EQ(b.value(sums), a.value(sums));
  }
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), std::to_string(count));

  const auto document = parse_document(*agent.get(rules_key));
  ASSERT_TRUE(document.blob);
  EXPECT_THAT(agent.keys("proxysql-meta/blob/" + document.blob->sha256 + "/"), SizeIs(document.blob->parts));
}

/// Two nodes and an agent that takes 8 KiB at most, so that three thousand rules are a blob of several parts.
class ConsulBlob : public ::testing::Test {
 protected:
  ConsulBlob() {
    a.add_rules(3000);
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    document = parse_document(agent.get(rules_key).value_or("{}"));
    EXPECT_TRUE(document.blob);
    if (document.blob) {
      EXPECT_GT(document.blob->parts, 2U);
    }
  }

  std::string part(std::size_t number) const {
    return "proxysql-meta/blob/" + document.blob->sha256 + "/" + std::to_string(number);
  }

  std::set<std::string> blobs() {
    std::set<std::string> found;
    for (const auto& key : agent.keys("proxysql-meta/blob/")) found.insert(key.substr(19, 64));
    return found;
  }

  /// Expects that another node refuses what is in Consul, with those words, and is left as it was; and that others are
  /// not hindered.
  void expect_unusable(const std::string& words) {
    Node b(agent.http_port());
    b.proxysql.query("INSERT INTO mysql_query_rules (rule_id, active) VALUES (7, 1)");
    b.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    agent.put(servers_key, document_of(other_uuid, "db1"));
    const auto ran = b.run({"pull"});
    EXPECT_EQ(ran.status, 6);
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_EQ(b.value("SELECT group_concat(rule_id) FROM mysql_query_rules"), "7");
    EXPECT_EQ(b.value("SELECT group_concat(rule_id) FROM runtime_mysql_query_rules"), "7");
    EXPECT_EQ(b.servers(), "db1");
  }

  void expect_repaired_by_the_next_save() {
    auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    Node b(agent.http_port());
    ran = b.run({"pull"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
  }

  ConsulAgent agent{{.config = R"({"limits": {"kv_max_value_size": 8192}})"}};
  Node a{agent.http_port()};
  Document document;
};

TEST_F(ConsulBlob, ALowerLimitOfTheServerIsFoundOutAndNoMore) {
  EXPECT_EQ(agent.get(part(0)).value_or("").size(), 8192U) << "as much as the server takes";
  const auto version = agent.modify_index(rules_key);
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_THAT(ran.out, HasSubstr("unchanged")) << ran.err;
  EXPECT_EQ(agent.modify_index(rules_key), version);
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr("unchanged"));
}

TEST_F(ConsulBlob, AMissingPartIsRefusedAndTheNextSaveRepairsIt) {
  agent.remove(part(1));
  expect_unusable("blob " + document.blob->sha256.substr(0, 12) + ": part 1 of " +
                  std::to_string(document.blob->parts) + " is missing");
  expect_repaired_by_the_next_save();
}

TEST_F(ConsulBlob, ATruncatedPartIsRefusedAndTheNextSaveRepairsIt) {
  agent.put(part(1), agent.get(part(1))->substr(1));
  expect_unusable("its parts do not have the SHA-256 that the document names");
  expect_repaired_by_the_next_save();
}

TEST_F(ConsulBlob, SwappedPartsAreRefusedAndTheNextSaveRepairsThem) {
  const auto first = *agent.get(part(0));
  agent.put(part(0), *agent.get(part(1)));
  agent.put(part(1), first);
  expect_unusable("its parts do not have the SHA-256 that the document names");
  expect_repaired_by_the_next_save();
}

TEST_F(ConsulBlob, ABombIsRefusedBeforeItExpands) {
  // 300 MB of zeros that say they are a thousand bytes, and the same that say they are 1 GiB.
  const auto bomb = gzip(std::string(std::size_t{300} << 20U, '0'));
  auto lie = document;
  lie.tables.clear();
  lie.blob = Blob{.sha256 = sha256_hex(bomb), .bytes = 1000, .parts = 0};
  for (std::size_t at = 0; at < bomb.size(); at += 8000) {
    agent.put("proxysql-meta/blob/" + lie.blob->sha256 + "/" + std::to_string(lie.blob->parts++),
              bomb.substr(at, 8000));
  }
  lie.uuid = other_uuid;
  agent.put(rules_key, format_document(lie));
  expect_unusable("it does not expand to the 1000 bytes that the document names");
  lie.blob->bytes = std::size_t{1} << 30U;
  agent.put(rules_key, format_document(lie));
  expect_unusable("its blob expands to 1073741824 bytes, more than the limit of 536870912");
  lie.blob->bytes = 1000;
  lie.blob->parts = 1'000'000;
  agent.put(rules_key, format_document(lie));
  expect_unusable("\"parts\" of the blob is out of range");
}

TEST_F(ConsulBlob, PartsAreWrittenBeforeTheDocument) {
  a.add_server("db1");
  a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = 42");
  a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto before = agent.modify_index(rules_key);
  bool committed = false;
  const auto ran = a.run_here({"save", "mysql_query_rules"}, [&](const std::string& call, const std::string& key) {
    if (call == "put" && key.starts_with("proxysql-meta/blob/")) {
      EXPECT_FALSE(committed);
    }
    if (call == "commit" && key == rules_key) {
      committed = true;
      EXPECT_EQ(agent.modify_index(rules_key), before);
      EXPECT_THAT(blobs(), SizeIs(2));
    }
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(committed);
}

TEST_F(ConsulBlob, IsCollectedWhenNeitherDocumentNorHistoryRefersToIt) {
  a.set({{"history_limit", 1}});
  const auto save_with = [&](int hostgroup) {
    a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = " + std::to_string(hostgroup));
    a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    return parse_document(*agent.get(rules_key)).blob->sha256;
  };
  const auto first = document.blob->sha256;
  const auto second = save_with(1);
  EXPECT_EQ(blobs(), (std::set{first, second})) << "the history refers to the first";
  const auto third = save_with(2);
  EXPECT_EQ(blobs(), (std::set{second, third}));
  EXPECT_THAT(agent.keys("proxysql-meta/history/mysql_query_rules/"), SizeIs(1));
  // Small again, and then the last blob goes out of the history too.
  for (const auto* rule : {"1", "2"}) {
    a.proxysql.query("DELETE FROM mysql_query_rules WHERE rule_id > 1");
    a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = " + std::string(rule));
    a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  }
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(ConsulBlob, CollectedWhileASaveUsesItIsWrittenAgain) {
  // A save finds its parts in Consul and refers to them; before it does, another's collector takes them away.
  const auto first = document.blob->sha256;
  bool once = false;
  const auto ran =
      a.run_here({"save", "mysql_query_rules", "--force"}, [&](const std::string& call, const std::string& key) {
        if (call != "commit" || key != rules_key || once) return;
        once = true;
        for (const auto& gone : agent.keys("proxysql-meta/blob/")) agent.remove(gone);
      });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(blobs(), std::set{first});
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
}

TEST(ConsulSize, ALimitThatTheAnswerDoesNotNameIsFoundOutToo) {
  ConsulAgent agent;
  std::atomic<std::size_t> largest = 0;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.body.size() > 20'000) return HttpReply{.status = 413, .body = "<html>Request Entity Too Large</html>"};
    largest = std::max<std::size_t>(largest, request.body.size());
    return std::nullopt;
  });
  Node a(between.port());
  a.add_rules(3000);
  auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_GT(largest, 8'000U) << "no smaller than need be";
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "3000");
}

TEST(ConsulSize, ALimitThatWasLoweredSinceDoesNotKeepALargeVersionFromBeingReplaced) {
  ConsulAgent agent;
  std::atomic<std::size_t> limit = 1 << 20;
  Between between(agent, [&](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.body.size() <= limit) return std::nullopt;
    return HttpReply{.status = 413,
                     .body = "Request body(" + std::to_string(request.body.size()) +
                             " bytes) too large, max size: " + std::to_string(limit) + " bytes. See ..."};
  });
  Node a(between.port());
  a.add_rules(1000);
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_FALSE(parse_document(*agent.get(rules_key)).blob) << "the test has to begin with a large document";
  limit = 16 * 1024;
  a.proxysql.query("UPDATE mysql_query_rules SET destination_hostgroup = 42");
  a.proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no history is kept"));
  Node b(agent.http_port());
  EXPECT_EQ(b.run({"pull"}).status, 0);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules WHERE destination_hostgroup = 42"), "1000");
}

TEST(ConsulSize, AServerThatTakesNothingIsAnErrorAndNotALoop) {
  HttpServer server([](const HttpRequest& request) {
    return HttpReply{.status = request.method == "PUT" ? 413 : 404, .body = "too large, max size: 0 bytes"};
  });
  Node node(server.port());
  node.add_server("db1");
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_LT(ran.took, 5s);
  EXPECT_THAT(ran.err, HasSubstr("(raise limits.kv_max_value_size of the Consul servers)"));
}

// ---------------------------------------------------------------------------------------------------------------------
// A cluster

/// Three servers on distinct ports, and the leader's number.
class ConsulCluster : public ::testing::Test {
 protected:
  ConsulCluster() {
    std::vector<unsigned> serf;
    for (int i = 0; i < 3; ++i) serf.push_back(free_port());
    std::vector<std::future<std::unique_ptr<ConsulAgent>>> starting;
    Json join = Json::array();
    for (const auto port : serf) join.push_back("127.0.0.1:" + std::to_string(port));
    for (const auto port : serf) {
      const Json config = {
          {"bootstrap_expect", 3}, {"retry_join", join}, {"retry_interval", "200ms"}, {"ports", {{"serf_lan", port}}}};
      starting.push_back(std::async(std::launch::async, [text = config.dump()] {
        return std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = text, .dev = false});
      }));
    }
    for (auto& one : starting) servers.push_back(one.get());
  }

  std::size_t leader() const {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const auto self = Json::parse(http_request(servers[i]->http_port(), "GET", "/v1/agent/self").body);
      if (self["Stats"]["consul"]["leader"] == "true") return i;
    }
    throw std::runtime_error("no leader");
  }

  std::vector<std::unique_ptr<ConsulAgent>> servers;
};

TEST_F(ConsulCluster, ALeaderThatDiesDuringASaveDelaysItAlone) {
  const auto dying = leader();
  auto& agent = *servers[(dying + 1) % 3];
  Node node(agent.http_port());
  node.add_server("db1");
  bool ended = false;
  const auto ran = node.run_here({"save", "mysql_servers"}, [&](const std::string& call, const std::string& key) {
    if (call != "commit" || key != servers_key || ended) return;
    ended = true;
    servers[dying]->stop();
  });
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(ended);
  EXPECT_EQ(saved_version(ran), agent.modify_index(servers_key));
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db1"));
  EXPECT_THAT(agent.keys("proxysql-meta/history/"), IsEmpty()) << "saved once";
}

TEST_F(ConsulCluster, ALeaderThatDiesDuringAnUpdateDelaysItAlone) {
  const auto dying = leader();
  auto& agent = *servers[(dying + 1) % 3];
  Node a(agent.http_port());
  a.add_rules(5000);
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_TRUE(parse_document(*agent.get(rules_key)).blob);
  Node b(agent.http_port());
  bool ended = false;
  const auto ran = b.run_here(
      {"update"},
      [&](const std::string& call, const std::string& key) {
        if (call != "get" || !key.starts_with("proxysql-meta/blob/") || ended) return;
        ended = true;
        servers[dying]->stop();
      },
      agent.recurse("proxysql/"));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(ended);
  EXPECT_EQ(b.value("SELECT count(*) FROM runtime_mysql_query_rules"), "5000");
}

// ---------------------------------------------------------------------------------------------------------------------
// Watches, and the other blocks of docs/consul.md

class ConsulWatch : public ::testing::Test {
 protected:
  /// Runs an agent with a watch of the document, in an environment where the program finds the receiving node's
  /// settings, and expects that two saves in turn arrive.
  void expect_to_arrive(const std::string& block) {
    ConsulAgent agent({.config = doc_block(block), .env = environment()});
    receiver.set({{"consul_port", agent.http_port()}});
    Node sender(agent.http_port());
    for (const std::string name : {"db1", "db2"}) {
      sender.add_server(name);
      const auto ran = sender.run({"save", "mysql_servers"});
      ASSERT_EQ(ran.status, 0) << ran.err;
      await_applied(agent, receiver.directory.file("node.uuid"), saved_version(ran));
      EXPECT_EQ(receiver.servers(), sender.servers());
    }
  }

  std::map<std::string, std::string> environment() const {
    return {{"PATH", search_path()}, {"PROXYSQL_CONSUL_CONFIG", receiver.config()}};
  }

  Node receiver{1};
};

TEST_F(ConsulWatch, RunsArgsAsDocumented) { expect_to_arrive("watch-args"); }
TEST_F(ConsulWatch, RunsAHandlerAsDocumented) { expect_to_arrive("watch-handler"); }
TEST_F(ConsulWatch, OfOneKeyRunsAsDocumented) { expect_to_arrive("watch-key"); }

TEST_F(ConsulWatch, RunsOnTheCommandLineAsDocumented) {
  ConsulAgent agent;
  receiver.set({{"consul_port", agent.http_port()}});
  Node sender(agent.http_port());
  sender.add_server("db1");
  ASSERT_EQ(sender.run({"save", "mysql_servers"}).status, 0);
  auto env = environment();
  env["CONSUL_HTTP_ADDR"] = agent.address();
  // exec, so that the watch is the process that ends with the test.
  ProcessOptions options;
  options.argv = {"sh", "-c", "exec " + doc_block("consul-watch")};
  options.env = env;
  options.clean_env = true;
  Process watch(std::move(options));
  await_applied(agent, receiver.directory.file("node.uuid"), agent.modify_index(servers_key));
  sender.add_server("db2");
  const auto ran = sender.run({"save", "mysql_servers"});
  await_applied(agent, receiver.directory.file("node.uuid"), saved_version(ran));
  EXPECT_EQ(receiver.servers(), "db1 db2");
  EXPECT_FALSE(watch.wait_for(0ms)) << watch.err();
}

TEST_F(ConsulWatch, CurlInItsPlaceRunsAsDocumented) {
  ConsulAgent agent;
  receiver.set({{"consul_port", agent.http_port()}});
  Node sender(agent.http_port());
  sender.add_server("db1");
  ASSERT_EQ(sender.run({"save", "mysql_servers"}).status, 0);
  const TempDir directory;
  auto env = environment();
  env["CONSUL_HTTP_ADDR"] = "127.0.0.1:" + std::to_string(agent.http_port());
  const auto result = shell(doc_block("curl-update"), directory.path(), env);
  EXPECT_THAT(result.out, HasSubstr("applied"));
  EXPECT_EQ(receiver.servers(), "db1");
}

TEST(ConsulDocs, EveryBlockIsRunByATest) {
  const auto text = read_file(std::filesystem::path(PROJECT_SOURCE_PATH) / "docs/consul.md");
  const std::regex fence("```([a-z]+) ([a-z-]+)\n");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), fence), end; at != end; ++at) names.insert((*at)[2]);
  std::size_t fences = 0;
  for (auto at = text.find("\n```"); at != std::string::npos; at = text.find("\n```", at + 1)) ++fences;
  EXPECT_EQ(names, (std::set<std::string>{"policy-save", "policy-receive", "acl-create", "watch-args", "watch-handler",
                                          "watch-key", "consul-watch", "curl-update", "tls-create", "tls-agent",
                                          "tls-settings"}));
  EXPECT_EQ(fences, 2 * names.size()) << "a block without a name is not run";
}

}  // namespace
}  // namespace proxysql_consul::testing
