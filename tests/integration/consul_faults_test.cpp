// What each way of failing means to each call, and how long the program tries again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iomanip>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/agents.h"
#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/consul/kv_store.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/node_fixture.h"
#include "support/process.h"
#include "support/silent_log.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

std::unique_ptr<KvStore> store_at(unsigned port, std::chrono::milliseconds limit = 5s) {
  ConsulOptions options;
  options.port = port;
  options.connect_timeout = limit;
  options.total_timeout = limit;
  options.token = "the-token-of-all";
  options.http_auth = "user:the-password";
  return open_kv_store(options, silent_log());
}

enum class Expected { unavailable, refused, too_large, denied, absent };

Expected outcome_of(KvStore& store, const std::string& call, std::string& message) {
  try {
    if (call == "get" && !store.get("proxysql/x")) return Expected::absent;
    if (call == "list" && store.list("proxysql/").entries.empty()) return Expected::absent;
    if (call == "keys" && store.keys("proxysql/").empty()) return Expected::absent;
    if (call == "put") store.put("proxysql/x", "v", 0);
    if (call == "commit") store.commit({{.verb = KvOperation::Verb::cas, .key = "proxysql/x", .value = "v"}});
  } catch (const Unavailable& error) {
    message = error.what();
    return Expected::unavailable;
  } catch (const TooLarge& error) {
    message = error.what();
    return Expected::too_large;
  } catch (const Denied& error) {
    message = error.what();
    return Expected::denied;
  } catch (const Error& error) {
    message = error.what();
    EXPECT_EQ(error.code(), ExitCode::consul);
    return Expected::refused;
  }
  ADD_FAILURE() << call << " succeeded";
  return Expected::absent;
}

