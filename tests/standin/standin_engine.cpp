#include "standin/standin_engine.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "standin/standin_schema.h"

namespace proxysql_consul::testing {
namespace {

enum class Kind { text, boolean, integer, fixed };

struct VariableSpec {
  std::string_view name;
  std::string_view value;
  Kind kind;
  long lowest;
  long highest;
};

constexpr VariableSpec known_variables[] = {
#include "standin/standin_variables.inc"
};

/// 1.1 knows these of them, and one of its own.
constexpr std::string_view variables_11[] = {"admin-admin_credentials",
                                             "admin-mysql_ifaces",
                                             "admin-read_only",
                                             "admin-refresh_interval",
                                             "admin-stats_credentials",
                                             "admin-telnet_admin_ifaces",
                                             "admin-telnet_stats_ifaces",
                                             "admin-version",
                                             "mysql-commands_stats",
                                             "mysql-connect_retries_delay",
                                             "mysql-connect_retries_on_failure",
                                             "mysql-connect_timeout_server",
                                             "mysql-connect_timeout_server_max",
                                             "mysql-connection_max_age_ms",
                                             "mysql-default_charset",
                                             "mysql-default_query_delay",
                                             "mysql-default_query_timeout",
                                             "mysql-default_reconnect",
                                             "mysql-default_schema",
                                             "mysql-free_connections_pct",
                                             "mysql-have_compress",
                                             "mysql-init_connect",
                                             "mysql-interfaces",
                                             "mysql-long_query_time",
                                             "mysql-max_connections",
                                             "mysql-max_transaction_time",
                                             "mysql-monitor_connect_interval",
                                             "mysql-monitor_connect_timeout",
                                             "mysql-monitor_enabled",
                                             "mysql-monitor_history",
                                             "mysql-monitor_password",
                                             "mysql-monitor_ping_interval",
                                             "mysql-monitor_ping_timeout",
                                             "mysql-monitor_username",
                                             "mysql-multiplexing",
                                             "mysql-ping_interval_server_msec",
                                             "mysql-ping_timeout_server",
                                             "mysql-poll_timeout",
                                             "mysql-query_digests",
                                             "mysql-query_retries_on_failure",
                                             "mysql-server_capabilities",
                                             "mysql-server_version",
                                             "mysql-sessions_sort",
                                             "mysql-shun_on_failures",
                                             "mysql-shun_recovery_time_sec",
                                             "mysql-stacksize",
                                             "mysql-threads",
                                             "mysql-threshold_query_length",
                                             "mysql-wait_timeout"};
constexpr VariableSpec consul_script = {"admin-proxysql_consul_script_path", "/usr/local/bin/proxysql-consul",
                                        Kind::text, 0, 0};

struct Module {
  std::string words;
  std::vector<std::string> tables;
  std::vector<std::string> checksums;
  bool in_1_1 = false;
};

const std::vector<Module>& modules() {
  static const std::vector<Module> all = {
      {"ADMIN VARIABLES", {"global_variables"}, {"admin_variables"}, true},
      {"MYSQL VARIABLES", {"global_variables"}, {"mysql_variables"}, true},
      {"MYSQL SERVERS",
       {"mysql_servers", "mysql_replication_hostgroups", "mysql_group_replication_hostgroups",
        "mysql_galera_hostgroups", "mysql_aws_aurora_hostgroups", "mysql_hostgroup_attributes",
        "mysql_servers_ssl_params"},
       {"mysql_servers", "mysql_servers_v2"},
       true},
      {"MYSQL QUERY RULES", {"mysql_query_rules", "mysql_query_rules_fast_routing"}, {"mysql_query_rules"}, true},
      {"MYSQL USERS", {"mysql_users"}, {"mysql_users"}, true},
      {"MYSQL FIREWALL",
       {"mysql_firewall_whitelist_users", "mysql_firewall_whitelist_rules",
        "mysql_firewall_whitelist_sqli_fingerprints"},
       {}},
      {"SCHEDULER", {"scheduler"}, {}},
      {"PROXYSQL SERVERS", {"proxysql_servers"}, {"proxysql_servers"}},
      {"RESTAPI", {"restapi_routes"}, {}},
      {"COREDUMP", {"coredump_filters"}, {}},
      {"SQLITESERVER VARIABLES", {}, {}},
  };
  return all;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_space(text.back()) || text.back() == ';')) text.remove_suffix(1);
  return text;
}

