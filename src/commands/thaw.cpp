#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/node/await.h"
#include "proxysql_consul/node/freeze.h"

namespace proxysql_consul {
namespace {

Action prepare_thaw(const Values& values) {
  if (!values.has("wait")) return [](const Job& job) { return thaw(job); };
  return [limit = wait_limit(values)](const Job& job) {
    const auto status = thaw(job);
    return worst_of(status, await_freeze(job, false, limit));
  };
}

}  // namespace

Command thaw_command() {
  return {
      .names = {"thaw"},
      .arguments = {},
      .summary = "end a freeze, and let every node catch up",
      .details =
          "Removes what `freeze` set, whoever did so. That wakes the watches of all nodes, which apply what they had\n"
          "to pass over.",
      .options = {wait_option("until every live node has seen it (60)")},
      .takes_names = false,
      .exits =
          "  0  thawed, or was not frozen\n"
          "  2  usage\n"
          "  3  configuration file\n"
          "  5  Consul cannot be reached, or refused\n"
          "  7  with --wait: not every node has seen it in time, or somebody froze again\n",
      .example = "proxysql-consul thaw",
      .prepare = prepare_thaw,
  };
}

}  // namespace proxysql_consul
