#include "proxysql_consul/node/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "support/error_of.h"
#include "support/process.h"

namespace proxysql_consul {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Environment environment(Environment::Variables variables) { return Environment(std::move(variables)); }

/// What `action` throws: message, and hint in brackets if there is one.
template <typename Action>
std::string error_of(Action action) {
  return testing::error_of(ExitCode::settings, std::move(action));
}

TEST(Settings, HaveTheirDefaults) {
  const auto settings = parse_settings("{}", "f");
  EXPECT_EQ(settings.file, "f");
  EXPECT_EQ(settings.uuid_file, "/var/lib/proxysql/proxysql-consul.uuid");
  EXPECT_EQ(settings.admin.host, "127.0.0.1");
  EXPECT_EQ(settings.admin.port, 6032U);
  EXPECT_EQ(settings.admin.username, "admin");
  EXPECT_EQ(settings.admin.password, "admin");
  EXPECT_FALSE(settings.admin.tls);
  EXPECT_TRUE(settings.admin.tls_verify);
  EXPECT_EQ(settings.consul.scheme, "http");
  EXPECT_EQ(settings.consul.host, "127.0.0.1");
  EXPECT_EQ(settings.consul.port, 8500U);
  EXPECT_EQ(settings.consul.token, "");
  EXPECT_EQ(settings.consul.prefix, "proxysql/");
  EXPECT_EQ(settings.keys().document("mysql_users"), "proxysql/mysql_users");
  EXPECT_TRUE(settings.save_to_disk);
  EXPECT_EQ(settings.history_limit, 10);
  EXPECT_FALSE(settings.retry_seconds);
  EXPECT_THAT(settings.accept, Contains("mysql_users"));
  EXPECT_THAT(settings.accept, Not(Contains("admin_variables")));
}

TEST(Settings, ReadTheDefaultFileOf2016) {
  const auto settings = parse_settings(R"({"uuid_file":"/x","consul_iface":"10.0.0.1","consul_port":"8501",)"
                                       R"("proxysql_admin_iface":"::1","proxysql_admin_port":"6033",)"
                                       R"("proxysql_admin_username":"u","proxysql_admin_password":""})",
                                       "f");
  EXPECT_EQ(settings.uuid_file, "/x");
  EXPECT_EQ(settings.consul.host, "10.0.0.1");
  EXPECT_EQ(settings.consul.port, 8501U);
  EXPECT_EQ(settings.admin.host, "::1");
  EXPECT_EQ(settings.admin.port, 6033U);
  EXPECT_EQ(settings.admin.username, "u");
  EXPECT_EQ(settings.admin.password, "");
}

TEST(Settings, ShippedFileIsGood) {
  const auto file = std::string(PROJECT_SOURCE_PATH) + "/etc/proxysql-consul.cnf";
  EXPECT_EQ(parse_settings(testing::read_file(file), file).admin.port, 6032U);
}

TEST(Settings, TakeEachKey) {
  const auto settings = parse_settings(
      R"({"state_file":"/s","proxysql_admin_socket":"/a.sock","proxysql_admin_tls_ca":"/ca","proxysql_admin_tls_cert":"/c",)"
      R"("proxysql_admin_tls_key":"/k","proxysql_admin_tls_verify":false,"consul_scheme":"https","consul_token":"t",)"
      R"("consul_ca_file":"/ca2","consul_ca_path":"/cas","consul_cert_file":"/c2","consul_key_file":"/k2",)"
      R"("consul_tls_server_name":"n","consul_ssl_verify":false,"consul_datacenter":"dc","consul_namespace":"ns",)"
      R"("consul_partition":"p","consul_prefix":"a/b/","accept":["scheduler"],"exclude_variables":["mysql-x*"],)"
      R"("save_to_disk":false,"history_limit":0,"retry_seconds":"3600"})",
      "f");
  EXPECT_EQ(settings.state_file, "/s");
  EXPECT_EQ(settings.admin.socket, "/a.sock");
  EXPECT_TRUE(settings.admin.tls) << "a CA asks for TLS";
  EXPECT_FALSE(settings.admin.tls_verify);
  EXPECT_EQ(settings.admin.tls_cert, "/c");
  EXPECT_EQ(settings.admin.tls_key, "/k");
  EXPECT_EQ(settings.consul.scheme, "https");
  EXPECT_EQ(settings.consul.token, "t");
  EXPECT_EQ(settings.consul.token_source, "consul_token of f");
  EXPECT_EQ(settings.consul.ca_file, "/ca2");
  EXPECT_EQ(settings.consul.ca_path, "/cas");
  EXPECT_EQ(settings.consul.cert_file, "/c2");
  EXPECT_EQ(settings.consul.key_file, "/k2");
  EXPECT_EQ(settings.consul.tls_server_name, "n");
  EXPECT_FALSE(settings.consul.tls_verify);
  EXPECT_EQ(settings.consul.datacenter, "dc");
  EXPECT_EQ(settings.consul.enterprise_namespace, "ns");
  EXPECT_EQ(settings.consul.partition, "p");
  EXPECT_EQ(settings.consul.prefix, "a/b/");
  EXPECT_THAT(settings.accept, ElementsAre("scheduler"));
  EXPECT_THAT(settings.scope.exclude_variables, ElementsAre("mysql-x*"));
  EXPECT_FALSE(settings.save_to_disk);
  EXPECT_EQ(settings.history_limit, 0);
  EXPECT_EQ(settings.retry_seconds, 3600);
}

TEST(Settings, NameFileKeyRuleAndValue) {
  const std::string prefix_rule =
      "f: consul_prefix: must be a key prefix such as \"proxysql/\", with a slash at its end only, is ";
  const struct {
    const char* text;
    std::string error;
  } cases[] = {
      {"[]", "f: must be a JSON object, is a list"},
      {"null", "f: must be a JSON object, is null"},
      {"\"s3cr3t\"", "f: must be a JSON object, is a string"},
      {R"({"consul_prot":"8500"})", "f: unknown key \"consul_prot\" (did you mean 'consul_port'?)"},
      {R"({"entirely_else":1})", "f: unknown key \"entirely_else\""},
      {R"({"uuid_file":""})", "f: uuid_file: must not be empty, is \"\""},
      {R"({"uuid_file":7})", "f: uuid_file: must be a string, is 7"},
      {R"({"uuid_file":"a\u0000b"})", "f: uuid_file: must not hold a NUL, is one that does"},
      {R"({"uuid_file":"x.uuid"})", "f: uuid_file: must be an absolute path, is \"x.uuid\""},
      {R"({"metrics_file":"/m/a.txt"})",
       "f: metrics_file: must end in .prom, since the node exporter reads no other files, is \"/m/a.txt\""},
      {R"({"state_file":null})", "f: state_file: must be a string, is null"},
      {R"({"state_file":""})", "f: state_file: must not be empty, is \"\""},
      {R"({"consul_iface":""})", "f: consul_iface: must not be empty, is \"\""},
      {R"({"consul_port":0})", "f: consul_port: must be a port from 1 to 65535, is 0"},
      {R"({"consul_port":65536})", "f: consul_port: must be a port from 1 to 65535, is 65536"},
      {R"({"consul_port":"8500x"})", "f: consul_port: must be a port from 1 to 65535, is \"8500x\""},
      {R"({"consul_port":8500.5})", "f: consul_port: must be a port from 1 to 65535, is 8500.5"},
      {R"({"consul_port":-1})", "f: consul_port: must be a port from 1 to 65535, is -1"},
      {R"({"consul_port":18446744073709551615})",
       "f: consul_port: must be a port from 1 to 65535, is 18446744073709551615"},
      {R"({"proxysql_admin_port":true})", "f: proxysql_admin_port: must be a port from 1 to 65535, is true"},
      {R"({"proxysql_admin_tls":"yes"})", "f: proxysql_admin_tls: must be true or false, is \"yes\""},
      {R"({"save_to_disk":1})", "f: save_to_disk: must be true or false, is 1"},
      {R"({"consul_scheme":"ftp"})", "f: consul_scheme: must be http or https, is \"ftp\""},
      {R"({"consul_prefix":""})", prefix_rule + "\"\""},
      {R"({"consul_prefix":"/"})", prefix_rule + "\"/\""},
      {R"({"consul_prefix":"a"})", prefix_rule + "\"a\""},
      {R"({"consul_prefix":"/a/"})", prefix_rule + "\"/a/\""},
      {R"({"consul_prefix":"a//b/"})", prefix_rule + "\"a//b/\""},
      {R"({"consul_prefix":"a/../b/"})", prefix_rule + "\"a/../b/\""},
      {R"({"accept":"mysql_users"})", "f: accept: must be a list of strings, is \"mysql_users\""},
      {R"({"accept":[1]})", "f: accept: must be a string, is 1"},
      {R"({"accept":["mysql_user"]})",
       "f: accept: must name configurations, is \"mysql_user\"; did you mean 'mysql_users'?"},
      {R"({"exclude_variables":[""]})", "f: exclude_variables: must not be empty, is \"\""},
      {R"({"history_limit":1001})", "f: history_limit: must be a number from 0 to 1000, is 1001"},
      {R"({"retry_seconds":3601})", "f: retry_seconds: must be seconds from 0 to 3600, is 3601"},
      {R"({"retry_seconds":[]})", "f: retry_seconds: must be seconds from 0 to 3600, is a list"},
  };
  for (const auto& [text, error] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(error_of([&, given = text] { parse_settings(given, "f"); }), error);
  }
}

TEST(Settings, TakeAbsolutePathsAlone) {
  for (const std::string key :
       {"uuid_file", "state_file", "proxysql_admin_socket", "proxysql_admin_tls_ca", "proxysql_admin_tls_cert",
        "proxysql_admin_tls_key", "consul_socket", "consul_ca_file", "consul_ca_path", "consul_cert_file",
        "consul_key_file", "proxysql_admin_password_file", "consul_token_file", "encryption_keys_file"}) {
    // Who takes the name of the file for the secret itself is not to see it in a log.
    const bool is_secret = key.find("password") != std::string::npos || key.find("token") != std::string::npos ||
                           key == "encryption_keys_file";
    for (const std::string path : {"x", "./x", "~/x", " /x"}) {
      const auto shown = is_secret ? "another text" : "\"" + path + "\"";
      EXPECT_EQ(error_of([&] { parse_settings("{\"" + key + "\":\"" + path + "\"}", "f"); }),
                "f: " + key + ": must be an absolute path, is " + shown);
    }
    const auto empty = "{\"" + key + "\":\"\"}";
    if (key == "uuid_file" || key == "state_file") {
      EXPECT_EQ(error_of([&] { parse_settings(empty, "f"); }), "f: " + key + ": must not be empty, is \"\"");
    } else {
      EXPECT_NO_THROW(parse_settings(empty, "f")) << key << ": empty is none";
    }
  }
  for (const std::string name : {"CONSUL_CACERT", "CONSUL_CAPATH", "CONSUL_CLIENT_CERT", "CONSUL_CLIENT_KEY"}) {
    Settings settings;
    EXPECT_EQ(error_of([&] {
                apply_environment(settings, environment({{name, "ca.pem"}}));
              }),
              "environment: " + name + ": must be an absolute path, is \"ca.pem\"");
  }
  Settings settings;
  EXPECT_EQ(error_of([&] {
              apply_environment(settings, environment({{"CONSUL_HTTP_TOKEN_FILE", "t"}}));
            }),
            "environment: CONSUL_HTTP_TOKEN_FILE: must be an absolute path, is another text");
}

TEST(Settings, TakeHostsWithoutSchemeAndPort) {
  const struct {
    const char* text;
    const char* host;  ///< nothing: refused
  } cases[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"consul", "consul"},
      {"consul-1.example.org.", "consul-1.example.org."},
      {"a_b", "a_b"},
      {"b\xC3\xBC"
       "cher.example",
       "b\xC3\xBC"
       "cher.example"},
      {"::1", "::1"},
      {"[::1]", "::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
      {"fe80::1%eth0", "fe80::1%eth0"},
      {"[fe80::1%eth0]", "fe80::1%eth0"},
      {"http://127.0.0.1", nullptr},
      {"127.0.0.1:8500", nullptr},
      {"consul:8500", nullptr},
      {"[::1]:8500", nullptr},
      {"[::1", nullptr},
      {"::1]", nullptr},
      {"[127.0.0.1]", nullptr},
      {"[]", nullptr},
      {"127.0.0.1/", nullptr},
      {"/run/consul.sock", nullptr},
      {"a b", nullptr},
      {" 127.0.0.1", nullptr},
      {"127.0.0.1;127.0.0.2", nullptr},
      {"a:b:c:", nullptr},
      {"fe80::1%", nullptr},
  };
  const std::string rule = ": must be a host name or address, without scheme and port, is ";
  for (const std::string key : {"consul_iface", "proxysql_admin_iface", "consul_tls_server_name"}) {
    for (const auto& [text, host] : cases) {
      SCOPED_TRACE(text);
      const auto json = "{\"" + key + "\":\"" + text + "\"}";
      if (host == nullptr) {
        EXPECT_EQ(error_of([&] { parse_settings(json, "f"); }), "f: " + key + rule + "\"" + text + "\"");
        continue;
      }
      const auto settings = parse_settings(json, "f");
      const auto& admin = settings.admin;
      const auto& consul = settings.consul;
      EXPECT_EQ(key == "consul_iface"           ? consul.host
                : key == "proxysql_admin_iface" ? admin.host
                                                : consul.tls_server_name,
                host);
    }
    EXPECT_EQ(error_of([&] { parse_settings("{\"" + key + "\":\"u:s3cr3t@h\"}", "f"); }),
              "f: " + key + rule + "one with a user name");
  }
  EXPECT_EQ(describe(parse_settings(R"({"proxysql_admin_iface":"[::1]","consul_iface":"[::1]"})", "f").consul),
            "consul http://[::1]:8500");
}

TEST(Settings, NameTheTypeOfASecret) {
  for (const std::string key : {"proxysql_admin_password", "consul_token", "consul_http_auth", "consul_token_file"}) {
    const struct {
      const char* value;
      const char* type;
    } cases[] = {
        {"null", "null"},      {"1234567", "a number"},    {"12.5", "a number"},
        {"true", "a boolean"}, {"[\"s3cr3t\"]", "a list"}, {"{\"s3cr3t\":1}", "an object"},
    };
    for (const auto& [value, type] : cases) {
      EXPECT_EQ(error_of([&, text = value] { parse_settings("{\"" + key + "\":" + text + "}", "f"); }),
                "f: " + key + ": must be a string, is " + type);
    }
  }
  EXPECT_EQ(error_of([] { parse_settings(R"({"uuid_file":{"deep":[]}})", "f"); }),
            "f: uuid_file: must be a string, is an object");
}

TEST(Settings, TakeEachKeyOnce) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {R"({"consul_port":1,"consul_port":1})", "f: consul_port: must stand once, stands twice"},
      {R"({"consul_port":1,"save_to_disk":true,"consul_port":2})", "f: consul_port: must stand once, stands twice"},
      {R"({"consul_token":"s3cr3t","consul_token":"s3cr3t2"})", "f: consul_token: must stand once, stands twice"},
      {"{\"consul_port\":1,\"consul_p\\u006frt\":2}", "f: consul_port: must stand once, stands twice"},
      {R"({"_comment":{"a":1,"b":{"c":[{"d":1},{"d":1,"e":2,"d":3}]}}})",
       "f: _comment.b.c.d: must stand once, stands twice"},
      {R"({"_comment":{"a":{"x":1},"b":{"x":2}}})", "nothing was thrown"},
  };
  for (const auto& [text, error] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(error_of([&, given = text] { parse_settings(given, "f"); }), error);
  }
}

