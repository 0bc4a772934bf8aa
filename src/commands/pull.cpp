#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/node/receive.h"

namespace proxysql_consul {
namespace {

Action prepare_pull(const Values& values) {
  const ReceiveOptions options{.configurations = values.names,
                               .force = values.has("force"),
                               .dry_run = values.has("dry-run"),
                               .stale = values.has("stale")};
  return [options](const Job& job) { return pull(job, options); };
}

}  // namespace

Command pull_command() {
  return {
      .names = {"pull"},
      .arguments = "[CONFIG...]",
      .summary = "apply what Consul holds now",
      .details = "`update` without a watch: for boot, after a restart of ProxySQL, or by hand.",
      .options = {{.name = "force", .value = {}, .help = "compare also what is recorded as applied or saved"},
                  {.name = "stale", .value = {}, .help = "any Consul server may answer, also one that is behind"},
                  {.name = "dry-run",
                   .value = {},
                   .help = "print the SQL statements, secrets masked, and change nothing"}},
      .takes_names = true,
      .exits = std::string(receiving_exits) + "  8  the cluster is frozen\n",
      .example = "proxysql-consul pull --force mysql_servers",
      .prepare = prepare_pull,
  };
}

}  // namespace proxysql_consul
