// CONSUL_HTTP_ADDR.
#include "fuzz/fuzz_target.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/node/settings_rules.h"

namespace proxysql_consul::testing {

FUZZ_TARGET(address) {
  ConsulOptions consul;
  const bool is_good = attempt(ExitCode::settings, [&] {
                         apply_address(consul, {"environment", "CONSUL_HTTP_ADDR"}, input);
                         return true;
                       }).has_value();
  if (!is_good) return;
  require(consul.scheme == "http" || consul.scheme == "https", "the scheme is one");
  require(consul.port > 0 && consul.port <= 65535, "the port is one");
  require(!consul.host.empty() && consul.host.find_first_of("/@[]?# \n") == std::string::npos, "the host is one");
  require(consul.socket.empty() || consul.socket.starts_with('/'), "the socket's path is absolute");
  require(!consul.path_prefix.ends_with('/'), "no slash stands twice");
}

}  // namespace proxysql_consul::testing
