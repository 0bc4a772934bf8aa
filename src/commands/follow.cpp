#include "proxysql_consul/node/follow.h"

#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {
namespace {

Action prepare_follow(const Values&) {
  return [](const Job& job) { return follow(job); };
}

}  // namespace

Command follow_command() {
  return {
      .names = {"follow"},
      .arguments = {},
      .summary = "stay, and apply whatever changes in Consul",
      .details =
          "What a watch does with `update`, by one process that stays: asks Consul for changes and applies them. What "
          "failed\n"
          "is tried again until it succeeds or a newer version comes, and when ProxySQL has started all is compared. "
          "SIGTERM\n"
          "ends it after the configuration that is being applied, SIGHUP makes it read its settings anew. One a node.",
      .options = {},
      .takes_names = false,
      .exits =
          "  0  told to end\n"
          "  2  usage\n"
          "  3  configuration file, UUID file or state file\n"
          "  8  follow runs on this node already\n",
      .example = "proxysql-consul --log-format json follow",
      .prepare = prepare_follow,
  };
}

}  // namespace proxysql_consul
