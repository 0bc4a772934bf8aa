#include "standin/standin_checksums.h"

#include <array>
#include <cstdio>
#include <functional>
#include <utility>

#include "standin/standin_cluster.h"

namespace proxysql_consul::testing {
namespace {

std::size_t hash_of(Database& db, const std::string& sql, std::size_t hash = 0) {
  for (const Row& row : db.rows(sql)) {
    for (const Cell& cell : row) hash = hash * 1099511628211U + std::hash<Cell>()(cell);
  }
  return hash;
}

std::string text_of(std::size_t hash) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0x%016zX", hash);
  return text.data();
}

bool is_servers(const Module& module) { return module.checksum.ends_with("_servers") && module.tables.size() > 1; }

std::size_t hash_of_others(StandinLayers& layers, const Module& module, std::size_t hash) {
  for (const std::string& table : layers.tables(module)) {
    if (table != module.tables.front()) {
      hash = hash_of(layers.db(), "SELECT * FROM " + layers.runtime_name(table), hash);
    }
  }
  return hash;
}

}  // namespace

StandinChecksums::StandinChecksums(StandinLayers& layers, Checksums before)
    : layers_(layers), values_(std::move(before)) {
  if (layers_.version() == StandinVersion::v1_1) return;
  layers_.db().must(
      "CREATE TABLE runtime_checksums_values (name VARCHAR NOT NULL PRIMARY KEY, version INT NOT NULL,"
      " epoch INT NOT NULL, checksum VARCHAR NOT NULL)");
  if (layers_.version() >= StandinVersion::v3_0) {
    layers_.db().must("INSERT INTO runtime_checksums_values VALUES ('pgsql_variables',0,0,'')");
  }
}

std::string StandinChecksums::runtime_checksum(const Module& module) const {
  std::size_t hash = 0;
  if (is_servers(module)) {
    hash = hash_of(layers_.db(), as_peers_see_servers(layers_.runtime_name(module.tables.front())));
    // Since 2.6 the row mysql_servers_v2 covers the other tables, and this one the servers alone.
    if (layers_.version() < StandinVersion::v2_7) hash = hash_of_others(layers_, module, hash);
  } else if (module.checksum.ends_with("_query_rules")) {
    hash = hash_of(layers_.db(), "SELECT * FROM " + StandinLayers::loaded_name(module.checksum));
    hash = hash_of_others(layers_, module, hash);
  } else if (!module.variables.empty()) {
    hash = hash_of(layers_.db(), joined({"SELECT * FROM ", layers_.runtime_name("global_variables"),
                                         " WHERE variable_name LIKE '", module.variables, "-%'"}));
  } else {
    hash = hash_of(layers_.db(), "SELECT * FROM " + layers_.runtime_name(module.tables.front()));
    hash = hash_of_others(layers_, module, hash);
  }
  return text_of(hash);
}

void StandinChecksums::loaded(const Module& module, std::int64_t now) {
  if (layers_.version() == StandinVersion::v1_1 || module.checksum.empty()) return;
  // 2.4 and later deprecate these variables.
  if (layers_.version() == StandinVersion::v2_0 && layers_.variable("admin-checksum_" + module.checksum) == "false") {
    return;
  }
  set(module.checksum, true, now, runtime_checksum(module));
  if (module.checksum != "mysql_servers" || layers_.version() < StandinVersion::v2_7) return;
  const std::size_t hash =
      hash_of(layers_.db(), "SELECT * FROM " + StandinLayers::loaded_name("mysql_servers") + " ORDER BY 1, 2, 3");
  set("mysql_servers_v2", true, now, text_of(hash_of_others(layers_, module, hash)));
}

void StandinChecksums::moved(const Module& servers, std::int64_t now) {
  if (layers_.version() == StandinVersion::v1_1) return;
  std::string checksum = runtime_checksum(servers);
  // Peers are told that a shunned server is online, so shunning one changes nothing.
  if (checksum == values_[servers.checksum].checksum) return;
  set(servers.checksum, layers_.version() < StandinVersion::v2_7, now, std::move(checksum));
}

void StandinChecksums::set(const std::string& name, bool is_load, std::int64_t now, std::string checksum) {
  Checksum& value = values_[name];
  if (is_load) ++value.version;
  value.epoch = now;
  value.checksum = std::move(checksum);
  layers_.db().must(
      joined({"REPLACE INTO runtime_checksums_values VALUES (", quoted(name), ",", std::to_string(value.version), ",",
              std::to_string(value.epoch), ",", quoted(value.checksum), ")"}));
}

std::string StandinChecksums::global() const {
  std::size_t hash = 0;
  for (const auto& [name, value] : values_) {
    hash = hash * 1099511628211U + std::hash<std::string>()(name + std::to_string(value.version) + value.checksum);
  }
  return std::to_string(hash / 2);
}

std::optional<std::string> checksum_statement(StandinLayers& layers, const std::string& command) {
  struct Subject {
    std::string_view words;
    std::string_view rows;
    bool on_disk = false;
  };
  static constexpr std::array<Subject, 10> subjects{{
      {"MYSQL SERVERS", "mysql_servers ORDER BY hostgroup_id, hostname, port", true},
      {"MYSQL USERS", "mysql_users ORDER BY username", true},
      {"MYSQL QUERY RULES", "mysql_query_rules ORDER BY rule_id", true},
      {"MYSQL VARIABLES", "global_variables WHERE variable_name LIKE 'mysql-%' ORDER BY variable_name", true},
      {"MYSQL REPLICATION HOSTGROUPS", "mysql_replication_hostgroups ORDER BY writer_hostgroup", true},
      {"MYSQL GROUP REPLICATION HOSTGROUPS", "mysql_group_replication_hostgroups ORDER BY writer_hostgroup"},
      {"MYSQL GALERA HOSTGROUPS", "mysql_galera_hostgroups ORDER BY writer_hostgroup"},
      {"MYSQL AURORA HOSTGROUPS", "mysql_aws_aurora_hostgroups ORDER BY writer_hostgroup"},
      {"MYSQL HOSTGROUP ATTRIBUTES", "mysql_hostgroup_attributes ORDER BY hostgroup_id"},
      {"MYSQL SERVERS SSL PARAMS", "mysql_servers_ssl_params ORDER BY hostname, port, username"},
  }};
  if (!command.starts_with("CHECKSUM ")) return std::nullopt;
  for (const Subject& subject : subjects) {
    for (const std::string_view layer : {"DISK ", "MEMORY ", "MEM ", ""}) {
      if (command != joined({"CHECKSUM ", layer, subject.words}) || (layer == "DISK " && !subject.on_disk)) continue;
      const std::string sql = joined({"SELECT * FROM ", layer == "DISK " ? "disk." : "main.", subject.rows});
      if (!layers.db().run(sql).ok) return std::nullopt;  // a table that this version lacks
      // The original names the attributes here too.
      const std::string_view words =
          subject.words == "MYSQL SERVERS SSL PARAMS" ? "MYSQL HOSTGROUP ATTRIBUTES" : subject.words;
      return joined({"SELECT '", words, "' AS 'table', '", text_of(hash_of(layers.db(), sql)), "' AS 'checksum'"});
    }
  }
  return std::nullopt;
}

}  // namespace proxysql_consul::testing
