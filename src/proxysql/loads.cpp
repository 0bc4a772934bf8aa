#include "proxysql_consul/proxysql/loads.h"

#include <algorithm>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::int64_t number_in(const CellView& cell) { return to_integer(cell.value_or("")).value_or(0); }

std::int64_t seconds_now(Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
}

/// What the server says of itself in numbers; nothing where it has no such row.
struct Figures {
  std::optional<std::int64_t> uptime;
  std::uint64_t servers_loads = 0;
};

Figures read_figures(AdminSession& session) {
  Figures figures;
  for (const auto& row : session
                             .query("SELECT Variable_Name, Variable_Value FROM stats.stats_mysql_global WHERE "
                                    "Variable_Name IN ('ProxySQL_Uptime','Servers_table_version')")
                             .rows) {
    if (row.at(0) == "ProxySQL_Uptime") figures.uptime = number_in(row.at(1));
    if (row.at(0) == "Servers_table_version") figures.servers_loads = static_cast<std::uint64_t>(number_in(row.at(1)));
  }
  return figures;
}

}  // namespace

std::vector<Load> read_loads(AdminSession& session, const Inventory& inventory) {
  std::vector<Load> loads;
  if (!inventory.tables.contains("runtime_checksums_values")) return loads;
  for (const auto& row :
       session.query("SELECT name, version, checksum FROM runtime_checksums_values ORDER BY name").rows) {
    loads.push_back({.name = std::string(row.at(0).value_or("")),
                     .version = static_cast<std::uint64_t>(number_in(row.at(1))),
                     .checksum = std::string(row.at(2).value_or(""))});
  }
  return loads;
}

std::string load_of(const std::vector<Load>& loads, const Configuration& configuration) {
  // Before 2.6 a variable can switch these off one by one, and what then stands there is old.
  if (std::none_of(loads.begin(), loads.end(), [](const Load& load) { return load.name == "mysql_servers_v2"; })) {
    return {};
  }
  // LOAD MYSQL USER name TO RUNTIME moves nothing.
  if (is_users_table(configuration.tables.front())) return {};
  // The row mysql_servers moves with what a monitor does.
  const std::string_view name = configuration.name == "mysql_servers" ? "mysql_servers_v2" : configuration.name;
  const auto found = std::find_if(loads.begin(), loads.end(), [&](const Load& load) { return load.name == name; });
  if (found == loads.end() || found->version == 0 || found->checksum.empty()) return {};
  return std::to_string(found->version) + "/" + found->checksum;
}

std::optional<Start> read_start(AdminSession& session, const std::vector<Load>& loads, Clock& clock) {
  constexpr int attempts = 3;
  Start start;
  for (const auto& load : loads) {
    if (load.version == 0) continue;
    start.loads[load.name] = load.version;
  }
  // Without them a PROXYSQL RESTART cannot be told.
  if (start.loads.empty()) return std::nullopt;
  for (int attempt = 1;; ++attempt) {
    const auto before = seconds_now(clock);
    const auto figures = read_figures(session);
    if (!figures.uptime) return std::nullopt;
    const auto after = seconds_now(clock);
    // An answer that took its time says little about when the server began.
    if (after - before > 1 && attempt < attempts) continue;
    start.began = after - *figures.uptime;
    start.servers_loads = figures.servers_loads;
    return start;
  }
}

}  // namespace proxysql_consul