/// Upper case, white space folded: what the admin commands are matched against. Only the head of a long statement,
/// for no command is that long.
std::string folded(std::string_view sql) {
  std::string out;
  for (const char c : trimmed(sql).substr(0, 400)) {
    if (!is_space(c)) {
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

bool in_version(const SchemaEntry& entry, StandinVersion version) {
  return version == StandinVersion::v2_7 || !entry.body_1_1.empty();
}

const VariableSpec* find_variable(std::string_view name, StandinVersion version) {
  if (version == StandinVersion::v1_1) {
    if (name == consul_script.name) return &consul_script;
    if (std::find(std::begin(variables_11), std::end(variables_11), name) == std::end(variables_11)) return nullptr;
  }
  const auto* found = std::find_if(std::begin(known_variables), std::end(known_variables),
                                   [&](const VariableSpec& spec) { return spec.name == name; });
  return found == std::end(known_variables) ? nullptr : found;
}

/// What the variable is at runtime when set to `value`; nothing if ProxySQL would refuse it.
std::optional<std::string> accepted(const VariableSpec& spec, const std::string& value, const std::string& current) {
  std::string lower = value;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  switch (spec.kind) {
    case Kind::text: return value;
    case Kind::boolean:
      if (lower == "true" || lower == "1") return "true";
      if (lower == "false" || lower == "0") return "false";
      return std::nullopt;
    case Kind::integer: {
      // As the original does: what does not begin with a digit is 0, and whether 0 will do is up to the range.
      const long number = std::strtol(value.c_str(), nullptr, 10);
      if (number < spec.lowest || number > spec.highest) return std::nullopt;
      return std::to_string(number);
    }
    case Kind::fixed: break;
  }
  return value == current ? std::optional(value) : std::nullopt;
}

/// True where a statement uses a row value, such as (a,b) IN (VALUES ...), which SQLite 3.9 cannot parse.
bool has_row_value(std::string_view sql) {
  struct Group {
    bool call;
    bool comma = false;
  };
  std::vector<Group> open;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {
      i = std::min(sql.find(c, i + 1), sql.size());
    } else if (c == '(') {
      open.push_back({i > 0 && (std::isalnum(static_cast<unsigned char>(sql[i - 1])) != 0 || sql[i - 1] == '_')});
    } else if (c == ',' && !open.empty()) {
      open.back().comma = true;
    } else if (c == ')' && !open.empty()) {
      const Group group = open.back();
      open.pop_back();
      const std::string next = group.comma && !group.call ? folded(sql.substr(i + 1, 32)) : std::string();
      if (next.starts_with("IN ") || next.starts_with("IN(") || next.starts_with("NOT IN") || next.starts_with("=") ||
          next.starts_with("<") || next.starts_with(">")) {
        return true;
      }
    }
  }
  return false;
}

/// SQL function: a rule's digest as the original prints it at runtime, 0x1234ABCD as 0x000000001234ABCD.
void padded_digest(sqlite3_context* context, int, sqlite3_value** values) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  if (text == nullptr) return sqlite3_result_null(context);
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "0x%016llX", std::strtoull(text, nullptr, 0));
  sqlite3_result_text(context, out.data(), -1, SQLITE_TRANSIENT);
}

std::unique_ptr<sqlite3, int (*)(sqlite3*)> open_memory() {
  sqlite3* db = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) throw std::runtime_error("stand-in: cannot open SQLite");
  sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 1000);
  sqlite3_create_function(db, "standin_digest", 1, SQLITE_UTF8, nullptr, padded_digest, nullptr, nullptr);
  return {db, sqlite3_close};
}

thread_local bool in_callback = false;

