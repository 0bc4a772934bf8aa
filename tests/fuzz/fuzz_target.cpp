#include "fuzz/fuzz_target.h"

namespace proxysql_consul::testing {

std::vector<FuzzTarget>& fuzz_targets() {
  static std::vector<FuzzTarget> all;
  return all;
}

}  // namespace proxysql_consul::testing
