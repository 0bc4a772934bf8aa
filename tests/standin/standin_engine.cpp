#include "standin/standin_engine.h"

#include <algorithm>
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

bool is_control(std::string_view sql) { return folded(sql).starts_with("STANDIN "); }

}  // namespace

StandinEngine::StandinEngine(StandinVersion version, const std::string& disk_path)
    : version_(version), admin_(std::make_unique<StandinAdmin>(version, disk_path)) {}

StandinEngine::~StandinEngine() = default;

Answer StandinEngine::failed(std::string message) const {
  Answer answer;
  answer.ok = false;
  answer.error_code = message == "database is locked" ? 1205 : 1045;
  answer.error = (version_ == StandinVersion::v1_1 ? "" : "ProxySQL Admin Error: ") + std::move(message);
  return answer;
}

Answer StandinEngine::execute(std::string_view sql, Role role) {
  if (!in_callback && !is_control(sql)) {
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
  if (is_control(sql)) return control(trimmed(sql)).value_or(failed("near \"STANDIN\": syntax error"));
  log_.emplace_back(sql);
  if (const auto found = planned_.find(++count_); found != planned_.end()) {
    const Planned planned = found->second;
    planned_.erase(found);
    Answer answer = failed(planned.text);
    answer.fault = planned.fault;
    return answer;
  }
  if (const auto configuration = role == Role::admin ? cluster_save(folded(sql)) : std::nullopt) {
    const std::string script = admin_->layers().variable(std::string(consul_script_variable));
    const auto run_script = cluster_save_;
    // Only the calling session waits: the program connects back.
    lock.unlock();
    return run_script && run_script(script, *configuration) == 0 ? Answer{} : failed("");
  }
  return execute_locked(sql, role);
}

Answer StandinEngine::execute_locked(std::string_view sql, Role role) {
  Answer answer = admin_->execute(sql, role);
  return answer.ok ? answer : failed(std::move(answer.error));
}

std::optional<std::string> StandinEngine::cluster_save(const std::string& command) const {
  if (version_ != StandinVersion::v1_1) return std::nullopt;
  if (command == "SAVE MYSQL SERVERS TO CLUSTER") return "mysql_servers";
  if (command == "SAVE MYSQL QUERY RULES TO CLUSTER") return "mysql_query_rules";
  return std::nullopt;
}

std::optional<Answer> StandinEngine::control(std::string_view command) {
  std::istringstream words{std::string(command)};
  std::string standin;
  std::string verb;
  words >> standin >> verb;
  verb = upper(verb);
  Answer answer;
  if (verb == "LOG") {
    answer.has_result_set = true;
    answer.columns = {"statement"};
    for (const std::string& statement : log_) answer.rows.push_back({statement});
    return answer;
  }
  if (verb == "CLEAR") {
    log_.clear();
    planned_.clear();
    return answer;
  }
  static const std::map<std::string, Fault> faults = {{"FAIL", Fault::fail},
                                                      {"DROP", Fault::drop},
                                                      {"EXIT", Fault::exit},
                                                      {"HANG", Fault::hang},
                                                      {"KILL", Fault::kill}};
  std::size_t n = 0;
  const auto fault = faults.find(verb);
  if (fault == faults.end() || !(words >> n) || n == 0) return std::nullopt;
  std::string text;
  std::getline(words >> std::ws, text);
  planned_[count_ + n] = {fault->second, text};
  return answer;
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

void StandinEngine::set_server_status(int hostgroup, std::string_view hostname, int port, std::string_view status) {
  const std::lock_guard lock(mutex_);
  admin_->layers().db().must(joined({"UPDATE runtime_mysql_servers SET status=", quoted(status),
                                     " WHERE hostgroup_id=", std::to_string(hostgroup),
                                     " AND hostname=", quoted(hostname), " AND port=", std::to_string(port)}));
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
