#include "proxysql_consul/base/patience.h"

#include <algorithm>

namespace proxysql_consul {
namespace {

constexpr std::chrono::milliseconds first_wait{50};
constexpr int doublings = 5;  // up to 1.6 s

}  // namespace

std::chrono::milliseconds Jitter::operator()(std::chrono::milliseconds longest) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  random_ += 0x9E3779B97F4A7C15U;
  auto mixed = random_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  mixed ^= mixed >> 31U;
  const auto half = longest.count() / 2;
  return std::chrono::milliseconds(half + static_cast<long>(mixed % static_cast<std::uint64_t>(half + 1)));
}

std::chrono::milliseconds Backoff::next() {
  const auto pause = jitter_(next_);
  next_ = std::min(next_ * 2, longest_);
  return pause;
}

std::chrono::milliseconds RateLimit::take(std::chrono::steady_clock::time_point now) {
  full_at_ = std::max(full_at_, now) + interval_;
  const auto over = full_at_ - now - burst_ * interval_;
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(over), std::chrono::milliseconds(0));
}

Patience::Patience(Clock& clock, spdlog::logger& log, std::chrono::seconds limit, std::uint64_t seed)
    : clock_(clock), log_(log), deadline_(clock.steady() + limit), jitter_(seed) {}

void Patience::pause_shortly() { clock_.pause(jitter_(first_wait)); }

/// False when there is no time left.
bool Patience::wait(const Unavailable& error, int failures) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock_.steady());
  if (left.count() <= 0 || clock_.stopping()) return false;
  if (failures == 0) log_.warn("{}; trying again for up to {} s", error.what(), (left.count() + 999) / 1000);
  clock_.pause(std::min(jitter_(first_wait * (1 << std::min(failures, doublings))), left));
  return !clock_.stopping();
}

}  // namespace proxysql_consul
