#include "proxysql_consul/node/rekey.h"

#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {
namespace {

Action prepare_rekey(const Values& values) {
  return [names = values.names](const Job& job) { return rekey(job, names); };
}

}  // namespace

Command rekey_command() {
  return {
      .names = {"rekey"},
      .arguments = "[CONFIG...]",
      .summary = "seal what Consul holds with the first encryption key",
      .details =
          "Seals the documents of these configurations, or of all, and their earlier versions with the first key of\n"
          "encryption_keys_file; plain ones too, where allow_plaintext is true. Nothing that they say changes: nodes\n"
          "note the new number of an equal version and LOAD nothing, and the history gets no entry. May be ended at\n"
          "any time and run again. Asks Consul alone.",
      .options = {},
      .takes_names = true,
      .exits =
          "  0  all of it is sealed with that key\n"
          "  2  usage\n"
          "  3  configuration file or keys file, or there is no key\n"
          "  5  Consul cannot be reached, or refused\n"
          "  6  a document that cannot be opened; the others are sealed all the same\n"
          "  8  the cluster is frozen, or a live node lacks that key\n",
      .example = "proxysql-consul rekey",
      .prepare = prepare_rekey,
  };
}

}  // namespace proxysql_consul
