#include "proxysql_consul/consul/agents_json.h"

#include <nlohmann/json.hpp>

namespace proxysql_consul {
namespace {

using Pointer = nlohmann::json::json_pointer;

std::optional<std::string> text_at(const nlohmann::json& json, const char* pointer) {
  const Pointer at(pointer);
  if (!json.is_object() || !json.contains(at) || !json[at].is_string()) return std::nullopt;
  return json[at].get<std::string>();
}

}  // namespace

std::optional<AgentSelf> parse_agent_self(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto node = text_at(json, "/Config/NodeName");
  if (!node) return std::nullopt;
  AgentSelf self{.node = *node,
                 .datacenter = text_at(json, "/Config/Datacenter").value_or(""),
                 .version = text_at(json, "/Config/Version").value_or("")};
  const Pointer watches("/DebugConfig/Watches");
  if (json.contains(watches) && json[watches].is_array()) self.watches = json[watches].size();
  return self;
}

std::optional<AgentHealth> parse_agent_health(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  AgentHealth health;
  for (const auto& check : json) {
    const auto node = text_at(check, "/Node");
    const auto status = text_at(check, "/Status");
    if (!node || !status) return std::nullopt;
    // The others are of services, or of what an operator measures.
    if (text_at(check, "/CheckID") == "serfHealth") health[*node] = *status != "critical";
  }
  return health;
}

std::optional<std::string> parse_leader(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

}  // namespace proxysql_consul
