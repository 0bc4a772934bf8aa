// How what a node holds of a configuration differs from a document, row by row: what diff shows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What the node holds, in shared form.
struct Local {
  const Configuration& configuration;
  std::vector<TableSchema> schemas;
  std::vector<Table> tables;                      ///< of runtime, or of memory where there is no runtime
  std::optional<std::vector<Table>> memory = {};  ///< where inactive rows, or what a monitor found, may matter
  bool as_loaded = true;                          ///< false: a monitor may have moved servers
  bool is_that_load = false;                      ///< runtime shows what a LOAD of that very document made of it
  Scope scope = {};
  std::vector<Table> left_out = {};  ///< of memory, where something is local: Sharing::left_out()
};

/// A table that is not the same on both sides. An added row is only in the document, a removed one only here.
struct TableDifference {
  TableSchema schema;
  Table here;                   ///< the rows of `changes` are in these
  Table there;                  ///< in runtime's words
  std::vector<Change> changes;  ///< from here to there; at least one
};

struct Comparison {
  std::vector<TableDifference> tables;
  std::vector<std::string> notes;  ///< what is no difference, and an operator should know

  bool is_same() const { return tables.empty(); }
};

/// Compares as update does: what the document does not speak of, variables that the node excludes or does not know,
/// what it keeps local, and what a monitor did make no difference. Inactive rows count where the document has a row of
/// that key. Throws Error{payload} where the document does not fit the node's tables.
Comparison compare(const Local& here, const std::vector<Table>& there);

}  // namespace proxysql_consul
