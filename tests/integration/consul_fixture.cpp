#include "integration/consul_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <stdexcept>

#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/document.h"
#include "support/program_world.h"

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Forwards to a store, calling `before` with each call's name and key first.
class HookedStore : public KvStore {
 public:
  HookedStore(std::unique_ptr<KvStore> store, KvHook before) : store_(std::move(store)), before_(std::move(before)) {}

  std::optional<KvEntry> get(std::string_view key) override {
    before_("get", std::string(key));
    return store_->get(key);
  }
  KvListing list(std::string_view prefix) override {
    before_("list", std::string(prefix));
    return store_->list(prefix);
  }
  std::optional<KvListing> wait(std::string_view prefix, std::uint64_t index, std::chrono::seconds limit,
                                const Meanwhile& meanwhile) override {
    before_("wait", std::string(prefix));
    return store_->wait(prefix, index, limit, meanwhile);
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
  KvHook before_;
};

/// The machine's time, with pauses that the node keeps and, where it says so, passes over.
class PausingClock : public SystemClock {
 public:
  explicit PausingClock(ConsulNode& node) : node_(node) {}
  void pause(std::chrono::milliseconds time) override {
    node_.pauses.push_back(time);
    if (node_.real_pauses) SystemClock::pause(time);
  }

 private:
  ConsulNode& node_;
};

std::string consul_directory() {
  const char* path = std::getenv("CONSUL_BIN");
  return path == nullptr ? "" : std::filesystem::path(path).parent_path().string();
}

}  // namespace

ConsulNode::ConsulNode(unsigned consul_port, Json more) {
  settings = {{"uuid_file", directory.file("node.uuid")},
              {"proxysql_admin_port", proxysql.port()},
              {"consul_port", consul_port},
              {"retry_seconds", 20}};
  set(std::move(more));
}

void ConsulNode::set(const Json& more) {
  settings.merge_patch(more);
  write_file(config(), settings.dump(2));
}

std::string ConsulNode::uuid() const {
  auto text = read_file(directory.file("node.uuid"));
  return text.substr(0, text.find('\n'));
}

Process ConsulNode::start(const std::vector<std::string>& words, std::map<std::string, std::string> env,
                          std::string input) const {
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

TimedRun ConsulNode::run(const std::vector<std::string>& words, std::map<std::string, std::string> env,
                         std::string input) const {
  const auto begin = SteadyClock::now();
  auto result = start(words, std::move(env), std::move(input)).wait();
  return {result.exit_code, result.out, result.err, since(begin)};
}

TimedRun ConsulNode::run_here(const std::vector<std::string>& words, KvHook before, const std::string& input) {
  PausingClock clock(*this);
  ProgramWorld world(clock, input);
  world.host = "proxy-here";
  world.seed = ++runs_here;
  world.open_admin = open_admin_session;
  world.open_kv = [&](ConsulOptions options, spdlog::logger& log) {
    options.total_timeout = std::min(options.total_timeout, total_timeout);
    return std::make_unique<HookedStore>(open_kv_store(options, log), before);
  };
  world.open_agents = open_consul_agents;
  world.bound = [](std::chrono::seconds) {};
  auto all = words;
  all.insert(all.begin(), {"--config-file", config()});
  const auto begin = SteadyClock::now();
  const int status = world.run(all);
  return {status, world.out.str(), world.err.str(), since(begin)};
}

std::chrono::milliseconds ConsulNode::since(SteadyClock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin);
}

void ConsulNode::add_server(const std::string& name) {
  proxysql.query("REPLACE INTO mysql_servers (hostgroup_id, hostname, port) VALUES (0, '" + name + "', 3306)");
  proxysql.query("LOAD MYSQL SERVERS TO RUNTIME");
}

void ConsulNode::add_rules(int count) {
  proxysql.query(
      "INSERT INTO mysql_query_rules (rule_id, active, match_digest, destination_hostgroup, apply) "
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" +
      std::to_string(count) + ") SELECT i, 1, '^SELECT .* FROM t_' || abs(random()), i%10, 1 FROM n");
  proxysql.query("LOAD MYSQL QUERY RULES TO RUNTIME");
}

std::string ConsulNode::value(const std::string& sql) {
  const auto result = proxysql.query(sql);
  if (result.rows.size() != 1) return std::to_string(result.rows.size()) + " rows";
  return std::string(result.rows[0][0].value_or("NULL"));
}

std::string ConsulNode::servers() {
  std::string names;
  for (const auto& row : proxysql.query("SELECT hostname FROM runtime_mysql_servers ORDER BY hostname").rows) {
    (names += names.empty() ? "" : " ") += row[0].value_or("NULL");
  }
  return names;
}

bool is_write_of(const HttpRequest& request, const std::string& key) {
  return request.method == "PUT" && (request.target.find("/kv/" + key) != std::string::npos ||
                                     request.body.find("\"" + key + "\"") != std::string::npos);
}

std::uint64_t saved_version(const TimedRun& ran) {
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

std::string acl_config() {
  const Json acl = {{"enabled", true}, {"default_policy", "deny"}, {"tokens", {{"master", master_token}}}};
  return Json{{"primary_datacenter", "dc1"}, {"acl", acl}}.dump();
}

std::string make_token(const ConsulAgent& agent, const std::string& rules) {
  static int count = 0;
  const auto name = "policy-" + std::to_string(++count);
  http_request(agent.http_port(), "PUT", "/v1/acl/policy", Json{{"Name", name}, {"Rules", rules}}.dump(), master_token);
  const auto reply = http_request(agent.http_port(), "PUT", "/v1/acl/token",
                                  Json{{"Policies", {{{"Name", name}}}}}.dump(), master_token);
  return Json::parse(reply.body).at("SecretID").get<std::string>();
}

std::string search_path() {
  const char* path = std::getenv("PATH");
  return std::filesystem::path(PROXYSQL_CONSUL_PATH).parent_path().string() + ":" + consul_directory() + ":" +
         (path != nullptr ? path : "/usr/bin:/bin");
}

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

ProcessResult shell(const std::string& script, const std::filesystem::path& directory,
                    std::map<std::string, std::string> env) {
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

void await_applied(const ConsulAgent& agent, const std::string& uuid_file, std::uint64_t version) {
  const auto until = SteadyClock::now() + 30s;
  std::uint64_t index = 0;
  std::string last;
  while (SteadyClock::now() < until) {
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

}  // namespace proxysql_consul::testing
