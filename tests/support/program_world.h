// One run of the program within the test's process: the one place where tests make a Context.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "proxysql_consul/run.h"

namespace proxysql_consul::testing {

/// What a run finds around it, and what it wrote. A member that a test does not set is empty: a run that needs it
/// fails.
struct ProgramWorld {
  explicit ProgramWorld(Clock& its_clock, const std::string& input = {}) : in(input), clock(its_clock) {}

  /// Runs a command; `words` without the program's name. Returns the exit status.
  int run(const std::vector<std::string>& words);

  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Environment environment;
  std::string host;
  std::string user;
  Clock& clock;
  std::uint64_t seed = 1;
  decltype(Context::open_admin) open_admin;
  decltype(Context::open_kv) open_kv;
  decltype(Context::open_agents) open_agents;
  decltype(Context::terminal_width) terminal_width;
  decltype(Context::has_reader) has_reader = [] { return true; };
  decltype(Context::notify) notify = [](const std::string&) {};
  decltype(Context::watchdog) watchdog;
  decltype(Context::bound) bound;
  decltype(Context::take_reload) take_reload;
};

}  // namespace proxysql_consul::testing
