// The one exception type, and the exit statuses that operators script against.
// Knows nothing of where an error is printed: run() alone does that.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace proxysql_consul {

/// The exit statuses of the program. Part of its interface: never renumber.
enum class ExitCode {
  ok = 0,
  internal = 1,
  usage = 2,
  settings = 3,  ///< configuration file, UUID file or state file
  proxysql = 4,  ///< unreachable, refused, or took it only in part
  consul = 5,    ///< unreachable or refused
  payload = 6,   ///< a document that cannot be used
  differs = 7,   ///< differs, or not converged
  refused = 8,   ///< refused by a guard
};

/// Thrown where a failure is known, caught where a configuration or the run ends. what() reads "who: what was being
/// done to which object: why" and never holds a secret; hint() is empty or says what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

  ExitCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ExitCode code_;
  std::string hint_;
};

/// A server that cannot be reached or cannot answer now: the one failure for which trying again can help.
class Unavailable : public Error {
 public:
  using Error::Error;
};

/// The program was told to stop while it waited for a server. Whether what was asked for was done nobody knows.
class Interrupted : public Unavailable {
 public:
  using Unavailable::Unavailable;
};

/// Where several configurations fail, the lowest failing status counts.
constexpr ExitCode worst_of(ExitCode a, ExitCode b) noexcept {
  if (a == ExitCode::ok) return b;
  if (b == ExitCode::ok) return a;
  return a < b ? a : b;
}

}  // namespace proxysql_consul
