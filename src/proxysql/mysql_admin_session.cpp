// The admin session over libmysqlclient or MariaDB Connector/C, whichever the build found. Besides mysql_login.cpp the
// only owner of mysql.h.
#include <mysql.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/mysql_login.h"

#ifdef MARIADB_BASE_VERSION
// Exported by every MariaDB Connector/C 3, though no installed header declares it. Null where one does not have it.
extern "C" [[gnu::weak]] int ma_pvio_register_callback(my_bool add,
                                                       void (*callback)(int mode, MYSQL* connection,
                                                                        const unsigned char* bytes, size_t size));
#endif

namespace proxysql_consul {
namespace {

constexpr unsigned first_client_error = 2000;  // CR_MIN_ERROR: below it the server speaks, from here on the library
constexpr unsigned database_is_locked = 1205;
/// What one row may take on the wire; a statement that is sent has to fit too.
constexpr unsigned long largest_packet = 256UL << 20;
/// What a server may send besides rows: greeting, columns, errors. A column's name can be as long as the statement, and
/// many small ones take ten times as much memory.
constexpr std::size_t largest_preamble = 64U << 20;
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

constexpr char stranger_hint[] = "is it ProxySQL that listens there?";

struct Closer {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Connection = std::unique_ptr<MYSQL, Closer>;
using ResultSet = std::unique_ptr<MYSQL_RES, Closer>;

/// Ends a conversation from which the library would go on reading; the descriptor stays the library's.
void hang_up(MYSQL* connection) { shutdown(connection->net.fd, SHUT_RDWR); }

/// The library gathers the columns of an answer however many come, before it gives control back. The bytes that this
/// thread may still receive are counted down as they arrive instead.
thread_local std::size_t allowance = no_limit;

#ifdef MARIADB_BASE_VERSION
/// The library takes error 65535 for a report of progress, if only the server is a MariaDB, and where it comes in place
/// of a greeting, looks for that in a version that nobody has told it: at a null pointer. The number's upper byte is
/// the seventh that a server sends, and one of text in every greeting.
void disarm_greeting(const unsigned char* bytes, std::size_t size) {
  constexpr std::size_t place = 6;
  const auto before = largest_preamble - allowance;
  if (before > place || place - before >= size || bytes[place - before] != 0xff) return;
  const_cast<unsigned char&>(bytes[place - before]) = 0;
}

void count_down(int mode, MYSQL* connection, const unsigned char* bytes, size_t size) {
  const auto received = static_cast<ssize_t>(size);
  if (mode != 0 || received <= 0 || allowance == no_limit) return;
  if (connection->server_version == nullptr) disarm_greeting(bytes, size);
  allowance -= std::min(allowance, size);
  if (allowance == 0) hang_up(connection);
}

void start_counting() {
  static const bool started = ma_pvio_register_callback != nullptr && ma_pvio_register_callback(1, count_down) == 0;
  static_cast<void>(started);
}
#else
// libmysqlclient offers no such place. It reads as many columns as were announced, each with its memory.
void start_counting() {}
#endif

int refuse_file(void** context, const char*, void*) {
  *context = nullptr;
  return 1;
}
int read_nothing(void*, char*, unsigned) { return -1; }
void end_nothing(void*) {}
int say_refused(void*, char* text, unsigned size) {
  constexpr std::string_view words = "the server asked for a local file, which is refused";
  text[words.copy(text, size - 1)] = '\0';
  return static_cast<int>(first_client_error);
}

/// A server may ask for a file in answer to any statement.
void refuse_local_files(MYSQL* connection) {
  const unsigned off = 0;
  mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_set_local_infile_handler(connection, refuse_file, read_nothing, end_nothing, say_refused, nullptr);
}

/// The two libraries name these options differently.
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
  const char* directory = nullptr;
#if defined(MARIADB_PACKAGE_VERSION_ID) && MARIADB_PACKAGE_VERSION_ID >= 30400
  // Without any it would take every certificate from 127.0.0.1.
  if (options.tls_verify && options.tls_ca.empty()) directory = "/etc/ssl/certs";
#endif
  const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  mysql_ssl_set(connection, path(options.tls_key), path(options.tls_cert), path(options.tls_ca), directory, nullptr);
}

/// Of who answers on this machine no CA but one's own says anything, and some libraries pass over the name there.
Transport transport_of(const AdminOptions& options) {
  if (!options.tls) return Transport::plain;
  const bool is_here = options.host == "127.0.0.1" || options.host == "::1" || options.host == "localhost";
  return options.tls_verify && (!is_here || !options.tls_ca.empty()) ? Transport::verified_tls : Transport::tls;
}

/// The libraries would say neither which file it was nor, some of them, that it was a file.
void check_tls_files(const AdminOptions& options) {
  const std::pair<const char*, const std::string&> files[] = {{"proxysql_admin_tls_ca", options.tls_ca},
                                                              {"proxysql_admin_tls_cert", options.tls_cert},
                                                              {"proxysql_admin_tls_key", options.tls_key}};
  for (const auto& [setting, path] : files) {
    if (!options.tls || path.empty() || access(path.c_str(), R_OK) == 0) continue;
    throw Error(ExitCode::proxysql,
                describe(options) + ": connect: " + path + ": " + std::generic_category().message(errno),
                std::string("correct ") + setting);
  }
}

void set_limits(MYSQL* connection, const AdminOptions& options) {
  const auto connect_limit = static_cast<unsigned>(options.connect_timeout.count());
  const auto io_limit = static_cast<unsigned>(options.io_timeout.count());
  mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_limit);
  mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &io_limit);
  mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &io_limit);
  mysql_options(connection, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest_packet);
}

