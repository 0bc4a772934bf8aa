#include "proxysql_consul/model/decide.h"

#include <algorithm>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

Decision decide_one(KvEntry entry, const Recipient& recipient, const State& state,
                    const std::optional<std::string>& frozen) {
  Decision decision;
  decision.entry = std::move(entry);
  const auto& key = decision.entry.key;
  const auto end = [&](Verdict verdict, std::string reason = {}) {
    decision.verdict = verdict;
    decision.reason = std::move(reason);
    return std::move(decision);
  };
  const auto name = recipient.keys.name_of(key);
  if (!name) return end(Verdict::foreign, "is not under " + recipient.keys.prefix());
  decision.configuration = *name;
  if (find_configuration(decision.configuration) == nullptr) return end(Verdict::foreign, "is no configuration");
  if (std::find(recipient.accept.begin(), recipient.accept.end(), decision.configuration) == recipient.accept.end()) {
    return end(Verdict::not_accepted, "is not among the settings' \"accept\"");
  }
  if (frozen) return end(Verdict::frozen, "the cluster is frozen: " + *frozen);
  const auto* known = state.find(decision.configuration);
  const bool is_known = known != nullptr && known->outcome != Outcome::failed;
  if (!recipient.force && is_known && known->version == decision.entry.modify_index &&
      known->sha256 == sha256_hex(decision.entry.value)) {
    return end(Verdict::applied, "version " + std::to_string(known->version) + " is applied already");
  }
  if (!decision.entry.problem.empty()) return end(Verdict::unusable, decision.entry.problem);
  try {
    decision.document = parse_document(decision.entry.value);
  } catch (const Error& error) {
    return end(Verdict::unusable, error.what());
  }
  const auto& document = decision.document;
  if (document.config_name != decision.configuration) {
    return end(Verdict::unusable, "document: is one of " + printable(document.config_name, 64));
  }
  const bool same_uuid = document.uuid == recipient.uuid;
  const bool same_host = document.origin.host.empty() || document.origin.host == recipient.host;
  if (!recipient.force && same_uuid && same_host) return end(Verdict::own, "was saved by this node");
  std::string warning;
  if (same_uuid && !same_host) {
    warning =
        "comes from " + printable(document.origin.host, 64) +
        ", which has the same UUID as this node: a copied uuid_file? Remove it on one of the two, and the next run "
        "makes a new one";
  }
  const bool is_older = known != nullptr && known->version > decision.entry.modify_index;
  return end(!recipient.force && is_older ? Verdict::confirm : Verdict::apply, warning);
}

}  // namespace

std::vector<Decision> decide(std::vector<KvEntry> entries, const Recipient& recipient, const State& state) {
  std::erase_if(entries, [&](const KvEntry& entry) { return entry.key == recipient.keys.prefix(); });
  const auto is_freeze = [&](const KvEntry& entry) { return entry.key == recipient.keys.freeze(); };
  const auto freeze = std::find_if(entries.begin(), entries.end(), is_freeze);
  const auto frozen = freeze != entries.end() ? std::optional(printable(freeze->value, 200)) : std::nullopt;
  std::erase_if(entries, is_freeze);
  std::vector<Decision> decisions;
  for (auto& entry : entries) decisions.push_back(decide_one(std::move(entry), recipient, state, frozen));
  return decisions;
}

}  // namespace proxysql_consul
