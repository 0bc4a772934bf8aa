#include "proxysql_consul/model/state_json.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/json_numbers.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/seen_json.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t state_format = 1;

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
    const auto why = parse_passed_over(entry.at("why").get<std::string>());
    // A reason that a newer version has: found out anew with the next delivery.
    if (!why) continue;
    passed[name] = {.attempted = as_count(entry.at("attempted")), .why = *why, .at = entry.at("at").get<std::string>()};
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

}  // namespace

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
    state.keys = key_ids_among(json.value("keys", std::vector<std::string>()));
    state.seen = seen_from_json(member_or_empty(json, "seen"));
    state.attempts = attempts_from_json(member_or_empty(json, "attempts"));
    for (const auto& [name, entry] : json.at("configurations").items()) {
      // One that a newer version wrote: compared once more.
      const auto known = parse_outcome(entry.at("outcome").get<std::string>()).value_or(Outcome::failed);
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
  const Json json = {{"format", state_format},
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
                     {"configurations", to_json(state)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proxysql_consul
