// What differs between two contents of a table, row by row, as a structure; statements and words for people are made
// from it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// One row that is not the same on both sides. The rows are those of the tables that were compared, and live as long.
struct Change {
  enum class Kind { added, removed, changed };

  Kind kind;
  RowView from;                      ///< not where the row was added
  RowView to;                        ///< not where it was removed
  std::vector<std::size_t> columns;  ///< of a changed row: the positions at which it differs
};

/// When two cells are the same.
enum class Match {
  exact,   ///< byte for byte
  loaded,  ///< as a LOAD rewrites them: the same number or truth value in other words; exact for secrets
};

/// What makes `to` of `from`, in the order of the primary key. Both have the columns of `schema`.
std::vector<Change> changes_between(const TableSchema& schema, const Table& from, const Table& to,
                                    Match match = Match::exact);

/// "table mysql_servers, row hostgroup_id=1, hostname=a, port=3306", or a variable's name.
std::string describe_row(const TableSchema& schema, const RowView& row);

/// What of `wanted` is not so in `actual`, for people, a line each and without values: at most `limit` lines, the last
/// of which counts the rest. Both in runtime form. `only_wanted`: rows beyond those wanted do not matter.
std::vector<std::string> differences(const TableSchema& schema, const Table& wanted, const Table& actual, Match match,
                                     bool only_wanted, std::size_t limit = 5);

}  // namespace proxysql_consul
