#include "proxysql_consul/model/node_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/json_numbers.h"
#include "proxysql_consul/model/keyring.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t record_format = 1;

constexpr auto unfinished_rollback = "a rollback that began here has not ended: `pull` takes Consul's version";

Json json_of(const RecordedConfiguration& entry) {
  return {
      {"version", entry.version}, {"attempted", entry.attempted}, {"sha256", entry.sha256}, {"outcome", entry.outcome},
      {"at", entry.at},           {"warnings", entry.warnings},   {"lacks", entry.lacks}};
}

/// An attempt that failed is what `warnings` tells of, also where runtime had drifted before.
std::string outcome_of(const ConfigurationState& state) {
  if (state.pending) return "failed";
  const bool is_drift = state.drifted && state.outcome != Outcome::failed;
  return is_drift ? "drifted" : std::string(to_string(state.outcome));
}

RecordedConfiguration configuration_from(const nlohmann::json& json) {
  const auto version = as_count(json.at("version"));
  return {.version = version,
          .attempted = count_or(json, "attempted", version),
          .sha256 = json.at("sha256").get<std::string>(),
          .outcome = json.at("outcome").get<std::string>(),
          .at = json.at("at").get<std::string>(),
          .warnings = json.at("warnings").get<std::vector<std::string>>(),
          .lacks = json.value("lacks", false)};
}

}  // namespace

NodeRecord record_of(const State& state) {
  NodeRecord record{.uuid = {},
                    .host = {},
                    .proxysql_version = state.proxysql_version,
                    .following = state.following,
                    .frozen = state.frozen,
                    .keys = state.keys};
  for (const auto& [name, entry] : state.configurations) {
    record.configurations[name] = {
        .version = entry.version,
        .attempted = std::max(entry.version, entry.attempted),
        .sha256 = entry.sha256,
        .outcome = outcome_of(entry),
        .at = entry.at,
        .warnings = entry.pending ? std::vector<std::string>{unfinished_rollback} : entry.warnings,
        .lacks = entry.lacks};
  }
  for (const auto& [name, entry] : state.passed) {
    auto& told = record.configurations[name];
    told.attempted = entry.attempted;
    told.outcome = to_string(entry.why);
    told.at = entry.at;
  }
  return record;
}

std::string format_node_record(const NodeRecord& record) {
  auto configurations = Json::object();
  for (const auto& [name, entry] : record.configurations) configurations[name] = json_of(entry);
  const Json json = {{"format", record_format},
                     {"uuid", record.uuid},
                     {"host", record.host},
                     {"consul_node", record.consul_node},
                     {"program_version", record.program_version},
                     {"proxysql_version", record.proxysql_version},
                     {"following", record.following},
                     {"frozen", record.frozen},
                     {"keys", record.keys},
                     {"keep_local", record.keep_local},
                     {"configurations", std::move(configurations)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

NodeRecord parse_node_record(std::string_view text) {
  const auto refuse = [](const std::string& why) { return Error(ExitCode::payload, "node record: " + why); };
  // In the order of the text, as it is written, it would take a search of all members to read each.
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw refuse("is no JSON object");
  std::string at = "the record";
  try {
    if (as_count(json.at("format")) != record_format) throw refuse("its format is unknown to this program");
    NodeRecord record{.uuid = json.value("uuid", std::string()),
                      .host = json.at("host").get<std::string>(),
                      .consul_node = json.value("consul_node", std::string()),
                      .program_version = json.value("program_version", std::string()),
                      .proxysql_version = json.value("proxysql_version", std::string()),
                      .following = json.value("following", false),
                      .frozen = json.value("frozen", false),
                      .keys = key_ids_among(json.value("keys", std::vector<std::string>()))};
    record.keep_local = json.value("keep_local", std::vector<std::string>());
    for (const auto& [name, entry] : json.at("configurations").items()) {
      at = printable(name, 64);
      record.configurations[name] = configuration_from(entry);
    }
    return record;
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {
    throw refuse(at + " lacks a member, or has one of another type");
  }
}

}  // namespace proxysql_consul
