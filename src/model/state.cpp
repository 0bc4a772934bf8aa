#include "proxysql_consul/model/state.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/json_numbers.h"
#include "proxysql_consul/model/seen_json.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t state_format = 1;
constexpr std::array outcome_names = {std::string_view{"applied"}, std::string_view{"saved"},
                                      std::string_view{"partial"}, std::string_view{"failed"}};

constexpr std::array passed_names = {std::string_view{"frozen"}, std::string_view{"not_accepted"},
                                     std::string_view{"not_here"}};

Json to_json(const State& state) {
  auto configurations = Json::object();
  for (const auto& [name, entry] : state.configurations) {
    configurations[name] = {
        {"version", entry.version}, {"sha256", entry.sha256},       {"outcome", to_string(entry.outcome)},
        {"at", entry.at},           {"warnings", entry.warnings},   {"start", entry.start},
        {"load", entry.load},       {"applying", entry.applying},   {"runtime_alone", entry.runtime_alone},
        {"in_part", entry.in_part}, {"attempted", entry.attempted}, {"lacks", entry.lacks},
        {"drifted", entry.drifted}, {"pending", entry.pending}};
    if (!entry.content.empty()) configurations[name]["content"] = entry.content;
    if (entry.cause != ExitCode::ok) configurations[name]["cause"] = static_cast<int>(entry.cause);
    if (!entry.passed_over.empty()) configurations[name]["passed_over"] = entry.passed_over;
  }
  return configurations;
}

Json to_json(const std::map<std::string, PassedState, std::less<>>& passed) {
  auto all = Json::object();
  for (const auto& [name, entry] : passed) {
    all[name] = {{"attempted", entry.attempted}, {"why", to_string(entry.why)}, {"at", entry.at}};
  }
  return all;
}

std::map<std::string, PassedState, std::less<>> passed_from_json(const nlohmann::json& json) {
  std::map<std::string, PassedState, std::less<>> passed;
  if (!json.contains("passed")) return passed;
  for (const auto& [name, entry] : json["passed"].items()) {
    const auto why = std::find(passed_names.begin(), passed_names.end(), entry.at("why").get<std::string>());
    // A reason that a newer version has: found out anew with the next delivery.
    if (why == passed_names.end()) continue;
    passed[name] = {.attempted = as_count(entry.at("attempted")),
                    .why = static_cast<PassedOver>(why - passed_names.begin()),
                    .at = entry.at("at").get<std::string>()};
  }
  return passed;
}

Json to_json(const std::optional<Start>& start) {
  if (!start) return nullptr;
  return {{"began", start->began},
          {"servers_loads", start->servers_loads},
          {"loads", start->loads},
          {"epochs", start->epochs}};
}

std::optional<Start> start_from_json(const nlohmann::json& json) {
  // What a version before this one recorded of a start is compared once more.
  if (!json.is_object() || !json.at("loads").is_object()) return std::nullopt;
  const auto loads = as_counts(json.at("loads"));
  Start start{.began = as_time(json.at("began")),
              .servers_loads = as_count(json.at("servers_loads")),
              .loads = {loads.begin(), loads.end()}};
  if (const auto epochs = json.find("epochs"); epochs != json.end()) {
    for (const auto& [name, epoch] : epochs->items()) start.epochs[name] = as_time(epoch);
  }
  return start;
}

/// One that a newer version knows is as good as none.
ExitCode cause_from(const nlohmann::json& entry) {
  const auto cause = count_or(entry, "cause", 0);
  return cause <= static_cast<std::uint64_t>(ExitCode::refused) ? static_cast<ExitCode>(cause) : ExitCode::ok;
}

