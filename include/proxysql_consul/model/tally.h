// How much two contents of a configuration differ, in numbers; also where no ProxySQL is there to tell the shape of its
// tables. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// Counts of rows.
struct Tally {
  std::size_t added = 0;
  std::size_t removed = 0;
  std::size_t changed = 0;

  bool any() const { return added + removed + changed > 0; }
  Tally& operator+=(const Tally& more);
  bool operator==(const Tally&) const = default;
};

/// "1 row added, 2 changed", or "no row changed"
std::string describe(const Tally& tally);

/// How many changes of each kind there are.
Tally tally_of(const std::vector<Change>& changes);

/// The columns of the table's primary key, as far as they are known here; none for a table that is not.
std::vector<std::string_view> known_key(std::string_view table);

/// How `to` differs from `from`, told from the documents alone. Rows of a table whose key is not known, and rows
/// without column names, are compared as a whole. A column that only one of the two has makes no difference where it
/// holds nothing but defaults. Nothing where rows without column names are of another width than those that have some.
std::optional<Tally> tally(const std::vector<Table>& from, const std::vector<Table>& to);

}  // namespace proxysql_consul
