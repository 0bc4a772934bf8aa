#include "proxysql_consul/base/files.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

constexpr mode_t owner_and_group = 0660;
constexpr mode_t readable_by_all = 0644;
constexpr off_t longest_pid = 20;
/// What is read here takes some KiB; a device has no end.
constexpr std::size_t largest_file = std::size_t{8} << 20;

std::string name_of_user(uid_t user) {
  const auto* entry = getpwuid(user);
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(user);
}

std::string name_of_group(gid_t group) {
  const auto* entry = getgrgid(group);
  return entry != nullptr ? entry->gr_name : "gid " + std::to_string(group);
}

[[noreturn]] void fail(const std::string& path, const std::string& doing, int number) {
  std::string hint;
  if (number == EACCES || number == EPERM || number == EROFS) {
    hint = "give user " + effective_user() + " the right, or share a group: ProxySQL and Consul often run as two users";
  } else if (number == ENOENT) {
    hint = "make the directory " + std::filesystem::path(path).parent_path().string();
  }
  throw Error(ExitCode::settings, path + ": " + doing + " as user " + effective_user() + ": " + std::strerror(number),
              hint);
}

constexpr const char* remove_it = "see who put it there, and remove it: the next run makes a new one";
constexpr const char* name_it = "put the file itself there, or name in the settings what it leads to";

[[noreturn]] void refuse(const std::string& path, const std::string& what, const char* hint) {
  throw Error(ExitCode::settings, path + ": " + what, hint);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

constexpr int never_follow = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

[[noreturn]] void fail_to_open(const std::string& path, const std::string& doing, int number, const char* hint) {
  if (number == ELOOP) refuse(path, "is a symbolic link, which is never followed here", hint);
  fail(path, doing, number);
}

struct stat status_of(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) fail(path, "look at", errno);
  return status;
}

/// Lets in who may write the directory: they have to get on with the file too, and could replace it anyway. Where the
/// system or a lack of rights forbids it, the file stays as it is, and who is kept out will be told why.
void share(const Descriptor& file, const std::string& path) {
  struct stat own {};
  struct stat directory {};
  if (fstat(file.get(), &own) != 0 || stat(directory_of(path).c_str(), &directory) != 0) return;
  if (own.st_uid != geteuid()) return;
  const bool is_roots = own.st_uid == 0;
  if (own.st_gid != directory.st_gid || (is_roots && directory.st_uid != 0)) {
    static_cast<void>(!fchown(file.get(), is_roots ? directory.st_uid : own.st_uid, directory.st_gid));
  }
  // The umask may have taken these.
  if ((own.st_mode & owner_and_group) != owner_and_group) {
    static_cast<void>(!fchmod(file.get(), (own.st_mode & 0777U) | owner_and_group));
  }
}

std::string read_all(const Descriptor& file, const std::string& path) {
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "read", errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > largest_file) {
      throw Error(ExitCode::settings, path + ": has more than " + std::to_string(largest_file) + " bytes",
                  "is it the right file?");
    }
  }
}

void write_all(const Descriptor& file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write", errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void sync_directory(const std::string& path) {
  const Descriptor directory(open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) fail(path, "sync its directory", errno);
}

/// A file that this program and its like read again, or one for everybody's eyes.
enum class Use { keep, show };

/// A file of that content beside `path`; one to keep is synced. Removed with the object.
class TemporaryFile {
 public:
  /// Under a name of its own, for several that make one at once.
  static TemporaryFile unique(const std::string& path, std::string_view content) {
    auto name = path + ".XXXXXX";
    const int number = mkostemp(name.data(), O_CLOEXEC);
    return {path, name, number, content, Use::keep};
  }
  /// Under the name that it always has, for the one that holds the lock: what a run left that was killed goes.
  static TemporaryFile sole(const std::string& path, std::string_view content, Use use) {
    const auto name = path + ".new";
    if (unlink(name.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) fail(name, "remove", errno);
    // Where a link or anything else came there since, nothing is made.
    return {path, name, open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR),
            content, use};
  }
  ~TemporaryFile() { unlink(name_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const char* name() const { return name_.c_str(); }

 private:
  TemporaryFile(const std::string& path, std::string name, int number, std::string_view content, Use use)
      : name_(std::move(name)) {
    const int failure = errno;
    const Descriptor file(number);
    if (number < 0) fail(path, "create", failure);
    try {
      write_all(file, content, path);
      share(file, path);
      if (use == Use::show && fchmod(file.get(), readable_by_all) != 0) fail(path, "open to all readers", errno);
      if (use == Use::keep && fsync(file.get()) != 0) fail(path, "sync", errno);
    } catch (const Error&) {
      unlink(name_.c_str());
      throw;
    }
  }

  std::string name_;
};

bool is_pid(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> read_file(const std::string& path, Links links) {
  const bool is_own = links == Links::refuse;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | (is_own ? never_follow : 0)));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    if (is_own) fail_to_open(path, "open", errno, name_it);
    fail(path, "open", errno);
  }
  if (is_own && !S_ISREG(status_of(file, path).st_mode)) refuse(path, "is no regular file", remove_it);
  return read_all(file, path);
}

