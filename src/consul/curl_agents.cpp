// Consul's agents over its HTTP API.
#include <memory>
#include <utility>

#include "proxysql_consul/consul/agents.h"
#include "proxysql_consul/consul/curl_http.h"

namespace proxysql_consul {
namespace {

class CurlAgents : public Agents {
 public:
  CurlAgents(const ConsulOptions& options, spdlog::logger& log) : http_(options, log) {}

  std::optional<AgentSelf> self() override {
    const std::string doing = "GET agent/self";
    const auto answer = http_.request({.path = "/v1/agent/self", .query = {}, .body = {}, .doing = doing});
    if (answer.status == 403) return std::nullopt;
    http_.check(answer, doing, R"(agent_prefix "" { policy = "read" })");
    auto self = parse_agent_self(http_.without_secrets(answer.body));
    if (!self) http_.fail(doing, "the answer is none of an agent");
    return self;
  }

  std::optional<AgentHealth> health() override {
    const std::string doing = "GET health/state/any";
    // A server that knows no filters answers with more, which is passed over.
    const auto query = "filter=" + http_.escape("CheckID==\"serfHealth\"");
    const auto answer = http_.request({.path = "/v1/health/state/any", .query = query, .body = {}, .doing = doing});
    if (answer.status == 403 || answer.is_filtered) return std::nullopt;
    http_.check(answer, doing, R"(node_prefix "" { policy = "read" })");
    auto health = parse_agent_health(http_.without_secrets(answer.body));
    if (!health) http_.fail(doing, "the answer is no list of checks");
    // The agents that may not be read are left out without a word, and the one that answers is always one of them.
    if (health->empty()) return std::nullopt;
    return health;
  }

  std::optional<std::string> leader() override {
    const std::string doing = "GET status/leader";
    const auto answer = http_.request({.path = "/v1/status/leader", .query = {}, .body = {}, .doing = doing});
    http_.check(answer, doing, R"(operator = "read")");
    auto leader = parse_leader(http_.without_secrets(answer.body));
    if (!leader) http_.fail(doing, "the answer is no address");
    if (leader->empty()) return std::nullopt;
    return leader;
  }

 private:
  CurlHttp http_;
};

}  // namespace

std::unique_ptr<Agents> open_consul_agents(const ConsulOptions& options, spdlog::logger& log) {
  return std::make_unique<CurlAgents>(options, log);
}

}  // namespace proxysql_consul
