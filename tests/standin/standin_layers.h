// The layers of one ProxySQL's configuration: the memory, runtime and disk tables, and what moves rows from one to
// another, with all that is changed, dropped or doubled on the way. Knows no command and no client.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "standin/standin_host.h"
#include "standin/standin_modules.h"
#include "standin/standin_sql.h"

namespace proxysql_consul::testing {

class StandinLayers {
 public:
  /// Memory holds the defaults of the variables and runtime nothing. The disk holds what it held, which `before` has
  /// where the disk is in memory. The host must outlive the layers.
  StandinLayers(StandinVersion version, const StandinHost& host, const StandinLayers* before = nullptr);

  StandinVersion version() const { return version_; }
  Database& db() { return db_; }
  /// The table of what runtime holds, also where the version shows none.
  std::string runtime_name(std::string_view table) const;
  /// The table of what the last LOAD brought in, which no monitor touches; there is one for query rules and for servers
  /// and users of MySQL, from 2.0 on.
  static std::string loaded_name(std::string_view table) { return "hidden.loaded_" + std::string(table); }
  bool has_table(const std::string& table) const { return columns_.contains(table); }
  bool has_column(const std::string& table, const std::string& column) const;
  /// The table's columns with commas, some replaced by expressions.
  std::string column_list(std::string_view table, const std::map<std::string, std::string>& instead) const;
  /// Those of the module's tables that the version has.
  std::vector<std::string> tables(const Module& module) const;
  /// A variable at runtime, empty where there is none.
  std::string variable(const std::string& name) const;
  void set_variable(const std::string& name, const std::string& value) { runtime_variables_[name] = value; }

  void load_to_runtime(const Module& module);
  void save_to_memory(const Module& module);
  /// Changes nothing, or too much, where the disk does not take it; says so to nobody, as the original.
  void save_to_disk(const Module& module);
  void load_from_disk(const Module& module) { copy(module, "disk", "main"); }
  /// The disk's tables hold what the SQLite file holds in tables of the same names; nothing where `path` is empty.
  void replace_disk(const std::string& path);

 private:
  struct Made {};
  StandinLayers(StandinVersion version, const StandinHost& host, Made);
  static const StandinLayers& pristine(StandinVersion version);
  void attach();
  void create_tables();
  void load_table(const std::string& table);
  void keep_loaded(const std::string& table);
  void load_variables(const std::string& prefix);
  void copy(const Module& module, const std::string& from, const std::string& to);

  StandinVersion version_;
  const StandinHost& host_;
  Database db_;
  std::map<std::string, std::string> runtime_variables_;
  std::map<std::string, std::vector<std::string>> columns_;
};

}  // namespace proxysql_consul::testing
