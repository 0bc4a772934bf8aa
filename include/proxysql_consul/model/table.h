// Rows of text as ProxySQL's admin port speaks them, and the shape of the tables that hold them.
// Knows nothing of SQL, JSON or the configurations.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

/// A value as ProxySQL holds it: bytes, or NULL. NULL and "" are different values.
using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

/// A column as the running server describes it (PRAGMA table_info).
struct Column {
  std::string name;
  Cell default_value;  ///< NULL where the server names none
  bool not_null = false;
  std::size_t key = 0;  ///< position within the primary key from 1, or 0
};

/// The shape of one table of the running server.
struct TableSchema {
  std::string name;
  std::vector<Column> columns;

  /// Position of the column, or nothing.
  std::optional<std::size_t> find(std::string_view column) const;
  /// Positions of the primary key's columns in key order; of all columns where there is no key.
  std::vector<std::size_t> key() const;
};

/// A table's content. `columns` is empty for the positional rows of 2016.
struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<Row> rows;

  /// Position of the column, or nothing.
  std::optional<std::size_t> find(std::string_view column) const;

  bool operator==(const Table&) const = default;
};

/// The cells of `row` at `positions`.
Row pick(const Row& row, const std::vector<std::size_t>& positions);

}  // namespace proxysql_consul
