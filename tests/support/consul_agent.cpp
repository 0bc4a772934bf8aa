#include "support/consul_agent.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/kv_store.h"
#include "support/silent_log.h"
#include "support/watch_json.h"

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;

constexpr int max_attempts = 3;
constexpr std::chrono::seconds start_limit{40};

std::string consul_path() {
  const char* path = std::getenv("CONSUL_BIN");
  if (path == nullptr || *path == '\0') {
    throw std::runtime_error("CONSUL_BIN is not set: export CONSUL_BIN=$(scripts/find-consul)");
  }
  return path;
}

/// The processes below `pid`: handlers of watches, and what they started.
std::vector<pid_t> descendants_of(pid_t pid) {
  std::vector<pid_t> found;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    std::istringstream children(read_file(task.path() / "children"));
    for (pid_t child = 0; children >> child;) {
      found.push_back(child);
      const auto below = descendants_of(child);
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

/// Kills processes that are not this one's children, and waits until they are gone.
void end_all(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    // The descriptor names the process even if it ends and its number is given to another.
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) continue;
    ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
    pollfd ended{fd, POLLIN, 0};
    ::poll(&ended, 1, 10'000);
    ::close(fd);
  }
}

ConsulOptions client_options(unsigned port, const std::string& token) {
  ConsulOptions options;
  options.port = port;
  options.token = token;
  return options;
}

std::unique_ptr<KvStore> open_store(unsigned port, const std::string& token) {
  return open_kv_store(client_options(port, token), silent_log());
}

}  // namespace

ConsulAgent::ConsulAgent(ConsulAgentOptions options) : options_(std::move(options)) {
  for (int attempt = 1;; ++attempt) {
    // free_port() keeps none of them, so it can name one twice.
    std::set<unsigned> ports;
    while (ports.size() < 4) ports.insert(free_port());
    ports_.assign(ports.begin(), ports.end());
    http_port_ = ports_[0];
    Json config = {
        {"bind_addr", "127.0.0.1"},
        {"client_addr", "127.0.0.1"},
        {"node_name", "node-" + std::to_string(http_port_)},
        {"log_level", "DEBUG"},
        {"disable_update_check", true},
        {"connect", {{"enabled", false}}},
        {"performance", {{"raft_multiplier", 1}}},
        {"ports",
         {{"http", ports_[0]},
          {"serf_lan", ports_[1]},
          {"serf_wan", ports_[2]},
          {"server", ports_[3]},
          {"dns", -1},
          {"grpc", -1},
          {"https", -1}}},
    };
    if (!options_.dev) {
      config["server"] = true;
      config["bootstrap_expect"] = 1;
      config["data_dir"] = directory_.file("data");
    }
    config.merge_patch(Json::parse(options_.config));
    write_file(directory_.file("agent.json"), config.dump(2));
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      // Another process can have taken a port between its choice and its use.
      if (attempt == max_attempts || log().find("address already in use") == std::string::npos) throw;
      stop();
    }
  }
}

ConsulAgent::~ConsulAgent() { stop(); }

void ConsulAgent::start() {
  ProcessOptions options;
  options.argv = {consul_path(), "agent", "-config-file=" + directory_.file("agent.json")};
  if (options_.dev) options.argv.emplace_back("-dev");
  options.argv.insert(options.argv.end(), options_.arguments.begin(), options_.arguments.end());
  options.env = options_.env;
  process_ = std::make_unique<Process>(std::move(options));
  await();
}

void ConsulAgent::await() {
  const auto until = std::chrono::steady_clock::now() + start_limit;
  while (true) {
    std::string reason;
    try {
      // A consistent read, so that there is a leader; with the token, so that the ACL system is up.
      keys("ready");
      return;
    } catch (const Denied& error) {
      if (options_.token.empty()) return;
      reason = error.what();
    } catch (const Error& error) {
      reason = error.what();
    }
    // The wait for the process is the pause between two tries, and ends early if it does.
    if (process_->wait_for(std::chrono::milliseconds(20)) || std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("Consul is not ready: " + reason + '\n' + log());
    }
  }
}

void ConsulAgent::stop() {
  if (!process_) return;
  // Halted first: it must not start another handler between the listing and its end.
  process_->kill(SIGSTOP);
  const auto handlers = descendants_of(process_->pid());
  process_->kill(SIGKILL);
  process_->wait_for(std::chrono::seconds(10));
  end_all(handlers);
  earlier_log_ = log();
  process_.reset();
}

void ConsulAgent::reload() { process_->kill(SIGHUP); }

void ConsulAgent::halt() { process_->kill(SIGSTOP); }

void ConsulAgent::go_on() { process_->kill(SIGCONT); }

std::string ConsulAgent::address() const { return "http://127.0.0.1:" + std::to_string(http_port_); }

std::string ConsulAgent::log() const {
  return process_ ? earlier_log_ + process_->out() + process_->err() : earlier_log_;
}

void ConsulAgent::put(std::string_view key, std::string_view value) {
  open_store(http_port_, options_.token)->put(key, value, std::nullopt);
}

std::optional<std::string> ConsulAgent::get(std::string_view key) {
  auto entry = open_store(http_port_, options_.token)->get(key);
  return entry ? std::optional(std::move(entry->value)) : std::nullopt;
}

std::string ConsulAgent::recurse(std::string_view prefix) {
  return format_watch(open_store(http_port_, options_.token)->list(prefix).entries);
}

std::vector<std::string> ConsulAgent::keys(std::string_view prefix) {
  return open_store(http_port_, options_.token)->keys(prefix);
}

std::uint64_t ConsulAgent::modify_index(std::string_view key) {
  const auto entry = open_store(http_port_, options_.token)->get(key);
  return entry ? entry->modify_index : 0;
}

void ConsulAgent::remove(std::string_view key) {
  open_store(http_port_, options_.token)
      ->commit({{.verb = KvOperation::Verb::remove, .key = std::string(key), .value = {}}});
}

}  // namespace proxysql_consul::testing