/// True where the two say the same to the other nodes.
bool is_same_to_others(const ConfigurationState& a, const ConfigurationState& b) {
  return a.version == b.version && a.sha256 == b.sha256 && a.outcome == b.outcome && a.warnings == b.warnings &&
         a.attempted == b.attempted && a.lacks == b.lacks && a.drifted == b.drifted && a.pending == b.pending;
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string_view to_string(Outcome outcome) { return outcome_names.at(static_cast<std::size_t>(outcome)); }

std::string_view to_string(PassedOver why) { return passed_names.at(static_cast<std::size_t>(why)); }

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

const ConfigurationState* State::at_runtime(std::string_view configuration) const {
  const auto* known = find(configuration);
  const bool counts = observed && known != nullptr && known->start == start_number && !known->applying &&
                      !known->pending && known->outcome != Outcome::failed;
  return counts ? known : nullptr;
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

State parse_state(std::string_view text, const std::string& file) {
  State state;
  try {
    // In the order of the text, as it is written, it would take a search of all members to read each.
    const auto json = nlohmann::json::parse(text);
    if (as_count(json.at("format")) != state_format) throw std::invalid_argument("its format is unknown");
    state.published = json.at("published").get<bool>();
    state.record_index = count_or(json, "record_index", 0);
    // Version 2.0.0 recorded no starts.
    state.start_number = count_or(json, "start_number", 0);
    if (json.contains("start")) state.start = start_from_json(json["start"]);
    state.exclude_variables = json.value("exclude_variables", std::vector<std::string>());
    state.keep_local = json.value("keep_local", std::string());
    state.save_to_disk = json.value("save_to_disk", true);
    state.passed = passed_from_json(json);
    state.following = json.value("following", false);
    state.frozen = json.value("frozen", false);
    state.proxysql_version = json.value("proxysql_version", std::string());
    state.keys = json.value("keys", std::vector<std::string>());
    state.seen = seen_from_json(member_or_empty(json, "seen"));
    state.attempts = attempts_from_json(member_or_empty(json, "attempts"));
    for (const auto& [name, entry] : json.at("configurations").items()) {
      const auto outcome =
          std::find(outcome_names.begin(), outcome_names.end(), entry.at("outcome").get<std::string>());
      // One that a newer version wrote: compared once more.
      const auto known =
          outcome != outcome_names.end() ? static_cast<Outcome>(outcome - outcome_names.begin()) : Outcome::failed;
      state.configurations[name] = {.version = as_count(entry.at("version")),
                                    .sha256 = entry.at("sha256").get<std::string>(),
                                    .content = entry.value("content", std::string()),
                                    .outcome = known,
                                    .at = entry.at("at").get<std::string>(),
                                    .warnings = entry.at("warnings").get<std::vector<std::string>>(),
                                    .start = count_or(entry, "start", 0),
                                    .load = entry.value("load", std::string()),
                                    .applying = entry.value("applying", false),
                                    .runtime_alone = entry.value("runtime_alone", false),
                                    .in_part = entry.value("in_part", known == Outcome::partial),
                                    .attempted = count_or(entry, "attempted", 0),
                                    .lacks = entry.value("lacks", false),
                                    .drifted = entry.value("drifted", false),
                                    .pending = entry.value("pending", false),
                                    .cause = cause_from(entry),
                                    .passed_over = entry.value("passed_over", std::vector<std::string>())};
    }
  } catch (const std::exception&) {
    throw Error(ExitCode::settings, file + ": is no state file of proxysql-consul",
                "remove it; the next run makes a new one, and compares every configuration once more");
  }
  return state;
}

std::string format_state(const State& state) {
  return dump({{"format", state_format},
               {"published", state.published},
               {"record_index", state.record_index},
               {"start_number", state.start_number},
               {"start", to_json(state.start)},
               {"exclude_variables", state.exclude_variables},
               {"keep_local", state.keep_local},
               {"save_to_disk", state.save_to_disk},
               {"following", state.following},
               {"frozen", state.frozen},
               {"proxysql_version", state.proxysql_version},
               {"keys", state.keys},
               {"passed", to_json(state.passed)},
               {"seen", seen_to_json(state.seen)},
               {"attempts", attempts_to_json(state.attempts)},
               {"configurations", to_json(state)}});
}

}  // namespace proxysql_consul