struct CallbackScope {
  CallbackScope() { in_callback = true; }
  ~CallbackScope() { in_callback = false; }
};

}  // namespace

StandinEngine::StandinEngine(StandinVersion version, const std::string& disk_path)
    : version_(version), db_(open_memory()), stats_db_(open_memory()) {
  create_tables(disk_path);
  for (const VariableSpec& spec : known_variables) {
    if (find_variable(spec.name, version_) != nullptr) runtime_variables_.emplace(spec.name, spec.value);
  }
  if (version_ == StandinVersion::v1_1) {
    runtime_variables_.emplace(consul_script.name, consul_script.value);
    runtime_variables_["admin-version"] = "1.1.1.beta7";
  }
  for (const auto& [name, value] : runtime_variables_) {
    must("INSERT INTO main.global_variables VALUES (" + quoted(name) + ',' + quoted(value) + ')');
  }
  for (std::size_t i = 0; i < modules().size(); ++i) {
    copy_disk(i, "disk", "main");
    load_module(i);
  }
}

StandinEngine::~StandinEngine() = default;

void StandinEngine::create_tables(const std::string& disk_path) {
  must("ATTACH " + quoted(disk_path) + " AS disk");
  // Runtime of what 1.1 shows in no table.
  must("ATTACH ':memory:' AS hidden");
  for (const SchemaEntry& entry : schema) {
    if (!in_version(entry, version_)) continue;
    const std::string name(entry.name);
    std::string body(version_ == StandinVersion::v2_7 ? entry.body_2_7 : entry.body_1_1);
    if (version_ == StandinVersion::v1_1) {
      // SQLite 3.9 names the table in the error, where later ones quote the expression.
      for (std::size_t at = 0; (at = body.find("CHECK", at)) != std::string::npos; at += 17 + name.size()) {
        body.insert(at, "CONSTRAINT " + name + ' ');
      }
    }
    must(joined({"CREATE TABLE main.", name, " (", body, ")"}));
    if (entry.on_disk) must(joined({"CREATE TABLE IF NOT EXISTS disk.", name, " (", body, ")"}));
    if (name != "mysql_collations") must(joined({"CREATE TABLE ", runtime_name(name), " (", body, ")"}));
    for (const Row& row : run_sql(db_.get(), joined({"PRAGMA main.table_info(", name, ")"})).rows) {
      columns_[name].push_back(row.at(1).value());
    }
  }
  if (version_ == StandinVersion::v1_1) return;
  must("CREATE TABLE IF NOT EXISTS disk.global_settings (" + std::string(variables_body) + ')');
  must(
      "CREATE TABLE runtime_checksums_values (name VARCHAR NOT NULL PRIMARY KEY, version INT NOT NULL,"
      " epoch INT NOT NULL, checksum VARCHAR NOT NULL)");
}

std::string StandinEngine::runtime_name(std::string_view table) const {
  const bool shown = version_ == StandinVersion::v2_7 ||
                     std::any_of(schema.begin(), schema.end(),
                                 [&](const SchemaEntry& entry) { return entry.name == table && entry.runtime_1_1; });
  return (shown ? "main.runtime_" : "hidden.hidden_") + std::string(table);
}

void StandinEngine::must(const std::string& sql) {
  const Answer answer = run_sql(db_.get(), sql);
  if (!answer.ok) throw std::runtime_error("stand-in: " + answer.error + ": " + sql);
}

Answer StandinEngine::fail(std::string message) const {
  Answer answer;
  answer.ok = false;
  answer.error_code = message == "database is locked" ? 1205 : 1045;
  answer.error = (version_ == StandinVersion::v2_7 ? "ProxySQL Admin Error: " : "") + std::move(message);
  return answer;
}

