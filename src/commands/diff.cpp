#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/model/version_id.h"
#include "proxysql_consul/node/differ.h"

namespace proxysql_consul {
namespace {

Action prepare_diff(const Values& values) {
  DiffOptions options{
      .configurations = values.names, .version = {}, .json = values.has("json"), .exit_zero = values.has("exit-zero")};
  auto& names = options.configurations;
  if (names.size() == 2 && (names[1] == "-1" || parse_version_id(names[1]))) {
    options.version = names[1];
    names.pop_back();
  }
  return [options](const Job& job) { return diff(job, options); };
}

}  // namespace

Command diff_command() {
  return {
      .names = {"diff"},
      .arguments = "[CONFIG...]|CONFIG VERSION",
      .summary = "show row by row how this ProxySQL differs from Consul",
      .details =
          "Compares runtime, as it was loaded, with what Consul holds, or with an earlier VERSION that `history` "
          "lists\n"
          "(-1 is the one before). + is only here, - only in Consul, ~ on both sides and not the same; of secrets it "
          "is\n"
          "shown that they differ. What a monitor did to servers, and variables that this node excludes or does not\n"
          "know, are no difference. Changes nothing.",
      .options = {{.name = "json", .value = {}, .help = "as JSON, which docs/json.md describes"},
                  {.name = "exit-zero", .value = {}, .help = "a difference is no failure"}},
      .takes_names = true,
      .exits =
          "  0  the same\n"
          "  2  usage\n"
          "  3  configuration file, UUID file or state file\n"
          "  4  ProxySQL cannot be reached, or refused\n"
          "  5  Consul cannot be reached, or refused\n"
          "  6  a document that cannot be compared, or a name or version that Consul does not hold\n"
          "  7  differs\n",
      .example = "proxysql-consul diff mysql_servers -1",
      .prepare = prepare_diff,
  };
}

}  // namespace proxysql_consul
