#include "proxysql_consul/model/blocking_query.h"

#include <algorithm>

namespace proxysql_consul {

bool BlockingQuery::answered(std::uint64_t index) {
  const bool is_new = index != last_;
  const bool has_waited = index_ != 0;
  const bool may_be_the_last = !is_new && has_waited;
  index_ = index < last_ || may_be_the_last ? 0 : std::max<std::uint64_t>(index, 1);
  last_ = index;
  return is_new;
}

}  // namespace proxysql_consul
