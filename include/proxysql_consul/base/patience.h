// Waiting for a server that cannot be reached or cannot answer now: back-off with jitter, within a budget. Knows a
// clock and a logger, and no command.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {

/// The time that one piece of work has for waiting, in all, from its construction.
class Patience {
 public:
  /// `seed` decides the pauses' lengths: different ones keep contenders from meeting again and again. `clock` and `log`
  /// must outlive the object.
  Patience(Clock& clock, spdlog::logger& log, std::chrono::seconds limit, std::uint64_t seed);

  /// Calls `attempt` until it does not throw Unavailable, and gives its result. Throws the last Unavailable when the
  /// time is over or the program is to stop, everything else at once.
  template <typename Attempt>
  auto retry(Attempt attempt) {
    for (int failures = 0;; ++failures) {
      try {
        return attempt();
      } catch (const Unavailable& error) {
        if (!wait(error, failures)) throw;
      }
    }
  }

  /// A pause of a random length of up to 50 ms.
  void pause_shortly();

 private:
  bool wait(const Unavailable& error, int failures);
  std::chrono::milliseconds jittered(std::chrono::milliseconds longest);

  Clock& clock_;
  spdlog::logger& log_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t random_;
};

}  // namespace proxysql_consul
