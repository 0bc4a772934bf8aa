// SQL for ProxySQL's admin port, in forms that SQLite 3.9 knows: one statement a string, quoted by SQLite's rules.
// Never mysql_real_escape_string(): a backslash is an ordinary character there. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What ProxySQL takes as one statement with room to spare; of more than 16 MiB some versions end.
constexpr std::size_t default_batch_bytes = std::size_t{4} * 1024 * 1024;

/// `value` as a literal; NULL for no value. The value must not hold a NUL byte.
std::string quote(const CellView& value);

/// `name` in backquotes: in double quotes SQLite would take a name that it does not know for a string.
std::string quote_name(std::string_view name);

/// What a statement does to what, without its literals: for logs and errors.
std::string first_words(std::string_view statement);

/// The statements that make `changes`, of tables with the columns of `schema`: REPLACE of what is new or changed, then
/// DELETE of what went, so that no moment shows an emptied table. None where there is no change. A statement is at most
/// `batch_bytes` long, unless a single row needs more.
std::vector<std::string> statements_of(const TableSchema& schema, const std::vector<Change>& changes,
                                       std::size_t batch_bytes = default_batch_bytes);
/// Those that turn `from` into `to`.
std::vector<std::string> statements_between(const TableSchema& schema, const Table& from, const Table& to,
                                            std::size_t batch_bytes = default_batch_bytes);
/// The same for people: with secrets masked.
std::vector<std::string> masked_statements_between(const TableSchema& schema, const Table& from, const Table& to);

/// How many rows one statement finds by their keys, whatever these consist of: SQLite limits the depth of an expression
/// to 1,000, and a chain of ORs is as deep as it is long.
constexpr std::size_t max_keys_per_statement = 400;

/// What a SELECT is to select for three counts: the rows of `table`, those of `other`, which has the same columns, and
/// those that are the same in both.
std::string count_same_rows(const TableSchema& schema, std::string_view table, std::string_view other);

/// Copies to `other`, which has the same columns, the rows of `table` that are not there, or not with the same cells in
/// those columns for which `which` says true.
std::string copy_rows_that_differ(const TableSchema& schema, std::string_view table, std::string_view other,
                                  const std::vector<bool>& which);

/// Reads `schema`'s columns of `table` (its own name, or its runtime_ twin) in the order of the primary key.
std::string select_rows(const TableSchema& schema, std::string_view table, std::string_view variables = {});
/// Reads of that the rows that have the keys of `rows`, of which there are some, and at most max_keys_per_statement.
std::string select_rows_like(const TableSchema& schema, const Rows& rows);
/// Reads of them those for which `which` says true, and after them, where it leaves some out, whether all of these hold
/// what a row gets there by default: 1 or 0.
std::string select_columns(const TableSchema& schema, std::string_view table, const std::vector<bool>& which);

}  // namespace proxysql_consul
