// Waiting for a server that cannot be reached or cannot answer now: back-off with jitter, within a budget. Knows a
// clock and a logger, and no command.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {

/// Random lengths, so that those who began together do not go on together.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : random_(seed) {}

  /// From half of `longest` to all of it.
  std::chrono::milliseconds operator()(std::chrono::milliseconds longest);

 private:
  std::uint64_t random_;
};

/// Pauses that double with each failure in a row, with jitter.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed)
      : first_(first), longest_(longest), next_(first), jitter_(seed) {}

  std::chrono::milliseconds next();
  void reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_;
  Jitter jitter_;
};

/// Lets `burst` things happen at once, and then one in each interval; what was not used comes back at that pace.
class RateLimit {
 public:
  RateLimit(std::chrono::milliseconds interval, int burst) : interval_(interval), burst_(burst) {}

  /// How long the next one has to wait; it counts as having happened then.
  std::chrono::milliseconds take(std::chrono::steady_clock::time_point now);

 private:
  std::chrono::milliseconds interval_;
  int burst_;
  std::chrono::steady_clock::time_point full_at_{};  ///< when the whole burst may happen at once again
};

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

  Clock& clock_;
  spdlog::logger& log_;
  std::chrono::steady_clock::time_point deadline_;
  Jitter jitter_;
};

}  // namespace proxysql_consul
