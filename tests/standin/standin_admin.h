// One run of a ProxySQL, from its start to its end: what its admin interface answers to a statement. Knows nothing of
// clients, planned faults and what comes before and after it: that is the engine's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "standin/standin_checksums.h"
#include "standin/standin_layers.h"

namespace proxysql_consul::testing {

class StandinAdmin {
 public:
  /// Loads what the disk holds to memory and runtime.
  StandinAdmin(StandinVersion version, const std::string& disk_path);

  /// Errors are bare: without the prefix that a client sees.
  Answer execute(std::string_view sql, Role role);
  StandinLayers& layers() { return layers_; }

 private:
  std::optional<Answer> load_or_save(const std::string& command);
  std::optional<Answer> set_variable(std::string_view sql);
  /// The statement that SQLite is to answer in place of `sql`, or nothing.
  std::optional<std::string> instead_of(const std::string& command) const;
  bool read_only() const { return layers_.variable("admin-read_only") == "true"; }
  void load(const Module& module);

  StandinLayers layers_;
  StandinChecksums checksums_;
  Database stats_db_;
};

}  // namespace proxysql_consul::testing
