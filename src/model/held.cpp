#include "proxysql_consul/model/held.h"

#include <algorithm>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/freeze.h"

namespace proxysql_consul {
namespace {

/// What stands between this node and the current version of one configuration.
struct Gap {
  std::string words = {};      ///< empty where there is nothing
  bool waits_for_thaw = true;  ///< where there is a freeze, it is reason enough
  bool is_for_force = false;   ///< a version that came before is not applied again by itself
  Gravity gravity = Gravity::problem;
};

bool is_not_here(const State& state, std::string_view name) {
  const auto passed = state.passed.find(name);
  return passed != state.passed.end() && passed->second.why == PassedOver::not_here;
}

Gap gap_of(const State& state, const std::string& name, const KvEntry& current) {
  const auto* known = state.find(name);
  if (known == nullptr) return {.words = "was never applied or saved here"};
  const auto number = std::to_string(current.modify_index);
  const bool is_current = known->version == current.modify_index && known->sha256 == sha256_hex(current.value);
  if (known->pending) return {.words = "a rollback that began here has not ended", .waits_for_thaw = false};
  const auto held = known->version == 0 ? "has none" : "has version " + std::to_string(known->version);
  if (known->outcome == Outcome::failed) {
    // What came with a later version than the one that failed is told by the next attempt.
    return {.words = (is_current ? "version " + number : held + " instead of " + number) + ": the last attempt failed",
            .waits_for_thaw = false};
  }
  if (known->version == current.modify_index && !is_current) {
    return {.words = "has another document as version " + number};
  }
  if (!is_current) return {.words = held + " instead of " + number};
  if (known->outcome == Outcome::partial && !known->lacks) {
    return {.words = "has version " + number + " in part alone", .waits_for_thaw = false, .is_for_force = true};
  }
  // Both mostly pass by themselves, and nothing shows yet that anything is wrong.
  if (known->applying) {
    return {.words = "version " + number + " is being applied, or a run that did so was interrupted",
            .gravity = Gravity::warning};
  }
  // What was saved from memory was never said to be at runtime.
  const bool was_loaded = known->outcome != Outcome::saved || known->start != 0;
  if (state.observed && was_loaded && known->start != state.start_number) {
    return {.words = "version " + number + " was not compared since ProxySQL started or the settings changed",
            .gravity = Gravity::warning};
  }
  return {};
}

std::string hint_for(bool following, bool is_for_force) {
  const std::string pull = is_for_force ? "`pull --force`" : "`pull`";
  if (following) {
    return "`follow` tries again by itself, and its log says what it waits for; SIGHUP has it read changed settings; " +
           pull + " tries now";
  }
  return pull + " takes Consul's versions; `follow`, or a watch of the agent, takes them whenever they come";
}

/// What is to be done about an attempt that failed, by what its cause was.
std::string hint_after(ExitCode cause) {
  switch (cause) {
    case ExitCode::proxysql:
      return "is ProxySQL running, does it let this node in, and what does its own log say? With that mended `pull` "
             "tries again";
    case ExitCode::consul: return "`pull` tries again as soon as Consul answers";
    case ExitCode::payload:
      return "mend here what it says, and `pull`; or `save --force`, on a node that is right, replaces the document";
    default: return "`diff` shows what differs, and `pull` tries again";
  }
}

std::string hint_for(const ConfigurationState& known, bool is_frozen) {
  if (known.pending) return "`pull` takes Consul's version";
  if (is_frozen) return "the cluster is frozen: after `thaw`, `pull` tries again";
  if (known.outcome == Outcome::failed) return hint_after(known.cause);
  if (known.drifted) return "`diff` shows what differs, `pull --force` takes Consul's versions";
  if (known.lacks) return "a newer ProxySQL has what this one lacks; else leave it";
  return "ProxySQL's own log says why it did not take that: correct it and save it again, or `pull --force` tries "
         "again";
}

}  // namespace

Finding judge_held(const Keys& keys, const Catalogue& catalogue, const std::vector<KvEntry>& entries,
                   const Holder& holder) {
  Finding finding{.gravity = Gravity::ok, .check = "versions", .message = {}};
  const auto find_entry = [&](const std::string& key) {
    return std::find_if(entries.begin(), entries.end(), [&](const KvEntry& entry) { return entry.key == key; });
  };
  const bool is_frozen = find_freeze(entries, keys).has_value();
  std::size_t count = 0;
  std::vector<std::string> lines;
  bool is_for_force = false;
  for (const auto& configuration : catalogue.all()) {
    const std::string name(configuration.name);
    const auto entry = find_entry(keys.document(name));
    const bool is_accepted = std::find(holder.accept.begin(), holder.accept.end(), name) != holder.accept.end();
    if (entry == entries.end() || !is_accepted || is_not_here(holder.state, name)) continue;
    ++count;
    const auto gap = gap_of(holder.state, name, *entry);
    if (gap.words.empty()) continue;
    lines.push_back(name + ": " + gap.words);
    if (is_frozen && gap.waits_for_thaw) continue;
    finding.gravity = std::max(finding.gravity, gap.gravity);
    is_for_force = is_for_force || gap.is_for_force;
  }
  if (count == 0) {
    finding.message = "Consul holds none of the configurations that this node accepts";
  } else if (lines.empty()) {
    finding.message = std::to_string(count) + " in Consul for this node, and it has the current one of each";
  } else {
    finding.message = join(lines, "; ");
  }
  if (finding.gravity != Gravity::ok) {
    finding.hint = is_frozen ? "`thaw` first; then " : "";
    finding.hint += hint_for(holder.following, is_for_force);
  } else if (!lines.empty() && holder.unattended) {
    finding.gravity = Gravity::warning;
    finding.message += ", and no thaw brings it by itself";
    finding.hint = "after the `thaw` " + hint_for(false, false);
  } else if (!lines.empty()) {
    finding.message += ", until the thaw";
  }
  return finding;
}

Finding judge_applied(const std::optional<State>& state) {
  Finding finding{.gravity = Gravity::ok, .check = "applied", .message = {}};
  std::vector<std::string> lines;
  std::vector<std::string> hints;
  for (const auto& [name, known] : state.value_or(State()).configurations) {
    const bool has_failed = known.outcome == Outcome::failed || known.pending;
    if (!has_failed && !known.drifted && known.outcome != Outcome::partial) continue;
    finding.gravity = std::max(finding.gravity, has_failed ? Gravity::problem : Gravity::warning);
    const auto* what = known.pending   ? ": a rollback that began here has not ended"
                       : has_failed    ? ": failed: "
                       : known.drifted ? ": drifted: "
                                       : ": partial: ";
    const auto when = has_failed && !known.at.empty() ? " (" + known.at + ")" : "";
    const auto why = (known.warnings.empty() ? "it does not say why" : join(known.warnings)) + when;
    lines.push_back(name + what + (known.pending ? "" : why));
    auto hint = hint_for(known, state->frozen);
    if (std::find(hints.begin(), hints.end(), hint) == hints.end()) hints.push_back(std::move(hint));
  }
  if (!state) {
    finding.message = "nothing yet";
  } else if (lines.empty()) {
    finding.message = std::to_string(state->configurations.size()) + " configurations as they were saved or applied";
  } else {
    finding.message = join(lines, "; ");
    finding.hint = join(hints, "; ");
  }
  return finding;
}

}  // namespace proxysql_consul
