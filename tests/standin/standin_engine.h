// What stands in for ProxySQL's admin interface where no ProxySQL is: SQLite, which is what ProxySQL's admin uses too,
// holding the memory, runtime and disk tables of 3.0.1, 2.7.2 or 1.1.1, the admin commands, and the quirks that a
// client can trip over. Knows nothing of the network: StandinServer and StandinSession carry statements to it.
//
// Not modelled: LOAD ... FROM CONFIG, the stats_ tables but for the two values that tell of a start, and that the
// original regenerates a runtime_ table only when its name is spelled in lower case (here a read in upper case is never
// stale).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "standin/standin_host.h"
#include "standin/standin_types.h"

namespace proxysql_consul::testing {

class StandinAdmin;

/// Thread-safe: one mutex serialises all statements, as in the original.
///
/// Besides ProxySQL's language it takes these statements, so that tests of other processes can plan faults and turn the
/// world. `n` counts from 1 and means the n-th statement from now; the statements below are neither counted nor logged,
/// and answer OK or an error.
///   STANDIN FAIL n text   STANDIN DROP n   STANDIN EXIT n   STANDIN HANG n   STANDIN KILL n
///   STANDIN LOG           STANDIN CLEAR    (forgets the log and all planned faults)
///   STANDIN RESTART       STANDIN RESTART EMPTY    STANDIN RESTART FROM path      as restart(), restart_with_disk()
///   STANDIN CLOCK n                                as turn_clock()
///   STANDIN DISK OK|FULL|LOSING|READONLY           as set_disk()
/// and those of monitors, all of them of mysql_servers unless PGSQL follows:
///   STANDIN STATUS hostgroup hostname port status  as set_server_status()
///   STANDIN READONLY hostname port 0|1             as set_read_only()
///   STANDIN MOVE hostgroup hostname port hostgroup as move_server()
///   STANDIN DISCOVER hostgroup hostname port       as add_server()
class StandinEngine {
 public:
  /// `disk_path` is the disk database; what it holds already is loaded to memory and runtime, as at a restart.
  explicit StandinEngine(StandinVersion version, const std::string& disk_path = ":memory:");
  ~StandinEngine();
  StandinEngine(const StandinEngine&) = delete;
  StandinEngine& operator=(const StandinEngine&) = delete;

  /// `start` is during which start the client connected: where there was another since, the answer is Fault::drop.
  Answer execute(std::string_view sql, Role role = Role::admin, std::optional<unsigned> start = std::nullopt);
  /// How many starts there were, PROXYSQL RESTART among them. Each ends the connections of those before.
  unsigned starts();

  StandinVersion version() const { return version_; }
  /// The account of that name in the credentials at runtime, or nothing.
  std::optional<Account> account(std::string_view username);

  /// What monitors do: they change servers at runtime alone, until the next LOAD. All throw std::runtime_error where no
  /// monitor does such a thing. An UPDATE of runtime_mysql_servers does the same from another process, but for the
  /// checksum; the original would undo that one at the next read.
  void set_server_status(int hostgroup, std::string_view hostname, int port, std::string_view status);
  /// By the replication hostgroups: to the reader hostgroup, or (also) to the writer hostgroup.
  void set_read_only(std::string_view hostname, int port, bool read_only, const std::string& table = "mysql_servers");
  /// Within a group, as Galera's, group replication's and Aurora's monitors do; raises Servers_table_version.
  void move_server(int hostgroup, std::string_view hostname, int port, int to_hostgroup,
                   const std::string& table = "mysql_servers");
  /// A server that nobody configured is discovered in a hostgroup of some group.
  void add_server(int hostgroup, std::string_view hostname, int port, const std::string& table = "mysql_servers");

  /// The process ends and another starts, on the same disk: uptime and the checksums' versions begin anew, memory and
  /// runtime come from disk, connections are lost. What a test planned and the log stay.
  void restart();
  /// As restart(), with the content of another disk: that of an SQLite file, or nothing where `path` is empty.
  void restart_with_disk(const std::string& path = {});
  /// That many seconds pass at once.
  void turn_clock(std::int64_t seconds);
  /// The time, in seconds since the epoch, is from now on what `source` says; uptime goes on from what it is.
  void set_clock(std::function<std::int64_t()> source);
  /// What becomes of SAVE ... TO DISK, which answers OK in any case, and of statements that write to disk.
  void set_disk(DiskState state);

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

  Answer execute_locked(std::string_view sql, Role role, std::optional<unsigned> start,
                        std::unique_lock<std::mutex>& lock);
  Answer failed(std::string message) const;
  std::optional<Answer> planned_fault();
  Answer control(std::string_view command);
  bool control_plan(const std::string& verb, std::istream& words);
  bool control_world(const std::string& verb, std::istream& words);
  bool control_monitor(const std::string& verb, std::istream& words);
  std::optional<std::string> cluster_save(const std::string& command) const;
  std::optional<std::string> disk_error(std::string_view sql) const;
  void begin(bool same_process);

  StandinVersion version_;
  std::mutex mutex_;
  StandinHost host_;
  std::unique_ptr<StandinAdmin> admin_;
  unsigned starts_ = 1;
  std::vector<std::string> log_;
  std::size_t count_ = 0;
  std::map<std::size_t, Planned> planned_;
  std::function<void(std::string_view)> callback_;
  std::function<int(const std::string&, const std::string&)> cluster_save_;
};

}  // namespace proxysql_consul::testing
