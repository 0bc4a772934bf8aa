#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/node/share.h"

namespace proxysql_consul {
namespace {

Action prepare_save(const Values& values) {
  const ShareOptions options{.configurations = values.names,
                             .all = values.has("all"),
                             .memory = values.text("source") == "memory",
                             .how = {.force = values.has("force"),
                                     .if_current = values.has("if-current"),
                                     .allow_shrink = values.has("allow-shrink")},
                             .dry_run = values.has("dry-run"),
                             .message = values.text("message")};
  if (options.configurations.empty() != options.all) {
    refuse_usage(options.all ? "save takes names or --all, not both"
                             : "save needs the names of configurations, or --all");
  }
  if (!values.has("wait")) return [options](const Job& job) { return share(job, options).status; };
  if (options.dry_run) refuse_usage("--dry-run writes nothing that --wait could wait for");
  return [options, limit = wait_limit(values)](const Job& job) {
    const auto shared = share(job, options);
    return worst_of(shared.status, await_versions(job, shared.versions, limit));
  };
}

}  // namespace

Command save_command() {
  return {
      .names = {"save", "put"},
      .arguments = "CONFIG...|--all",
      .summary = "write this ProxySQL's configurations to Consul",
      .details =
          "Reads the runtime tables of each configuration over the admin port and writes them to Consul, from "
          "where the\n"
          "other nodes apply them. `put` is the same command; ProxySQL 1.x calls it so.",
      .options =
          {{.name = "all", .value = {}, .help = "every configuration that the settings accept and this ProxySQL has"},
           {.name = "source",
            .value = "LAYER",
            .help = "runtime, or memory, which has inactive rules and users too (runtime)",
            .choices = {"runtime", "memory"}},
           {.name = "if-current",
            .value = {},
            .help = "for schedulers: refuse a change on top of a version that this node does not hold whole"},
           {.name = "allow-shrink",
            .value = {},
            .help = "with --if-current: tables may become empty, or lose more than half of their rows"},
           {.name = "force",
            .value = {},
            .help = "write even though nothing changed; drop what this ProxySQL cannot hold"},
           {.name = "message", .value = "TEXT", .help = "why, for those who look at the history"},
           wait_option("until every live node has it (60)"),
           {.name = "dry-run", .value = {}, .help = "print what would be written, secrets masked, and write nothing"}},
      .takes_names = true,
      .exits =
          "  0  saved, or unchanged\n"
          "  2  usage\n"
          "  3  configuration file, UUID file or state file\n"
          "  4  ProxySQL cannot be reached, or refused\n"
          "  5  Consul cannot be reached, or refused\n"
          "  6  a value that cannot be shared\n"
          "  7  with --wait: not every node has it in time, or another save came\n"
          "  8  refused, since something would be lost; or the cluster is frozen\n",
      .example = "proxysql-consul save mysql_servers mysql_query_rules --message 'two more replicas'",
      .prepare = prepare_save,
  };
}

}  // namespace proxysql_consul
