// A terminal that nobody sits at: programs write to it, and a test reads what they wrote.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace proxysql_consul::testing {

class Terminal {
 public:
  /// So many characters wide, 24 lines high.
  explicit Terminal(unsigned short columns);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// The device that a program opens to write to it.
  const std::string& path() const { return path_; }
  /// What was written, when every program that wrote has ended; lines end in a line feed alone.
  std::string finish();
  /// Waits until `text` was written; false after 60 s.
  bool await(std::string_view text);

 private:
  void read_on();

  int master_ = -1;
  int slave_ = -1;  ///< keeps the terminal open between programs
  std::string path_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::string written_;
  std::thread reader_;
};

}  // namespace proxysql_consul::testing
