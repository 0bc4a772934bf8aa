// The one seam for time: what time it is, how long something took, waiting, and being told to stop.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace proxysql_consul {

class Clock {
 public:
  virtual ~Clock() = default;

  /// The time of day, for people and records.
  virtual std::chrono::system_clock::time_point now() = 0;
  /// For measuring and for deadlines; never goes back.
  virtual std::chrono::steady_clock::time_point steady() = 0;
  /// Returns after `time`, or soon after stopping() has become true; never at once, so that a loop of it does not spin.
  virtual void pause(std::chrono::milliseconds time) = 0;
  /// True once the program was told to end.
  virtual bool stopping() = 0;
};

/// The machine's own time. Nobody tells it to stop.
class SystemClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override;
  std::chrono::steady_clock::time_point steady() override;
  void pause(std::chrono::milliseconds time) override;
  bool stopping() override { return false; }
};

/// "2026-11-22T18:00:00Z"
std::string format_time(std::chrono::system_clock::time_point time);
/// What format_time() made a text of; nothing for any other text.
std::optional<std::chrono::system_clock::time_point> parse_time(const std::string& text);
/// For people, in the largest unit that fits: "12s", "3m", "2h", "5d". "now" for what lies ahead, by a clock elsewhere.
std::string format_age(std::chrono::seconds age);

}  // namespace proxysql_consul
