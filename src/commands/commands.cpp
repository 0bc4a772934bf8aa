#include "proxysql_consul/commands/commands.h"

#include <vector>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {

Option wait_option(std::string_view help) {
  return {.name = "wait", .value = "SECONDS", .help = help, .choices = {}, .alone = "60"};
}

std::chrono::seconds wait_limit(const Values& values) {
  constexpr long long longest = 86400;
  const auto text = values.text("wait");
  const auto seconds = to_integer(text);
  if (!seconds || *seconds < 1 || *seconds > longest) {
    refuse_usage("--wait takes a number of seconds from 1 to 86400, not " + printable(text, 64));
  }
  return std::chrono::seconds(*seconds);
}

std::span<const Command> commands() {
  static const std::vector<Command> all = {
      save_command(),    update_command(),   pull_command(),   follow_command(), status_command(), diff_command(),
      history_command(), rollback_command(), freeze_command(), thaw_command(),   check_command(),  rekey_command(),
  };
  return all;
}

}  // namespace proxysql_consul
