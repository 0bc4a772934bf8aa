#include "proxysql_consul/proxysql/scope_check.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/tally.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {
namespace {

/// The columns that only some versions of a table have, of tables that older ones have, too.
bool is_of_another_version(std::string_view table, std::string_view column) {
  using Columns = std::vector<std::string_view>;
  static const std::map<std::string_view, Columns> later = {
      {"servers", {"gtid_port", "use_ssl", "max_latency_ms", "comment"}},
      {"users", {"use_ssl", "attributes", "comment"}},
      {"replication_hostgroups", {"check_type", "comment"}},
      {"group_replication_hostgroups", {"max_transactions_behind", "comment"}},
      {"hostgroup_attributes", {"ignore_session_variables", "hostgroup_settings", "servers_defaults", "comment"}},
      {"query_rules",
       {"client_addr", "proxy_addr", "proxy_port", "digest", "re_modifiers", "cache_empty_result", "cache_timeout",
        "retries", "next_query_flagIN", "mirror_flagOUT", "mirror_hostgroup", "OK_msg", "sticky_conn", "multiplex",
        "gtid_from_hostgroup", "log", "attributes", "comment"}}};
  const bool has_protocol = table.starts_with("mysql_") || table.starts_with("pgsql_");
  const auto found = later.find(has_protocol ? table.substr(6) : table);
  return found != later.end() && std::find(found->second.begin(), found->second.end(), column) != found->second.end();
}

std::vector<std::string> known_tables(const Inventory& inventory, const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue.all()) {
    names.insert(names.end(), configuration.tables.begin(), configuration.tables.end());
  }
  for (const auto& table : inventory.tables) {
    if (inventory.tables.contains(runtime_name(table))) names.push_back(table);
  }
  return names;
}

[[noreturn]] void refuse_key(const std::string& setting, const std::string& table, const std::string& column) {
  throw Error(ExitCode::settings,
              setting + ": " + printable(table, 64) + ": " + printable(column, 64) +
                  " is a column of the primary key, which says which row is which",
              "keep rows local by a condition on it: \"rows\"");
}

TableSchema schema_of(AdminSession& session, const Inventory& inventory, const std::string& table) {
  const Configuration alone{.name = table, .words = {}, .tables = {table}, .variables = {}};
  return read_schemas(session, inventory, alone).at(0);
}

std::vector<std::string> names_in(const LocalPart& part) {
  auto names = part.columns;
  for (const auto& rule : part.rows) {
    for (const auto& condition : rule) names.push_back(condition.column);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// True where the catalogue says that the column, which may be of another of its configuration's tables, is a node's
/// own.
bool is_of_catalogue(const Catalogue& catalogue, std::string_view table, std::string_view column) {
  const auto local = catalogue.local_columns(table);
  return std::find(local.begin(), local.end(), column) != local.end();
}

/// What the settings' configurations call local has to be in one of their tables, as far as these are here.
void check_added(AdminSession& session, const Inventory& inventory, const Catalogue& catalogue) {
  for (const auto& configuration : catalogue.all()) {
    const auto* built_in = find_configuration(configuration.name);
    const bool is_added = built_in == nullptr || built_in->local != configuration.local;
    if (!is_added || !configuration.variables.empty() || configuration.local.empty()) continue;
    std::vector<std::string> columns;
    for (const auto& table : configuration.tables) {
      if (!inventory.tables.contains(table)) continue;
      for (const auto& column : schema_of(session, inventory, table).columns) columns.push_back(column.name);
    }
    for (const auto& name : configuration.local) {
      const auto own = built_in != nullptr ? built_in->local : std::vector<std::string>();
      const bool is_elsewhere =
          std::any_of(configuration.tables.begin(), configuration.tables.end(),
                      [&](const std::string& table) { return is_of_another_version(table, name); });
      if (columns.empty() || is_elsewhere || std::find(own.begin(), own.end(), name) != own.end() ||
          std::find(columns.begin(), columns.end(), name) != columns.end()) {
        continue;
      }
      throw Error(ExitCode::settings,
                  "configurations: " + configuration.name + ".local: there is no column " + printable(name, 64) +
                      " in " + join(configuration.tables),
                  did_you_mean(name, columns));
    }
  }
}

}  // namespace

std::vector<std::string> check_scope(AdminSession& session, const Inventory& inventory, const Catalogue& catalogue,
                                     const Scope& scope) {
  std::vector<std::string> absent;
  if (!scope.tables.empty()) check_added(session, inventory, catalogue);
  for (const auto& [table, part] : scope.tables) {
    if (!part.is_given && !inventory.tables.contains(table)) continue;
    const auto known = known_tables(inventory, catalogue);
    if (std::find(known.begin(), known.end(), table) == known.end()) {
      throw Error(ExitCode::settings, "keep_local: there is no table " + printable(table, 64),
                  did_you_mean(table, known));
    }
    if (!inventory.tables.contains(table)) {
      for (const auto key : known_key(table)) {
        const auto found = std::find(part.columns.begin(), part.columns.end(), key);
        if (found != part.columns.end()) refuse_key("keep_local", table, *found);
      }
      absent.push_back("keep_local: this ProxySQL has no table " + table);
      continue;
    }
    const auto schema = schema_of(session, inventory, table);
    std::vector<std::string> columns;
    for (const auto& column : schema.columns) columns.push_back(column.name);
    for (const auto& name : names_in(part)) {
      const auto position = schema.find(name);
      const bool is_key = position && schema.columns[*position].key > 0;
      if (is_key && std::find(part.columns.begin(), part.columns.end(), name) != part.columns.end()) {
        refuse_key(part.is_given ? "keep_local" : "configurations", table, name);
      }
      if (position || is_of_catalogue(catalogue, table, name)) continue;
      if (!is_of_another_version(table, name)) {
        throw Error(ExitCode::settings, "keep_local: " + table + ": there is no column " + printable(name, 64),
                    did_you_mean(name, columns));
      }
      absent.emplace_back("keep_local: this ProxySQL has no column ").append(name).append(" in ").append(table);
    }
  }
  return absent;
}

}  // namespace proxysql_consul
