// The configurations that can be shared, as data. What a server really has is asked of the server; this table says
// which of its tables belong together, what their LOAD and SAVE are called, and what must never travel.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

/// The table of all modules' variables, and of each its rows by their prefix.
constexpr std::string_view variables_table = "global_variables";

struct Configuration {
  std::string name;   ///< as in `proxysql/<name>`
  std::string words;  ///< as in `LOAD <words> TO RUNTIME`
  std::vector<std::string> tables;
  std::string variables;      ///< prefix of its rows in global_variables; empty for other tables
  bool accepted = true;       ///< applied by default; not where it could lock an operator out or run programs
  bool on_disk = true;        ///< has SAVE ... TO DISK
  bool tells_runtime = true;  ///< false: its variables may be in memory alone, though its module is at work
  /// Shell patterns for the columns and variables that nobody may see, beyond those that are masked everywhere.
  std::vector<std::string> secrets = {};
  /// Columns and variables that describe one node, beyond those that are so everywhere.
  std::vector<std::string> local = {};
};

/// The built-in ones, in the order in which they are saved and applied. A node knows those that its settings add, too:
/// see Catalogue.
std::span<const Configuration> catalogue();

/// The built-in configuration of that name, or null.
const Configuration* find_configuration(std::string_view name);

/// True for what names of configurations and tables are made of: a-z, 0-9 and _.
bool is_name(std::string_view text);

/// The names of the built-in ones, in the catalogue's order.
std::vector<std::string> configuration_names();

/// The configurations that one node knows: the built-in ones, and behind them those that its settings add.
class Catalogue {
 public:
  Catalogue();

  /// What stands in the way of adding it, for people: "covers the table mysql_users of mysql_users". Empty where
  /// nothing does.
  std::string conflict_with(const Configuration& added) const;
  /// Adds it behind the others, and returns true. One that a built-in one covers, under the same name and words, only
  /// gives that its secrets and local columns. Invalidates pointers.
  bool add(Configuration added);

  /// In the order in which they are saved and applied.
  std::span<const Configuration> all() const { return configurations_; }
  std::vector<std::string> names() const;
  /// Null where there is none of that name.
  const Configuration* find(std::string_view name) const;
  /// The columns of the table that describe one node, such as listening addresses.
  std::vector<std::string> local_columns(std::string_view table) const;
  /// Shell patterns for the variables that do, beside those of is_shared_variable().
  std::vector<std::string> local_variables() const;
  /// The configuration that an operator named. Throws Error{usage} with a suggestion.
  const Configuration& named(const std::string& name) const;

 private:
  std::vector<Configuration> configurations_;
};

/// What a secret's name has in it, as shell patterns: for modules that this program does not know well.
std::vector<std::string> secret_patterns();

/// The tables that hold accounts; their rows need folding and guarding.
bool is_users_table(std::string_view table);
/// The tables of backends, whose status a monitor changes.
bool is_servers_table(std::string_view table);
/// The tables of query rules.
bool is_rules_table(std::string_view table);

/// The tables whose inactive rows memory alone shows.
bool has_inactive_rows(std::string_view table);

/// False for variables that describe one node: its addresses, credentials and threads.
bool is_shared_variable(std::string_view name);

/// What a column holds unless somebody set it, for columns that only some versions have: such a value may be dropped
/// without loss where the column is missing.
bool is_default_value(std::string_view table, std::string_view column, const std::optional<std::string_view>& value);
/// What a row holds there that nobody gave a value, where no server is at hand that has the column.
std::optional<std::string> default_value(std::string_view table, std::string_view column);

}  // namespace proxysql_consul
