// TLS to a real agent, with certificates made for the test, and the TLS blocks of docs/consul.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/consul_fixture.h"
#include "support/consul_agent.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using namespace std::chrono_literals;
using Node = ConsulNode;

/// A CA with certificates for an agent that is called consul.test alone, and for a client; and a CA of somebody else.
class ConsulTls : public ::testing::Test {
 protected:
  ConsulTls() {
    shell(R"(
      for ca in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$ca" \
          -addext basicConstraints=critical,CA:true -keyout $ca.key -out $ca.pem
      done
      make() { # name, CA, extension
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout $1.key -out $1.csr
        printf '%s\n' "$3" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
      }
      make server ca subjectAltName=DNS:consul.test
      make client ca extendedKeyUsage=clientAuth
      make stranger other extendedKeyUsage=clientAuth
      mkdir path && cp ca.pem path && openssl rehash path
      chmod 644 *.key)",
          directory.path());
    https_port = free_port();
    agent = std::make_unique<ConsulAgent>(ConsulAgentOptions{.config = Json{
                                                                 {"ports", {{"https", https_port}}},
                                                                 {"ca_file", directory.file("ca.pem")},
                                                                 {"cert_file", directory.file("server.pem")},
                                                                 {"key_file", directory.file("server.key")},
                                                                 {"verify_incoming_https",
                                                                  true}}.dump()});
  }

  Json good_settings() const {
    return {{"consul_scheme", "https"},
            {"consul_port", https_port},
            {"consul_ca_file", directory.file("ca.pem")},
            {"consul_cert_file", directory.file("client.pem")},
            {"consul_key_file", directory.file("client.key")},
            {"consul_tls_server_name", "consul.test"}};
  }

  TempDir directory;
  unsigned https_port = 0;
  std::unique_ptr<ConsulAgent> agent;
};

TEST_F(ConsulTls, SavesAndPullsWithAClientCertificate) {
  Node a(1, good_settings());
  a.add_server("db1");
  auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  auto by_path = good_settings();
  by_path.erase("consul_ca_file");
  by_path["consul_ca_path"] = directory.file("path");
  Node b(1, by_path);
  ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(b.servers(), "db1");

  // The same by Consul's own variables.
  Node c(1);
  const auto address = "127.0.0.1:" + std::to_string(https_port);
  const std::map<std::string, std::string> env = {{"CONSUL_CACERT", directory.file("ca.pem")},
                                                  {"CONSUL_CLIENT_CERT", directory.file("client.pem")},
                                                  {"CONSUL_CLIENT_KEY", directory.file("client.key")},
                                                  {"CONSUL_TLS_SERVER_NAME", "consul.test"}};
  for (const auto& more : std::vector<std::map<std::string, std::string>>{
           {{"CONSUL_HTTP_ADDR", "https://" + address}},
           {{"CONSUL_HTTP_ADDR", address}, {"CONSUL_HTTP_SSL", "true"}},
           {{"CONSUL_HTTP_ADDR", address},
            {"CONSUL_HTTP_SSL", "1"},
            {"CONSUL_CACERT", ""},
            {"CONSUL_CAPATH", directory.file("path")}},
           {{"CONSUL_HTTP_ADDR", "https://" + address},
            {"CONSUL_CACERT", directory.file("other.pem")},
            {"CONSUL_TLS_SERVER_NAME", ""},
            {"CONSUL_HTTP_SSL_VERIFY", "false"}},
       }) {
    SCOPED_TRACE(Json(more).dump());
    auto all = more;
    all.insert(env.begin(), env.end());
    ran = c.run({"pull", "--force"}, all);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(c.servers(), "db1");
  }
}

TEST_F(ConsulTls, WhatDoesNotVerifyIsRefusedWithoutRetry) {
  struct Case {
    const char* what;
    Json settings;
    int status;
    std::string words;
  };
  const auto https = "consul https://127.0.0.1:" + std::to_string(https_port) + ": GET proxysql/?recurse: ";
  for (const auto& [what, settings, status, words] : std::vector<Case>{
           {"another CA", {{"consul_ca_file", directory.file("other.pem")}}, 5, https + "SSL certificate problem"},
           {"no CA", {{"consul_ca_file", nullptr}}, 5, https + "SSL certificate problem"},
           {"another name", {{"consul_tls_server_name", "other.test"}}, 5, https + "SSL: no alternative certificate"},
           {"no name", {{"consul_tls_server_name", nullptr}}, 5, https + "SSL: no alternative certificate"},
           {"no client certificate", {{"consul_cert_file", nullptr}, {"consul_key_file", nullptr}}, 5, https},
           {"a stranger's certificate",
            {{"consul_cert_file", directory.file("stranger.pem")}, {"consul_key_file", directory.file("stranger.key")}},
            5,
            https},
           {"another's key", {{"consul_key_file", directory.file("stranger.key")}}, 5, https},
           {"no such file",
            {{"consul_ca_file", directory.file("none.pem")}},
            3,
            directory.file("none.pem") + ": no such"},
           {"no certificate in it", {{"consul_ca_file", directory.file("ca.key")}}, 5, https},
       }) {
    SCOPED_TRACE(what);
    auto all = good_settings();
    all.merge_patch(settings);
    Node node(1, all);
    const auto ran = node.run({"pull"});
    EXPECT_EQ(ran.status, status);
    EXPECT_THAT(ran.err, HasSubstr(words));
    // A server that refuses the client's certificate hangs up at once, which can overtake its reason; the next try
    // tells.
    if (std::string(what).find("certificate") == std::string::npos) {
      EXPECT_THAT(ran.err, Not(HasSubstr("trying again")));
    } else {
      EXPECT_THAT(ran.err, HasSubstr("certificate"));
      EXPECT_THAT(ran.err, HasSubstr("(check the consul_ settings for TLS)"));
    }
  }
}

TEST(ConsulDocs, TlsBlocksWorkAsPrinted) {
  const TempDir directory;
  shell(doc_block("tls-create"), directory.path());
  const auto here = [&](const std::string& text) { return replaced(text, "/etc/consul.d/tls", directory.path()); };
  auto config = Json::parse(here(doc_block("tls-agent")));
  auto settings = Json::parse(here(doc_block("tls-settings")));
  const auto port = free_port();
  EXPECT_EQ(config["ports"]["https"], settings["consul_port"]);
  config["ports"]["https"] = port;
  settings["consul_port"] = port;
  ConsulAgent agent({.config = config.dump()});
  Node node(1, settings);
  node.add_server("db1");
  auto ran = node.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(agent.get(servers_key).value_or(""), HasSubstr("db1"));
  node.set({{"consul_cert_file", nullptr}, {"consul_key_file", nullptr}});
  ran = node.run({"pull"});
  EXPECT_EQ(ran.status, 5) << "the block says: for those alone who show a certificate";
}

}  // namespace
}  // namespace proxysql_consul::testing
