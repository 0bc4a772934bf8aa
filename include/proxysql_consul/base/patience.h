// Waiting for a server that cannot be reached or cannot answer now.
#pragma once

#include <spdlog/logger.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {

/// The time that a run has for waiting, in all: retry_seconds from its start.
class Patience {
 public:
  Patience(const Job& job, std::chrono::seconds limit)
      : job_(job), deadline_(std::chrono::steady_clock::now() + limit) {}

  /// Calls `attempt` until it does not throw Unavailable, and gives its result. Throws the last Unavailable when the
  /// time is over, everything else at once.
  template <typename Attempt>
  auto retry(Attempt attempt) {
    auto wait = first_wait;
    for (;;) {
      try {
        return attempt();
      } catch (const Unavailable& error) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
        if (left.count() <= 0) throw;
        if (wait == first_wait) job_.log.warn("{}; trying again for up to {} s", error.what(), left.count() / 1000 + 1);
        job_.context.pause(std::min(jittered(wait), left));
        wait = std::min(wait * 2, longest_wait);
      }
    }
  }

  /// A pause of a random length, so that contenders do not meet again.
  void pause_shortly() { job_.context.pause(jittered(first_wait)); }

 private:
  static constexpr std::chrono::milliseconds first_wait{50};
  static constexpr std::chrono::milliseconds longest_wait{2000};

  std::chrono::milliseconds jittered(std::chrono::milliseconds wait) {
    return std::chrono::milliseconds(std::uniform_int_distribution<long>(wait.count() / 2, wait.count())(random_));
  }

  const Job& job_;
  std::chrono::steady_clock::time_point deadline_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace proxysql_consul
