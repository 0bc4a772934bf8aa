// Tables of text as ProxySQL's admin port speaks them, and their shape. Knows nothing of SQL, JSON or the
// configurations.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/rows.h"

namespace proxysql_consul {

/// A column as the running server describes it (PRAGMA table_info).
struct Column {
  std::string name;
  Cell default_value;  ///< as SQL; NULL where the server names none
  bool not_null = false;
  std::size_t key = 0;  ///< position within the primary key from 1, or 0

  /// What a row gets that is written without this column, as far as default_value is a literal.
  Cell default_cell() const;
};

/// The shape of one table of the running server.
struct TableSchema {
  std::string name;
  std::vector<Column> columns;
  std::vector<std::string> secrets = {};  ///< shell patterns for columns and variables to mask: model/mask

  /// Position of the column, or nothing.
  std::optional<std::size_t> find(std::string_view column) const;
  /// Positions of the primary key's columns in key order; of all columns where there is no key.
  std::vector<std::size_t> key() const;
};

/// Which columns rows make use of: those of the key, and those where one of them holds another value than it would get
/// by default.
class ColumnsInUse {
 public:
  explicit ColumnsInUse(const TableSchema& schema);

  void see(const RowView& row);
  /// Whether it is, for each column of the schema.
  const std::vector<bool>& in_use() const { return in_use_; }

 private:
  std::vector<Cell> defaults_;
  std::vector<bool> in_use_;
};

/// A table's content. `columns` is empty for the positional rows of 2016.
struct Table {
  std::string name;
  std::vector<std::string> columns;
  Rows rows;

  /// Position of the column, or nothing.
  std::optional<std::size_t> find(std::string_view column) const;

  bool operator==(const Table&) const = default;
};

/// The table of that name, or null.
const Table* find_table(const std::vector<Table>& tables, std::string_view name);

}  // namespace proxysql_consul
