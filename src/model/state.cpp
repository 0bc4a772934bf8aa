#include "proxysql_consul/model/state.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr int state_format = 1;
constexpr std::array outcome_names = {std::string_view{"applied"}, std::string_view{"saved"},
                                      std::string_view{"partial"}, std::string_view{"failed"}};

Json to_json(const State& state) {
  auto configurations = Json::object();
  for (const auto& [name, entry] : state.configurations) {
    configurations[name] = {{"version", entry.version},
                            {"sha256", entry.sha256},
                            {"outcome", to_string(entry.outcome)},
                            {"at", entry.at},
                            {"warnings", entry.warnings}};
  }
  return configurations;
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string_view to_string(Outcome outcome) { return outcome_names.at(static_cast<std::size_t>(outcome)); }

const ConfigurationState* State::find(std::string_view configuration) const {
  const auto found = configurations.find(configuration);
  return found == configurations.end() ? nullptr : &found->second;
}

void State::record(const std::string& configuration, ConfigurationState state) {
  if (const auto known = configurations.find(configuration); known != configurations.end()) {
    auto same = known->second;
    same.at = state.at;
    if (same == state) return;
  }
  configurations[configuration] = std::move(state);
  published = false;
}

State parse_state(std::string_view text, const std::string& file) {
  State state;
  try {
    const auto json = Json::parse(text);
    if (json.at("format").get<int>() != state_format) throw std::invalid_argument("its format is unknown");
    state.published = json.at("published").get<bool>();
    for (const auto& [name, entry] : json.at("configurations").items()) {
      const auto outcome =
          std::find(outcome_names.begin(), outcome_names.end(), entry.at("outcome").get<std::string>());
      if (outcome == outcome_names.end()) throw std::invalid_argument("an outcome is unknown");
      state.configurations[name] = {.version = entry.at("version").get<std::uint64_t>(),
                                    .sha256 = entry.at("sha256").get<std::string>(),
                                    .outcome = static_cast<Outcome>(outcome - outcome_names.begin()),
                                    .at = entry.at("at").get<std::string>(),
                                    .warnings = entry.at("warnings").get<std::vector<std::string>>()};
    }
  } catch (const std::exception&) {
    throw Error(ExitCode::settings, file + ": is no state file of proxysql-consul",
                "remove it; the next run makes a new one, and compares every configuration once more");
  }
  return state;
}

std::string format_state(const State& state) {
  return dump({{"format", state_format}, {"published", state.published}, {"configurations", to_json(state)}});
}

}  // namespace proxysql_consul