std::string read_secret(const std::string& path) {
  auto secret = read_file(path, Links::follow);
  if (!secret) throw Error(ExitCode::settings, path + ": no such file");
  secret->erase(secret->find_last_not_of(" \t\r\n") + 1);
  if (secret->empty()) throw Error(ExitCode::settings, path + ": is empty");
  return *secret;
}

std::string read_private_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | never_follow));
  if (file.get() < 0 && errno == ENOENT) throw Error(ExitCode::settings, path + ": no such file");
  if (file.get() < 0) fail_to_open(path, "read", errno, name_it);
  const auto status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file", name_it);
  if ((status.st_mode & 0007U) != 0) {
    throw Error(ExitCode::settings, path + ": holds secrets, and everybody may read or write it",
                "`chmod o= " + path + "`, and think of the secrets as known");
  }
  return read_all(file, path);
}

void share_file(const std::string& path, std::string_view content) {
  if (geteuid() != 0) return;
  const Descriptor file(open(path.c_str(), O_RDONLY | never_follow));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return;
  // Whoever can move another file of root's to this place must not get at it: only what has that content is given away.
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != 0) return;
  if (read_all(file, path) == content) share(file, path);
}

void write_file(const std::string& path, std::string_view content) {
  const auto file = TemporaryFile::sole(path, content, Use::keep);
  if (rename(file.name(), path.c_str()) != 0) fail(path, "replace", errno);
  sync_directory(path);
}

void write_public_file(const std::string& path, std::string_view content) {
  const auto file = TemporaryFile::sole(path, content, Use::show);
  if (rename(file.name(), path.c_str()) != 0) fail(path, "replace", errno);
}

void try_write(const std::string& path, std::string_view content) {
  const auto file = TemporaryFile::unique(path, content);
}

void create_file(const std::string& path, std::string_view content) {
  const auto file = TemporaryFile::unique(path, content);
  if (link(file.name(), path.c_str()) != 0 && errno != EEXIST) fail(path, "create", errno);
  sync_directory(path);
}

std::optional<FileRights> rights_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  std::string mode = "0000";
  for (std::size_t i = 0; i < 3; ++i) {
    mode[3 - i] = static_cast<char>('0' + (status.st_mode >> (3 * i) & 7U));
  }
  return FileRights{.description = mode + " " + name_of_user(status.st_uid) + ":" + name_of_group(status.st_gid),
                    .others_read = (status.st_mode & S_IROTH) != 0};
}

void touch(const std::string& path) {
  static_cast<void>(utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW));
}

bool is_newer(const std::string& path, const std::string& other) {
  std::error_code absent;
  const auto time = std::filesystem::last_write_time(path, absent);
  if (absent) return false;
  const auto time_of_other = std::filesystem::last_write_time(other, absent);
  return !absent && time > time_of_other;
}

bool may_write(const std::string& path) {
  const int rights = std::filesystem::is_directory(path) ? W_OK | X_OK : W_OK;
  return faccessat(AT_FDCWD, path.c_str(), rights, AT_EACCESS) == 0;
}

std::string effective_user() { return name_of_user(geteuid()); }

FileLock::FileLock(const std::string& path, std::chrono::milliseconds limit, Clock& clock) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | never_follow, owner_and_group));
  if (file.get() < 0) fail_to_open(path, "open the lock", errno, remove_it);
  // What stands here will be written over and shared. Who may write the directory could have put another's file here.
  const auto status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file", remove_it);
  if (status.st_nlink > 1) refuse(path, "has a second name (a hard link)", remove_it);
  if (status.st_size > longest_pid || !is_pid(read_all(file, path))) {
    refuse(path, "is no lock file of proxysql-consul", remove_it);
  }
  share(file, path);
  constexpr std::chrono::seconds longest_when_stopping{1};
  auto deadline = clock.steady() + limit;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) fail(path, "lock", errno);
    if (clock.stopping()) deadline = std::min(deadline, clock.steady() + longest_when_stopping);
    if (clock.steady() >= deadline) {
      throw Locked(ExitCode::settings,
                   path + ": another proxysql-consul (pid " + read_file(path).value_or("unknown") + ") still holds it",
                   "see what that process waits for; it ends by itself in bounded time");
    }
    clock.pause(std::chrono::milliseconds(2));
  }
  // The pid is for that message alone, so a full disk does not matter here.
  const auto pid = std::to_string(getpid());
  if (ftruncate(file.get(), 0) == 0) static_cast<void>(!pwrite(file.get(), pid.data(), pid.size(), 0));
  descriptor_ = file.release();
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace proxysql_consul
