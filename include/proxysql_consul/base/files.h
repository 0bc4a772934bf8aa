// Files that must survive a crash and be shared by two users: read, written whole, locked.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxysql_consul/base/clock.h"

namespace proxysql_consul {

/// The whole file; nothing where there is none. Throws Error{settings} with path, user and reason where it cannot be
/// read.
std::optional<std::string> read_file(const std::string& path);

/// A file that holds one secret, without white space at its end. Throws Error{settings} where it is missing or empty.
std::string read_secret(const std::string& path);

/// Replaces the file in one step: a reader, or a crash, sees the old content or the new. For owner and group (0660).
/// Throws Error{settings}; then the old content stands.
void write_file(const std::string& path, std::string_view content);

/// Makes the file unless it exists: of several that try at once, one wins. Its content is on disk before its name is.
/// Throws Error{settings}.
void create_file(const std::string& path, std::string_view content);

/// Held from construction to destruction by at most one process.
class FileLock {
 public:
  /// Waits up to `limit`. Throws Error{settings} when that passes; the message names the holder.
  FileLock(const std::string& path, std::chrono::milliseconds limit, Clock& clock);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace proxysql_consul
