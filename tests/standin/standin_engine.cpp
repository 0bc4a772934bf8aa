#include "standin/standin_engine.h"

#include <sstream>
#include <utility>

#include "standin/standin_admin.h"
#include "standin/standin_variables.h"

namespace proxysql_consul::testing {
namespace {

thread_local bool in_callback = false;

struct CallbackScope {
  CallbackScope() { in_callback = true; }
  ~CallbackScope() { in_callback = false; }
};

/// A connection that is gone.
Answer dropped() {
  Answer answer;
  answer.ok = false;
  answer.fault = Fault::drop;
  return answer;
}

}  // namespace

StandinEngine::StandinEngine(StandinVersion version, const std::string& disk_path)
    : version_(version),
      host_{disk_path, DiskState::writable, {}},
      admin_(std::make_unique<StandinAdmin>(version, host_)) {}

StandinEngine::~StandinEngine() = default;

Answer StandinEngine::failed(std::string message) const {
  Answer answer;
  answer.ok = false;
  answer.error_code = message == "database is locked" ? 1205 : 1045;
  answer.error = (version_ == StandinVersion::v1_1 ? "" : "ProxySQL Admin Error: ") + std::move(message);
  return answer;
}

Answer StandinEngine::execute(std::string_view sql, Role role, std::optional<unsigned> start) {
  const bool is_control = folded(sql).starts_with("STANDIN ");
  if (!in_callback && !is_control) {
    std::function<void(std::string_view)> callback;
    {
      const std::lock_guard lock(mutex_);
      callback = callback_;
    }
    if (callback) {
      const CallbackScope scope;
      callback(sql);
    }
  }
  std::unique_lock lock(mutex_);
  Answer answer = is_control ? control(trimmed(sql)) : execute_locked(sql, role, start, lock);
  if (lock.owns_lock()) answer.start = starts_;
  return answer;
}

Answer StandinEngine::execute_locked(std::string_view sql, Role role, std::optional<unsigned> start,
                                     std::unique_lock<std::mutex>& lock) {
  if (start && *start != starts_) return dropped();
  log_.emplace_back(sql);
  if (auto answer = planned_fault()) return *std::move(answer);
  const std::string command = folded(sql);
  if (role == Role::admin && command == "PROXYSQL RESTART") {
    begin(true);
    return dropped();
  }
  if (const auto configuration = role == Role::admin ? cluster_save(command) : std::nullopt) {
    const std::string script = admin_->layers().variable(std::string(consul_script_variable));
    const auto run_script = cluster_save_;
    const unsigned during = starts_;
    // Only the calling session waits: the program connects back.
    lock.unlock();
    Answer answer = run_script && run_script(script, *configuration) == 0 ? Answer{} : failed("");
    answer.start = during;
    return answer;
  }
  if (auto error = role == Role::admin ? disk_error(sql) : std::nullopt) return failed(*std::move(error));
  Answer answer = admin_->execute(sql, role);
  return answer.ok ? answer : failed(std::move(answer.error));
}

std::optional<Answer> StandinEngine::planned_fault() {
  const auto found = planned_.find(++count_);
  if (found == planned_.end()) return std::nullopt;
  const Planned planned = found->second;
  planned_.erase(found);
  Answer answer = failed(planned.text);
  answer.fault = planned.fault;
  return answer;
}

std::optional<std::string> StandinEngine::disk_error(std::string_view sql) const {
  if (host_.disk == DiskState::writable || sql.find("disk.") == std::string_view::npos) return std::nullopt;
  const std::string command = folded(sql.substr(0, 100));
  for (const char* verb : {"INSERT", "REPLACE", "UPDATE", "DELETE"}) {
    if (!command.starts_with(verb)) continue;
    return host_.disk == DiskState::read_only ? "attempt to write a readonly database" : "database or disk is full";
  }
  return std::nullopt;
}

void StandinEngine::begin(bool same_process) {
  if (!same_process) host_.clock.start();
  // Both hold the disk for a moment: the new run takes it over from the one before where it is in memory.
  admin_ = std::make_unique<StandinAdmin>(version_, host_, admin_.get(), same_process);
  ++starts_;
}

std::optional<std::string> StandinEngine::cluster_save(const std::string& command) const {
  if (version_ != StandinVersion::v1_1) return std::nullopt;
  if (command == "SAVE MYSQL SERVERS TO CLUSTER") return "mysql_servers";
  if (command == "SAVE MYSQL QUERY RULES TO CLUSTER") return "mysql_query_rules";
  return std::nullopt;
}

std::optional<Account> StandinEngine::account(std::string_view username) {
  const std::lock_guard lock(mutex_);
  for (const Role role : {Role::admin, Role::stats}) {
    const char* credentials = role == Role::admin ? "admin-admin_credentials" : "admin-stats_credentials";
    std::istringstream list(admin_->layers().variable(credentials));
    for (std::string entry; std::getline(list, entry, ';');) {
      const std::size_t colon = entry.find(':');
      if (entry.substr(0, colon) != username) continue;
      return Account{colon == std::string::npos ? "" : entry.substr(colon + 1), role};
    }
  }
  return std::nullopt;
}

unsigned StandinEngine::starts() {
  const std::lock_guard lock(mutex_);
  return starts_;
}

void StandinEngine::set_server_status(int hostgroup, std::string_view hostname, int port, std::string_view status) {
  const std::lock_guard lock(mutex_);
  admin_->monitor("mysql_servers", false, [&](StandinMonitor& monitor) {
    monitor.set_status({hostgroup, std::string(hostname), port}, std::string(status));
  });
}

void StandinEngine::set_read_only(std::string_view hostname, int port, bool read_only, const std::string& table) {
  const std::lock_guard lock(mutex_);
  admin_->monitor(table, false,
                  [&](StandinMonitor& monitor) { monitor.set_read_only(std::string(hostname), port, read_only); });
}

void StandinEngine::move_server(int hostgroup, std::string_view hostname, int port, int to_hostgroup,
                                const std::string& table) {
  const std::lock_guard lock(mutex_);
  admin_->monitor(table, true, [&](StandinMonitor& monitor) {
    monitor.move({hostgroup, std::string(hostname), port}, to_hostgroup);
  });
}

void StandinEngine::add_server(int hostgroup, std::string_view hostname, int port, const std::string& table) {
  const std::lock_guard lock(mutex_);
  admin_->monitor(table, false, [&](StandinMonitor& monitor) {
    monitor.discover({hostgroup, std::string(hostname), port});
  });
}

void StandinEngine::restart() {
  const std::lock_guard lock(mutex_);
  begin(false);
}

void StandinEngine::restart_with_disk(const std::string& path) {
  const std::lock_guard lock(mutex_);
  admin_->layers().replace_disk(path);
  begin(false);
}

void StandinEngine::turn_clock(std::int64_t seconds) {
  const std::lock_guard lock(mutex_);
  host_.clock.turn(seconds);
}

void StandinEngine::set_clock(std::function<std::int64_t()> source) {
  const std::lock_guard lock(mutex_);
  host_.clock.set_source(std::move(source));
}

void StandinEngine::set_disk(DiskState state) {
  const std::lock_guard lock(mutex_);
  host_.disk = state;
}

void StandinEngine::plan(std::size_t n, Fault fault, std::string text) {
  const std::lock_guard lock(mutex_);
  planned_[count_ + n] = {fault, std::move(text)};
}

void StandinEngine::on_statement(std::function<void(std::string_view)> callback) {
  const std::lock_guard lock(mutex_);
  callback_ = std::move(callback);
}

void StandinEngine::on_cluster_save(std::function<int(const std::string&, const std::string&)> run) {
  const std::lock_guard lock(mutex_);
  cluster_save_ = std::move(run);
}

std::vector<std::string> StandinEngine::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

void StandinEngine::clear_log() {
  const std::lock_guard lock(mutex_);
  log_.clear();
}

}  // namespace proxysql_consul::testing
