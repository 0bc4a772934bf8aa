// The admin session over libmysqlclient or MariaDB Connector/C, whichever the build found. The only owner of mysql.h.
#include <mysql.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {
namespace {

constexpr unsigned first_client_error = 2000;  // CR_MIN_ERROR: below it the server speaks, from here on the library

struct Closer {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Connection = std::unique_ptr<MYSQL, Closer>;
using ResultSet = std::unique_ptr<MYSQL_RES, Closer>;

/// The two libraries differ in nothing but this.
void set_tls(MYSQL* connection, const AdminOptions& options) {
#ifdef MARIADB_BASE_VERSION
  my_bool enforce = options.tls ? 1 : 0;
  my_bool verify = options.tls && options.tls_verify ? 1 : 0;
  mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
  unsigned mode = SSL_MODE_DISABLED;
  if (options.tls) mode = options.tls_verify ? SSL_MODE_VERIFY_IDENTITY : SSL_MODE_REQUIRED;
  mysql_options(connection, MYSQL_OPT_SSL_MODE, &mode);
#endif
  if (!options.tls) return;
  const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  mysql_ssl_set(connection, path(options.tls_key), path(options.tls_cert), path(options.tls_ca), nullptr, nullptr);
}

class MysqlAdminSession : public AdminSession {
 public:
  explicit MysqlAdminSession(const AdminOptions& options) : who_(describe(options)), connection_(mysql_init(nullptr)) {
    if (!connection_) throw Error(ExitCode::internal, "mysql_init: out of memory");
    const auto connect_limit = static_cast<unsigned>(options.connect_timeout.count());
    const auto io_limit = static_cast<unsigned>(options.io_timeout.count());
    mysql_options(connection_.get(), MYSQL_OPT_CONNECT_TIMEOUT, &connect_limit);
    mysql_options(connection_.get(), MYSQL_OPT_READ_TIMEOUT, &io_limit);
    mysql_options(connection_.get(), MYSQL_OPT_WRITE_TIMEOUT, &io_limit);
    mysql_options(connection_.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
    // Without it libmysqlclient opens with a plugin that a 2016 server has never heard of.
    mysql_options(connection_.get(), MYSQL_DEFAULT_AUTH, "mysql_native_password");
    set_tls(connection_.get(), options);
    const bool local = !options.socket.empty();
    // Both libraries would take "localhost" for MySQL's own socket.
    unsigned protocol = local ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_options(connection_.get(), MYSQL_OPT_PROTOCOL, &protocol);
    const auto* connected = mysql_real_connect(connection_.get(), local ? "localhost" : options.host.c_str(),
                                               options.username.c_str(), options.password.c_str(), nullptr,
                                               local ? 0 : options.port, local ? options.socket.c_str() : nullptr, 0);
    if (connected == nullptr) fail_to_connect(options);
  }

  Result query(std::string_view statement) override {
    if (mysql_real_query(connection_.get(), statement.data(), statement.size()) != 0) fail(statement);
    const ResultSet set(mysql_store_result(connection_.get()));
    if (!set) {
      if (mysql_errno(connection_.get()) != 0) fail(statement);
      return {};
    }
    Result result;
    const auto width = mysql_num_fields(set.get());
    const auto* fields = mysql_fetch_fields(set.get());
    for (unsigned i = 0; i < width; ++i) result.columns.emplace_back(fields[i].name);
    result.rows.reserve(mysql_num_rows(set.get()));
    while (auto* const cells = mysql_fetch_row(set.get())) {
      const auto* lengths = mysql_fetch_lengths(set.get());
      Row row(width);
      for (unsigned i = 0; i < width; ++i) {
        if (cells[i] != nullptr) row[i] = std::string(cells[i], lengths[i]);
      }
      result.rows.push_back(std::move(row));
    }
    return result;
  }

 private:
  [[noreturn]] void fail_to_connect(const AdminOptions& options) {
    const auto code = mysql_errno(connection_.get());
    const auto message = who_ + ": connect: " + printable(mysql_error(connection_.get()));
    if (code >= first_client_error) {
      throw Unavailable(ExitCode::proxysql, message,
                        options.tls ? "is ProxySQL running, and does it offer TLS with a certificate that verifies?"
                                    : "is ProxySQL running, and are the proxysql_admin_ settings right?");
    }
    throw Error(ExitCode::proxysql, message,
                "check proxysql_admin_username and the password against ProxySQL's admin-admin_credentials");
  }

  [[noreturn]] void fail(std::string_view statement) {
    const auto code = mysql_errno(connection_.get());
    // The first words say what was being done; the rest of a statement may be a secret.
    const auto doing = printable(statement.substr(0, statement.find('(')), 80);
    const auto message = who_ + ": " + doing + ": " + printable(without_literals(mysql_error(connection_.get())));
    if (code >= first_client_error) throw Unavailable(ExitCode::proxysql, message);
    throw Error(ExitCode::proxysql, message);
  }

  std::string who_;
  Connection connection_;
};

}  // namespace

std::string describe(const AdminOptions& options) {
  const auto where = options.socket.empty() ? options.host + ":" + std::to_string(options.port) : options.socket;
  return "proxysql " + options.username + "@" + where;
}

std::unique_ptr<AdminSession> open_admin_session(const AdminOptions& options) {
  return std::make_unique<MysqlAdminSession>(options);
}

}  // namespace proxysql_consul
