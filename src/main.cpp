#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/notify.h"
#include "proxysql_consul/cli/parse.h"
#include "proxysql_consul/run.h"

namespace {

using proxysql_consul::ExitCode;

/// Without 0, 1 and 2 the first files and sockets would take their place, and logs would end up in them.
void open_missing_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) static_cast<void>(!open("/dev/null", O_RDWR));
  }
}

/// What give_up() says: a signal handler can write, and hardly anything else. Made whenever the alarm is set.
std::string& last_words() {
  static std::string words;
  return words;
}

void set_last_words(proxysql_consul::LogFormat format, std::chrono::seconds from_now) {
  last_words() =
      format_report(format, std::chrono::system_clock::now() + from_now,
                    proxysql_consul::Error(
                        ExitCode::proxysql, "gave up: the run took too long",
                        "is ProxySQL's admin port, or the writer of stdin or of a file of the settings, hanging?"));
}

extern "C" void give_up(int) {
  static_cast<void>(!write(STDERR_FILENO, last_words().data(), last_words().size()));
  _exit(static_cast<int>(ExitCode::proxysql));
}

volatile std::sig_atomic_t stop_asked = 0;
volatile std::sig_atomic_t reload_asked = 0;

extern "C" void ask_to_stop(int) { stop_asked = 1; }
extern "C" void ask_to_reload(int) { reload_asked = 1; }

class StoppableClock : public proxysql_consul::SystemClock {
 public:
  bool stopping() override { return stop_asked != 0; }
};

void handle(const std::vector<int>& signals, void (*handler)(int)) {
  sigset_t all;
  sigemptyset(&all);
  for (const auto number : signals) {
    signal(number, handler);
    sigaddset(&all, number);
  }
  // The mask is inherited too, and a server's threads often block signals.
  sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

/// Of stdout. A terminal that does not tell its width is taken for one of the usual.
std::optional<std::size_t> terminal_width() {
  constexpr std::size_t usual = 80;
  if (isatty(STDOUT_FILENO) == 0) return std::nullopt;
  winsize size{};
  const bool tells = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return tells ? size.ws_col : usual;
}

/// Of stdout, which is asked for nothing and so tells of errors alone.
bool has_reader() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&out, 1, 0) <= 0 || (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

proxysql_consul::Environment::Variables variables() {
  proxysql_consul::Environment::Variables all;
  for (auto** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto end = text.find('=');
    // Of one that stands twice the first counts, as for everybody else.
    if (end != std::string_view::npos) all.emplace(text.substr(0, end), text.substr(end + 1));
  }
  return all;
}

/// Who asked for it, also through sudo.
std::string user_name() {
  const auto* asked = std::getenv("SUDO_USER");
  if (asked != nullptr && *asked != '\0') return asked;
  const auto* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

}  // namespace

int main(int argc, char** argv) {
  // A ProxySQL of 2016 hands its listening sockets down; kept, they would hold its ports when it restarts.
  closefrom(STDERR_FILENO + 1);
  open_missing_standard_streams();
  // Memory holds passwords, keys and the token. Less than a page is no file, and of one byte a program gets nothing
  // either that takes core dumps from a pipe.
  const rlimit no_core_dump{1, 1};
  setrlimit(RLIMIT_CORE, &no_core_dump);
  signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto format = proxysql_consul::log_format_in(words);
  set_last_words(format, std::chrono::seconds(0));
  handle({SIGALRM}, give_up);
  StoppableClock clock;
  const proxysql_consul::Environment environment(variables());
  const proxysql_consul::Context context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .environment = environment,
      .host = host_name(),
      .user = user_name(),
      .clock = clock,
      .seed = std::random_device()(),
      .open_admin = proxysql_consul::open_admin_session,
      .open_kv = proxysql_consul::open_kv_store,
      .open_agents = proxysql_consul::open_consul_agents,
      .terminal_width = terminal_width,
      .has_reader = has_reader,
      .notify = [socket = environment("NOTIFY_SOCKET").value_or("")](
                    const std::string& message) { proxysql_consul::notify_manager(socket, message); },
      .watchdog =
          proxysql_consul::watchdog_interval(environment("WATCHDOG_USEC"), environment("WATCHDOG_PID"), getpid()),
      .bound =
          [format](std::chrono::seconds limit) {
            // Not while the words are being made.
            alarm(0);
            set_last_words(format, limit);
            alarm(static_cast<unsigned>(limit.count()));
          },
      .stop_on_signals =
          [] {
            handle({SIGTERM, SIGINT}, ask_to_stop);
            handle({SIGHUP}, ask_to_reload);
          },
      .take_reload =
          [] {
            const bool asked = reload_asked != 0;
            if (asked) reload_asked = 0;
            return asked;
          },
  };
  return proxysql_consul::run(words, context);
}
