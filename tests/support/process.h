// Programs started by tests: input and environment given, output kept, time bounded, and nothing left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul::testing {

struct ProcessOptions {
  std::vector<std::string> argv;           ///< argv[0] is looked for on PATH unless it holds a slash
  std::map<std::string, std::string> env;  ///< set besides the inherited environment
  bool clean_env = false;                  ///< inherit PATH alone
  std::string input;                       ///< all that the program can read from stdin
  std::filesystem::path cwd;               ///< empty: this process's
  std::vector<int> inherit_fds;            ///< stay open in the program under the same numbers
  std::chrono::milliseconds limit{60'000};
};

struct ProcessResult {
  int exit_code = -1;      ///< -1 where a signal ended it
  int signal = 0;          ///< the signal that ended it, or 0
  bool timed_out = false;  ///< it was killed at the limit
  std::string out;
  std::string err;
};

/// A running program. Input and output are anonymous files, so that neither side ever blocks on a full pipe.
class Process {
 public:
  /// Throws std::runtime_error where the program cannot be started.
  explicit Process(ProcessOptions options);
  /// Kills the program if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// Sends a signal, unless the program has ended.
  void kill(int signal);
  /// True once the program has ended, waiting for that at most `limit`.
  bool wait_for(std::chrono::milliseconds limit);
  /// Waits until the options' limit, then kills.
  ProcessResult wait();
  /// What it has written so far.
  std::string out() const;
  std::string err() const;

 private:
  std::chrono::milliseconds limit_;
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

/// Runs a program to its end.
ProcessResult run_process(ProcessOptions options);

/// A directory of its own, removed with all that is in it; with KEEP_TEST_DIRS=1 in the environment it is kept, and
/// stderr says where.
class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The path of a file in it, which need not exist.
  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The content of a file, "" where there is none.
std::string read_file(const std::filesystem::path& path);
/// Replaces a file's content.
void write_file(const std::filesystem::path& path, std::string_view content);
/// One of the programs that scripts/setup unpacks under .deps/, or else that on PATH.
std::string unpacked_tool(const std::string& folder, const std::string& name);
/// A TCP port of 127.0.0.1 on which nobody listened a moment ago.
unsigned free_port();

}  // namespace proxysql_consul::testing
