#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/run.h"

namespace {

using proxysql_consul::ExitCode;

/// Without 0, 1 and 2 the first files and sockets would take their place, and logs would end up in them.
void open_missing_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) static_cast<void>(!open("/dev/null", O_RDWR));
  }
}

extern "C" void give_up(int) {
  constexpr std::string_view words =
      "proxysql-consul: error: gave up: the run took too long; is ProxySQL's admin port, or the writer of stdin, "
      "hanging?\n";
  static_cast<void>(!write(STDERR_FILENO, words.data(), words.size()));
  _exit(static_cast<int>(ExitCode::proxysql));
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
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
  signal(SIGPIPE, SIG_IGN);
  signal(SIGALRM, give_up);
  // The mask is inherited too, and a server's threads often block signals.
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarm_only, nullptr);
  proxysql_consul::SystemClock clock;
  const proxysql_consul::Context context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .environment =
          [](const char* name) {
            const auto* value = std::getenv(name);
            return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
          },
      .host = host_name(),
      .user = user_name(),
      .clock = clock,
      .seed = std::random_device()(),
      .open_admin = proxysql_consul::open_admin_session,
      .open_kv = proxysql_consul::open_kv_store,
      .open_agents = proxysql_consul::open_consul_agents,
      .bound = [](std::chrono::seconds limit) { alarm(static_cast<unsigned>(limit.count())); },
  };
  return proxysql_consul::run({argv + 1, argv + argc}, context);
}
