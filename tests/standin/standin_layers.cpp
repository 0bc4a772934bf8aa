#include "standin/standin_layers.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "standin/standin_schema_pgsql.h"
#include "standin/standin_schema_plugins.h"
#include "standin/standin_variables.h"

namespace proxysql_consul::testing {
namespace {

std::vector<SchemaEntry> tables_of(StandinVersion version) {
  std::vector<SchemaEntry> out;
  std::copy_if(schema.begin(), schema.end(), std::back_inserter(out),
               [&](const SchemaEntry& entry) { return version != StandinVersion::v1_1 || !entry.body_1_1.empty(); });
  if (version >= StandinVersion::v3_0) out.insert(out.end(), pgsql_schema.begin(), pgsql_schema.end());
  if (version >= StandinVersion::v3_1) out.insert(out.end(), schema_3_1.begin(), schema_3_1.end());
  if (version == StandinVersion::v3_1) out.push_back(mysqlx_variables_entry);
  if (version == StandinVersion::plugin) out.push_back(audit_rules_entry);
  return out;
}

std::string body_of(const SchemaEntry& entry, StandinVersion version) {
  if (version != StandinVersion::v1_1) return std::string(entry.body_2_7);
  std::string body(entry.body_1_1);
  // SQLite 3.9 names the table in the error, where later ones quote the expression.
  for (std::size_t at = 0; (at = body.find("CHECK", at)) != std::string::npos; at += 17 + entry.name.size()) {
    body.insert(at, joined({"CONSTRAINT ", entry.name, " "}));
  }
  return body;
}

/// ProxySQL keeps what it was given of these for the peers of its cluster.
bool is_kept(std::string_view table, StandinVersion version) {
  return version != StandinVersion::v1_1 &&
         (table == "mysql_servers" || table == "mysql_users" || table.ends_with("_query_rules"));
}

constexpr auto in_memory = ":memory:";

bool is_servers(std::string_view table) { return table == "mysql_servers" || table == "pgsql_servers"; }

bool is_users(std::string_view table) { return table == "mysql_users" || table == "pgsql_users"; }

std::string variables_like(const std::string& prefix) { return " WHERE variable_name LIKE " + quoted(prefix + "-%"); }

}  // namespace

StandinLayers::StandinLayers(StandinVersion version, const StandinHost& host, const StandinLayers* before)
    : version_(version), host_(host), runtime_variables_(default_variables(version)) {
  attach();
  if (host.disk_path != in_memory) {
    create_tables();
    return;
  }
  // Creating some 150 tables takes a hundred times as long as copying them.
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  const auto& made = pristine(version);
  columns_ = made.columns_;
  db_.copy_schema(made.db_, "main");
  db_.copy_schema(made.db_, "hidden");
  db_.copy_schema(before != nullptr ? before->db_ : made.db_, "disk");
}

StandinLayers::StandinLayers(StandinVersion version, const StandinHost& host, Made)
    : version_(version), host_(host), runtime_variables_(default_variables(version)) {
  attach();
  create_tables();
}

/// New layers of that version, with an empty disk.
const StandinLayers& StandinLayers::pristine(StandinVersion version) {
  static const StandinHost host{.disk_path = in_memory, .disk = DiskState::writable, .clock = {}};
  static std::map<StandinVersion, std::unique_ptr<StandinLayers>> made;
  auto& layers = made[version];
  if (!layers) layers.reset(new StandinLayers(version, host, Made()));
  return *layers;
}

void StandinLayers::attach() {
  db_.must("ATTACH " + quoted(host_.disk_path) + " AS disk");
  // Runtime of what 1.1 shows in no table, and what was loaded.
  db_.must("ATTACH ':memory:' AS hidden");
}

void StandinLayers::create_tables() {
  for (const SchemaEntry& entry : tables_of(version_)) {
    const std::string name(entry.name);
    const std::string body = body_of(entry, version_);
    db_.must(joined({"CREATE TABLE main.", name, " (", body, ")"}));
    if (entry.on_disk) db_.must(joined({"CREATE TABLE IF NOT EXISTS disk.", name, " (", body, ")"}));
    if (name != "mysql_collations") db_.must(joined({"CREATE TABLE ", runtime_name(name), " (", body, ")"}));
    if (is_kept(name, version_)) db_.must(joined({"CREATE TABLE ", loaded_name(name), " (", body, ")"}));
    for (const Row& row : db_.rows(joined({"PRAGMA main.table_info(", name, ")"}))) {
      columns_[name].push_back(row.at(1).value());
    }
  }
  if (version_ != StandinVersion::v1_1) {
    db_.must(joined({"CREATE TABLE IF NOT EXISTS disk.global_settings (", variables_body, ")"}));
  }
  for (const auto& [name, value] : runtime_variables_) {
    db_.must("INSERT INTO main.global_variables VALUES (" + quoted(name) + ',' + quoted(value) + ')');
  }
}

std::string StandinLayers::runtime_name(std::string_view table) const {
  const bool shown = version_ != StandinVersion::v1_1 ||
                     std::any_of(schema.begin(), schema.end(),
                                 [&](const SchemaEntry& entry) { return entry.name == table && entry.runtime_1_1; });
  return (shown ? "main.runtime_" : "hidden.hidden_") + std::string(table);
}

std::vector<std::string> StandinLayers::tables(const Module& module) const {
  std::vector<std::string> out;
  std::copy_if(module.tables.begin(), module.tables.end(), std::back_inserter(out),
               [&](const std::string& table) { return columns_.contains(table); });
  return out;
}

bool StandinLayers::has_column(const std::string& table, const std::string& column) const {
  const auto& columns = columns_.at(table);
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

std::string StandinLayers::variable(const std::string& name) const {
  const auto found = runtime_variables_.find(name);
  return found == runtime_variables_.end() ? std::string() : found->second;
}

std::string StandinLayers::column_list(std::string_view table,
                                       const std::map<std::string, std::string>& instead) const {
  std::string out;
  for (const std::string& column : columns_.at(std::string(table))) {
    const auto found = instead.find(column);
    out += (out.empty() ? "" : ",") + (found == instead.end() ? column : found->second);
  }
  return out;
}

void StandinLayers::load_to_runtime(const Module& module) {
  for (const std::string& table : tables(module)) {
    load_table(table);
    if (is_kept(table, version_)) keep_loaded(table);
  }
  if (!module.variables.empty()) load_variables(module.variables);
}

void StandinLayers::load_table(const std::string& table) {
  const std::string runtime = runtime_name(table);
  const auto insert = [&](const std::map<std::string, std::string>& instead, const std::string& where) {
    db_.must(joined(
        {"INSERT INTO ", runtime, " SELECT ", column_list(table, instead), " FROM main.", table, " AS a ", where}));
  };
  db_.must("DELETE FROM " + runtime);
  if (is_servers(table)) {
    insert({{"status", "UPPER(status)"}}, "WHERE UPPER(status) <> 'OFFLINE_HARD'");
  } else if (table.ends_with("_query_rules")) {
    const bool has_address = version_ != StandinVersion::v1_1;
    // Kept as flags, and shown from them.
    const auto has = [](const std::string& modifier) {
      return "','||UPPER(COALESCE(re_modifiers,'')) LIKE '%," + modifier + "%'";
    };
    insert({{"digest", "standin_digest(digest)"},
            {"re_modifiers", joined({"CASE WHEN ", has("CASELESS"), " THEN CASE WHEN ", has("GLOBAL"),
                                     " THEN 'CASELESS,GLOBAL' ELSE 'CASELESS' END WHEN ", has("GLOBAL"),
                                     " THEN 'GLOBAL' ELSE '' END"})}},
           has_address ? "WHERE active=1 AND (client_addr IS NULL OR (LENGTH(client_addr) < 46 AND"
                         " INSTR(client_addr,'%') IN (0, LENGTH(client_addr))))"
                       : "WHERE active=1");
  } else if (table == "scheduler") {
    // An argument after one that is NULL is not kept.
    const auto unless_null = [](const std::string& earlier, const std::string& argument) {
      return joined({"CASE WHEN ", earlier, " IS NULL THEN NULL ELSE ", argument, " END"});
    };
    insert({{"arg2", unless_null("arg1", "arg2")},
            {"arg3", unless_null("arg1||arg2", "arg3")},
            {"arg4", unless_null("arg1||arg2||arg3", "arg4")},
            {"arg5", unless_null("arg1||arg2||arg3||arg4", "arg5")}},
           "");
  } else if (is_users(table)) {
    const std::map<std::string, std::string> texts = {{"password", "COALESCE(password,'')"},
                                                      {"default_schema", "COALESCE(default_schema,'')"}};
    for (const char* side : {"frontend", "backend"}) {
      auto instead = texts;
      instead["frontend"] = side == std::string_view("frontend") ? "1" : "0";
      instead["backend"] = side == std::string_view("backend") ? "1" : "0";
      insert(instead, std::string("WHERE active=1 AND default_hostgroup>=0 AND ") + side + "=1");
    }
  } else if (table == "mysqlx_users") {
    insert({}, "WHERE active=1 AND EXISTS (SELECT 1 FROM main.mysql_users AS b WHERE b.username=a.username)");
  } else if (table.ends_with("_hostgroups")) {
    // A writer hostgroup that is another row's reader (backup writer, offline) is no valid combination: skipped.
    std::string others;
    for (const char* other : {"reader_hostgroup", "backup_writer_hostgroup", "offline_hostgroup"}) {
      if (!has_column(table, other)) continue;
      others += (others.empty() ? "" : " OR ") + std::string("b.") + other + "=a.writer_hostgroup";
    }
    insert({}, "WHERE NOT EXISTS (SELECT 1 FROM main." + table + " AS b WHERE " + others + ')');
  } else {
    insert({}, "");
  }
}

void StandinLayers::keep_loaded(const std::string& table) {
  std::map<std::string, std::string> instead;
  std::string where = "active=1";
  if (table == "mysql_servers") {
    instead["status"] = "CASE status WHEN 'SHUNNED' THEN 'ONLINE' ELSE status END";
    where = "status <> 'OFFLINE_HARD'";
  } else if (table == "mysql_users") {
    instead = {{"password", "COALESCE(password,'')"}, {"default_schema", "COALESCE(default_schema,'')"}};
    where += " AND default_hostgroup>=0";
  }
  db_.must("DELETE FROM " + loaded_name(table));
  db_.must(joined({"INSERT INTO ", loaded_name(table), " SELECT ", column_list(table, instead), " FROM main.", table,
                   " WHERE ", where}));
}

void StandinLayers::load_variables(const std::string& prefix) {
  const std::string like = variables_like(prefix);
  for (const Row& row : db_.rows("SELECT variable_name, variable_value FROM main.global_variables" + like)) {
    const std::string& name = row.at(0).value();
    const std::string is_name = " WHERE variable_name=" + quoted(name);
    const VariableSpec* spec = find_variable(name, version_);
    if (spec == nullptr) {
      db_.must("DELETE FROM main.global_variables" + is_name);
      continue;
    }
    std::string& current = runtime_variables_[name];
    if (auto value = accepted(*spec, row.at(1).value(), current)) {
      current = *std::move(value);
    } else {
      db_.must("UPDATE main.global_variables SET variable_value=" + quoted(current) + is_name);
    }
  }
  const std::string runtime = runtime_name("global_variables");
  db_.must("DELETE FROM " + runtime + like);
  for (const auto& [name, value] : runtime_variables_) {
    if (!name.starts_with(prefix + '-')) continue;
    db_.must("INSERT INTO " + runtime + " VALUES (" + quoted(name) + ',' + quoted(value) + ')');
  }
}

void StandinLayers::save_to_memory(const Module& module) {
  for (std::string table : tables(module)) {
    // The original saves the scheduler where the REST API was meant.
    if (table == "restapi_routes") table = "scheduler";
    const std::string from = " FROM " + runtime_name(table);
    if (is_users(table)) {
      // Users that are not at runtime stay, inactive; the doubled rows of runtime take the place of single ones.
      db_.must(joined({"UPDATE main.", table, " SET active=0"}));
      db_.must(joined({"REPLACE INTO main.", table, " SELECT *", from}));
    } else {
      std::map<std::string, std::string> instead;
      if (is_servers(table)) instead["status"] = "REPLACE(status,'SHUNNED','ONLINE')";
      db_.must("DELETE FROM main." + table);
      db_.must(joined({"INSERT INTO main.", table, " SELECT ", column_list(table, instead), from}));
    }
  }
  if (module.variables.empty()) return;
  db_.must(joined({"REPLACE INTO main.global_variables SELECT * FROM ", runtime_name("global_variables"),
                   variables_like(module.variables)}));
}

void StandinLayers::save_to_disk(const Module& module) {
  if (host_.disk == DiskState::writable) return copy(module, "main", "disk");
  if (host_.disk != DiskState::losing) return;
  // Variables are replaced one by one, so nothing goes before something comes.
  for (const std::string& table : tables(module)) {
    if (table != "coredump_filters") db_.must("DELETE FROM disk." + table);
  }
}

void StandinLayers::replace_disk(const std::string& path) {
  if (!path.empty()) db_.must("ATTACH " + quoted(path) + " AS other");
  for (const Row& row :
       db_.rows("SELECT name FROM disk.sqlite_master WHERE type='table' AND name<>'sqlite_sequence'")) {
    const std::string& table = row.at(0).value();
    db_.must("DELETE FROM disk." + table);
    if (path.empty()) continue;
    std::string columns;
    for (const Row& column : db_.rows(joined({"SELECT name FROM pragma_table_info('", table,
                                              "','disk') WHERE name IN "
                                              "(SELECT name FROM pragma_table_info('",
                                              table, "','other'))"}))) {
      columns += joined({columns.empty() ? "\"" : ",\"", column.at(0).value(), "\""});
    }
    if (columns.empty()) continue;
    db_.must(joined({"INSERT INTO disk.", table, " (", columns, ") SELECT ", columns, " FROM other.", table}));
  }
  if (!path.empty()) db_.must("DETACH other");
}

void StandinLayers::copy(const Module& module, const std::string& from, const std::string& to) {
  for (const std::string& table : tables(module)) {
    if (table == "coredump_filters") continue;
    db_.must(joined({"DELETE FROM ", to, ".", table}));
    db_.must(joined({"INSERT INTO ", to, ".", table, " SELECT * FROM ", from, ".", table}));
  }
  if (module.variables.empty()) return;
  db_.must(joined({"REPLACE INTO ", to, ".global_variables SELECT * FROM ", from, ".global_variables",
                   variables_like(module.variables)}));
}

}  // namespace proxysql_consul::testing
