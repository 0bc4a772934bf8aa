// Where the program finds Consul and ProxySQL, and what of its settings reaches them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "proxysql_consul/base/crypto.h"
#include "support/consul_agent.h"
#include "support/http_server.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using namespace std::chrono_literals;
using Node = ConsulNode;

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

TEST(Consul, IsReachedByEveryFormOfAddress) {
  const TempDir directory;
  const auto socket = directory.file("consul.sock");
  const bool ipv6 = has_ipv6();
  ConsulAgent agent(
      {.config = Json{{"addresses", {{"http", std::string("127.0.0.1 ") + (ipv6 ? "::1 " : "") + "unix://" + socket}}}}
                     .dump()});
  const auto port = std::to_string(agent.http_port());
  Node node(1);  // where nobody listens
  struct Case {
    std::string address;
    std::string shown;
    bool reached;
  };
  int count = 0;
  for (const auto& [address, shown, reached] : std::vector<Case>{
           {"127.0.0.1:" + port, "http://127.0.0.1:" + port, true},
           {"http://127.0.0.1:" + port, "http://127.0.0.1:" + port, true},
           {"http://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port, true},
           {"localhost:" + port, "http://localhost:" + port, true},
           {"[::1]:" + port, "http://[::1]:" + port, ipv6},
           {"http://[::1]:" + port, "http://[::1]:" + port, ipv6},
           {"unix://" + socket, "unix://" + socket, true},
           {"unix://" + directory.file("none"), "unix://" + directory.file("none"), false},
       }) {
    SCOPED_TRACE(address);
    node.add_server("db" + std::to_string(++count));
    node.set({{"retry_seconds", reached ? 10 : 0}});
    const auto ran = node.run({"save", "mysql_servers"}, {{"CONSUL_HTTP_ADDR", address}});
    EXPECT_EQ(ran.status, reached ? 0 : 5) << ran.err;
    if (reached) {
      EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("\"db" + std::to_string(count) + "\""));
    } else {
      EXPECT_THAT(ran.err, HasSubstr("consul " + shown + ": GET proxysql/freeze: "));
    }
  }
  // The same by settings.
  const std::vector<Json> by_settings = {
      {{"consul_iface", "localhost"}, {"consul_port", port}},
      {{"consul_iface", "::1"}, {"consul_port", agent.http_port()}},
      {{"consul_iface", "127.0.0.1"}, {"consul_port", 1}, {"consul_socket", socket}},
  };
  for (const auto& settings : by_settings) {
    SCOPED_TRACE(settings.dump());
    const bool reached = ipv6 || settings["consul_iface"] != "::1";
    node.set(settings);
    node.set({{"retry_seconds", reached ? 10 : 0}});
    node.add_server("db" + std::to_string(++count));
    const auto ran = node.run({"save", "mysql_servers"});
    EXPECT_EQ(ran.status, reached ? 0 : 5) << ran.err;
    if (!reached) {
      EXPECT_THAT(ran.err, HasSubstr("consul http://[::1]:" + port + ": GET "));
    }
  }
  // An address in the environment goes over the socket of the file.
  node.set({{"retry_seconds", 0}});
  const auto ran = node.run({"pull"}, {{"CONSUL_HTTP_ADDR", "127.0.0.1:1"}});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, HasSubstr("consul http://127.0.0.1:1: "));
}