TEST(Settings, KeepTheStateInAFileOfItsOwn) {
  testing::TempDir dir;
  testing::write_file(dir.file("cnf"), R"({"uuid_file":"/a/b.state"})");
  EXPECT_EQ(error_of([&] { load_settings(dir.file("cnf"), environment({})); }),
            dir.file("cnf") + ": state_file: must be another file than uuid_file, is \"/a/b.state\"");
  const auto variables = environment({{"PROXYSQL_CONSUL_UUID_FILE", "/a/b.state"}});
  EXPECT_EQ(error_of([&] { load_settings(std::nullopt, variables, {}); }),
            "environment: state_file: must be another file than uuid_file, is \"/a/b.state\"");
}

TEST(Settings, ShowNoSecretInAnError) {
  for (const char* text :
       {R"({"proxysql_admin_password":["s3cr3t"]})", R"({"consul_token":{"s3cr3t":1}})",
        R"({"consul_token":"s3cr3t\u0000"})", R"({"proxysql_admin_password":"s3cr3t)",
        R"({"consul_token":"s3cr3t" "x":1})", "{\"a\":\"s3cr3t\xFF\"}", R"({"consul_http_auth":["s3cr3t"]})",
        R"({"consul_token":'s3cr3t'})", R"({"consul_token":s3cr3t})", "{\"consul_token\":\"s3cr3t\n\"}",
        R"({"consul_token":"s3cr3t\q"})", R"({"consul_token":"s3cr3t\ud800"})", R"({"consul_token_file":"s3cr3t"})",
        R"({"consul_token":"s3cr3t; expected s3cr3t)"}) {
    const auto error = error_of([&] { parse_settings(text, "f"); });
    EXPECT_THAT(error, ::testing::StartsWith("f: ")) << text;
    EXPECT_THAT(error, Not(HasSubstr("s3cr3t"))) << text;
  }
}

