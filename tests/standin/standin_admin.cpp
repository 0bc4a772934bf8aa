#include "standin/standin_admin.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "standin/standin_cluster.h"
#include "standin/standin_variables.h"

namespace proxysql_consul::testing {
namespace {

bool starts_with_one_of(std::string_view command, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return command.starts_with(head); });
}

std::string_view version_text(StandinVersion version) {
  switch (version) {
    case StandinVersion::v1_1: return "1.1.1.beta7";
    case StandinVersion::v2_0: return "2.0.18-3-gstandin";
    case StandinVersion::v2_5: return "2.5.5-3-gstandin";
    case StandinVersion::v2_7:
    case StandinVersion::v2_7_sqlite: return "2.7.2-3-gstandin";
    case StandinVersion::v3_0: return "3.0.1-3-gstandin";
    case StandinVersion::v3_1:
    case StandinVersion::plugin: break;
  }
  return "3.1.0-3-gstandin";
}

Answer failed(std::string message) {
  Answer answer;
  answer.ok = false;
  answer.error = std::move(message);
  return answer;
}

}  // namespace

StandinAdmin::StandinAdmin(StandinVersion version, const StandinHost& host, const StandinAdmin* before,
                           bool same_process)
    : host_(host),
      layers_(version, host, before == nullptr ? nullptr : &before->layers_),
      checksums_(layers_, same_process ? before->checksums_.values() : Checksums{}) {
  layers_.db().follow(host_.clock);
  layers_.db().must("ATTACH ':memory:' AS stats");
  layers_.db().must(
      "CREATE TABLE stats.stats_mysql_global (Variable_Name VARCHAR NOT NULL PRIMARY KEY,"
      " Variable_Value VARCHAR NOT NULL)");
  layers_.db().must("CREATE TABLE stats.stats_mysql_query_rules (rule_id INTEGER PRIMARY KEY, hits INT NOT NULL)");
  for (const Module& module : modules()) {
    if (!in_version(module, version)) continue;
    layers_.load_from_disk(module);
    load(module);
  }
}

void StandinAdmin::load(const Module& module) {
  layers_.load_to_runtime(module);
  checksums_.loaded(module, host_.clock.now());
  if (module.words == "MYSQL SERVERS") ++servers_table_version_;
}

void StandinAdmin::monitor(const std::string& servers, bool is_commit,
                           const std::function<void(StandinMonitor&)>& act) {
  const auto module = std::find_if(modules().begin(), modules().end(), [&](const Module& candidate) {
    return !candidate.tables.empty() && candidate.tables.front() == servers;
  });
  StandinMonitor monitor(layers_, servers);
  act(monitor);
  checksums_.moved(*module, host_.clock.now());
  if (is_commit && servers == "mysql_servers") ++servers_table_version_;
}

void StandinAdmin::refresh_stats() {
  layers_.db().must("DELETE FROM stats.stats_mysql_global");
  const auto insert = [&](std::string_view name, std::int64_t value) {
    layers_.db().must(joined(
        {"INSERT INTO stats.stats_mysql_global VALUES (", quoted(name), ",", quoted(std::to_string(value)), ")"}));
  };
  if (layers_.version() != StandinVersion::v1_1) insert("ProxySQL_Uptime", host_.clock.uptime());
  insert("Servers_table_version", servers_table_version_);
  layers_.db().must("DELETE FROM stats.stats_mysql_query_rules");
  layers_.db().must("INSERT INTO stats.stats_mysql_query_rules SELECT rule_id,0 FROM main.runtime_mysql_query_rules");
}

Answer StandinAdmin::execute(std::string_view sql, Role role) {
  const std::string command = folded(sql);
  const bool is_1_1 = layers_.version() == StandinVersion::v1_1;
  if (role == Role::admin) {
    if (auto answer = load_or_save(command)) return *std::move(answer);
    if (command == "PROXYSQL READONLY" || command == "PROXYSQL READWRITE") {
      layers_.set_variable("admin-read_only", command == "PROXYSQL READONLY" ? "true" : "false");
      return {};
    }
  }
  if (starts_with_one_of(command, {"USE ", "LOCK TABLES", "UNLOCK TABLES"})) return {};
  if (!is_1_1 &&
      starts_with_one_of(command, {"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SET CHARACTER_SET_RESULTS",
                                   "SET SQL_AUTO_IS_NULL", "SET NAMES", "SET AUTOCOMMIT"})) {
    return {};
  }
  // As in the original, which looks for the name anywhere in the text, and in lower case alone.
  if (sql.find("stats_mysql_") != std::string_view::npos) refresh_stats();
  const auto instead = instead_of(command, role);
  if (!instead && !is_1_1 && command.starts_with("SET ")) {
    if (auto answer = set_variable(sql)) return *std::move(answer);
  }
  if (is_1_1 && has_row_value(sql)) return failed("near \",\": syntax error");
  Database& db = role == Role::admin ? layers_.db() : stats_db_;
  const std::string_view statement = instead ? std::string_view(*instead) : sql;
  if (!read_only() && role == Role::admin) return db.run(statement);
  db.must("PRAGMA query_only = ON");
  Answer answer = db.run(statement);
  db.must("PRAGMA query_only = OFF");
  return answer;
}

