// What a watch hands to its handler, and what is decided on it.
#include <algorithm>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/decide.h"

namespace proxysql_consul::testing {

FUZZ_TARGET(watch) {
  const auto entries = attempt(ExitCode::payload, [&] { return parse_kv_entries(input); });
  if (!entries) return;
  const Recipient recipient{.uuid = "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11",
                            .host = "proxy-1",
                            .keys = Keys("proxysql/"),
                            .accept = {"mysql_servers", "mysql_users", "mysql_variables"}};
  const bool is_frozen = std::any_of(entries->begin(), entries->end(),
                                     [&](const KvEntry& entry) { return entry.key == recipient.keys.freeze(); });
  const bool may = may_apply(*entries, recipient);
  const auto decisions = decide(*entries, recipient, State());
  require(decisions.size() <= entries->size(), "nothing is decided on what did not come");
  for (const auto& decision : decisions) {
    require_readable(decision.reason);
    if (decision.verdict != Verdict::apply && decision.verdict != Verdict::confirm) continue;
    require(may, "what is applied was told of before");
    require(!is_frozen, "nothing is applied in a frozen cluster");
    require(recipient.keys.document(decision.configuration) == decision.entry.key,
            "a document is applied from its own key");
    require(decision.document.config_name == decision.configuration, "a document is applied as what it is");
    require(decision.document.blob.has_value() || decision.entry.value.find("\"tables\"") != std::string::npos ||
                decision.entry.value.find('\\') != std::string::npos,
            "tables are never taken for empty because none came");
  }
}

}  // namespace proxysql_consul::testing
