#include "proxysql_consul/commands/commands.h"

#include <vector>

namespace proxysql_consul {

std::span<const Command> commands() {
  static const std::vector<Command> all = {save_command(),    update_command(), pull_command(), diff_command(),
                                           history_command(), freeze_command(), thaw_command(), check_command()};
  return all;
}

}  // namespace proxysql_consul
