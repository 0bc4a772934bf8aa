#include "proxysql_consul/base/files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

constexpr mode_t owner_and_group = 0660;

std::string user_name() {
  const auto* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(geteuid());
}

[[noreturn]] void fail(const std::string& path, const std::string& doing, int number) {
  std::string hint;
  if (number == EACCES || number == EPERM || number == EROFS) {
    hint = "give user " + user_name() + " the right, or share a group: ProxySQL and Consul often run as two users";
  } else if (number == ENOENT) {
    hint = "make the directory " + std::filesystem::path(path).parent_path().string();
  }
  throw Error(ExitCode::settings, path + ": " + doing + " as user " + user_name() + ": " + std::strerror(number), hint);
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

/// A synced file of that content beside `path`, under a name of its own. Removed with the object.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& path, std::string_view content) : name_(path + ".XXXXXX") {
    const Descriptor file(mkostemp(name_.data(), O_CLOEXEC));
    if (file.get() < 0) {
      const int number = errno;
      name_.clear();
      fail(path, "create", number);
    }
    try {
      // mkostemp() ignores the umask and leaves the group out.
      if (fchmod(file.get(), owner_and_group) != 0) fail(path, "set the mode", errno);
      write_all(file, content, path);
      if (fsync(file.get()) != 0) fail(path, "sync", errno);
    } catch (const Error&) {
      unlink(name_.c_str());
      throw;
    }
  }
  ~TemporaryFile() { unlink(name_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
};

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(path, "open", errno);
  }
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "read", errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string read_secret(const std::string& path) {
  auto secret = read_file(path);
  if (!secret) throw Error(ExitCode::settings, path + ": no such file");
  secret->erase(secret->find_last_not_of(" \t\r\n") + 1);
  if (secret->empty()) throw Error(ExitCode::settings, path + ": is empty");
  return *secret;
}

void write_file(const std::string& path, std::string_view content) {
  const TemporaryFile file(path, content);
  if (rename(file.name(), path.c_str()) != 0) fail(path, "replace", errno);
  sync_directory(path);
}

void create_file(const std::string& path, std::string_view content) {
  const TemporaryFile file(path, content);
  if (link(file.name(), path.c_str()) != 0 && errno != EEXIST) fail(path, "create", errno);
  sync_directory(path);
}

FileLock::FileLock(const std::string& path, std::chrono::milliseconds limit, Clock& clock) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_and_group));
  if (file.get() < 0) fail(path, "open the lock", errno);
  // The umask took the group's right to write; whoever made the file gives it back.
  struct stat status {};
  if (fstat(file.get(), &status) == 0 && status.st_uid == geteuid()) {
    static_cast<void>(fchmod(file.get(), owner_and_group));
  }
  const auto deadline = clock.steady() + limit;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) fail(path, "lock", errno);
    if (clock.steady() >= deadline) {
      throw Error(ExitCode::settings,
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
