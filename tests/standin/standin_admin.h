// One run of a ProxySQL, from a start or restart to the next: what its admin interface answers to a statement. Knows
// nothing of clients, planned faults and what comes before and after it: that is the engine's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "standin/standin_checksums.h"
#include "standin/standin_layers.h"
#include "standin/standin_monitor.h"

namespace proxysql_consul::testing {

class StandinAdmin {
 public:
  /// Loads what the disk holds to memory and runtime. `before` is the run that ends with this one's beginning; where it
  /// was the same process, the checksums go on from there. The host must outlive the run.
  StandinAdmin(StandinVersion version, const StandinHost& host, const StandinAdmin* before = nullptr,
               bool same_process = false);

  /// Errors are bare: without the prefix that a client sees.
  Answer execute(std::string_view sql, Role role);
  StandinLayers& layers() { return layers_; }
  /// A monitor of that kind of servers acts. What counts as a commit raises Servers_table_version too.
  void monitor(const std::string& servers, bool is_commit, const std::function<void(StandinMonitor&)>& act);

 private:
  std::optional<Answer> load_or_save(const std::string& command);
  std::optional<Answer> set_variable(std::string_view sql);
  /// The statement that SQLite is to answer in place of `sql`, or nothing.
  std::optional<std::string> instead_of(const std::string& command, Role role);
  bool read_only() const { return layers_.variable("admin-read_only") == "true"; }
  void load(const Module& module);
  void refresh_stats();

  const StandinHost& host_;
  StandinLayers layers_;
  StandinChecksums checksums_;
  Database stats_db_;
  unsigned servers_table_version_ = 0;
};

}  // namespace proxysql_consul::testing
