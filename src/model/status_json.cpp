#include "proxysql_consul/model/status_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

Json configuration_json(const SharedConfiguration& configuration) {
  const auto& origin = configuration.origin;
  return {{"name", configuration.name},
          {"version", configuration.version},
          {"saved_at", origin.saved_at},
          {"host", origin.host},
          {"by", origin.by},
          {"proxysql_version", origin.proxysql_version},
          {"message", origin.message},
          {"rows", configuration.rows ? Json(*configuration.rows) : Json(nullptr)},
          {"bytes", configuration.bytes},
          {"nodes", {{"have", configuration.have}, {"of", configuration.of}}},
          {"key", configuration.key ? Json(*configuration.key) : Json(nullptr)}};
}

Json node_json(const NodeView& node) {
  auto configurations = Json::array();
  for (const auto& [name, told] : node.record.configurations) {
    configurations.push_back({{"name", name},
                              {"version", told.version},
                              {"attempted", told.attempted},
                              {"outcome", told.outcome},
                              {"at", told.at},
                              {"warnings", told.warnings}});
  }
  return {{"uuid", node.uuid},
          {"host", node.record.host},
          {"consul_node", node.record.consul_node},
          {"state", to_string(node.standing)},
          {"reason", node.reason},
          {"proxysql_version", node.record.proxysql_version},
          {"program_version", node.record.program_version},
          {"following", node.record.following},
          {"keep_local", node.record.keep_local},
          {"keys", node.record.keys},
          {"configurations", std::move(configurations)}};
}

}  // namespace

std::string format_status_json(const std::string& prefix, const Convergence& convergence, bool on_one_line) {
  Json frozen = nullptr;
  if (const auto& freeze = convergence.frozen) {
    frozen = {{"reason", freeze->reason}, {"by", freeze->by}, {"host", freeze->host}, {"at", freeze->at}};
  }
  auto configurations = Json::array();
  for (const auto& configuration : convergence.configurations)
    configurations.push_back(configuration_json(configuration));
  auto nodes = Json::array();
  for (const auto& node : convergence.nodes) nodes.push_back(node_json(node));
  const Json json = {{"format", 1},
                     {"prefix", prefix},
                     {"converged", convergence.converged},
                     {"frozen", std::move(frozen)},
                     {"configurations", std::move(configurations)},
                     {"nodes", std::move(nodes)}};
  return json.dump(on_one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proxysql_consul
