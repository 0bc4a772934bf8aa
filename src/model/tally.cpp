#include "proxysql_consul/model/tally.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

using std::literals::operator""sv;

/// Names for columns that have none.
std::vector<std::string> positions(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

/// Gives the columns of the rows of 2016 the names that the other side has. False where they do not fit.
bool name_columns(Table& table, const Table* other) {
  if (!table.columns.empty() || table.rows.empty()) return true;
  const auto width = table.rows.front().size();
  table.columns = other != nullptr && !other->columns.empty() ? other->columns : positions(width);
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const RowView& row) { return row.size() == table.columns.size(); });
}

/// `table` with those columns, in which a default that the other side has no column for is as good as nothing.
Table over(const Table& table, const std::vector<std::string>& columns, const Table& other) {
  Table made{.name = table.name, .columns = columns, .rows = {}};
  std::vector<std::optional<std::size_t>> sources;
  std::vector<bool> is_shared;
  for (const auto& column : columns) {
    sources.push_back(table.find(column));
    is_shared.push_back(other.find(column).has_value());
  }
  for (const auto& row : table.rows) {
    const std::vector<CellView> cells(row.begin(), row.end());
    made.rows.start();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto cell = sources[i] ? cells[*sources[i]] : CellView();
      made.rows.add(is_shared[i] || !is_default_value(table.name, columns[i], cell) ? cell : CellView());
    }
  }
  return made;
}

std::optional<Tally> tally_table(Table from, Table to) {
  if (!name_columns(from, &to) || !name_columns(to, &from)) return std::nullopt;
  if (from.columns.empty()) from.columns = to.columns;
  if (to.columns.empty()) to.columns = from.columns;
  auto columns = to.columns;
  for (const auto& column : from.columns) {
    if (!to.find(column)) columns.push_back(column);
  }
  if (columns != from.columns || columns != to.columns) {
    auto widened = over(from, columns, to);
    to = over(to, columns, from);
    from = std::move(widened);
  }
  TableSchema schema{.name = to.name, .columns = {}};
  const auto key = known_key(to.name);
  for (const auto& column : columns) {
    const auto place = std::find(key.begin(), key.end(), column);
    const auto number = place == key.end() ? 0 : static_cast<std::size_t>(place - key.begin()) + 1;
    schema.columns.push_back({.name = column, .default_value = {}, .not_null = false, .key = number});
  }
  return tally_of(changes_between(schema, shared_form(std::move(from), {}), shared_form(std::move(to), {})));
}

}  // namespace

Tally& Tally::operator+=(const Tally& more) {
  added += more.added;
  removed += more.removed;
  changed += more.changed;
  return *this;
}

Tally tally_of(const std::vector<Change>& changes) {
  Tally counted;
  for (const auto& change : changes) {
    switch (change.kind) {
      case Change::Kind::added: ++counted.added; break;
      case Change::Kind::removed: ++counted.removed; break;
      case Change::Kind::changed: ++counted.changed; break;
    }
  }
  return counted;
}

std::string describe(const Tally& tally) {
  std::vector<std::string> words;
  const auto add = [&](std::size_t count, const char* what) {
    if (count == 0) return;
    words.push_back(std::to_string(count) + (words.empty() ? (count == 1 ? " row " : " rows ") : " ") + what);
  };
  add(tally.added, "added");
  add(tally.removed, "removed");
  add(tally.changed, "changed");
  return words.empty() ? "no row changed" : join(words);
}

std::vector<std::string_view> known_key(std::string_view table) {
  static const struct {
    std::string_view table;  ///< without "mysql_" or "pgsql_"
    std::vector<std::string_view> key;
  } keys[] = {
      {"servers", {"hostgroup_id", "hostname", "port"}},
      {"replication_hostgroups", {"writer_hostgroup"}},
      {"group_replication_hostgroups", {"writer_hostgroup"}},
      {"galera_hostgroups", {"writer_hostgroup"}},
      {"aws_aurora_hostgroups", {"writer_hostgroup"}},
      {"hostgroup_attributes", {"hostgroup_id"}},
      {"servers_ssl_params", {"hostname", "port", "username"}},
      {"query_rules", {"rule_id"}},
      {"query_rules_fast_routing", {"username", "schemaname", "flagIN"}},
      {"users", {"username", "backend"}},
      {"firewall_whitelist_users", {"username", "client_address"}},
      {"firewall_whitelist_rules", {"username", "client_address", "schemaname", "flagIN", "digest"}},
      {"firewall_whitelist_sqli_fingerprints", {"fingerprint"}},
      {"global_variables", {"variable_name"}},
      {"scheduler", {"id"}},
      {"proxysql_servers", {"hostname", "port"}},
      {"restapi_routes", {"id"}},
      {"coredump_filters", {"filename", "line"}},
      {"ldap_mapping", {"priority"}},
      {"clickhouse_users", {"username"}},
      {"mysqlx_users", {"username"}},
      {"mysqlx_routes", {"name"}},
      {"mysqlx_backend_endpoints", {"hostname", "mysql_port"}},
      {"mysqlx_variables", {"variable_name"}},
      {"mcp_query_rules", {"rule_id"}},
      {"mcp_auth_profiles", {"auth_profile_id"}},
      {"mcp_target_profiles", {"target_id"}},
  };
  const bool has_protocol = table.starts_with("mysql_") || table.starts_with("pgsql_");
  const auto name = has_protocol ? table.substr(6) : table;
  for (const auto& known : keys) {
    if (known.table != name) continue;
    auto key = known.key;
    // Where MySQL has schemas, PostgreSQL has databases.
    if (table.starts_with("pgsql_")) std::replace(key.begin(), key.end(), "schemaname"sv, "database"sv);
    return key;
  }
  return {};
}

std::optional<Tally> tally(const std::vector<Table>& from, const std::vector<Table>& to) {
  std::set<std::string> names;
  for (const auto* tables : {&from, &to}) {
    for (const auto& table : *tables) names.insert(table.name);
  }
  Tally all;
  for (const auto& name : names) {
    const Table none{.name = name, .columns = {}, .rows = {}};
    const auto* before = find_table(from, name);
    const auto* after = find_table(to, name);
    const auto some = tally_table(before != nullptr ? *before : none, after != nullptr ? *after : none);
    if (!some) return std::nullopt;
    all += *some;
  }
  return all;
}

}  // namespace proxysql_consul