TEST(Settings, TakeEachKeyFromTheEnvironmentOverTheFile) {
  auto settings = parse_settings(
      R"({"consul_port":1,"proxysql_admin_port":2,"accept":["mysql_users"],"save_to_disk":true,"consul_prefix":"f/"})",
      "f");
  apply_environment(settings, environment({{"PROXYSQL_CONSUL_CONSUL_PORT", "8600"},
                                           {"PROXYSQL_CONSUL_PROXYSQL_ADMIN_PORT", "6132"},
                                           {"PROXYSQL_CONSUL_ACCEPT", "mysql_servers, mysql_query_rules,"},
                                           {"PROXYSQL_CONSUL_EXCLUDE_VARIABLES", "mysql-monitor_*"},
                                           {"PROXYSQL_CONSUL_SAVE_TO_DISK", "false"},
                                           {"PROXYSQL_CONSUL_RETRY_SECONDS", "7"},
                                           {"PROXYSQL_CONSUL_PUBLISH", "mysql_servers"},
                                           {"PROXYSQL_CONSUL_DRIFT", "repair"},
                                           {"PROXYSQL_CONSUL_METRICS_FILE", "/m/a.prom"},
                                           {"PROXYSQL_CONSUL__COMMENT", R"({"a":1})"},
                                           {"PROXYSQL_CONSUL_PROXYSQL_ADMIN_TLS_CA", "/ca.pem"},
                                           {"PROXYSQL_CONSUL_UUID_FILE", ""},
                                           {"PROXYSQL_CONSUL_CONFIG", "/not/read/here"},
                                           {"PROXYSQL_CONSULTANT", "nobody's"}}));
  EXPECT_EQ(settings.consul.port, 8600U);
  EXPECT_EQ(settings.admin.port, 6132U);
  EXPECT_THAT(settings.accept, ElementsAre("mysql_servers", "mysql_query_rules"));
  EXPECT_THAT(settings.scope.exclude_variables, ElementsAre("mysql-monitor_*"));
  EXPECT_FALSE(settings.save_to_disk);
  EXPECT_EQ(settings.retry_seconds, 7);
  EXPECT_THAT(settings.publish, ElementsAre("mysql_servers"));
  EXPECT_EQ(settings.drift, Drift::repair);
  EXPECT_EQ(settings.metrics_file, "/m/a.prom");
  EXPECT_TRUE(settings.admin.tls);
  EXPECT_EQ(settings.consul.prefix, "f/");
  EXPECT_EQ(settings.uuid_file, Settings().uuid_file);
}

