// The machine under a stand-in: what outlives one run of ProxySQL, and what a test turns.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <string>

namespace proxysql_consul::testing {

/// What becomes of a SAVE ... TO DISK, which answers OK in any case.
enum class DiskState {
  writable,
  full,       ///< the tables keep the rows they had
  losing,     ///< full after the old rows went: the tables end up empty
  read_only,  ///< the tables keep the rows they had
};

/// Seconds since the epoch, real until a test turns them.
class StandinClock {
 public:
  std::int64_t now() const { return source_() + turned_; }
  std::int64_t uptime() const { return now() - started_; }
  /// A process starts now.
  void start() { started_ = now(); }
  /// Lets that many seconds pass at once.
  void turn(std::int64_t seconds) { turned_ += seconds; }
  /// From now on the time is what `source` says; the uptime goes on from what it is.
  void set_source(std::function<std::int64_t()> source) {
    const std::int64_t before = uptime();
    source_ = std::move(source);
    turned_ = 0;
    started_ = now() - before;
  }

 private:
  std::function<std::int64_t()> source_ = [] { return std::int64_t{std::time(nullptr)}; };
  std::int64_t turned_ = 0;
  std::int64_t started_ = source_();
};

struct StandinHost {
  std::string disk_path;
  DiskState disk = DiskState::writable;
  StandinClock clock;
};

}  // namespace proxysql_consul::testing
