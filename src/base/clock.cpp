#include "proxysql_consul/base/clock.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

namespace proxysql_consul {

std::chrono::system_clock::time_point SystemClock::now() { return std::chrono::system_clock::now(); }

std::chrono::steady_clock::time_point SystemClock::steady() { return std::chrono::steady_clock::now(); }

void SystemClock::pause(std::chrono::milliseconds time) {
  // A signal does not end a sleep, so it is looked for between short ones.
  constexpr std::chrono::milliseconds longest{50};
  for (; time.count() > 0; time -= longest) {
    std::this_thread::sleep_for(std::min(time, longest));
    if (stopping()) break;
  }
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

std::optional<std::chrono::system_clock::time_point> parse_time(const std::string& text) {
  std::tm utc{};
  const auto* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // What the clock cannot count, in nanoseconds, is no time that anybody wrote down.
  constexpr int first = 1970;
  constexpr int last = 2200;
  const int year = utc.tm_year + 1900;
  if (year < first || year > last) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&utc));
}

std::string format_age(std::chrono::seconds age) {
  const auto seconds = age.count();
  if (seconds <= 0) return "now";
  constexpr long minute = 60;
  constexpr long hour = 60 * minute;
  constexpr long day = 24 * hour;
  if (seconds < minute) return std::to_string(seconds) + "s";
  if (seconds < hour) return std::to_string(seconds / minute) + "m";
  if (seconds < day) return std::to_string(seconds / hour) + "h";
  return std::to_string(seconds / day) + "d";
}

}  // namespace proxysql_consul
