// The authentication plugins of the process, put in place of the client library's own of the same names. Besides
// mysql_admin_session.cpp the only owner of mysql.h.
#include <mysql.h>
#ifdef MARIADB_BASE_VERSION
// <mysql/client_plugin.h> includes a header that Debian does not ship; mysql.h has most of it.
#include <mysql/plugin_auth.h>
#else
#include <mysql/client_plugin.h>
#endif

#include <array>
#include <string>
#include <string_view>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/mysql_login.h"
#include "proxysql_consul/proxysql/scramble.h"

namespace proxysql_consul {
namespace {

#ifdef MARIADB_BASE_VERSION
constexpr int authentication = 2;
constexpr unsigned interface_version = 0x0100;
struct AuthPlugin {
  MYSQL_CLIENT_PLUGIN_HEADER
  int (*authenticate_user)(MYSQL_PLUGIN_VIO* vio, MYSQL* connection);
};
#else
constexpr int authentication = MYSQL_CLIENT_AUTHENTICATION_PLUGIN;
constexpr unsigned interface_version = MYSQL_CLIENT_AUTHENTICATION_PLUGIN_INTERFACE_VERSION;
using AuthPlugin = st_mysql_client_plugin_AUTHENTICATION;
#endif
using Authenticate = decltype(AuthPlugin::authenticate_user);
using Scramble = std::string (*)(std::string_view password, std::string_view nonce);

constexpr int nonce_size = 20;
constexpr int most_rounds = 10;
constexpr unsigned char fast_authentication_succeeded = 3;
constexpr unsigned char full_authentication_wanted = 4;

struct Login {
  Transport transport = Transport::plain;
  int rounds = 0;
  std::string refusal;
};
// A plugin is handed no context but the connection, on which the libraries leave no room for one.
thread_local Login login;

int refuse(std::string why) {
  login.refusal = std::move(why);
  return CR_ERROR;
}

/// libmariadb goes on in the clear where it shall not verify the certificate; libmysqlclient ends before it gets here.
bool lacks_tls([[maybe_unused]] const MYSQL* connection) {
#ifdef MARIADB_BASE_VERSION
  return login.transport != Transport::plain && (connection->server_capabilities & CLIENT_SSL) == 0;
#else
  return false;
#endif
}

int answer_nonce(MYSQL_PLUGIN_VIO* vio, MYSQL* connection, Scramble scramble) {
  if (lacks_tls(connection)) return refuse("TLS is asked for, and the server offers none");
  if (++login.rounds > most_rounds) return refuse("the server asks for one authentication after the other");
  unsigned char* packet = nullptr;
  const int length = vio->read_packet(vio, &packet);
  if (length < 0) return CR_ERROR;
  if (length != nonce_size + 1) return refuse("the server's nonce is malformed");
  const std::string_view nonce(reinterpret_cast<const char*>(packet), nonce_size);
  const auto answer = scramble(connection->passwd, nonce);
  const auto* bytes = reinterpret_cast<const unsigned char*>(answer.data());
  return vio->write_packet(vio, bytes, static_cast<int>(answer.size())) == 0 ? CR_OK : CR_ERROR;
}

int authenticate_native(MYSQL_PLUGIN_VIO* vio, MYSQL* connection) {
  return answer_nonce(vio, connection, native_scramble);
}

int give_password(MYSQL_PLUGIN_VIO* vio, MYSQL* connection) {
  if (login.transport != Transport::verified_tls || mysql_get_ssl_cipher(connection) == nullptr) {
    return refuse(
        "the server asks for the password itself, as one that keeps a hash of it does: that needs TLS with a "
        "certificate "
        "that is verified");
  }
  const auto size = static_cast<int>(std::string_view(connection->passwd).size()) + 1;
  const auto* bytes = reinterpret_cast<const unsigned char*>(connection->passwd);
  return vio->write_packet(vio, bytes, size) == 0 ? CR_OK : CR_ERROR;
}

int authenticate_caching_sha2(MYSQL_PLUGIN_VIO* vio, MYSQL* connection) {
  if (const int result = answer_nonce(vio, connection, caching_sha2_scramble); result != CR_OK) return result;
  if (std::string_view(connection->passwd).empty()) return CR_OK;
  unsigned char* packet = nullptr;
  const int length = vio->read_packet(vio, &packet);
  if (length < 0) return CR_ERROR;
  if (length == 1 && *packet == fast_authentication_succeeded) return CR_OK;
  if (length == 1 && *packet == full_authentication_wanted) return give_password(vio, connection);
  return refuse("caching_sha2_password: the server's answer is malformed");
}

int authenticate_never(MYSQL_PLUGIN_VIO*, MYSQL*) { return refuse(other_authentication); }

/// The plugin of that name, built in or registered, or nullptr.
AuthPlugin* find(MYSQL* connection, const char* name) {
  return reinterpret_cast<AuthPlugin*>(mysql_client_find_plugin(connection, name, authentication));
}

/// Makes `function` what runs for the plugin `name`, whether the library brings one or not.
void replace(MYSQL* connection, const char* name, Authenticate function, AuthPlugin& ours) {
  ours.type = authentication;
  ours.interface_version = interface_version;
  ours.name = name;
  ours.author = "proxysql-consul";
  ours.desc = "answers with a hash alone";
  ours.license = "GPL";
  ours.authenticate_user = function;
  // Where there is one already, libmariadb answers with that one and libmysqlclient with nothing.
  mysql_client_register_plugin(connection, reinterpret_cast<st_mysql_client_plugin*>(&ours));
  auto* const plugin = find(connection, name);
  if (plugin == nullptr) throw Error(ExitCode::internal, std::string(name) + ": the client library takes no plugin");
  plugin->authenticate_user = function;
}

}  // namespace

void restrict_login(void* handle, Transport transport) {
  auto* const connection = static_cast<MYSQL*>(handle);
  login = {.transport = transport, .rounds = 0, .refusal = {}};
  // Plugins are looked for in files of the name that the server gave. No file lies below this one.
  mysql_options(connection, MYSQL_PLUGIN_DIR, "/dev/null");
#if defined(MARIADB_PACKAGE_VERSION_ID) && MARIADB_PACKAGE_VERSION_ID >= 30300
  mysql_optionsv(connection, MARIADB_OPT_RESTRICTED_AUTH, "mysql_native_password,caching_sha2_password");
#endif
  // The library keeps these until the process ends.
  static std::array<AuthPlugin, 2> ours{};
  replace(connection, "mysql_native_password", authenticate_native, ours[0]);
  replace(connection, "caching_sha2_password", authenticate_caching_sha2, ours[1]);
  for (const char* name : {"mysql_clear_password", "sha256_password", "mysql_old_password", "dialog"}) {
    if (auto* const plugin = find(connection, name); plugin != nullptr) plugin->authenticate_user = authenticate_never;
  }
}

std::string login_refusal() { return login.refusal; }

}  // namespace proxysql_consul