std::optional<std::string> StandinAdmin::instead_of(const std::string& command, Role role) {
  const bool is_1_1 = layers_.version() == StandinVersion::v1_1;
  if (role == Role::admin) {
    if (auto statement = cluster_statement(layers_, command)) return statement;
    if (auto statement = checksum_statement(layers_, command)) return statement;
  }
  if (!is_1_1 && command == "SELECT GLOBAL_CHECKSUM()") return "SELECT " + checksums_.global() + " AS CHECKSUM";
  if (command == "SELECT @@VERSION_COMMENT LIMIT 1") return "SELECT '(ProxySQL Admin Module)'";
  if (command.starts_with("SELECT @@VERSION")) {
    return joined({"SELECT '", version_text(layers_.version()), "' AS '@@version'"});
  }
  if (!is_1_1 && command.starts_with("SELECT VERSION()")) {
    return joined({"SELECT '", version_text(layers_.version()), "' AS 'version()'"});
  }
  if (command == "SHOW TABLES") {
    return std::string(
               "SELECT name AS tables FROM sqlite_master WHERE type='table' AND name NOT IN ('sqlite_sequence')") +
           (is_1_1 ? "" : " ORDER BY name");
  }
  if (command.starts_with("SHOW GLOBAL VARIABLES LIKE 'READ_ONLY'") ||
      (!is_1_1 && command.starts_with("SELECT @@GLOBAL.READ_ONLY"))) {
    return joined({"SELECT 'read_only' Variable_name, '", read_only() ? "ON" : "OFF", "' Value"});
  }
  return std::nullopt;
}

std::optional<Answer> StandinAdmin::load_or_save(const std::string& command) {
  enum class Way { to_runtime, from_disk, from_runtime, to_disk };
  static const std::vector<std::pair<std::string, Way>> load_ways = {
      {" TO RUNTIME", Way::to_runtime}, {" TO RUN", Way::to_runtime},   {" FROM MEMORY", Way::to_runtime},
      {" FROM MEM", Way::to_runtime},   {" TO MEMORY", Way::from_disk}, {" TO MEM", Way::from_disk},
      {" FROM DISK", Way::from_disk}};
  static const std::vector<std::pair<std::string, Way>> save_ways = {
      {" TO MEMORY", Way::from_runtime}, {" TO MEM", Way::from_runtime}, {" FROM RUNTIME", Way::from_runtime},
      {" FROM RUN", Way::from_runtime},  {" TO DISK", Way::to_disk},     {" FROM MEMORY", Way::to_disk},
      {" FROM MEM", Way::to_disk}};
  const bool is_load = command.starts_with("LOAD ");
  if (!is_load && !command.starts_with("SAVE ")) return std::nullopt;
  for (const auto& [tail, way] : is_load ? load_ways : save_ways) {
    if (!command.ends_with(tail) || command.size() < 5 + tail.size()) continue;
    const Module* module = find_module(command.substr(5, command.size() - 5 - tail.size()), layers_.version());
    if (module == nullptr) continue;
    if (module->words == "COREDUMP" && way != Way::to_runtime) return std::nullopt;
    if (way == Way::to_runtime) load(*module);
    if (way == Way::from_runtime) layers_.save_to_memory(*module);
    if (way == Way::from_disk) layers_.load_from_disk(*module);
    if (way == Way::to_disk) layers_.save_to_disk(*module);
    return Answer{};
  }
  return std::nullopt;
}

std::optional<Answer> StandinAdmin::set_variable(std::string_view sql) {
  std::string_view rest = trimmed(sql).substr(4);
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string name(trimmed(rest.substr(0, equals)));
  const std::string_view value = trimmed(rest.substr(equals + 1));
  if (name == "mysql-init_connect") {
    return failed("ERROR: Global variable '" + name +
                  "' is not configurable using SET command. You must run UPDATE global_variables");
  }
  if (find_variable(name, layers_.version()) == nullptr) {
    Answer answer;
    answer.info = "ERROR: Unknown global variable: '" + name + "'.";
    return answer;
  }
  const bool is_quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"');
  return execute("UPDATE global_variables SET variable_value=" + (is_quoted ? std::string(value) : quoted(value)) +
                     " WHERE variable_name=" + quoted(name),
                 Role::admin);
}

}  // namespace proxysql_consul::testing
