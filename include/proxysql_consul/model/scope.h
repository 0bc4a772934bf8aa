// What of a node's tables is shared, and what is its own: the settings keep_local and exclude_variables. A key of a
// table is local, or it is shared; of shared rows some columns are local. Every flow asks this one module, so that what
// one of them passes over no other takes. Pure; knows neither the settings' text nor a server.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What one cell has to hold.
struct CellRule {
  enum class Kind {
    null,
    text,     ///< that very text
    range,    ///< an integer from `low` to `high`
    pattern,  ///< a shell pattern, as in fnmatch(3)
  };

  std::string column;
  Kind kind = Kind::text;
  std::string text = {};  ///< also of a pattern
  long long low = 0;
  long long high = 0;

  bool is_met_by(const CellView& cell) const;
};

/// Meets the rows that meet all of these.
using RowRule = std::vector<CellRule>;

/// What of a table is one node's own.
struct LocalPart {
  std::vector<std::string> columns;
  std::vector<RowRule> rows;
  bool is_given = true;  ///< false: nobody asked for it, the catalogue has it so
};

struct Scope {
  std::vector<std::string> exclude_variables = {};  ///< shell patterns
  std::map<std::string, LocalPart, std::less<>> tables = {};
  std::string digest = {};  ///< differs where `tables` do; empty where there are none

  std::string added = {};  ///< the same of what the settings' configurations say to be a node's own

  /// True where something of one of these tables is local.
  bool is_about(const std::vector<std::string>& names) const;
};

/// Adds to `scope` what the catalogue says to be a node's own. Once more changes nothing more.
void keep_own(const Catalogue& catalogue, Scope& scope);

/// Of what somebody asked for "mysql_servers: weight, status, rows by hostgroup_id, rows by hostname", a line a table;
/// never a value.
std::vector<std::string> describe(const Scope& scope);

/// The tables of one configuration, split into what is shared and what is local. Tables that it is given have all
/// columns of their schemas, and are in shared form.
class Sharing {
 public:
  /// Nothing is local.
  Sharing() = default;
  Sharing(const Scope& scope, const std::vector<TableSchema>& schemas);

  /// False where nothing can be local. All else gives back what it was given then.
  bool has_local() const { return !splits_.empty(); }

  /// The same, which has seen nothing.
  Sharing afresh() const;

  /// Rows that meet an entry make their keys local, on whatever side they are. To be called for both sides before
  /// anything is compared.
  void see(const std::vector<Table>& tables);
  void see(const Table& table);

  bool is_local_column(std::string_view table, std::string_view column) const;
  /// True where the key of the row, which is one of the table, is local.
  bool is_local(std::string_view table, const RowView& row) const;

  /// What `shared` says of what is shared, and `own` of what is local: the local rows are those of `own`, and local
  /// columns hold what they hold there, or what `shared` has where `own` has no such row. In the order of the keys.
  /// With what a document says and what is here that is what this node is to hold; with what is here and what Consul's
  /// document says, it is the document that this node may save.
  std::vector<Table> combine(std::vector<Table> shared, const std::vector<Table>& own) const;
  /// Without the local rows.
  std::vector<Table> shared_rows(std::vector<Table> tables) const;
  /// The local rows alone, of the tables that something is local of.
  std::vector<Table> local_rows(const std::vector<Table>& tables) const;

  /// Rows of memory that a LOAD leaves out of runtime: inactive ones, and servers that are OFFLINE_HARD. `tables` are
  /// those that something is local of; the rows have keys that `runtime` has not.
  std::vector<Table> left_out(const std::vector<Table>& memory, const std::vector<Table>& runtime) const;
  /// `runtime`, and of `left_out` the rows that are left out for what a local column holds: they are here all the same.
  std::vector<Table> with_left_out(std::vector<Table> runtime, const std::vector<Table>& left_out) const;

  /// combine() for a save: `runtime` with what it was left out of, and what Consul's document says of what is local. A
  /// row that is inactive, or gone, in what comes of it is in no document that is made from runtime.
  std::vector<Table> document_of(std::vector<Table> runtime, const std::vector<Table>& left_out,
                                 const std::vector<Table>& theirs) const;

  /// Two rows that cannot stand side by side in a table of ProxySQL, since another key than the primary one is unique,
  /// too; for people. Nothing where all can, which is asked of tables only that something is local of.
  std::optional<std::string> collision(const std::vector<Table>& tables) const;
  /// The same of a row of `tables` and one of `with` that has another primary key.
  std::optional<std::string> collision(const std::vector<Table>& tables, const std::vector<Table>& with) const;

  /// What is kept local of `tables`, a line a table, for people: "of mysql_servers: weight, status, 2 rows".
  std::vector<std::string> describe_kept(const std::vector<Table>& tables) const;
  /// The entries that no row met that was seen, for people. `both`: rows here and those of a document were.
  std::vector<std::string> unmet(bool both = true) const;

 private:
  struct Split {
    TableSchema schema;
    std::vector<std::size_t> key;
    std::vector<std::size_t> columns;  ///< that are local
    std::vector<std::string> names;    ///< of the local columns, also of those that this server lacks
    /// Of each entry the conditions and the positions of their cells; nothing where a column is not here.
    std::vector<std::optional<std::vector<std::pair<std::size_t, CellRule>>>> entries;
    std::vector<std::string> entry_names;
    std::vector<bool> met;
    std::set<Row> keys;  ///< those that are local
  };

  const Split* find(std::string_view table) const;
  static bool is_local(const Split& split, const RowView& row);
  static Table combine(const Split& split, const Table& shared, const Table& own);
  static void add_mixed(const Split& split, const RowView& shared, const RowView& own, Rows& made);

  std::map<std::string, Split, std::less<>> splits_;
};

}  // namespace proxysql_consul