Answer StandinEngine::run_sql(sqlite3* db, std::string_view sql) {
  // The original hands over a C string, so a NUL byte ends the statement; and it prepares the first statement alone.
  const std::string text(sql.substr(0, sql.find('\0')));
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(db, text.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return fail(sqlite3_errmsg(db));
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  Answer answer;
  if (!statement) return answer;
  const int columns = sqlite3_column_count(prepared);
  answer.has_result_set = columns > 0;
  for (int i = 0; i < columns; ++i) answer.columns.emplace_back(sqlite3_column_name(prepared, i));
  const int changes_before = sqlite3_total_changes(db);
  int step = SQLITE_OK;
  while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
    Row row;
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(prepared, i));
      if (cell == nullptr) {
        row.emplace_back();
      } else {
        row.emplace_back(std::string(cell, static_cast<std::size_t>(sqlite3_column_bytes(prepared, i))));
      }
    }
    answer.rows.push_back(std::move(row));
  }
  if (step != SQLITE_DONE) return fail(sqlite3_errmsg(db));
  if (sqlite3_total_changes(db) != changes_before) answer.affected = static_cast<std::uint64_t>(sqlite3_changes(db));
  return answer;
}

Answer StandinEngine::execute(std::string_view sql, Role role) {
  const std::string command = folded(sql);
  if (!command.starts_with("STANDIN ") && !in_callback) {
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
  if (command.starts_with("STANDIN ")) {
    return control(std::string(trimmed(sql))).value_or(fail("near \"STANDIN\": syntax error"));
  }
  log_.emplace_back(sql);
  if (const auto found = planned_.find(++count_); found != planned_.end()) {
    const Planned planned = found->second;
    planned_.erase(found);
    Answer answer = fail(planned.text);
    answer.fault = planned.fault;
    return answer;
  }
  if (version_ == StandinVersion::v1_1 && role == Role::admin &&
      (command == "SAVE MYSQL SERVERS TO CLUSTER" || command == "SAVE MYSQL QUERY RULES TO CLUSTER")) {
    const std::string script = runtime_variables_[std::string(consul_script.name)];
    const auto run_script = cluster_save_;
    // Only the calling session waits: the program connects back.
    lock.unlock();
    const int status = run_script ? run_script(script, command == "SAVE MYSQL SERVERS TO CLUSTER" ? "mysql_servers"
                                                                                                  : "mysql_query_rules")
                                  : 127;
    return status == 0 ? Answer{} : fail("");
  }
  return run(sql, role);
}

Answer StandinEngine::run(std::string_view sql, Role role) {
  const std::string command = folded(sql);
  const bool is_2_7 = version_ == StandinVersion::v2_7;
  const auto starts_with_one_of = [&](std::initializer_list<std::string_view> heads) {
    return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return command.starts_with(head); });
  };
  if (role == Role::admin) {
    if (auto answer = load_or_save(command)) return *std::move(answer);
    if (command == "PROXYSQL READONLY" || command == "PROXYSQL READWRITE") {
      runtime_variables_["admin-read_only"] = command == "PROXYSQL READONLY" ? "true" : "false";
      return {};
    }
  }
  if (starts_with_one_of({"USE ", "LOCK TABLES", "UNLOCK TABLES"})) return {};
  if (is_2_7 && starts_with_one_of({"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SET CHARACTER_SET_RESULTS",
                                    "SET SQL_AUTO_IS_NULL", "SET NAMES", "SET AUTOCOMMIT"})) {
    return {};
  }
  std::string instead;
  const std::string read_only = variable("admin-read_only") == "true" ? "ON" : "OFF";
  if (command == "SELECT @@VERSION_COMMENT LIMIT 1") {
    instead = "SELECT '(ProxySQL Admin Module)'";
  } else if (command.starts_with("SELECT @@VERSION")) {
    instead = is_2_7 ? "SELECT '2.7.2-3-gstandin' AS '@@version'" : "SELECT '1.1.1.beta7' AS '@@version'";
  } else if (is_2_7 && command.starts_with("SELECT VERSION()")) {
    instead = "SELECT '2.7.2-3-gstandin' AS 'version()'";
  } else if (command == "SHOW TABLES") {
    instead = "SELECT name AS tables FROM sqlite_master WHERE type='table' AND name NOT IN ('sqlite_sequence')";
    if (is_2_7) instead += " ORDER BY name";
  } else if (command.starts_with("SHOW GLOBAL VARIABLES LIKE 'READ_ONLY'") ||
             (is_2_7 && command.starts_with("SELECT @@GLOBAL.READ_ONLY"))) {
    instead = "SELECT 'read_only' Variable_name, '" + read_only + "' Value";
  } else if (is_2_7 && command.starts_with("SET ")) {
    if (auto answer = set_variable(sql)) return *std::move(answer);
  } else if (!is_2_7 && has_row_value(sql)) {
    return fail("near \",\": syntax error");
  }
  sqlite3* db = role == Role::admin ? db_.get() : stats_db_.get();
  if (read_only == "OFF" && role == Role::admin) return run_sql(db, instead.empty() ? sql : instead);
  run_sql(db, "PRAGMA query_only = ON");
  Answer answer = run_sql(db, instead.empty() ? sql : instead);
  run_sql(db, "PRAGMA query_only = OFF");
  return answer;
}