TEST(ConsulFaults, EachAnswerIsWhatItIsForEveryCall) {
  const std::string entry =
      R"([{"LockIndex":0,"Key":"proxysql/x","Flags":0,"Value":"djE=","CreateIndex":1,"ModifyIndex":1}])";
  const std::vector<std::string> all = {"get", "list", "keys", "put", "commit"};
  const std::vector<std::string> reads = {"get", "list", "keys"};
  const std::vector<std::string> writes = {"put", "commit"};
  struct Case {
    const char* what;
    HttpReply reply;
    std::vector<std::string> calls;
    Expected expected;
    std::string words;
  };
  for (const auto& [what, reply, calls, expected, words] : std::vector<Case>{
           {"absent", {.status = 404}, reads, Expected::absent, ""},
           {"absent makes no sense", {.status = 404}, writes, Expected::refused, ": 404 "},
           {"no leader",
            {.status = 500, .body = "No cluster leader"},
            all,
            Expected::unavailable,
            "500 No cluster leader"},
           {"rate", {.status = 429, .body = "Too Many\nRequests"}, all, Expected::unavailable, "429 Too Many Requests"},
           {"gateway", {.status = 502}, all, Expected::unavailable, ": 502 "},
           {"unavailable", {.status = 503}, all, Expected::unavailable, ": 503 "},
           {"gateway time-out", {.status = 504}, all, Expected::unavailable, ": 504 "},
           {"denied", {.status = 403, .body = "Permission denied"}, all, Expected::denied, "403 Permission denied"},
           {"unauthorised", {.status = 401}, all, Expected::denied, ": 401 "},
           {"bad request", {.status = 400, .body = "Bad"}, all, Expected::refused, "400 Bad"},
           {"an echo",
            {.status = 400, .body = "headers: X-Consul-Token: the-token-of-all"},
            all,
            Expected::refused,
            "X-Consul-Token: ***"},
           {"an echo of who asks",
            {.status = 400, .body = "Authorization: Basic " + to_base64("user:the-password") + ", user:the-password"},
            all,
            Expected::refused,
            "Authorization: Basic ***, ***"},
           {"elsewhere", {.status = 301, .body = "Moved"}, all, Expected::refused, "301 Moved"},
           {"no content", {.status = 204}, all, Expected::refused, ": 204"},
           {"too large", {.status = 413, .body = "no"}, all, Expected::too_large, "413 no"},
           {"close", {.close = true}, all, Expected::unavailable, ""},
           {"reset", {.reset = true}, all, Expected::unavailable, ""},
           {"cut", {.body = entry, .cut_after = 20}, all, Expected::unavailable, ""},
           {"cut at once", {.body = entry, .cut_after = 0}, all, Expected::unavailable, ""},
           {"no JSON", {.body = "<html>proxy error</html>"}, all, Expected::refused, "the answer is n"},
           {"half JSON", {.body = entry.substr(0, 40)}, all, Expected::refused, "the answer is n"},
           {"empty", {.body = ""}, all, Expected::refused, "the answer is n"},
           {"number", {.body = "12"}, all, Expected::refused, "the answer is n"},
           {"other objects", {.body = R"([{"a":1}])"}, all, Expected::refused, "the answer is n"},
           {"deep", {.body = std::string(100'000, '[')}, all, Expected::refused, "the answer is n"},
       }) {
    for (const auto& call : calls) {
      SCOPED_TRACE(std::string(what) + ", " + call);
      HttpServer server(HttpServer::Script{reply});
      const auto store = store_at(server.port());
      std::string message;
      EXPECT_EQ(outcome_of(*store, call, message), expected) << message;
      EXPECT_THAT(message, HasSubstr(words));
      if (expected != Expected::absent) {
        EXPECT_THAT(message, StartsWith("consul http://127.0.0.1:" + std::to_string(server.port()) + ": "));
      }
      EXPECT_LT(message.size(), 500U) << "brief, whatever the answer is";
      EXPECT_THAT(message, Not(HasSubstr("the-token-of-all")));
      EXPECT_THAT(message, Not(HasSubstr("the-password")));
    }
  }
}

TEST(ConsulFaults, NobodyIsToldWhatTheServerWasSent) {
  const std::string document =
      R"({"config_name":"mysql_users","tables":{"mysql_users":[["app","the-password-of-app"]]}})";
  const auto of_transaction = [](const std::string& what) {
    return HttpReply{.status = 409,
                     .body = R"({"Results":null,"Errors":[{"What":)" + nlohmann::json(what).dump() + "}]}"};
  };
  for (const auto& reply :
       {HttpReply{.status = 500, .body = "no: " + document}, HttpReply{.status = 400, .body = to_base64(document)},
        HttpReply{.status = 500, .body = "no: " + nlohmann::json(document).dump()},
        of_transaction("Permission denied: the-token-of-all, user:the-password, " + document),
        of_transaction("stale: the-token-of-all, user:the-password, " + document)}) {
    for (const bool is_transaction : {true, false}) {
      SCOPED_TRACE(reply.body);
      HttpServer server(HttpServer::Script{reply});
      const auto store = store_at(server.port());
      std::string shown;
      try {
        if (is_transaction) {
          shown = store->commit({{.verb = KvOperation::Verb::cas, .key = "proxysql/x", .value = document}}).refusal;
        } else {
          store->put("proxysql/x", document, 0);
        }
      } catch (const Error& error) {
        shown = std::string(error.what()) + error.hint();
      }
      EXPECT_THAT(shown, HasSubstr("***"));
      EXPECT_THAT(shown, Not(HasSubstr("the-token-of-all")));
      EXPECT_THAT(shown, Not(HasSubstr("the-password")));
      EXPECT_THAT(shown, Not(HasSubstr(to_base64(document).substr(8, 32))));
    }
  }
  ConsulOptions options;
  options.token = "the-token-of-all";
  HttpServer server(HttpServer::Script{{.body = R"({"Config":{"NodeName":"n the-token-of-all"}})"}});
  options.port = server.port();
  EXPECT_EQ(open_consul_agents(options, silent_log())->self().value().node, "n ***")
      << "it stands in the node's record, for all to read";
}

TEST(ConsulFaults, ABodyWithoutEndIsEndedByTheLimitOnSize) {
  HttpServer server(HttpServer::Script{{.body = "[", .endless_bytes = std::size_t{400} << 20U}});
  std::string message;
  EXPECT_EQ(outcome_of(*store_at(server.port(), 60s), "list", message), Expected::refused);
  EXPECT_THAT(message, HasSubstr("GET proxysql/?recurse: the answer is larger than 268435456 bytes"));
}

TEST(ConsulFaults, ASlowBodyIsEndedByTheTimeOut) {
  HttpServer server(HttpServer::Script{{.drip = true}});
  std::string message;
  for (const auto* call : {"get", "list", "keys", "put", "commit"}) {
    SCOPED_TRACE(call);
    const auto begin = SteadyClock::now();
    EXPECT_EQ(outcome_of(*store_at(server.port(), 200ms), call, message), Expected::unavailable);
    EXPECT_THAT(ConsulNode::since(begin), AllOf(Ge(190ms), Le(hang_limit)));
    EXPECT_THAT(message, HasSubstr("timed out"));
  }
}

TEST(ConsulFaults, WhoDoesNotAnswerAtAllIsUnavailable) {
  std::string message;
  EXPECT_EQ(outcome_of(*store_at(free_port()), "get", message), Expected::unavailable);

  // A listener whose queue is full lets nobody in.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, generic, &size), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(fillers.back(), generic, size));
  }
  const auto begin = SteadyClock::now();
  EXPECT_EQ(outcome_of(*store_at(ntohs(address.sin_port), 300ms), "get", message), Expected::unavailable);
  EXPECT_LT(ConsulNode::since(begin), hang_limit);
  for (const int filler : fillers) ::close(filler);
  ::close(listener);

  ConsulOptions options;
  options.host = "no-such-host.invalid";
  options.connect_timeout = 2s;
  EXPECT_EQ(outcome_of(*open_kv_store(options, silent_log()), "get", message), Expected::unavailable);
  EXPECT_THAT(message, StartsWith("consul http://no-such-host.invalid:8500: GET proxysql/x: "));
}

TEST(ConsulFaults, WhoIsSilentBeyondTheTimeItWasAskedToWaitIsUnavailable) {
  SilentServer server;
  int looks = 0;
  std::string message;
  try {
    // Waiting for no time at all: what remains is a second of Consul's jitter, and the limit of any request.
    store_at(server.port(), 200ms)->wait("proxysql/", 7, 0s, {.every = 20ms, .go_on = [&] { return ++looks > 0; }});
  } catch (const Unavailable& error) {
    message = error.what();
  }
  EXPECT_THAT(message, HasSubstr("GET proxysql/?recurse&index=7: "));
  EXPECT_THAT(message, HasSubstr("timed out"));
  EXPECT_GT(looks, 2) << "the caller is asked meanwhile";
}

TEST(ConsulFaults, EveryRequestEndsWhenTheProgramIsToStop) {
  SilentServer server;
  int looks = 0;
  ConsulOptions options;
  options.port = server.port();
  options.stopping = [&] { return ++looks > 1; };
  const auto store = open_kv_store(options, silent_log());
  const auto agents = open_consul_agents(options, silent_log());
  const auto ask = [&](const std::string& call) {
    if (call == "get") store->get("proxysql/x");
    if (call == "list") store->list("proxysql/");
    if (call == "wait") store->wait("proxysql/", 7, 1min);
    if (call == "keys") store->keys("proxysql/");
    if (call == "put") store->put("proxysql/x", "v", 0);
    if (call == "commit") store->commit({{.verb = KvOperation::Verb::cas, .key = "proxysql/x", .value = "v"}});
    if (call == "self") agents->self();
    if (call == "health") agents->health();
    if (call == "leader") agents->leader();
  };
  for (const auto* call : {"get", "list", "wait", "keys", "put", "commit", "self", "health", "leader"}) {
    SCOPED_TRACE(call);
    looks = 0;
    try {
      ask(call);
      ADD_FAILURE() << "succeeded";
    } catch (const Interrupted& error) {
      EXPECT_THAT(error.what(), HasSubstr(": ended, since the program is to stop"));
    }
    EXPECT_EQ(looks, 2) << "and so it was begun";
  }
}

TEST(ConsulFaults, FollowEndsWellWhileItsAgentIsSilent) {
  SilentServer server;
  ConsulNode node(server.port());
  auto follow = node.start({"follow"});
  ASSERT_TRUE(server.await_client());
  follow.kill(SIGTERM);
  const auto ended = follow.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("this node's record for the others could not be written"),
                               HasSubstr("ended, since the program is to stop"), Not(HasSubstr("timed out"))));
}

TEST(ConsulFaults, AWaitingConnectionAsksWhetherItsPeerIsStillThere) {
  SilentServer server;
  const auto keeps_alive = [&] {
    // Of each socket: local and remote address, state, queues, and which timer runs: 02 is that of keep-alive.
    std::ostringstream peer;
    peer << "0100007F:" << std::uppercase << std::hex << std::setw(4) << std::setfill('0') << server.port() << " 01";
    std::istringstream sockets(read_file("/proc/net/tcp"));
    for (std::string line; std::getline(sockets, line);) {
      const auto at = line.find(peer.str());
      if (at == std::string::npos || line.find(" 01 ", at) == std::string::npos) continue;
      if (line.find(" 02:", at) != std::string::npos) return true;
    }
    return false;
  };
  bool seen = false;
  const auto stopped = store_at(server.port())->wait("proxysql/", 7, 1min, {.every = 10ms, .go_on = [&] {
                                                                              seen = seen || keeps_alive();
                                                                              return !seen;
                                                                            }});
  EXPECT_FALSE(stopped);
  EXPECT_TRUE(seen);
}

TEST(ConsulFaults, TryingAgainWaitsLongerAndLongerAndNeverTheSame) {
  HttpServer server(HttpServer::Script{{.status = 500, .body = "No cluster leader"},
                                       {.status = 429},
                                       {.close = true},
                                       {.reset = true},
                                       {.body = "[{", .cut_after = 1},
                                       {.status = 503},
                                       {.drip = true},
                                       {.body = "[]"}});
  ConsulNode node(server.port());
  node.total_timeout = 300ms;
  node.real_pauses = false;
  const auto ran = node.run_here({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  ASSERT_THAT(node.pauses, SizeIs(7));
  auto most = 50ms;
  for (const auto pause : node.pauses) {
    EXPECT_THAT(pause, AllOf(Ge(most / 2), Le(most)));
    most = std::min<std::chrono::milliseconds>(most * 2, 2s);
  }
  EXPECT_THAT(ran.err, HasSubstr("500 No cluster leader; trying again for up to 20 s"));
  std::set<std::chrono::milliseconds> last_ones;
  for (int i = 0; i < 4; ++i) {
    HttpServer again(
        HttpServer::Script{{.status = 500}, {.status = 500}, {.status = 500}, {.status = 500}, {.body = "[]"}});
    node.set({{"consul_port", again.port()}});
    node.pauses.clear();
    EXPECT_EQ(node.run_here({"pull"}).status, 0);
    last_ones.insert(node.pauses.at(3));
  }
  EXPECT_THAT(last_ones, SizeIs(Ge(2))) << "jitter";
}

TEST(ConsulFaults, TryingAgainEndsWithRetrySeconds) {
  HttpServer server(HttpServer::Script{{.status = 500, .body = "No cluster leader"}});
  ConsulNode node(server.port(), {{"retry_seconds", 1}});
  const std::vector<std::vector<std::string>> commands = {{"pull"}, {"save", "mysql_servers"}};
  for (const auto& words : commands) {
    SCOPED_TRACE(words[0]);
    const auto ran = node.run(words);
    EXPECT_EQ(ran.status, 5);
    EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(hang_limit)));
    EXPECT_THAT(ran.err, AllOf(HasSubstr("500 No cluster leader"), HasSubstr("trying again for up to 1 s")));
  }
  node.set({{"consul_port", 1}});
  const auto ran = node.run({"pull"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.took, AllOf(Ge(1s), Le(hang_limit)));
  EXPECT_THAT(ran.err, HasSubstr("trying again for up to 1 s"));
  EXPECT_THAT(ran.err, HasSubstr("(is the Consul agent running, and are consul_iface and consul_port right?)"));
}

TEST(ConsulFaults, AnAgentThatComesUpLaterIsWaitedFor) {
  ConsulAgent agent({.dev = false});
  agent.put(servers_key, document_of(other_uuid, "db1"));
  agent.stop();
  ConsulNode node(agent.http_port());
  auto pull = node.start({"pull"});
  agent.start();
  const auto result = pull.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(node.servers(), "db1");
}

TEST(ConsulFaults, ADeniedReadIsNotRetried) {
  HttpServer server(HttpServer::Script{{.status = 403, .body = "Permission denied"}});
  ConsulNode node(server.port());
  EXPECT_EQ(node.run_here({"pull"}).status, 5);
  EXPECT_EQ(node.run_here({"save", "mysql_servers"}).status, 5);
  EXPECT_THAT(server.requests(), SizeIs(2));
  EXPECT_THAT(node.pauses, IsEmpty());
}

}  // namespace
}  // namespace proxysql_consul::testing
