#include "proxysql_consul/node/consul_variables.h"

#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul {

void apply_consuls_variables(Settings& settings, const Environment& environment) {
  auto& consul = settings.consul;
  // An empty variable is none, as for Consul itself.
  const auto take = [&](const char* name, const auto& assign) {
    const auto value = environment(name);
    if (value && !value->empty()) assign(Source{"environment", name}, *value);
  };
  const auto take_text = [&](const char* name, std::string& into) {
    take(name, [&](const Source&, const std::string& text) { into = text; });
  };
  const auto take_path = [&](const char* name, std::string& into) {
    take(name, [&](const Source& source, const std::string& text) { into = checked_path(source, text); });
  };
  take("CONSUL_HTTP_ADDR", [&](const Source& source, const std::string& text) { apply_address(consul, source, text); });
  take("CONSUL_HTTP_SSL", [&](const Source& source, const std::string& text) {
    if (checked_flag(source, text)) consul.scheme = "https";
  });
  take("CONSUL_HTTP_SSL_VERIFY",
       [&](const Source& source, const std::string& text) { consul.tls_verify = checked_flag(source, text); });
  take("CONSUL_HTTP_TOKEN", [&](const Source& source, const std::string& text) {
    consul.token = text;
    consul.token_source = source.key;
    settings.consul_token_file.clear();
  });
  take("CONSUL_TLS_SERVER_NAME",
       [&](const Source& source, const std::string& text) { consul.tls_server_name = checked_host(source, text); });
  take_path("CONSUL_HTTP_TOKEN_FILE", settings.consul_token_file);
  take_text("CONSUL_HTTP_AUTH", consul.http_auth);
  take_path("CONSUL_CACERT", consul.ca_file);
  take_path("CONSUL_CAPATH", consul.ca_path);
  take_path("CONSUL_CLIENT_CERT", consul.cert_file);
  take_path("CONSUL_CLIENT_KEY", consul.key_file);
  take_text("CONSUL_NAMESPACE", consul.enterprise_namespace);
  take_text("CONSUL_PARTITION", consul.partition);
}

}  // namespace proxysql_consul