std::optional<Answer> StandinEngine::load_or_save(const std::string& command) {
  enum class Way { to_runtime, from_disk, from_runtime, to_disk };
  static const std::vector<std::pair<std::string, Way>> load_ways = {
      {" TO RUNTIME", Way::to_runtime}, {" TO RUN", Way::to_runtime},   {" FROM MEMORY", Way::to_runtime},
      {" FROM MEM", Way::to_runtime},   {" TO MEMORY", Way::from_disk}, {" TO MEM", Way::from_disk},
      {" FROM DISK", Way::from_disk}};
  static const std::vector<std::pair<std::string, Way>> save_ways = {
      {" TO MEMORY", Way::from_runtime}, {" TO MEM", Way::from_runtime}, {" FROM RUNTIME", Way::from_runtime},
      {" FROM RUN", Way::from_runtime},  {" TO DISK", Way::to_disk},     {" FROM MEMORY", Way::to_disk},
      {" FROM MEM", Way::to_disk}};
  const bool load = command.starts_with("LOAD ");
  if (!load && !command.starts_with("SAVE ")) return std::nullopt;
  for (const auto& [tail, way] : load ? load_ways : save_ways) {
    if (!command.ends_with(tail) || command.size() < 5 + tail.size()) continue;
    const std::string words = command.substr(5, command.size() - 5 - tail.size());
    for (std::size_t i = 0; i < modules().size(); ++i) {
      if (modules()[i].words != words || (version_ == StandinVersion::v1_1 && !modules()[i].in_1_1)) continue;
      if (words == "COREDUMP" && way != Way::to_runtime) return std::nullopt;
      if (way == Way::to_runtime) load_module(i);
      if (way == Way::from_runtime) save_module(i);
      if (way == Way::from_disk) copy_disk(i, "disk", "main");
      if (way == Way::to_disk) copy_disk(i, "main", "disk");
      return Answer{};
    }
  }
  return std::nullopt;
}

std::string StandinEngine::column_list(std::string_view table,
                                       const std::map<std::string, std::string>& instead) const {
  std::string out;
  for (const std::string& column : columns_.at(std::string(table))) {
    const auto found = instead.find(column);
    out += (out.empty() ? "" : ",") + (found == instead.end() ? column : found->second);
  }
  return out;
}

