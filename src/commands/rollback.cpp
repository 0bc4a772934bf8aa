#include "proxysql_consul/node/rollback.h"

#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/node/await.h"

namespace proxysql_consul {
namespace {

Action prepare_rollback(const Values& values) {
  if (values.names.size() != 2) {
    refuse_usage("rollback needs the name of one configuration, and a version of it or -1",
                 "`history CONFIG` lists the versions");
  }
  const RollbackOptions options{.configuration = values.names[0],
                                .version = values.names[1],
                                .message = values.text("message"),
                                .dry_run = values.has("dry-run")};
  if (!values.has("wait")) return [options](const Job& job) { return rollback(job, options).status; };
  if (options.dry_run) refuse_usage("--dry-run writes nothing that --wait could wait for");
  return [options, limit = wait_limit(values)](const Job& job) {
    const auto done = rollback(job, options);
    return worst_of(done.status, await_versions(job, {done.version.value()}, limit));
  };
}

}  // namespace

Command rollback_command() {
  return {
      .names = {"rollback"},
      .arguments = "CONFIG VERSION",
      .summary = "make an earlier version current again, here and on every node",
      .details =
          "Applies that version to this ProxySQL, and then writes it to Consul as a new version, from where the other\n"
          "nodes apply it as they do any save. VERSION is one that `history` lists, or -1 for the one before the "
          "current.\n"
          "Where writing it fails, Consul's version is applied here again.",
      .options = {{.name = "message", .value = "TEXT", .help = "why, for those who look at the history"},
                  wait_option("until every live node has it (60)"),
                  {.name = "dry-run",
                   .value = {},
                   .help = "show how that version differs from what is here, and change nothing"}},
      .takes_names = true,
      .exits =
          "  0  rolled back\n"
          "  2  usage\n"
          "  3  configuration file, UUID file or state file\n"
          "  4  ProxySQL cannot be reached, refused, or took it only in part\n"
          "  5  Consul cannot be reached, or refused\n"
          "  6  a version that cannot be used\n"
          "  7  with --wait: not every node has it in time, or another save came\n"
          "  8  the cluster is frozen, or there is no such version, or it is the current one\n",
      .example = "proxysql-consul rollback mysql_servers -1 --message 'the new replicas lag'",
      .prepare = prepare_rollback,
  };
}

}  // namespace proxysql_consul
