// What ProxySQL tells of its LOADs and of its starts: whether anybody loaded since, and whether it is still the one
// that it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

/// A row of runtime_checksums_values.
struct Load {
  std::string name;           ///< mostly a configuration's
  std::uint64_t version = 0;  ///< how many LOADs there were; 0: none that counts
  std::string checksum;
  std::int64_t epoch = 0;  ///< when the last was, in seconds of the server's clock; 0 where that is not quite past

  bool operator==(const Load&) const = default;
};

/// All rows, by name; empty where the server has no such table (before 2.0). Throws what AdminSession::query() throws.
std::vector<Load> read_loads(AdminSession& session, const Inventory& inventory);

/// The same of a server that is known to have it.
std::vector<Load> read_loads(AdminSession& session);
/// Brings what `start` says of loads up to what they are now.
void count_loads(Start& start, const std::vector<Load>& loads);

/// What changes with a LOAD of the configuration and with nothing else, "3/0xABC"; "" where the server tells no such
/// thing.
std::string load_of(const std::vector<Load>& loads, const Configuration& configuration);
/// Somebody loaded what was not to be written over yet. Nothing was loaded over it, and beginning anew helps.
class LoadedMeanwhile : public Error {
 public:
  using Error::Error;
};

/// Throws LoadedMeanwhile where load_of() is no longer `expected`, and what AdminSession::query() throws.
void require_load(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                  const std::string& expected);
/// What an own LOAD has left: `now`, where it is the very next after `before`. Else somebody loaded, too, and the
/// result equals no load_of().
std::string own_load(const std::string& before, const std::string& now);

/// True where load_of() tells when somebody loads the configuration, be it the first time.
bool has_sign_of_loads(const std::vector<Load>& loads, const Configuration& configuration);
/// False where load_of() may stay the same though somebody loaded: LOAD MYSQL USER name TO RUNTIME changes nothing
/// there.
bool tells_all_loads(const Configuration& configuration);

/// All that ProxySQL tells of its LOADs and of its start.
struct Signs {
  std::vector<Load> loads;     ///< empty where the server has no such table
  std::optional<Start> start;  ///< nothing where it does not tell (1.x, or one that counts no loads)
};

/// `known` is a start that was seen before, or nothing. One small question where the loads show that it still is that
/// one; else one more, which costs ProxySQL 3 ms. Throws what AdminSession::query() throws.
Signs read_signs(AdminSession& session, Clock& clock, const std::optional<Start>& known = {});

/// What changes with each LOAD of anything that has a sign of its LOADs, and with what a monitor does: costs ProxySQL a
/// fraction of read_signs(). "" where the server does not tell. Throws what AdminSession::query() throws.
std::string read_load_mark(AdminSession& session);

}  // namespace proxysql_consul
