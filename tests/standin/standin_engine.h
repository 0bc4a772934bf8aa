// What stands in for ProxySQL's admin interface where no ProxySQL is: SQLite, which is what ProxySQL's admin uses too,
// holding the memory, runtime and disk tables of 2.7.2 or of 1.1.1, the admin commands, and the quirks that a client
// can trip over. Knows nothing of the network: StandinServer and StandinSession carry statements to it.
//
// Not modelled: CHECKSUM, LOAD ... FROM CONFIG, the stats_ tables, and that the original regenerates a runtime_ table
// only when its name is spelled in lower case (here a read in upper case is never stale).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "standin/standin_types.h"

namespace proxysql_consul::testing {

class StandinAdmin;

/// Thread-safe: one mutex serialises all statements, as in the original.
///
/// Besides ProxySQL's language it takes these statements, so that tests of other processes can plan faults. `n` counts
/// from 1 and means the n-th statement from now; the statements below are neither counted nor logged.
///   STANDIN FAIL n text   STANDIN DROP n   STANDIN EXIT n   STANDIN HANG n   STANDIN KILL n
///   STANDIN LOG           STANDIN CLEAR    (forgets the log and all planned faults)
class StandinEngine {
 public:
  /// `disk_path` is the disk database; what it holds already is loaded to memory and runtime, as at a restart.
  explicit StandinEngine(StandinVersion version, const std::string& disk_path = ":memory:");
  ~StandinEngine();
  StandinEngine(const StandinEngine&) = delete;
  StandinEngine& operator=(const StandinEngine&) = delete;

  Answer execute(std::string_view sql, Role role = Role::admin);

  StandinVersion version() const { return version_; }
  /// The account of that name in the credentials at runtime, or nothing.
  std::optional<Account> account(std::string_view username);

  /// What a monitor does: changes a server at runtime alone, until the next LOAD. An UPDATE of runtime_mysql_servers
  /// does the same from another process; the original would undo that one at the next read.
  void set_server_status(int hostgroup, std::string_view hostname, int port, std::string_view status);

  /// The n-th statement from now, counted from 1, fails with `error` instead of being executed.
  void fail_statement(std::size_t n, std::string error) { plan(n, Fault::fail, std::move(error)); }
  void plan(std::size_t n, Fault fault, std::string text = {});
  /// Called before each statement, outside the lock; statements that it runs itself do not call it again.
  void on_statement(std::function<void(std::string_view)> callback);
  std::vector<std::string> log();
  void clear_log();

  /// What 1.1 runs on SAVE ... TO CLUSTER, without holding the lock: (program, configuration) to exit status.
  void on_cluster_save(std::function<int(const std::string&, const std::string&)> run);

 private:
  struct Planned {
    Fault fault;
    std::string text;
  };

  Answer execute_locked(std::string_view sql, Role role);
  Answer failed(std::string message) const;
  std::optional<Answer> control(std::string_view command);
  std::optional<std::string> cluster_save(const std::string& command) const;

  StandinVersion version_;
  std::mutex mutex_;
  std::unique_ptr<StandinAdmin> admin_;
  std::vector<std::string> log_;
  std::size_t count_ = 0;
  std::map<std::size_t, Planned> planned_;
  std::function<void(std::string_view)> callback_;
  std::function<int(const std::string&, const std::string&)> cluster_save_;
};

}  // namespace proxysql_consul::testing
