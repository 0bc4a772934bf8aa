// follow on a clock that the test turns, with a Consul in memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/program_node.h"

namespace proxysql_consul::testing {

/// B follows while things happen at their times.
class Follow : public Run {
 protected:
  struct Happening {
    std::chrono::milliseconds at;
    std::function<void()> what;
  };

  /// Runs `follow` on B until `end` has passed.
  Ran follow(std::vector<Happening> happenings, std::chrono::milliseconds end) {
    const auto begun = b.clock.steady();
    auto next = happenings.begin();
    const auto catch_up = [&] {
      const auto passed = b.clock.steady() - begun;
      while (next != happenings.end() && passed >= next->at) (next++)->what();
      if (observe) observe();
      if (passed >= end) b.clock.is_stopping = true;
    };
    consul.on_wait = [&](std::chrono::milliseconds time) {
      if (answers_at_once) return false;
      b.clock.turn(time);
      catch_up();
      return true;
    };
    b.clock.on_pause = catch_up;
    auto ran = b.run({"follow"});
    // What it says first is looked at by a test of its own.
    if (!ran.err.empty() && ran.err.front().find(" follows proxysql/ in ") != std::string::npos) {
      started = ran.err.front();
      ran.err.erase(ran.err.begin());
    }
    if (!ran.err.empty() && ran.err.back().find(": ends, as it was told to") != std::string::npos) {
      told_its_end = true;
      ran.err.pop_back();
    }
    consul.on_wait = {};
    b.clock.on_pause = {};
    b.clock.is_stopping = false;
    return ran;
  }

  std::string started;            ///< what the last follow said at its start
  bool told_its_end = false;      ///< it said that it ends
  bool answers_at_once = false;   ///< Consul does, whether anything changed or not
  std::function<void()> observe;  ///< called at each moment of that time

  std::size_t calls(const std::string& head) const {
    return static_cast<std::size_t>(
        std::count_if(consul.log.begin(), consul.log.end(), [&](const auto& call) { return call.starts_with(head); }));
  }
};

class FollowAndPublish : public Follow {
 protected:
  void SetUp() override {
    save_from_a({"first"});
    b.configure("\"publish\":[\"mysql_servers\",\"mysql_users\"]");
    EXPECT_EQ(b.run({"pull"}).status, 0);
    consul.log.clear();
  }

  /// True where a version with that server is in Consul or in its history.
  bool is_kept(const std::string& host) const {
    return std::any_of(consul.entries.begin(), consul.entries.end(), [&](const auto& entry) {
      return entry.first.find("mysql_servers") != std::string::npos &&
             entry.second.value.find("\"" + host + "\"") != std::string::npos;
    });
  }

  std::size_t versions() const { return calls("TXN cas " + servers_key); }
};

}  // namespace proxysql_consul::testing
