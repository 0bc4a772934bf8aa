// What a document means for the tables that the local ProxySQL has: columns by name, defaults for what is missing, a
// warning for what has no place here. Pure.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// A document in the words of the local server.
struct Fitted {
  std::vector<Table> tables;          ///< with all columns of the local tables, in shared form
  std::vector<std::string> warnings;  ///< what the local server has no place for, once each; then it is partial
};

/// Maps `tables` to the local tables by name (by position for documents of 2016). `schemas` are those of the
/// configuration's tables that the server has; `known_variables` the names it knows. What is local by `sharing`, if
/// there is one, may have no place here without a warning; it sees the document's rows. Throws Error{payload} for rows
/// that fit no table: of another width without column names, without a column that has no default, two for one key.
Fitted fit(const Configuration& configuration, const std::vector<Table>& tables,
           const std::vector<TableSchema>& schemas, const std::vector<std::string>& known_variables,
           const std::vector<std::string>& excluded_variables, Sharing* sharing = nullptr);

/// Throws Error{payload} where a cell holds a NUL byte.
void refuse_nul(const std::vector<Table>& tables);

/// Throws Error{payload} where an account of `tables` is named like one of `admins`: it would break their login.
void refuse_admin_accounts(const std::vector<Table>& tables, const std::vector<std::string>& admins);

/// Adds to `tables`, which have the columns of `schemas`, what is local of a document and has no column here: the cells
/// of `theirs` in local columns and local rows, and defaults beside them.
void carry_absent_cells(const Sharing& sharing, const std::vector<TableSchema>& schemas,
                        const std::vector<Table>& theirs, std::vector<Table>& tables);

/// The digests of the keys of `document` that are local, sorted: what this node passes over of it.
std::vector<std::string> passed_over(const Sharing& sharing, const std::vector<TableSchema>& schemas,
                                     const std::vector<Table>& document);
/// True where the key of that row of the document is one of these.
bool is_passed_over(const std::vector<std::string>& keys, const TableSchema& schema, const RowView& row);

}  // namespace proxysql_consul
