#include "proxysql_consul/model/node_record.h"

#include <nlohmann/json.hpp>

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr int record_format = 1;

}  // namespace

std::string format_node_record(const State& state, const std::string& host, const std::string& proxysql_version) {
  auto configurations = Json::object();
  for (const auto& [name, entry] : state.configurations) {
    configurations[name] = {{"version", entry.version},
                            {"sha256", entry.sha256},
                            {"outcome", to_string(entry.outcome)},
                            {"at", entry.at},
                            {"warnings", entry.warnings}};
  }
  const Json record = {{"format", record_format},
                       {"host", host},
                       {"program_version", PROXYSQL_CONSUL_VERSION},
                       {"proxysql_version", proxysql_version},
                       {"configurations", std::move(configurations)}};
  return record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proxysql_consul
