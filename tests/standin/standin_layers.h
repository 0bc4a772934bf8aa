// The layers of one ProxySQL's configuration: the memory, runtime and disk tables, and what moves rows from one to
// another, with all that is changed, dropped or doubled on the way. Knows no command and no client.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "standin/standin_modules.h"
#include "standin/standin_sql.h"

namespace proxysql_consul::testing {

class StandinLayers {
 public:
  /// Memory holds the defaults of the variables and runtime nothing. `disk_path` is the disk database, with what it
  /// holds already.
  StandinLayers(StandinVersion version, const std::string& disk_path);

  StandinVersion version() const { return version_; }
  Database& db() { return db_; }
  /// The table of what runtime holds, also where the version shows none.
  std::string runtime_name(std::string_view table) const;
  /// Those of the module's tables that the version has.
  std::vector<std::string> tables(const Module& module) const;
  /// A variable at runtime, empty where there is none.
  std::string variable(const std::string& name) const;
  void set_variable(const std::string& name, const std::string& value) { runtime_variables_[name] = value; }

  void load_to_runtime(const Module& module);
  void save_to_memory(const Module& module);
  void save_to_disk(const Module& module) { copy(module, "main", "disk"); }
  void load_from_disk(const Module& module) { copy(module, "disk", "main"); }

 private:
  void create_tables();
  std::string column_list(std::string_view table, const std::map<std::string, std::string>& instead) const;
  void load_table(const std::string& table);
  void load_variables(const std::string& prefix);
  void copy(const Module& module, const std::string& from, const std::string& to);

  StandinVersion version_;
  Database db_;
  std::map<std::string, std::string> runtime_variables_;
  std::map<std::string, std::vector<std::string>> columns_;
};

}  // namespace proxysql_consul::testing
