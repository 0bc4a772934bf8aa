#include "standin/standin_checksums.h"

#include <array>
#include <cstdio>
#include <functional>

namespace proxysql_consul::testing {
namespace {

std::size_t hash_of(Database& db, const std::string& sql, std::size_t hash = 0) {
  for (const Row& row : db.rows(sql)) {
    for (const Cell& cell : row) hash = hash * 1099511628211U + std::hash<Cell>()(cell);
  }
  return hash;
}

}  // namespace

StandinChecksums::StandinChecksums(StandinLayers& layers) : layers_(layers) {
  if (layers_.version() == StandinVersion::v1_1) return;
  layers_.db().must(
      "CREATE TABLE runtime_checksums_values (name VARCHAR NOT NULL PRIMARY KEY, version INT NOT NULL,"
      " epoch INT NOT NULL, checksum VARCHAR NOT NULL)");
}

void StandinChecksums::loaded(const Module& module, std::int64_t now) {
  if (layers_.version() == StandinVersion::v1_1 || module.checksum.empty()) return;
  bump(module.checksum, module, now);
  if (module.checksum == "mysql_servers") bump("mysql_servers_v2", module, now);
}

void StandinChecksums::bump(const std::string& name, const Module& module, std::int64_t now) {
  if (layers_.variable("admin-checksum_" + module.checksum) == "false") return;
  std::size_t hash = 0;
  for (const std::string& table : layers_.tables(module)) {
    hash = hash_of(layers_.db(), "SELECT * FROM " + layers_.runtime_name(table), hash);
  }
  if (!module.variables.empty()) {
    hash = hash_of(layers_.db(), joined({"SELECT * FROM ", layers_.runtime_name("global_variables"),
                                         " WHERE variable_name LIKE '", module.variables, "-%'"}));
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0x%016zX", hash);
  layers_.db().must("REPLACE INTO runtime_checksums_values SELECT " + quoted(name) +
                    ", 1 + COALESCE((SELECT version FROM runtime_checksums_values WHERE name=" + quoted(name) +
                    "), 0), " + std::to_string(now) + ", " + quoted(text.data()));
}

}  // namespace proxysql_consul::testing