void StandinEngine::load_table(std::string_view table) {
  const std::string name(table);
  const std::string runtime = runtime_name(table);
  const auto insert = [&](const std::map<std::string, std::string>& instead, const std::string& where) {
    must(joined(
        {"INSERT INTO ", runtime, " SELECT ", column_list(table, instead), " FROM main.", name, " AS a ", where}));
  };
  must("DELETE FROM " + runtime);
  if (name == "mysql_servers") {
    insert({{"status", "UPPER(status)"}}, "WHERE UPPER(status) <> 'OFFLINE_HARD'");
  } else if (name == "mysql_query_rules") {
    const bool has_address = version_ == StandinVersion::v2_7;
    insert({{"digest", "standin_digest(digest)"}},
           has_address ? "WHERE active=1 AND (client_addr IS NULL OR (LENGTH(client_addr) < 46 AND"
                         " INSTR(client_addr,'%') IN (0, LENGTH(client_addr))))"
                       : "WHERE active=1");
  } else if (name == "mysql_users") {
    const std::map<std::string, std::string> texts = {{"password", "COALESCE(password,'')"},
                                                      {"default_schema", "COALESCE(default_schema,'')"}};
    for (const char* side : {"frontend", "backend"}) {
      auto instead = texts;
      instead["frontend"] = side == std::string_view("frontend") ? "1" : "0";
      instead["backend"] = side == std::string_view("backend") ? "1" : "0";
      insert(instead, std::string("WHERE active=1 AND ") + side + "=1");
    }
  } else if (name.ends_with("_hostgroups")) {
    // A writer hostgroup that is another row's reader (backup writer, offline) is no valid combination: skipped.
    const auto& columns = columns_.at(name);
    std::string others;
    for (const char* other : {"reader_hostgroup", "backup_writer_hostgroup", "offline_hostgroup"}) {
      if (std::find(columns.begin(), columns.end(), other) == columns.end()) continue;
      others += (others.empty() ? "" : " OR ") + std::string("b.") + other + "=a.writer_hostgroup";
    }
    insert({}, "WHERE NOT EXISTS (SELECT 1 FROM main." + name + " AS b WHERE " + others + ')');
  } else {
    insert({}, "");
  }
}

void StandinEngine::load_variables(const std::string& module) {
  const std::string like = " WHERE variable_name LIKE " + quoted(module + "-%");
  const Answer memory = run_sql(db_.get(), "SELECT variable_name, variable_value FROM main.global_variables" + like);
  for (const Row& row : memory.rows) {
    const std::string& name = row.at(0).value();
    const std::string is_name = " WHERE variable_name=" + quoted(name);
    const VariableSpec* spec = find_variable(name, version_);
    if (spec == nullptr) {
      must("DELETE FROM main.global_variables" + is_name);
      continue;
    }
    std::string& current = runtime_variables_[name];
    if (auto value = accepted(*spec, row.at(1).value(), current)) {
      current = *std::move(value);
    } else {
      must("UPDATE main.global_variables SET variable_value=" + quoted(current) + is_name);
    }
  }
  const std::string runtime = runtime_name("global_variables");
  must("DELETE FROM " + runtime + like);
  for (const auto& [name, value] : runtime_variables_) {
    if (!name.starts_with(module + '-')) continue;
    must("INSERT INTO " + runtime + " VALUES (" + quoted(name) + ',' + quoted(value) + ')');
  }
}

void StandinEngine::load_module(std::size_t index) {
  const Module& module = modules()[index];
  std::vector<std::string> loaded;
  for (const std::string& table : module.tables) {
    if (!columns_.contains(table)) continue;
    if (table == "global_variables") {
      load_variables(module.words == "ADMIN VARIABLES" ? "admin" : "mysql");
    } else {
      load_table(table);
    }
    loaded.push_back(runtime_name(table));
  }
  if (version_ == StandinVersion::v1_1) return;
  for (const std::string& checksum : module.checksums) bump_checksum(checksum, loaded);
}

