#include "proxysql_consul/node/status.h"

#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {
namespace {

Action prepare_status(const Values& values) {
  const StatusOptions options{.json = values.has("json"), .watch = values.has("watch")};
  return [options](const Job& job) { return status(job, options); };
}

}  // namespace

Command status_command() {
  return {
      .names = {"status"},
      .arguments = {},
      .summary = "show which node has which version, who lags and why",
      .details =
          "From Consul alone, so it runs on any machine: each configuration's version, origin and age, and each node: "
          "ok,\n"
          "behind, partial, failed, drifted, frozen, or gone where its Consul agent has failed or left. Nodes that are "
          "gone\n"
          "are not waited for; `partial` for nothing but columns and tables that its ProxySQL lacks counts as having "
          "it.",
      .options = {{.name = "watch",
                   .value = {},
                   .help = "stay: draw anew on a terminal, append what changes elsewhere"},
                  {.name = "json", .value = {}, .help = "for scripts; with --watch an object a line"}},
      .takes_names = false,
      .exits =
          "  0  every live node has every configuration that it accepts\n"
          "  2  usage\n"
          "  3  configuration file\n"
          "  5  Consul cannot be reached, or refused\n"
          "  7  some node does not\n",
      .example = "proxysql-consul status --watch",
      .prepare = prepare_status,
  };
}

}  // namespace proxysql_consul
