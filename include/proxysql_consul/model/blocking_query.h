// Where a series of blocking queries stands, by the rules of Consul's documentation. Pure.
#pragma once

#include <cstdint>

namespace proxysql_consul {

class BlockingQuery {
 public:
  /// What the next query waits beyond; 0: it is not to wait.
  std::uint64_t index() const { return index_; }

  /// Takes the index of an answer. False where it can hold nothing new: an answer is no proof of a change. An index
  /// that goes back is of another history, a snapshot that was restored, so that the next query is not to wait for it.
  /// Consul ends the queries that wait while one is restored with what was before, so that one that came to nothing is
  /// followed by one that does not wait.
  bool answered(std::uint64_t index);

  /// The next query is not to wait.
  void ask_at_once() { index_ = 0; }

 private:
  std::uint64_t index_ = 0;  ///< to wait beyond
  std::uint64_t last_ = 0;   ///< of the last answer
};

}  // namespace proxysql_consul
