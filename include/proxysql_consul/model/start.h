// What tells one start of a ProxySQL from another. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace proxysql_consul {

/// A start, as ProxySQL tells of itself. PROXYSQL RESTART is a start, too: the process and its uptime go on, but what
/// was not on disk is gone.
struct Start {
  std::int64_t began = 0;           ///< seconds since 1970: now less ProxySQL_Uptime
  std::uint64_t servers_loads = 0;  ///< Servers_table_version, which begins anew with each start
  /// By the name in runtime_checksums_values how often that was loaded. They begin anew with each process, and a
  /// PROXYSQL RESTART loads them all.
  std::map<std::string, std::uint64_t> loads;
  /// When that was, in seconds of ProxySQL's clock; of those only that were past when this was read.
  std::map<std::string, std::int64_t> epochs = {};
  /// ProxySQL was asked for its loads alone now: `began` and `servers_loads` are those of an earlier look.
  bool is_carried = false;

  bool operator==(const Start&) const = default;
};

/// True where something that was loaded by `then` has not been loaded since, as every start would have done. Looks at
/// the loads alone; false says nothing.
bool is_surely_same_start(const Start& then, const Start& now);

/// True where nothing in `now` shows a start since `then` was read. That everything was loaded since does show one: an
/// operator who does all that looks the same, and a comparison too many costs less than a start that is missed.
bool is_same_start(const Start& then, const Start& now);

}  // namespace proxysql_consul
