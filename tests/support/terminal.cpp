#include "support/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace proxysql_consul::testing {

Terminal::Terminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) {
    throw std::system_error(errno, std::generic_category(), "a terminal");
  }
  char name[64];
  if (::ptsname_r(master_, name, sizeof name) != 0) throw std::system_error(errno, std::generic_category(), "ptsname");
  path_ = name;
  slave_ = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios how{};
  if (slave_ < 0 || ::tcgetattr(slave_, &how) != 0) throw std::system_error(errno, std::generic_category(), path_);
  // A line feed stays what it is.
  how.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  winsize size{};
  size.ws_col = columns;
  size.ws_row = 24;
  if (::tcsetattr(slave_, TCSANOW, &how) != 0 || ::ioctl(slave_, TIOCSWINSZ, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), path_);
  }
  reader_ = std::thread([this] { read_on(); });
}

Terminal::~Terminal() {
  finish();
  ::close(master_);
}

std::string Terminal::finish() {
  if (slave_ >= 0) ::close(slave_);
  slave_ = -1;
  if (reader_.joinable()) reader_.join();
  return written_;
}

bool Terminal::await(std::string_view text) {
  std::unique_lock lock(mutex_);
  return more_.wait_for(lock, std::chrono::seconds(60), [&] { return written_.find(text) != std::string::npos; });
}

/// Until nobody has it open any more.
void Terminal::read_on() {
  char buffer[4096];
  for (;;) {
    const auto got = ::read(master_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const std::lock_guard lock(mutex_);
    written_.append(buffer, static_cast<std::size_t>(got));
    more_.notify_all();
  }
}

}  // namespace proxysql_consul::testing
