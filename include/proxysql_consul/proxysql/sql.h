// SQL for ProxySQL's admin port, in forms that SQLite 3.9 knows: one statement a string, quoted by SQLite's rules.
// Never mysql_real_escape_string(): a backslash is an ordinary character there. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// `value` as a literal; NULL for no value. The value must not hold a NUL byte.
std::string quote(const Cell& value);

/// `name` in backquotes: in double quotes SQLite would take a name that it does not know for a string.
std::string quote_name(std::string_view name);

/// A statement, and how to show it to people: the same text with secrets masked.
struct Statement {
  std::string text;
  std::string shown;
};

/// What a statement does to what, without its literals: for logs and errors.
std::string first_words(std::string_view statement);

/// The statements that turn `from` into `to`, both with the columns of `schema`: REPLACE of what is new or changed,
/// then DELETE of what went, so that no moment shows an emptied table. None where they hold the same rows. A statement
/// is at most `batch_bytes` long, unless a single row needs more.
std::vector<Statement> statements_between(const TableSchema& schema, const Table& from, const Table& to,
                                          std::size_t batch_bytes = std::size_t{4} * 1024 * 1024);

/// Reads `schema`'s columns of `table` (its own name, or its runtime_ twin) in the order of the primary key.
std::string select_rows(const TableSchema& schema, std::string_view table, std::string_view variables = {});

}  // namespace proxysql_consul
