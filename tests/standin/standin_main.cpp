// proxysql_standin: the stand-in as a program of its own, for tests and demonstrations that run real processes.
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "standin/standin_engine.h"
#include "standin/standin_server.h"

extern char** environ;

namespace {

using namespace proxysql_consul::testing;

constexpr char usage[] =
    "Usage: proxysql_standin [--version-of plugin|3.1|3.0|2.7-sqlite|2.7|2.5|2.0|1.1] [--port N] [--socket PATH] "
    "[--data-dir DIR]\n"
    "                        [--ready-file PATH] [--consul-script PATH]\n"
    "                        [--tls-cert PEM --tls-key PEM]\n";

std::optional<StandinVersion> parse_version(std::string_view text) {
  for (const auto& [version, name] : version_names) {
    if (name == text) return version;
  }
  return std::nullopt;
}

/// Runs `script put config` with everything this process has open, as ProxySQL 1.1 does; its exit status.
int run_script(std::string script, std::string config) {
  std::string put = "put";
  char* const argv[] = {script.data(), put.data(), config.data(), nullptr};
  // The signals that end the stand-in are blocked in it; the program starts with none blocked.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], nullptr, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  int status = 0;
  if (failed != 0 || ::waitpid(pid, &status, 0) != pid) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int serve(std::map<std::string, std::string> options) {
  // Blocked before any thread starts, so that sigwait() below is the one place where they arrive.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const StandinVersion version = *parse_version(options["--version-of"]);
  const bool is_1_1 = version == StandinVersion::v1_1;
  const std::string data_dir = options["--data-dir"];
  if (!data_dir.empty()) std::filesystem::create_directories(data_dir);
  StandinEngine engine(version, data_dir.empty() ? ":memory:" : data_dir + "/proxysql.db");
  if (const std::string script = options["--consul-script"]; !script.empty()) {
    engine.execute("UPDATE global_variables SET variable_value='" + script +
                   "' WHERE variable_name='admin-proxysql_consul_script_path'");
    engine.execute("LOAD ADMIN VARIABLES TO RUNTIME");
    engine.clear_log();
  }
  engine.on_cluster_save(run_script);

  StandinServerOptions server_options;
  server_options.port = options["--port"].empty() ? 0 : static_cast<unsigned>(std::stoul(options["--port"]));
  server_options.socket = options["--socket"];
  server_options.tls_cert = options["--tls-cert"];
  server_options.tls_key = options["--tls-key"];
  server_options.inherit_sockets = is_1_1;
  server_options.on_exit = [] { ::_exit(1); };
  const StandinServer server(engine, server_options);
  if (const std::string ready = options["--ready-file"]; !ready.empty()) {
    std::ofstream(ready + ".new") << server.port() << '\n';
    std::filesystem::rename(ready + ".new", ready);
  }
  std::cout << "listening on " << server.host() << ':' << server.port() << std::endl;
  int signal = 0;
  ::sigwait(&ending, &signal);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options = {{"--version-of", "2.7"}, {"--port", ""},       {"--socket", ""},
                                                {"--data-dir", ""},      {"--ready-file", ""}, {"--consul-script", ""},
                                                {"--tls-cert", ""},      {"--tls-key", ""}};
  for (int i = 1; i < argc; i += 2) {
    if (!options.contains(argv[i]) || i + 1 == argc) {
      std::cerr << usage;
      return 2;
    }
    options[argv[i]] = argv[i + 1];
  }
  if (!parse_version(options["--version-of"])) {
    std::cerr << usage;
    return 2;
  }
  try {
    return serve(options);
  } catch (const std::exception& error) {
    std::cerr << "proxysql_standin: " << error.what() << '\n';
    return 1;
  }
}