TEST(Settings, TakeConsulsVariablesOverTheirOwn) {
  Settings settings;
  apply_environment(settings, environment({{"CONSUL_HTTP_ADDR", "theirs:1"},
                                           {"PROXYSQL_CONSUL_CONSUL_IFACE", "ours"},
                                           {"PROXYSQL_CONSUL_CONSUL_PORT", "2"}}));
  EXPECT_EQ(settings.consul.host, "theirs");
  EXPECT_EQ(settings.consul.port, 1U);
}

TEST(Settings, LetTheEnvironmentWinOverTheFilesRivals) {
  const std::string file =
      R"({"proxysql_admin_socket":"/a","proxysql_admin_password_file":"/p","consul_socket":"/c","consul_token_file":"/t"})";
  auto settings = parse_settings(file, "f");
  apply_environment(settings, environment({{"PROXYSQL_CONSUL_PROXYSQL_ADMIN_PORT", "6132"},
                                           {"PROXYSQL_CONSUL_PROXYSQL_ADMIN_PASSWORD", "s3cr3t"},
                                           {"PROXYSQL_CONSUL_CONSUL_IFACE", "h"},
                                           {"PROXYSQL_CONSUL_CONSUL_TOKEN", "s3cr3t"}}));
  EXPECT_EQ(settings.admin.socket, "");
  EXPECT_EQ(settings.admin_password_file, "");
  EXPECT_EQ(settings.consul.socket, "");
  EXPECT_EQ(settings.consul_token_file, "");
  EXPECT_EQ(settings.consul.token_source, "PROXYSQL_CONSUL_CONSUL_TOKEN of environment");
  // Both from the environment: as both from the file.
  settings = parse_settings(file, "f");
  apply_environment(settings,
                    environment({{"PROXYSQL_CONSUL_CONSUL_IFACE", "h"}, {"PROXYSQL_CONSUL_CONSUL_SOCKET", "/c2"}}));
  EXPECT_EQ(settings.consul.socket, "/c2");
}