/// True where the server was away, is going away or comes later; false for what it would only repeat.
bool may_pass(unsigned client_error) {
  switch (client_error) {
    case 2001:  // CR_SOCKET_CREATE_ERROR
    case 2002:  // CR_CONNECTION_ERROR
    case 2003:  // CR_CONN_HOST_ERROR
    case 2004:  // CR_IPSOCK_ERROR
    case 2005:  // CR_UNKNOWN_HOST
    case 2006:  // CR_SERVER_GONE_ERROR
    case 2012:  // CR_SERVER_HANDSHAKE_ERR
    case 2013:  // CR_SERVER_LOST
    case 2026:  // CR_SSL_CONNECTION_ERROR
    case 2055:  // CR_SERVER_LOST_EXTENDED
    case 5013:  // CR_ERR_NET_READ
    case 5014:  // CR_ERR_NET_WRITE
      return true;
    default: return false;
  }
}

bool is_about_plugins(unsigned client_error) {
  // CR_AUTH_PLUGIN_CANNOT_LOAD, CR_AUTH_PLUGIN_ERR, and MariaDB's CR_PLUGIN_NOT_ALLOWED
  return client_error == 2059 || client_error == 2061 || client_error == 5010;
}

class MysqlAdminSession : public AdminSession {
 public:
  explicit MysqlAdminSession(const AdminOptions& options)
      : who_(describe(options)), largest_answer_(options.largest_answer), connection_(mysql_init(nullptr)) {
    if (!connection_) throw Error(ExitCode::internal, "mysql_init: out of memory");
    set_limits(connection_.get(), options);
    mysql_options(connection_.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
    // Without it libmysqlclient opens with a plugin that a 2016 server has never heard of.
    mysql_options(connection_.get(), MYSQL_DEFAULT_AUTH, "mysql_native_password");
    refuse_local_files(connection_.get());
    restrict_login(connection_.get(), transport_of(options));
    check_tls_files(options);
    set_tls(connection_.get(), options);
    const bool local = !options.socket.empty();
    // Both libraries would take "localhost" for MySQL's own socket.
    unsigned protocol = local ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_options(connection_.get(), MYSQL_OPT_PROTOCOL, &protocol);
    start_counting();
    allowance = largest_preamble;
    const auto* connected = mysql_real_connect(connection_.get(), local ? "localhost" : options.host.c_str(),
                                               options.username.c_str(), options.password.c_str(), nullptr,
                                               local ? 0 : options.port, local ? options.socket.c_str() : nullptr, 0);
    if (connected == nullptr) fail_to_connect(options);
  }

  void stream(std::string_view statement, RowSink& sink) override {
    if (!connection_) throw Unavailable(ExitCode::proxysql, who_ + ": the connection is lost");
    allowance = largest_preamble;
    if (mysql_real_query(connection_.get(), statement.data(), statement.size()) != 0) fail(statement);
    allowance = no_limit;
    ResultSet set(mysql_use_result(connection_.get()));
    if (!set) {
      if (mysql_errno(connection_.get()) != 0) fail(statement);
      return;
    }
    read_rows(std::move(set), statement, sink);
  }

 private:
  void read_rows(ResultSet set, std::string_view statement, RowSink& sink) {
    const auto width = mysql_num_fields(set.get());
    const auto* fields = mysql_fetch_fields(set.get());
    std::vector<std::string> columns;
    for (unsigned i = 0; i < width; ++i) columns.emplace_back(fields[i].name);
    sink.begin(columns);
    std::vector<CellView> row(width);
    std::size_t taken = 0;
    while (auto* const cells = mysql_fetch_row(set.get())) {
      const auto* lengths = mysql_fetch_lengths(set.get());
      taken += std::accumulate(lengths, lengths + width, std::size_t{width});
      if (taken > largest_answer_) {
        // Freeing the result would read on to its end.
        hang_up(connection_.get());
        set.reset();
        lose(statement, "the answer takes more than " + std::to_string(largest_answer_) + " bytes");
      }
      for (unsigned i = 0; i < width; ++i) {
        row[i] = cells[i] != nullptr ? CellView(std::in_place, cells[i], lengths[i]) : std::nullopt;
      }
      sink.add(row);
    }
    if (mysql_errno(connection_.get()) != 0) {
      set.reset();
      fail(statement);
    }
  }

  [[noreturn]] void fail_to_connect(const AdminOptions& options) {
    const auto code = mysql_errno(connection_.get());
    const auto message = who_ + ": connect: ";
    if (const auto refusal = login_refusal(); !refusal.empty()) {
      throw Error(ExitCode::proxysql, message + refusal, stranger_hint);
    }
    if (allowance == 0) throw Error(ExitCode::proxysql, message + "the server talks without end", stranger_hint);
    if (is_about_plugins(code)) {
      // What libmariadb says here quotes memory that holds what this side has answered before.
      throw Error(ExitCode::proxysql, message + other_authentication, stranger_hint);
    }
    const auto reason = printable(mysql_error(connection_.get()));
    if (may_pass(code)) {
      throw Unavailable(ExitCode::proxysql, message + reason,
                        options.tls ? "is ProxySQL running, and does it offer TLS with a certificate that verifies?"
                                    : "is ProxySQL running, and are the proxysql_admin_ settings right?");
    }
    if (code >= first_client_error || code == 0) throw Error(ExitCode::proxysql, message + reason, stranger_hint);
    throw Error(ExitCode::proxysql, message + reason,
                "check proxysql_admin_username and the password against ProxySQL's admin-admin_credentials");
  }

  /// The first words say what was being done; the rest of a statement may be a secret.
  std::string about(std::string_view statement) const {
    return who_ + ": " + printable(statement.substr(0, statement.find('(')), 80) + ": ";
  }

  [[noreturn]] void fail(std::string_view statement) {
    if (allowance == 0) lose(statement, "the answer has no end to its columns");
    const auto code = mysql_errno(connection_.get());
    const auto message = about(statement) + printable(without_literals(mysql_error(connection_.get())));
    if (code == database_is_locked) throw Unavailable(ExitCode::proxysql, message);
    if (code != 0 && code < first_client_error) throw Error(ExitCode::proxysql, message);
    if (!may_pass(code)) lose(statement, code != 0 ? mysql_error(connection_.get()) : "the answer is malformed");
    connection_.reset();
    throw Unavailable(ExitCode::proxysql, message);
  }

  /// For what asking again would not change. What is left of the conversation has no meaning.
  [[noreturn]] void lose(std::string_view statement, const std::string& why) {
    const auto message = about(statement) + printable(without_literals(why));
    connection_.reset();
    throw Error(ExitCode::proxysql, message, stranger_hint);
  }

  std::string who_;
  std::size_t largest_answer_;
  Connection connection_;
};

}  // namespace

QueryResult AdminSession::query(std::string_view statement) {
  struct Gathering : RowSink {
    void begin(const std::vector<std::string>& columns) override { result.columns = columns; }
    void add(std::span<const CellView> cells) override { result.rows.push_back(cells); }
    QueryResult result;
  } gathering;
  stream(statement, gathering);
  return std::move(gathering.result);
}

std::string describe(const AdminOptions& options) {
  const auto where = options.socket.empty() ? options.host + ":" + std::to_string(options.port) : options.socket;
  return "proxysql " + printable(options.username) + "@" + printable(where);
}

std::string admin_library() {
#ifdef MARIADB_BASE_VERSION
  const std::string name = "MariaDB Connector/C ";
#else
  const std::string name = "libmysqlclient ";
#endif
  return name + mysql_get_client_info();
}

std::unique_ptr<AdminSession> open_admin_session(const AdminOptions& options) {
  return std::make_unique<MysqlAdminSession>(options);
}

}  // namespace proxysql_consul
