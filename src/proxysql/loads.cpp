#include "proxysql_consul/proxysql/loads.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::int64_t number_in(const CellView& cell) { return to_integer(cell.value_or("")).value_or(0); }

std::int64_t seconds_now(Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
}

/// All that shows a start, by one statement; nothing where the server has no such tables.
Rows read_signs(AdminSession& session) {
  try {
    return session
        .query(
            "SELECT name, version FROM runtime_checksums_values UNION ALL "
            "SELECT Variable_Name, Variable_Value FROM stats.stats_mysql_global WHERE Variable_Name IN "
            "('ProxySQL_Uptime','Servers_table_version')")
        .rows;
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("no such table") == std::string_view::npos) throw;
    return {};
  }
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

std::optional<Start> read_start(AdminSession& session, Clock& clock) {
  constexpr int attempts = 3;
  for (int attempt = 1;; ++attempt) {
    const auto before = seconds_now(clock);
    const auto signs = read_signs(session);
    const auto after = seconds_now(clock);
    // An answer that took its time says little about when the server began.
    if (after - before > 1 && attempt < attempts) continue;
    Start start;
    bool tells = false;
    for (const auto& sign : signs) {
      const auto name = sign.at(0).value_or("");
      const auto number = number_in(sign.at(1));
      if (name == "ProxySQL_Uptime") {
        start.began = after - number;
        tells = true;
      } else if (name == "Servers_table_version") {
        start.servers_loads = static_cast<std::uint64_t>(number);
      } else if (number != 0) {
        start.loads[std::string(name)] = static_cast<std::uint64_t>(number);
      }
    }
    // Without what was loaded a PROXYSQL RESTART cannot be told.
    return tells && !start.loads.empty() ? std::optional(std::move(start)) : std::nullopt;
  }
}

}  // namespace proxysql_consul
