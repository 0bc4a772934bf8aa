#include "proxysql_consul/model/decide.h"

#include <algorithm>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/freeze.h"

namespace proxysql_consul {
namespace {

bool accepts(const Recipient& recipient, std::string_view configuration) {
  return std::find(recipient.accept.begin(), recipient.accept.end(), configuration) != recipient.accept.end();
}

/// Where the configuration of that key stands in the catalogue; behind all of it for what is none.
std::size_t place_of(const KvEntry& entry, const Recipient& recipient) {
  const auto all = recipient.catalogue.all();
  const auto name = recipient.keys.name_of(entry.key);
  return static_cast<std::size_t>(
      std::find_if(all.begin(), all.end(), [&](const Configuration& c) { return name && c.name == *name; }) -
      all.begin());
}

/// The configuration that a key without one was probably meant to be; a document that says of itself that it is that
/// very thing is of a newer program, or of the settings of another node.
std::string suggestion(const KvEntry& entry, const std::string& name, const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue.all()) names.emplace_back(configuration.name);
  auto words = did_you_mean(name, names);
  if (words.empty()) return words;
  try {
    if (parse_document(entry.value).config_name == name) return {};
  } catch (const Error&) {
    // Then it is no document, or one that is sealed.
  }
  return words;
}

Decision decide_one(KvEntry entry, const Recipient& recipient, const State& state,
                    const std::optional<Freeze>& frozen) {
  Decision decision;
  decision.entry = std::move(entry);
  const auto& key = decision.entry.key;
  const auto end = [&](Verdict verdict, std::string reason = {}) {
    decision.verdict = verdict;
    decision.reason = std::move(reason);
    return std::move(decision);
  };
  const auto name = recipient.keys.name_of(key);
  if (!name) {
    decision.is_misplaced = true;
    return end(Verdict::foreign, "is not under " + recipient.keys.prefix());
  }
  decision.configuration = *name;
  if (recipient.catalogue.find(decision.configuration) == nullptr) {
    const auto meant = suggestion(decision.entry, *name, recipient.catalogue);
    decision.is_misplaced = !meant.empty();
    return end(Verdict::foreign, "is no configuration" + (meant.empty() ? "" : ", " + meant));
  }
  if (!accepts(recipient, decision.configuration)) {
    return end(Verdict::not_accepted, "is not among the settings' \"accept\"");
  }
  if (frozen) return end(Verdict::frozen, describe(*frozen));
  const auto* counted = state.counted(decision.configuration);
  if (!recipient.force && counted != nullptr && is_version(*counted, decision.entry, recipient.ring)) {
    return end(Verdict::applied, "version " + std::to_string(counted->version) + " was " +
                                     (counted->outcome == Outcome::saved ? "saved by this node" : "applied already"));
  }
  if (!decision.entry.problem.empty()) return end(Verdict::unusable, decision.entry.problem);
  try {
    decision.document = recipient.ring.open(decision.entry.value);
  } catch (const Error& error) {
    return end(Verdict::unusable, error.what());
  }
  const auto& document = decision.document;
  if (document.config_name != decision.configuration) {
    return end(Verdict::unusable, "document: is one of " + printable(document.config_name, 64));
  }
  std::string warning;
  if (document.uuid == recipient.uuid && !document.origin.host.empty() && document.origin.host != recipient.host) {
    warning =
        "comes from " + printable(document.origin.host, 64) +
        ", which has the same UUID as this node: a copied uuid_file? Remove it on one of the two, and the next run "
        "makes a new one";
  }
  const auto* known = state.find(decision.configuration);
  const bool is_older = known != nullptr && std::max(known->version, known->attempted) > decision.entry.modify_index;
  return end(is_older ? Verdict::confirm : Verdict::apply, warning);
}

}  // namespace

bool is_version(const ConfigurationState& known, const KvEntry& entry, const Keyring& ring) {
  if (known.version == entry.modify_index && known.sha256 == sha256_hex(entry.value)) return true;
  if (known.version >= entry.modify_index || known.attempted != known.version) return false;
  const auto content = ring.content(entry.value);
  return !content.empty() && content == (known.content.empty() ? known.sha256 : known.content);
}

bool may_apply(const std::vector<KvEntry>& entries, const Recipient& recipient) {
  if (find_freeze(entries, recipient.keys)) return false;
  return std::any_of(entries.begin(), entries.end(), [&](const KvEntry& entry) {
    const auto name = recipient.keys.name_of(entry.key);
    return name && recipient.catalogue.find(*name) != nullptr && accepts(recipient, *name);
  });
}

std::vector<Decision> decide(std::vector<KvEntry> entries, const Recipient& recipient, const State& state) {
  const auto frozen = find_freeze(entries, recipient.keys);
  std::erase_if(entries, [&](const KvEntry& entry) {
    return entry.key == recipient.keys.prefix() || entry.key == recipient.keys.freeze();
  });
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const KvEntry& a, const KvEntry& b) { return place_of(a, recipient) < place_of(b, recipient); });
  std::vector<Decision> decisions;
  for (auto& entry : entries) decisions.push_back(decide_one(std::move(entry), recipient, state, frozen));
  return decisions;
}

}  // namespace proxysql_consul
