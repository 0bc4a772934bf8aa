// Files that must survive a crash and be shared by several users: read, written whole, locked. Those that the program
// keeps itself lie in a directory that others may write, so links are never followed there, and what it makes is for
// the directory's owner and group as well, whoever runs it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {

/// For files that the program keeps itself, and for those that an operator names and may have linked.
enum class Links { refuse, follow };

/// The whole file; nothing where there is none. Throws Error{settings} with path, user and reason where it cannot be
/// read, or has more than 8 MiB, as all that read one here; where links are refused, also for a symbolic link and what
/// is no regular file.
std::optional<std::string> read_file(const std::string& path, Links links = Links::refuse);

/// A file that holds one secret, without white space at its end; may be a link. Throws Error{settings} where it is
/// missing or empty.
std::string read_secret(const std::string& path);

/// A file of secrets: throws Error{settings} also where it is missing, is a link, or others than its owner and group
/// may read or write it.
std::string read_private_file(const std::string& path);

/// Where root made the file for itself alone: lets the directory's owner and group in, if the file is what was read as
/// `content`. Throws Error{settings} where it cannot be read; that access cannot be given is no failure.
void share_file(const std::string& path, std::string_view content);

/// Replaces the file in one step: a reader, or a crash, sees the old content or the new. For owner and group (0660).
/// Replaces a link itself, and not what it leads to. Throws Error{settings}; then the old content stands. For one
/// process at a time: what is being written stands in `path` with ".new" at its end, and of a run that was killed is
/// replaced by the next.
void write_file(const std::string& path, std::string_view content);

/// Replaces a file that everybody may read (0644) and that is made anew so often that it need not outlive a crash: else
/// as write_file().
void write_public_file(const std::string& path, std::string_view content);

/// Throws Error{settings} where write_file() would: writes such a file beside it, and removes that again.
void try_write(const std::string& path, std::string_view content);

/// Makes the file unless it exists: of several that try at once, one wins. Its content is on disk before its name is.
/// Throws Error{settings}.
void create_file(const std::string& path, std::string_view content);

/// Whose a file is, and what others may do with it.
struct FileRights {
  std::string description;  ///< for people: "0640 root:proxysql"
  bool others_read = false;
};

/// Nothing where there is no file. Links are followed.
std::optional<FileRights> rights_of(const std::string& path);

/// Makes the file look as if it had been written now. That this cannot be done is no failure.
void touch(const std::string& path);

/// True where `path` was written later than `other`; false where one of the two is not there.
bool is_newer(const std::string& path, const std::string& other);

/// True where this user may change the file; of a directory, make and replace files in it. False also where it is not
/// there.
bool may_write(const std::string& path);

/// The name of the user who runs the program, or its number.
std::string effective_user();

/// Another process holds a lock.
class Locked : public Error {
 public:
  using Error::Error;
};

/// Held from construction to destruction by at most one process.
class FileLock {
 public:
  /// Waits up to `limit`, and no more than a second once the program was told to end. Throws Locked{settings} when that
  /// passes, and the message names the holder; Error{settings} for what no run has made: a link, a file with a second
  /// name, one that holds anything but a process's number.
  FileLock(const std::string& path, std::chrono::milliseconds limit, Clock& clock);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace proxysql_consul
