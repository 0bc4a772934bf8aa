// The configurations that can be shared, as data. What a server really has is asked of the server; this table says
// which of its tables belong together, what their LOAD and SAVE are called, and what must never travel.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

struct Configuration {
  std::string_view name;   ///< as in `proxysql/<name>`
  std::string_view words;  ///< as in `LOAD <words> TO RUNTIME`
  std::vector<std::string_view> tables;
  std::string_view variables;  ///< prefix of its rows in global_variables; empty for other tables
  bool accepted = true;        ///< applied by default; not where it could lock an operator out or run programs
  bool on_disk = true;         ///< has SAVE ... TO DISK
};

/// All of them, in the order in which they are saved and applied.
std::span<const Configuration> catalogue();

/// The configuration of that name, or null.
const Configuration* find_configuration(std::string_view name);

/// The configuration that an operator named. Throws Error{usage} with a suggestion.
const Configuration& named_configuration(const std::string& name);

/// The names, in the catalogue's order.
std::vector<std::string> configuration_names();

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

}  // namespace proxysql_consul
