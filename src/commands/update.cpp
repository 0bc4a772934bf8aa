#include <istream>
#include <utility>

#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/node/receive.h"

namespace proxysql_consul {
namespace {

std::string read_all(std::istream& in) {
  constexpr std::size_t max_input_bytes = std::size_t{512} * 1024 * 1024;
  std::string text;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_input_bytes) throw Error(ExitCode::payload, "watch data: is larger than 512 MiB");
  }
  return text;
}

Action prepare_update(const Values& values) {
  const ReceiveOptions options{.configurations = {}, .dry_run = values.has("dry-run")};
  return [options](const Job& job) {
    // Whoever writes to stdin may hang, so the delivery begins with the reading.
    auto patience = job.begin(receiving_patience);
    return receive(job, patience, parse_kv_entries(read_all(job.context.in)), options);
  };
}

}  // namespace

Command update_command() {
  return {
      .names = {"update"},
      .arguments = {},
      .summary = "apply what a Consul watch delivers on stdin",
      .details =
          "The handler of a watch of type keyprefix (or key): reads the watch's JSON from stdin, and changes "
          "what differs\n"
          "in ProxySQL's memory, runtime and disk. What this node has applied or saved before is passed over, and so "
          "is\n"
          "everything while the cluster is frozen.",
      .options = {{.name = "dry-run",
                   .value = {},
                   .help = "print the SQL statements, secrets masked, and change nothing"}},
      .takes_names = false,
      .exits = std::string(receiving_exits),
      .example = "curl -s http://127.0.0.1:8500/v1/kv/proxysql/?recurse | proxysql-consul update --dry-run",
      .prepare = prepare_update,
  };
}

}  // namespace proxysql_consul
