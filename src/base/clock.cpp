#include "proxysql_consul/base/clock.h"

#include <array>
#include <ctime>
#include <thread>

namespace proxysql_consul {

std::chrono::system_clock::time_point SystemClock::now() { return std::chrono::system_clock::now(); }

std::chrono::steady_clock::time_point SystemClock::steady() { return std::chrono::steady_clock::now(); }

void SystemClock::pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

}  // namespace proxysql_consul