TEST(Settings, RefuseVariablesThatAreWrong) {
  const struct {
    const char* variable;
    const char* text;
    const char* error;
  } cases[] = {
      {"PROXYSQL_CONSUL_CONSUL_PROT", "1",
       "environment: unknown setting PROXYSQL_CONSUL_CONSUL_PROT (did you mean 'PROXYSQL_CONSUL_CONSUL_PORT'?)"},
      {"PROXYSQL_CONSUL_CONFIGS", "",
       "environment: unknown setting PROXYSQL_CONSUL_CONFIGS (did you mean 'PROXYSQL_CONSUL_CONFIG'?)"},
      {"PROXYSQL_CONSUL_accept", "mysql_users",
       "environment: unknown setting PROXYSQL_CONSUL_accept (did you mean 'PROXYSQL_CONSUL_ACCEPT'?)"},
      {"PROXYSQL_CONSUL_CONSUL_PORT", "x",
       "environment: PROXYSQL_CONSUL_CONSUL_PORT: must be a port from 1 to 65535, is \"x\""},
      {"PROXYSQL_CONSUL_SAVE_TO_DISK", "yes",
       "environment: PROXYSQL_CONSUL_SAVE_TO_DISK: must be true or false, is \"yes\""},
      {"PROXYSQL_CONSUL_ACCEPT", "mysql_users,,mysql_servers",
       "environment: PROXYSQL_CONSUL_ACCEPT: must not be empty, is \"\""},
      {"PROXYSQL_CONSUL_PUBLISH", "users",
       "environment: PROXYSQL_CONSUL_PUBLISH: must name configurations, is \"users\"; did you mean 'mysql_users'?"},
      {"PROXYSQL_CONSUL_DRIFT", "fix",
       "environment: PROXYSQL_CONSUL_DRIFT: must be ignore, warn or repair, is \"fix\""},
      {"PROXYSQL_CONSUL_METRICS_FILE", "m.prom",
       "environment: PROXYSQL_CONSUL_METRICS_FILE: must be an absolute path, is \"m.prom\""},
      {"PROXYSQL_CONSUL_CONSUL_TOKEN_FILE", "s3cr3t",
       "environment: PROXYSQL_CONSUL_CONSUL_TOKEN_FILE: must be an absolute path, is another text"},
      {"PROXYSQL_CONSUL__COMMENT", "x",
       "environment: PROXYSQL_CONSUL__COMMENT: is no JSON: line 1, column 1: expected '{'"},
      {"PROXYSQL_CONSUL__COMMENT", " ",
       "environment: PROXYSQL_CONSUL__COMMENT: is empty: expected a JSON object, {} at least"},
      {"PROXYSQL_CONSUL_CONFIGURATIONS", " ",
       "environment: PROXYSQL_CONSUL_CONFIGURATIONS: is empty: expected a JSON value"},
  };
  for (const auto& [variable, text, error] : cases) {
    SCOPED_TRACE(variable);
    Settings settings;
    const auto wrong = environment({{variable, text}});
    EXPECT_EQ(error_of([&] { apply_environment(settings, wrong); }), error);
  }
}