TEST(Consul, SendsEachSettingWhereConsulExpectsItAndTheEnvironmentsInstead) {
  HttpServer server(HttpServer::Script{{.status = 404}});
  const TempDir directory;
  write_file(directory.file("token"), "token-of-a-file\n");
  write_file(directory.file("token2"), "token-of-another-file\n");
  struct Case {
    Json settings;
    std::map<std::string, std::string> env;
    std::string header;
    std::string value;
    std::string target;  ///< a part of it
  };
  const auto address = "127.0.0.1:" + std::to_string(server.port());
  const std::vector<Case> cases = {
      {{}, {}, "X-Consul-Token", "", "/v1/kv/proxysql/?recurse&consistent"},
      {{}, {}, "Authorization", "", ""},
      {{{"consul_token", "t1"}}, {}, "X-Consul-Token", "t1", ""},
      {{{"consul_token", "t1"}}, {{"CONSUL_HTTP_TOKEN", "t2"}}, "X-Consul-Token", "t2", ""},
      {{{"consul_token_file", directory.file("token")}}, {}, "X-Consul-Token", "token-of-a-file", ""},
      {{{"consul_token", "t1"}, {"consul_token_file", directory.file("token")}},
       {},
       "X-Consul-Token",
       "token-of-a-file",
       ""},
      {{{"consul_token_file", directory.file("token")}}, {{"CONSUL_HTTP_TOKEN", "t2"}}, "X-Consul-Token", "t2", ""},
      {{{"consul_token_file", directory.file("token")}},
       {{"CONSUL_HTTP_TOKEN", "t2"}, {"CONSUL_HTTP_TOKEN_FILE", directory.file("token2")}},
       "X-Consul-Token",
       "token-of-another-file",
       ""},
      {{{"consul_http_auth", "user:pass"}}, {}, "Authorization", "Basic " + to_base64("user:pass"), ""},
      {{{"consul_http_auth", "user:pass"}},
       {{"CONSUL_HTTP_AUTH", "u2:p:2"}},
       "Authorization",
       "Basic " + to_base64("u2:p:2"),
       ""},
      {{{"consul_datacenter", "dc 2"}}, {}, "", "", "consistent&dc=dc%202"},
      {{{"consul_namespace", "ns1"}}, {}, "", "", "&ns=ns1"},
      {{{"consul_namespace", "ns1"}}, {{"CONSUL_NAMESPACE", "ns2"}}, "", "", "&ns=ns2"},
      {{{"consul_partition", "p1"}}, {}, "", "", "&partition=p1"},
      {{{"consul_partition", "p1"}}, {{"CONSUL_PARTITION", "p2"}}, "", "", "&partition=p2"},
      {{{"consul_prefix", "prod/proxysql/"}}, {}, "", "", "/v1/kv/prod/proxysql/?recurse"},
      {{}, {{"CONSUL_HTTP_ADDR", "http://" + address + "/consul/"}}, "", "", "/consul/v1/kv/proxysql/"},
      // No proxy of the environment comes between.
      {{}, {{"http_proxy", "http://127.0.0.1:1"}, {"ALL_PROXY", "http://127.0.0.1:1"}}, "", "", "/v1/kv/"},
  };
  for (const auto& [settings, env, header, value, target] : cases) {
    SCOPED_TRACE(settings.dump() + Json(env).dump());
    Node node(server.port());
    if (!settings.is_null()) node.set(settings);
    const auto before = server.requests().size();
    const auto ran = node.run({"pull"}, env);
    EXPECT_EQ(ran.status, 0) << ran.err;
    const auto requests = server.requests();
    ASSERT_GT(requests.size(), before);
    const auto& request = requests[before];
    EXPECT_THAT(request.target, HasSubstr(target));
    EXPECT_THAT(request.target, Not(HasSubstr("token")));
    if (!header.empty()) {
      EXPECT_EQ(request.header(header), value);
    }
  }
}

TEST(Consul, NeverShowsASecretOfTheWrongType) {
  Node node(1);
  for (const auto* key : {"consul_token", "consul_http_auth", "proxysql_admin_password"}) {
    SCOPED_TRACE(key);
    node.set({{"consul_token", nullptr}, {"consul_http_auth", nullptr}, {"proxysql_admin_password", nullptr}});
    node.set({{key, {"s3cret"}}});
    const auto ran = node.run({"pull"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, HasSubstr(node.config() + ": " + key + ": must be a string, is a list"));
  }
  node.set({{"consul_token", nullptr}, {"consul_http_auth", nullptr}, {"proxysql_admin_password", nullptr}});
  const auto ran = node.run({"pull"}, {{"CONSUL_HTTP_ADDR", "http://user:s3cret@127.0.0.1:8500"}});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("CONSUL_HTTP_ADDR: must hold no user name"), Not(HasSubstr("s3cret"))));
}

TEST(Consul, PullReadsConsistentlyAndStaleWhenAllowed) {
  HttpServer server(HttpServer::Script{{.status = 404}});
  Node node(server.port());
  EXPECT_EQ(node.run({"pull"}).status, 0);
  EXPECT_THAT(server.requests().at(0).target, HasSubstr("?recurse&consistent"));
  const auto before = server.requests().size();
  EXPECT_EQ(node.run({"pull", "--stale"}).status, 0);
  EXPECT_THAT(server.requests().at(before).target, HasSubstr("?recurse&stale"));
}

TEST(Consul, TheAdminConnectionTakesASocketAndAPasswordFile) {
  ConsulAgent agent;
  Node node(agent.http_port());
  ProxySqlServer with_socket({.with_socket = true});
  with_socket.query("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (0, 'by-socket', 3306)");
  with_socket.query("LOAD MYSQL SERVERS TO RUNTIME");
  write_file(node.directory.file("password"), "admin\n");
  node.set({{"proxysql_admin_port", 1},
            {"proxysql_admin_socket", with_socket.socket()},
            {"proxysql_admin_password", "wrong"},
            {"proxysql_admin_password_file", node.directory.file("password")}});
  const auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("by-socket"));

  write_file(node.directory.file("password"), "s3cret-but-wrong\n");
  const auto refused = node.run({"save", "mysql_servers"});
  EXPECT_EQ(refused.status, 4);
  EXPECT_THAT(refused.err, Not(HasSubstr("trying again")));
  EXPECT_THAT(refused.err, AllOf(HasSubstr("proxysql admin@" + with_socket.socket()), Not(HasSubstr("s3cret"))));
}

}  // namespace
}  // namespace proxysql_consul::testing
