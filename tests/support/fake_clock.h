// A clock that a test turns: pauses pass at once, and are kept.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "proxysql_consul/base/clock.h"

namespace proxysql_consul::testing {

class FakeClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)) + passed_;
  }
  std::chrono::steady_clock::time_point steady() override { return std::chrono::steady_clock::time_point(passed_); }
  void pause(std::chrono::milliseconds time) override {
    pauses.push_back(time);
    passed_ += time;
    if (on_pause) on_pause();
  }
  bool stopping() override { return is_stopping; }

  void turn(std::chrono::milliseconds time) { passed_ += time; }

  std::vector<std::chrono::milliseconds> pauses;
  std::function<void()> on_pause;  ///< called after each pause
  bool is_stopping = false;

 private:
  std::chrono::milliseconds passed_{0};
};

}  // namespace proxysql_consul::testing
