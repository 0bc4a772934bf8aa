#pragma once

#include <cstddef>
#include <vector>

#include "proxysql_consul/model/rows.h"

namespace proxysql_consul::testing {

/// The rows by all of their cells, for servers that promise no order.
inline Rows sorted(Rows rows) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; !rows.empty() && i < rows[0].size(); ++i) all.push_back(i);
  rows.sort_by(all);
  return rows;
}

}  // namespace proxysql_consul::testing