TEST(Settings, TakeConsulsOwnEnvironmentOverTheFile) {
  auto settings = parse_settings(R"({"consul_iface":"10.0.0.1","consul_token":"file","consul_token_file":"/none",)"
                                 R"("consul_ca_file":"/ca","consul_datacenter":"dc"})",
                                 "f");
  apply_environment(settings, environment({{"CONSUL_HTTP_ADDR", "https://consul.example:8501/behind/"},
                                           {"CONSUL_HTTP_TOKEN", "t"},
                                           {"CONSUL_HTTP_AUTH", "u:p"},
                                           {"CONSUL_HTTP_SSL_VERIFY", "false"},
                                           {"CONSUL_CAPATH", "/cas"},
                                           {"CONSUL_CLIENT_CERT", "/cert"},
                                           {"CONSUL_CLIENT_KEY", "/key"},
                                           {"CONSUL_TLS_SERVER_NAME", "name"},
                                           {"CONSUL_NAMESPACE", "ns"},
                                           {"CONSUL_PARTITION", "part"},
                                           {"CONSUL_CACERT", ""}}));
  const auto& consul = settings.consul;
  EXPECT_EQ(consul.scheme, "https");
  EXPECT_EQ(consul.host, "consul.example");
  EXPECT_EQ(consul.port, 8501U);
  EXPECT_EQ(consul.path_prefix, "/behind");
  EXPECT_EQ(consul.token, "t");
  EXPECT_EQ(consul.token_source, "CONSUL_HTTP_TOKEN");
  EXPECT_EQ(settings.consul_token_file, "") << "the file's would win";
  EXPECT_EQ(consul.http_auth, "u:p");
  EXPECT_FALSE(consul.tls_verify);
  EXPECT_EQ(consul.ca_file, "/ca") << "an empty variable is none";
  EXPECT_EQ(consul.ca_path, "/cas");
  EXPECT_EQ(consul.cert_file, "/cert");
  EXPECT_EQ(consul.key_file, "/key");
  EXPECT_EQ(consul.tls_server_name, "name");
  EXPECT_EQ(consul.enterprise_namespace, "ns");
  EXPECT_EQ(consul.partition, "part");
  EXPECT_EQ(consul.datacenter, "dc");
}

TEST(Settings, UnderstandEachFormOfConsulsAddress) {
  const struct {
    const char* address;
    const char* scheme;
    const char* host;
    unsigned port;
    const char* socket;
  } cases[] = {
      {"10.0.0.1:8600", "http", "10.0.0.1", 8600, ""},
      {"10.0.0.1", "http", "10.0.0.1", 8500, ""},
      {"http://h:1", "http", "h", 1, ""},
      {"https://h", "https", "h", 8500, ""},
      {"[::1]:8600", "http", "::1", 8600, ""},
      {"https://[fe80::1]", "https", "fe80::1", 8500, ""},
      {"unix:///run/consul.sock", "http", "127.0.0.1", 8500, "/run/consul.sock"},
      {"", "http", "127.0.0.1", 8500, ""},
  };
  for (const auto& [address, scheme, host, port, socket] : cases) {
    SCOPED_TRACE(address);
    Settings settings;
    apply_environment(settings, environment({{"CONSUL_HTTP_ADDR", address}}));
    EXPECT_EQ(settings.consul.scheme, scheme);
    EXPECT_EQ(settings.consul.host, host);
    EXPECT_EQ(settings.consul.port, port);
    EXPECT_EQ(settings.consul.socket, socket);
  }
}

