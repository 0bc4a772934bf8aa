#include "proxysql_consul/proxysql/loads.h"

#include <algorithm>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/answers.h"

namespace proxysql_consul {
namespace {

std::int64_t number_in(const CellView& cell) { return to_integer(cell.value_or("")).value_or(0); }

std::int64_t seconds_now(Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
}

/// What `read` gives, or nothing where the server has no such table.
template <typename Read>
auto where_it_is_told(Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("no such table") == std::string_view::npos) throw;
    return {};
  }
}

/// When the process began, and how often servers were loaded since it started.
std::optional<Start> read_start(AdminSession& session, Clock& clock) {
  constexpr int attempts = 3;
  for (int attempt = 1;; ++attempt) {
    const auto before = seconds_now(clock);
    const auto rows = query_rows(session,
                                 "SELECT Variable_Name, Variable_Value FROM stats.stats_mysql_global WHERE "
                                 "Variable_Name IN ('ProxySQL_Uptime','Servers_table_version')",
                                 2);
    const auto after = seconds_now(clock);
    // An answer that took its time says little about when the server began.
    if (after - before > 1 && attempt < attempts) continue;
    Start start;
    bool tells = false;
    for (const auto& row : rows) {
      const auto number = number_in(row[1]);
      if (row[0] == "ProxySQL_Uptime") {
        start.began = after - std::clamp(number, std::int64_t{0}, after);
        tells = true;
      } else {
        start.servers_loads = static_cast<std::uint64_t>(number);
      }
    }
    return tells ? std::optional(std::move(start)) : std::nullopt;
  }
}

/// Null where none of the rows moves with the configuration's LOADs alone.
const Load* find_sign(const std::vector<Load>& loads, const Configuration& configuration) {
  const auto find = [&](std::string_view name) {
    const auto found = std::find_if(loads.begin(), loads.end(), [&](const Load& load) { return load.name == name; });
    return found != loads.end() ? &*found : nullptr;
  };
  // Before 2.6 a variable can switch these off one by one, and what then stands there is old.
  if (find("mysql_servers_v2") == nullptr) return nullptr;
  // The row mysql_servers moves with what a monitor does.
  return find(configuration.name == "mysql_servers" ? "mysql_servers_v2" : configuration.name);
}

}  // namespace

std::vector<Load> read_loads(AdminSession& session, const Inventory& inventory) {
  return inventory.tables.contains("runtime_checksums_values") ? read_loads(session) : std::vector<Load>();
}

std::vector<Load> read_loads(AdminSession& session) {
  std::vector<Load> loads;
  // A start may follow within the second in which something was loaded.
  for (const auto& row : query_rows(session,
                                    "SELECT name, version, checksum, epoch*(epoch<strftime('%s','now')-1) "
                                    "FROM runtime_checksums_values ORDER BY name",
                                    4)) {
    loads.push_back({.name = std::string(row[0].value_or("")),
                     .version = static_cast<std::uint64_t>(number_in(row[1])),
                     .checksum = std::string(row[2].value_or("")),
                     .epoch = number_in(row[3])});
  }
  return loads;
}

void count_loads(Start& start, const std::vector<Load>& loads) {
  start.loads.clear();
  start.epochs.clear();
  for (const auto& load : loads) {
    if (load.version == 0) continue;
    start.loads[load.name] = load.version;
    if (load.epoch != 0) start.epochs[load.name] = load.epoch;
  }
}

bool has_sign_of_loads(const std::vector<Load>& loads, const Configuration& configuration) {
  return find_sign(loads, configuration) != nullptr;
}

std::string load_of(const std::vector<Load>& loads, const Configuration& configuration) {
  const auto* sign = find_sign(loads, configuration);
  if (sign == nullptr || sign->version == 0 || sign->checksum.empty()) return {};
  return std::to_string(sign->version) + "/" + sign->checksum;
}

void require_load(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                  const std::string& expected) {
  if (load_of(read_loads(session, inventory), configuration) == expected) return;
  throw LoadedMeanwhile(ExitCode::proxysql, "proxysql: somebody loaded " + std::string(configuration.name) +
                                                " just before another version was to be loaded over it");
}

std::string own_load(const std::string& before, const std::string& now) {
  const auto number = [](const std::string& load) {
    return static_cast<std::uint64_t>(to_integer(std::string_view(load).substr(0, load.find('/'))).value_or(0));
  };
  if (now.empty() || number(now) == number(before) + 1) return now;
  return std::to_string(number(before) + 1) + "/replaced";
}

bool tells_all_loads(const Configuration& configuration) { return !is_users_table(configuration.tables.front()); }

Signs read_signs(AdminSession& session, Clock& clock, const std::optional<Start>& known) {
  Signs signs{.loads = where_it_is_told([&] { return read_loads(session); }), .start = known};
  Start now;
  count_loads(now, signs.loads);
  // Without what was loaded a PROXYSQL RESTART cannot be told.
  if (now.loads.empty()) {
    signs.start.reset();
    return signs;
  }
  if (known && is_surely_same_start(*known, now)) {
    signs.start->is_carried = true;
  } else {
    signs.start = where_it_is_told([&] { return read_start(session, clock); });
  }
  if (signs.start) count_loads(*signs.start, signs.loads);
  return signs;
}

std::string read_load_mark(AdminSession& session) {
  try {
    const auto rows = query_rows(session, "SELECT GLOBAL_CHECKSUM()", 1);
    return rows.empty() ? std::string() : std::string(rows[0][0].value_or(""));
  } catch (const Unavailable&) {
    throw;
  } catch (const Error&) {
    return {};  // One that has no such function; that it tells nothing is found out by read_signs().
  }
}

}  // namespace proxysql_consul
