#include "proxysql_consul/node/freeze.h"

#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/node/await.h"

namespace proxysql_consul {
namespace {

Action prepare_freeze(const Values& values) {
  const auto reason = values.text("reason");
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
    refuse_usage("freeze needs --reason TEXT", "those who meet it will want to know why");
  if (!values.has("wait")) return [reason](const Job& job) { return freeze(job, reason); };
  return [reason, limit = wait_limit(values)](const Job& job) {
    const auto status = freeze(job, reason);
    return worst_of(status, await_freeze(job, true, limit));
  };
}

}  // namespace

Command freeze_command() {
  return {
      .names = {"freeze"},
      .arguments = "--reason TEXT",
      .summary = "stop every node from applying and from saving",
      .details =
          "For maintenance, or while something is looked into: until `thaw`, `update` passes everything over, and\n"
          "`save`, `pull` and `rollback` are refused. Whoever meets it is told who froze, since when and why.",
      .options = {{.name = "reason", .value = "TEXT", .help = "why, for those who meet it"},
                  wait_option("until every live node has seen it (60)")},
      .takes_names = false,
      .exits =
          "  0  frozen\n"
          "  2  usage\n"
          "  3  configuration file\n"
          "  5  Consul cannot be reached, or refused\n"
          "  7  with --wait: not every node has seen it in time, or somebody thawed\n"
          "  8  frozen already; who did so, when and why is said\n",
      .example = "proxysql-consul freeze --reason 'moving the writer, until 18:00'",
      .prepare = prepare_freeze,
  };
}

}  // namespace proxysql_consul