TEST(Settings, NameVariableRuleAndValue) {
  const struct {
    const char* name;
    const char* value;
    const char* error;
  } cases[] = {
      {"CONSUL_HTTP_ADDR", "h:port",
       "environment: CONSUL_HTTP_ADDR: must have a number behind the colon, is another text"},
      {"CONSUL_CLIENT_KEY", "-----BEGIN PRIVATE KEY-----\nMIIE",
       "environment: CONSUL_CLIENT_KEY: must be an absolute path, is another text"},
      {"CONSUL_HTTP_ADDR", "h:99999", "environment: CONSUL_HTTP_ADDR: must be a port from 1 to 65535, is \"99999\""},
      {"CONSUL_HTTP_ADDR", ":8500", "environment: CONSUL_HTTP_ADDR: must name a host, is \":8500\""},
      {"CONSUL_HTTP_ADDR", "http://", "environment: CONSUL_HTTP_ADDR: must name a host, is \"http://\""},
      {"CONSUL_HTTP_ADDR", "[::1",
       "environment: CONSUL_HTTP_ADDR: must be host:port, http://, https:// or unix://, is "
       "\"[::1\""},
      {"CONSUL_HTTP_ADDR", "unix://",
       "environment: CONSUL_HTTP_ADDR: must name a socket's absolute path after unix://, is "
       "\"unix://\""},
      {"CONSUL_HTTP_ADDR", "unix://run/consul.sock",
       "environment: CONSUL_HTTP_ADDR: must name a socket's absolute path after unix://, is "
       "\"unix://run/consul.sock\""},
      {"CONSUL_HTTP_ADDR", "tcp://10.0.0.1:8500",
       "environment: CONSUL_HTTP_ADDR: must be host:port, http://, https:// or unix://, is of scheme \"tcp\""},
      {"CONSUL_HTTP_ADDR", "HTTPS://h",
       "environment: CONSUL_HTTP_ADDR: must be host:port, http://, https:// or unix://, is of scheme \"HTTPS\""},
      {"CONSUL_HTTP_ADDR", "tcp://u:s3cr3t@h",
       "environment: CONSUL_HTTP_ADDR: must hold no user name, is one that does"},
      {"CONSUL_HTTP_ADDR", "u:s3cr3t@tcp://h",
       "environment: CONSUL_HTTP_ADDR: must hold no user name, is one that does"},
      {"CONSUL_HTTP_ADDR", "::1",
       "environment: CONSUL_HTTP_ADDR: must have brackets around an IPv6 address, is \"::1\""},
      {"CONSUL_HTTP_ADDR", "[::1]8500",
       "environment: CONSUL_HTTP_ADDR: must be host:port, http://, https:// or unix://, is \"[::1]8500\""},
      {"CONSUL_HTTP_ADDR", "a b:8500",
       "environment: CONSUL_HTTP_ADDR: must be a host name or address, without scheme and port, is \"a b\""},
      {"CONSUL_TLS_SERVER_NAME", "https://h",
       "environment: CONSUL_TLS_SERVER_NAME: must be a host name or address, without scheme and port, is "
       "\"https://h\""},
      {"CONSUL_HTTP_ADDR", "http://u:s3cr3t@h",
       "environment: CONSUL_HTTP_ADDR: must hold no user name, is one that does"},
      {"CONSUL_HTTP_SSL", "yes", "environment: CONSUL_HTTP_SSL: must be true or false, is \"yes\""},
      {"CONSUL_HTTP_SSL_VERIFY", "2", "environment: CONSUL_HTTP_SSL_VERIFY: must be true or false, is \"2\""},
  };
  for (const auto& [name, value, error] : cases) {
    SCOPED_TRACE(value);
    Settings settings;
    const auto shown = error_of([&, variable = name, text = value] {
      apply_environment(settings, environment({{variable, text}}));
    });
    EXPECT_EQ(shown, error);
  }
}

TEST(Settings, TakeHttpsFromTheEnvironment) {
  for (const char* text : {"1", "true", "TRUE", "True", "t", "T"}) {
    Settings settings;
    apply_environment(settings, environment({{"CONSUL_HTTP_SSL", text}}));
    EXPECT_EQ(settings.consul.scheme, "https") << text;
  }
  Settings settings;
  apply_environment(settings, environment({{"CONSUL_HTTP_SSL", "false"}}));
  EXPECT_EQ(settings.consul.scheme, "http");
}

TEST(Settings, AreLookedForInOrder) {
  testing::TempDir dir;
  const auto file = [&](const std::string& name) {
    testing::write_file(dir.file(name), R"({"proxysql_admin_username":")" + name + "\"}");
    return dir.file(name);
  };
  const auto flag = file("flag");
  const auto variable = file("variable");
  const std::vector<std::string> defaults = {file("first"), file("second")};
  const auto named = environment({{"PROXYSQL_CONSUL_CONFIG", variable}});
  EXPECT_EQ(load_settings(flag, named, defaults).admin.username, "flag");
  EXPECT_EQ(load_settings({}, named, defaults).admin.username, "variable");
  EXPECT_EQ(load_settings({}, environment({}), defaults).admin.username, "first");
  EXPECT_EQ(load_settings({}, environment({}), {dir.file("none"), defaults[1]}).admin.username, "second");
  EXPECT_EQ(load_settings({}, environment({}), {dir.file("none")}).file, "");
  EXPECT_EQ(error_of([&] { load_settings(dir.file("none"), named, defaults); }),
            dir.file("none") + ": no such file (--config-file has to name a file that exists)");
  EXPECT_EQ(error_of([&] {
              load_settings({}, environment({{"PROXYSQL_CONSUL_CONFIG", dir.file("none")}}), defaults);
            }),
            dir.file("none") + ": no such file (PROXYSQL_CONSUL_CONFIG names it)");
}

