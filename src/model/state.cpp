#include "proxysql_consul/model/state.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxysql_consul/base/crypto.h"

namespace proxysql_consul {
namespace {

constexpr std::array outcome_names = {std::string_view{"applied"}, std::string_view{"saved"},
                                      std::string_view{"partial"}, std::string_view{"failed"}};

constexpr std::array passed_names = {std::string_view{"frozen"}, std::string_view{"not_accepted"},
                                     std::string_view{"not_here"}};

template <typename Value, typename Names>
std::optional<Value> value_named(std::string_view name, const Names& names) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  return found != names.end() ? std::optional(static_cast<Value>(found - names.begin())) : std::nullopt;
}

/// True where the two say the same to the other nodes.
bool is_same_to_others(const ConfigurationState& a, const ConfigurationState& b) {
  return a.version == b.version && a.sha256 == b.sha256 && a.outcome == b.outcome && a.warnings == b.warnings &&
         a.attempted == b.attempted && a.lacks == b.lacks && a.drifted == b.drifted && a.pending == b.pending;
}

}  // namespace

std::string_view to_string(Outcome outcome) { return outcome_names.at(static_cast<std::size_t>(outcome)); }

std::string_view to_string(PassedOver why) { return passed_names.at(static_cast<std::size_t>(why)); }

std::optional<Outcome> parse_outcome(std::string_view name) { return value_named<Outcome>(name, outcome_names); }

std::optional<PassedOver> parse_passed_over(std::string_view name) {
  return value_named<PassedOver>(name, passed_names);
}

void State::observe(const std::optional<Start>& now) {
  observed = now.has_value();
  if (!now) return;
  if (!start || !is_same_start(*start, *now)) {
    ++start_number;
    start = now;
    return;
  }
  // Both times are whole seconds, so their difference changes by one and back; that is no news.
  const auto moved = now->began - start->began;
  if (moved >= -1 && moved <= 1) {
    // Those that still tell do so the next time, too.
    if (!is_surely_same_start(*start, *now)) start->epochs = now->epochs;
    if (!now->is_carried) start->servers_loads = now->servers_loads;
    start->loads = now->loads;
  } else {
    start = now;
  }
}

void State::follow_settings(const std::vector<std::string>& exclude, bool to_disk, const std::string& local) {
  // What was left alone may differ at runtime, so that what is recorded counts no more than after a start.
  if (exclude != exclude_variables || local != keep_local) ++start_number;
  if (local != keep_local) published = false;
  if (to_disk && !save_to_disk) {
    for (auto& [name, entry] : configurations) entry.runtime_alone = true;
  }
  exclude_variables = exclude;
  keep_local = local;
  save_to_disk = to_disk;
}

const ConfigurationState* State::find(std::string_view configuration) const {
  const auto found = configurations.find(configuration);
  return found == configurations.end() ? nullptr : &found->second;
}

const ConfigurationState* State::came_to_runtime(std::string_view configuration) const {
  const auto* known = find(configuration);
  const bool came = observed && known != nullptr && known->start == start_number && !known->applying && !known->pending;
  return came ? known : nullptr;
}

const ConfigurationState* State::at_runtime(std::string_view configuration) const {
  const auto* known = came_to_runtime(configuration);
  return known != nullptr && known->outcome != Outcome::failed ? known : nullptr;
}

const ConfigurationState* State::counted(std::string_view configuration) const {
  const auto* known = at_runtime(configuration);
  return known != nullptr && !known->runtime_alone ? known : nullptr;
}

void State::pass_over(const std::string& configuration, std::uint64_t version, PassedOver why, const std::string& at) {
  const auto* known = find(configuration);
  if (known != nullptr && known->version == version && known->outcome != Outcome::failed) {
    take_up(configuration);
    return;
  }
  auto& now = passed[configuration];
  if (now.attempted == version && now.why == why) return;
  now = {.attempted = version, .why = why, .at = at};
  published = false;
}

void State::take_up(std::string_view configuration) {
  const auto found = passed.find(configuration);
  if (found == passed.end()) return;
  passed.erase(found);
  published = false;
}

void State::renumber(const std::string& configuration, const KvEntry& as) {
  take_up(configuration);
  auto& entry = configurations.at(configuration);
  if (entry.version == as.modify_index) return;
  if (entry.content.empty()) entry.content = entry.sha256;
  entry.version = as.modify_index;
  entry.attempted = as.modify_index;
  entry.sha256 = sha256_hex(as.value);
  published = false;
}

void State::tell_frozen(bool is_frozen) {
  if (frozen != is_frozen) published = false;
  frozen = is_frozen;
}

bool State::tell_drift(const std::string& configuration, const std::string& what, const std::string& at) {
  auto& entry = configurations.at(configuration);
  const bool drifted = !what.empty();
  auto warnings = drifted ? std::vector<std::string>{what} : std::vector<std::string>();
  if (entry.drifted == drifted && (!drifted || entry.warnings == warnings)) return false;
  entry.drifted = drifted;
  entry.warnings = std::move(warnings);
  entry.at = at;
  published = false;
  return true;
}

void State::set_following(bool now) {
  if (following == now) return;
  following = now;
  published = false;
}

void State::tell_proxysql_version(const std::string& version) {
  if (version.empty() || version == proxysql_version) return;
  // Of a node that has nothing to tell yet nobody needs to know it.
  if (!configurations.empty()) published = false;
  proxysql_version = version;
}

void State::tell_keys(const std::vector<std::string>& ids) {
  if (keys != ids) published = false;
  keys = ids;
}

void State::fail(const std::string& configuration, std::uint64_t attempted, const std::string& at,
                 const std::string& reason, ExitCode cause) {
  take_up(configuration);
  auto state = configurations[configuration];
  state.outcome = Outcome::failed;
  state.warnings = {reason};
  state.cause = cause;
  state.attempted = std::max(state.attempted, attempted);
  const bool is_news = !is_same_to_others(configurations[configuration], state);
  if (is_news) {
    state.at = at;
    published = false;
  }
  configurations[configuration] = std::move(state);
}

void State::record(const std::string& configuration, ConfigurationState state) {
  take_up(configuration);
  if (const auto counted = attempts.find(configuration); counted != attempts.end()) {
    counted->second.unpublished_since = 0;
  }
  state.start = observed ? start_number : 0;
  state.in_part = state.outcome == Outcome::partial;
  state.attempted = state.version;
  if (const auto known = configurations.find(configuration); known != configurations.end()) {
    if (is_same_to_others(known->second, state)) {
      state.at = known->second.at;
      known->second = std::move(state);
      return;
    }
  }
  configurations[configuration] = std::move(state);
  published = false;
}

void State::mark_pending(const std::string& configuration) {
  auto [entry, is_new] = configurations.try_emplace(configuration);
  if (is_new) entry->second.outcome = Outcome::failed;
  entry->second.pending = true;
  published = false;
}

void State::count(const std::string& configuration, Outcome outcome, std::int64_t at) {
  auto& all = attempts[configuration];
  ++all.outcomes[std::string(to_string(outcome))];
  if (outcome == Outcome::applied || outcome == Outcome::saved) all.last_success = at;
}

void State::tell_unpublished(const std::string& configuration, std::int64_t at) {
  auto& since = attempts[configuration].unpublished_since;
  if (since == 0) since = at;
}

void State::mark_applying(const std::string& configuration) {
  auto [entry, is_new] = configurations.try_emplace(configuration);
  if (is_new) entry->second.outcome = Outcome::failed;
  entry->second.applying = true;
}

}  // namespace proxysql_consul