void StandinEngine::bump_checksum(const std::string& name, const std::vector<std::string>& tables) {
  if (variable("admin-checksum_" + (name == "mysql_servers_v2" ? "mysql_servers" : name)) == "false") return;
  std::size_t hash = 0;
  for (const std::string& table : tables) {
    const bool variables = table.ends_with("global_variables");
    const std::string where = variables ? " WHERE variable_name LIKE '" + name.substr(0, 5) + "-%'" : "";
    for (const Row& row : run_sql(db_.get(), joined({"SELECT * FROM ", table, where})).rows) {
      for (const Cell& cell : row) hash = hash * 1099511628211U + std::hash<Cell>()(cell);
    }
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0x%016zX", hash);
  must("REPLACE INTO runtime_checksums_values SELECT " + quoted(name) +
       ", 1 + COALESCE((SELECT version FROM runtime_checksums_values WHERE name=" + quoted(name) + "), 0), " +
       std::to_string(std::time(nullptr)) + ", " + quoted(text.data()));
}

void StandinEngine::save_module(std::size_t index) {
  const Module& module = modules()[index];
  for (std::string table : module.tables) {
    if (!columns_.contains(table)) continue;
    // The original saves the scheduler where the REST API was meant.
    if (table == "restapi_routes") table = "scheduler";
    const std::string from = " FROM " + runtime_name(table);
    if (table == "global_variables") {
      const std::string prefix = module.words == "ADMIN VARIABLES" ? "'admin-%'" : "'mysql-%'";
      must(joined({"REPLACE INTO main.global_variables SELECT *", from, " WHERE variable_name LIKE ", prefix}));
    } else if (table == "mysql_users") {
      // Users that are not at runtime stay, inactive; the doubled rows of runtime take the place of single ones.
      must("UPDATE main.mysql_users SET active=0");
      must("REPLACE INTO main.mysql_users SELECT *" + from);
    } else {
      std::map<std::string, std::string> instead;
      if (table == "mysql_servers") instead["status"] = "REPLACE(status,'SHUNNED','ONLINE')";
      must("DELETE FROM main." + table);
      must(joined({"INSERT INTO main.", table, " SELECT ", column_list(table, instead), from}));
    }
  }
}

void StandinEngine::copy_disk(std::size_t index, const std::string& from, const std::string& to) {
  const Module& module = modules()[index];
  for (const std::string& table : module.tables) {
    if (!columns_.contains(table) || table == "coredump_filters") continue;
    const std::string rows = joined({to, ".", table, " SELECT * FROM ", from, ".", table});
    if (table == "global_variables") {
      const std::string prefix = module.words == "ADMIN VARIABLES" ? "'admin-%'" : "'mysql-%'";
      must(joined({"REPLACE INTO ", rows, " WHERE variable_name LIKE ", prefix}));
    } else {
      must(joined({"DELETE FROM ", to, ".", table}));
      must("INSERT INTO " + rows);
    }
  }
}

std::optional<Answer> StandinEngine::set_variable(std::string_view sql) {
  std::string_view rest = trimmed(sql).substr(4);
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string name(trimmed(rest.substr(0, equals)));
  const std::string_view value = trimmed(rest.substr(equals + 1));
  if (name == "mysql-init_connect") {
    return fail("ERROR: Global variable '" + name +
                "' is not configurable using SET command. You must run UPDATE global_variables");
  }
  if (find_variable(name, version_) == nullptr) {
    Answer answer;
    answer.info = "ERROR: Unknown global variable: '" + name + "'.";
    return answer;
  }
  const bool is_quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"');
  return run("UPDATE global_variables SET variable_value=" + (is_quoted ? std::string(value) : quoted(value)) +
                 " WHERE variable_name=" + quoted(name),
             Role::admin);
}

std::optional<Answer> StandinEngine::control(const std::string& command) {
  std::istringstream words(command);
  std::string standin;
  std::string verb;
  words >> standin >> verb;
  std::transform(verb.begin(), verb.end(), verb.begin(), [](unsigned char c) { return std::toupper(c); });
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
    std::istringstream list(variable(role == Role::admin ? "admin-admin_credentials" : "admin-stats_credentials"));
    for (std::string entry; std::getline(list, entry, ';');) {
      const std::size_t colon = entry.find(':');
      if (entry.substr(0, colon) != username) continue;
      return Account{colon == std::string::npos ? "" : entry.substr(colon + 1), role};
    }
  }
  return std::nullopt;
}

std::string StandinEngine::variable(const std::string& name) const {
  const auto found = runtime_variables_.find(name);
  return found == runtime_variables_.end() ? std::string() : found->second;
}

void StandinEngine::set_server_status(int hostgroup, std::string_view hostname, int port, std::string_view status) {
  const std::lock_guard lock(mutex_);
  must("UPDATE runtime_mysql_servers SET status=" + quoted(status) + " WHERE hostgroup_id=" +
       std::to_string(hostgroup) + " AND hostname=" + quoted(hostname) + " AND port=" + std::to_string(port));
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