TEST(Settings, PassOverProxySqlsOwnFile) {
  testing::TempDir dir;
  const auto own = dir.file("proxysql.cnf");
  const auto load = [&] { return load_settings({}, environment({}), {dir.file("none"), own}); };
  testing::write_file(own,
                      "datadir=\"/var/lib/proxysql\"\nadmin_variables=\n{\n admin_credentials=\"admin:admin\"\n}\n");
  EXPECT_EQ(load().file, "");
  testing::write_file(own, "[]");
  EXPECT_EQ(load().file, "");
  testing::write_file(own, R"({"consul_port":"8600"})");
  EXPECT_EQ(load().consul.port, 8600U);
  // What reading fails with does not matter: root, who may read all, sees a directory's failure.
  std::filesystem::remove(own);
  std::filesystem::create_directory(own);
  EXPECT_EQ(load().file, "");
  std::filesystem::remove(own);
  testing::write_file(own, R"({"consul_port":"8600"})");
  std::filesystem::permissions(own, std::filesystem::perms::none);
  EXPECT_EQ(load().file, geteuid() == 0 ? own : "");
  const auto other = dir.file("proxysql-consul.cnf");
  testing::write_file(other, "no JSON");
  EXPECT_EQ(error_of([&] {
              load_settings({}, environment({}), {other, own});
            }),
            other + ": is no JSON: line 1, column 1: expected '{'");
}

TEST(Settings, ComeFromWhatALinkLeadsTo) {
  testing::TempDir dir;
  testing::write_file(dir.file("target"), R"({"consul_port":"8600"})");
  std::filesystem::create_symlink(dir.file("target"), dir.file("proxysql-consul.cnf"));
  std::filesystem::create_symlink(dir.file("target"), dir.file("proxysql.cnf"));
  EXPECT_EQ(load_settings(dir.file("proxysql-consul.cnf"), environment({})).consul.port, 8600U);
  EXPECT_EQ(load_settings({}, environment({}), {dir.file("proxysql-consul.cnf")}).consul.port, 8600U);
  EXPECT_EQ(load_settings({}, environment({}), {dir.file("proxysql.cnf")}).consul.port, 8600U);
}

TEST(Settings, ReadSecretsFromFiles) {
  testing::TempDir dir;
  testing::write_file(dir.file("password"), "s3cr3t word \n");
  testing::write_file(dir.file("token"), "t0ken");
  testing::write_file(dir.file("empty"), " \n");
  testing::write_file(dir.file("cnf"),
                      R"({"proxysql_admin_password":"no","consul_token":"no","proxysql_admin_password_file":")" +
                          dir.file("password") + R"(","consul_token_file":")" + dir.file("token") + "\"}");
  auto settings = load_settings(dir.file("cnf"), environment({}));
  EXPECT_EQ(settings.admin.password, "s3cr3t word");
  EXPECT_EQ(settings.consul.token, "t0ken");
  EXPECT_EQ(settings.consul.token_source, "file " + dir.file("token"));
  settings = load_settings(dir.file("cnf"), environment({{"CONSUL_HTTP_TOKEN", "environment"}}));
  EXPECT_EQ(settings.consul.token, "environment");
  settings = load_settings({}, environment({{"CONSUL_HTTP_TOKEN_FILE", dir.file("token")}}), {});
  EXPECT_EQ(settings.consul.token, "t0ken");
  for (const std::string name : {"none", "empty"}) {
    EXPECT_EQ(error_of([&] {
                load_settings({}, environment({{"CONSUL_HTTP_TOKEN_FILE", dir.file(name)}}), {});
              }),
              dir.file(name) + (name == "none" ? ": no such file" : ": is empty"));
  }
}

TEST(Settings, KeepTheStateBesideTheUuid) {
  testing::TempDir dir;
  const struct {
    const char* text;
    const char* state;
  } cases[] = {
      {R"({"uuid_file":"/a/b.uuid"})", "/a/b.state"},
      {R"({"uuid_file":"/a.b/uuid"})", "/a.b/uuid.state"},
      {R"({"uuid_file":"/a/b.uuid","state_file":"/c"})", "/c"},
      {"{}", "/var/lib/proxysql/proxysql-consul.state"},
  };
  for (const auto& [text, state] : cases) {
    testing::write_file(dir.file("cnf"), text);
    EXPECT_EQ(load_settings(dir.file("cnf"), environment({})).state_file, state);
  }
}

TEST(Settings, DescribeServersWithoutSecrets) {
  AdminOptions admin;
  admin.password = "s3cr3t";
  EXPECT_EQ(describe(admin), "proxysql admin@127.0.0.1:6032");
  ConsulOptions consul;
  consul.token = consul.http_auth = "s3cr3t";
  EXPECT_EQ(describe(consul), "consul http://127.0.0.1:8500");
}

}  // namespace
}  // namespace proxysql_consul
