// Counts what a test's process takes from the heap, in place of a clock: what grows faster than its rows shows here,
// and the same on every machine.
#pragma once

#include <cstddef>

namespace proxysql_consul::testing {

/// Counts from its making on, in all threads; there is at most one at a time. Only a suite that links allocations.cpp
/// has it.
class Allocations {
 public:
  Allocations();

  /// How many there were.
  std::size_t count() const;
  /// How many there are more than at the start that nobody has given back.
  std::ptrdiff_t live() const;
  /// The most bytes that were held at once beyond those at the start.
  std::size_t peak() const;
};

}  // namespace proxysql_consul::testing
