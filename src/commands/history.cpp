#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/node/versions.h"

namespace proxysql_consul {
namespace {

Action prepare_history(const Values& values) {
  if (values.names.size() != 1) refuse_usage("history needs the name of one configuration");
  const auto name = values.names.front();
  const bool json = values.has("json");
  return [name, json](const Job& job) {
    job.settings.catalogue.named(name);
    return show_versions(job, name, json);
  };
}

}  // namespace

Command history_command() {
  return {
      .names = {"history"},
      .arguments = "CONFIG",
      .summary = "list the versions of a configuration that Consul holds",
      .details =
          "Newest first: who saved it, when and why, and by how many rows it differs from the saved version before it\n"
          "(+ added, - removed, ~ changed). VERSION is what `diff` and `rollback` take. Asks Consul alone.",
      .options = {{.name = "json", .value = {}, .help = "as JSON, which docs/json.md describes"}},
      .takes_names = true,
      .exits =
          "  0  listed\n"
          "  2  usage\n"
          "  3  configuration file\n"
          "  5  Consul cannot be reached, or refused\n"
          "  6  Consul holds no version of it\n",
      .example = "proxysql-consul history mysql_servers",
      .prepare = prepare_history,
  };
}

}  // namespace proxysql_consul
