#include "support/program_world.h"

namespace proxysql_consul::testing {

int ProgramWorld::run(const std::vector<std::string>& words) {
  const Context context{.in = in,
                        .out = out,
                        .err = err,
                        .environment = environment,
                        .host = host,
                        .user = user,
                        .clock = clock,
                        .seed = seed,
                        .open_admin = open_admin,
                        .open_kv = open_kv,
                        .open_agents = open_agents,
                        .terminal_width = terminal_width,
                        .has_reader = has_reader,
                        .notify = notify,
                        .watchdog = watchdog,
                        .bound = bound,
                        .take_reload = take_reload};
  return proxysql_consul::run(words, context);
}

}  // namespace proxysql_consul::testing
