#include "support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace proxysql_consul::testing {
namespace {

std::string read_all(int fd) {
  struct stat info {};
  ::fstat(fd, &info);
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment(const ProcessOptions& options) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (!options.env.contains(name) && (!options.clean_env || name == "PATH")) out.push_back(text);
  }
  for (const auto& [name, value] : options.env) out.emplace_back(name).append("=").append(value);
  return out;
}

}  // namespace

Process::Process(ProcessOptions options) : limit_(options.limit) {
  const int input = ::memfd_create("stdin", MFD_CLOEXEC);
  for (std::string_view rest = options.input; !rest.empty();) {
    const ssize_t put = ::write(input, rest.data(), rest.size());
    if (put <= 0) throw std::system_error(errno, std::generic_category(), "stdin of a test's program");
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  ::lseek(input, 0, SEEK_SET);
  out_ = ::memfd_create("stdout", MFD_CLOEXEC);
  err_ = ::memfd_create("stderr", MFD_CLOEXEC);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out_, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err_, 2);
  for (const int fd : options.inherit_fds) ::posix_spawn_file_actions_adddup2(&actions, fd, fd);
  if (!options.cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, options.cwd.c_str());
  // A test runner may ignore or block signals; a program starts without that.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  auto env = environment(options);
  auto argv = pointers(options.argv);
  const int failed = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), pointers(env).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input);
  if (failed != 0) {
    ::close(out_);
    ::close(err_);
    throw std::system_error(failed, std::generic_category(), "starting " + options.argv.at(0));
  }
}

Process::~Process() {
  if (!ended_) {
    kill(SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  ::close(out_);
  ::close(err_);
}

void Process::kill(int signal) {
  // Until it is waited for the pid cannot be another program's.
  if (!ended_) ::kill(pid_, signal);
}

bool Process::wait_for(std::chrono::milliseconds limit) {
  if (ended_) return true;
  // The descriptor becomes readable when the program ends.
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  pollfd wanted{fd, POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + limit;
  int ready = 0;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    ready = ::poll(&wanted, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
  } while (ready < 0 && errno == EINTR);
  ::close(fd);
  if (ready <= 0) return false;
  ended_ = ::waitpid(pid_, &status_, 0) == pid_;
  return ended_;
}

ProcessResult Process::wait() {
  ProcessResult result;
  if (!wait_for(limit_)) {
    result.timed_out = true;
    kill(SIGKILL);
    wait_for(std::chrono::seconds(10));
  }
  if (WIFEXITED(status_)) result.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) result.signal = WTERMSIG(status_);
  result.out = out();
  result.err = err();
  return result;
}

std::string Process::out() const { return read_all(out_); }
std::string Process::err() const { return read_all(err_); }

ProcessResult run_process(ProcessOptions options) { return Process(std::move(options)).wait(); }

TempDir::TempDir(const std::filesystem::path& parent) {
  std::string pattern = (parent / "proxysql-consul-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  if (const char* keep = std::getenv("KEEP_TEST_DIRS"); keep != nullptr && std::string_view(keep) == "1") {
    std::cerr << "kept " << path_.string() << '\n';
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string unpacked_tool(const std::string& folder, const std::string& name) {
  const auto path = std::string(PROJECT_SOURCE_PATH) + "/.deps/" + folder + "/usr/bin/" + name;
  return std::filesystem::exists(path) ? path : name;
}

namespace {

constexpr unsigned ports_of_a_process = 500;

/// The first of some ports that no other process of the tests takes while this one lives: it holds a name for them that
/// the kernel gives to one alone. A port that is free when it is looked at could be another's a moment later.
unsigned first_own_port() {
  // Below the range from which the kernel takes the ports of outgoing connections.
  constexpr unsigned first = 10'000;
  constexpr unsigned blocks = 44;
  const unsigned start = std::random_device{}();
  for (unsigned tries = 0; tries < blocks; ++tries) {
    const unsigned block = (start + tries) % blocks;
    const auto name = "proxysql-consul tests, ports " + std::to_string(block);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // A name that begins with a zero byte is no file.
    name.copy(&address.sun_path[1], name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return first + block * ports_of_a_process;
    ::close(fd);
  }
  throw std::runtime_error("no free ports");
}

}  // namespace

unsigned free_port() {
  static const unsigned first = first_own_port();
  static std::atomic<unsigned> next{0};
  for (unsigned tries = 0; tries < ports_of_a_process; ++tries) {
    const unsigned port = first + next++ % ports_of_a_process;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (bound) return port;
  }
  throw std::runtime_error("no free port");
}

}  // namespace proxysql_consul::testing
