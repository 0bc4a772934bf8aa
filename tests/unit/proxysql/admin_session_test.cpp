// The admin session against servers that are no ProxySQL, and against the stand-in. The texts that the client library
// makes are MariaDB Connector/C's or libmysqlclient's, whichever is inside.
#include "proxysql_consul/proxysql/admin_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#ifdef PROXYSQL_CONSUL_SANITIZED
#include <sanitizer/lsan_interface.h>
#endif

#include <functional>
#include <memory>
#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/scramble.h"
#include "standin/standin_engine.h"
#include "standin/standin_server.h"
#include "support/process.h"
#include "support/scripted_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char password[] = "the-password-of-all";
constexpr char stranger_hint[] = "is it ProxySQL that listens there?";
#ifdef PROXYSQL_CONSUL_SANITIZED
using LeaksOfOthers = __lsan::ScopedDisabler;
#else
struct LeaksOfOthers {};
#endif

const std::string lost_connection = "the connection is lost";

AdminOptions options_for(unsigned port) {
  AdminOptions options;
  options.port = port;
  options.password = password;
  options.io_timeout = std::chrono::seconds(20);
  options.largest_answer = 1U << 20;
  return options;
}

struct Failure {
  std::string message;  ///< without who failed
  std::string hint;
  bool unavailable = false;
};

Failure failure_of(const AdminOptions& options, const std::function<void()>& act) {
  const auto make = [&](const Error& error, bool unavailable) {
    const std::string message = error.what();
    EXPECT_EQ(error.code(), ExitCode::proxysql);
    EXPECT_THAT(message, StartsWith(describe(options) + ": "));
    return Failure{message.substr(describe(options).size() + 2), error.hint(), unavailable};
  };
  try {
    act();
  } catch (const Unavailable& error) {
    return make(error, true);
  } catch (const Error& error) {
    return make(error, false);
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

Failure failure_to_connect(const AdminOptions& options) {
  return failure_of(options, [&] { open_admin_session(options); });
}

/// Lets the client in, takes one statement, and answers as `answer` says.
ScriptedServer answering(std::function<void(Peer&)> answer) {
  return ScriptedServer([answer = std::move(answer)](Peer& peer) {
    peer.let_in();
    peer.read();
    answer(peer);
  });
}

TEST(AdminSession, SendsNoLocalFile) {
  const TempDir directory;
  write_file(directory.file("secret"), "what only this user may read");
  const std::string request = "\xfb" + directory.file("secret");
  for (const std::string statement : {"SELECT 1", "LOAD MYSQL SERVERS TO RUNTIME", "LOAD DATA LOCAL INFILE 'x'"}) {
    SCOPED_TRACE(statement);
    auto server = answering([&](Peer& peer) {
      peer.send(request);
      peer.read();
      peer.ok();
    });
    const auto options = options_for(server.port());
    const auto session = open_admin_session(options);
    const auto failure = failure_of(options, [&] { session->query(statement); });
    EXPECT_THAT(failure.message, StartsWith(statement.substr(0, 4)));
    EXPECT_THAT(failure.message, AnyOf(HasSubstr("forbidden"), HasSubstr("rejected"), HasSubstr("refused")));
    EXPECT_EQ(failure.hint, stranger_hint);
    EXPECT_FALSE(failure.unavailable);
    EXPECT_EQ(failure_of(options, [&] { session->query("SELECT 1"); }).message, lost_connection);
    EXPECT_THAT(server.received(), Not(HasSubstr("what only")));
  }
}

TEST(AdminSession, SendsNoLocalFileToWhoCallsItAnErrorAfterwards) {
  const TempDir directory;
  write_file(directory.file("secret"), "what only this user may read");
  auto server = answering([&](Peer& peer) {
    peer.send("\xfb" + directory.file("secret"));
    peer.read();
    peer.send(std::string("\xff\x15\x04#28000") + "no such file");
  });
  const auto options = options_for(server.port());
  failure_of(options, [&] { open_admin_session(options)->query("LOAD MYSQL SERVERS TO RUNTIME"); });
  EXPECT_THAT(server.received(), Not(HasSubstr("what only")));
}

TEST(AdminSession, AnswersNoOtherAuthentication) {
  for (const std::string plugin : {"mysql_clear_password", "dialog", "sha256_password", "client_ed25519",
                                   "mysql_old_password", "auth_gssapi_client", "../../x"}) {
    SCOPED_TRACE(plugin);
    ScriptedServer server([&](Peer& peer) {
      peer.greet();
      peer.send("\xfe" + plugin + '\0' + std::string(ScriptedServer::nonce) + '\0');
      peer.read();
    });
    const auto failure = failure_to_connect(options_for(server.port()));
    EXPECT_EQ(failure.message,
              "connect: the server asks for an authentication other than mysql_native_password and "
              "caching_sha2_password");
    EXPECT_EQ(failure.hint, stranger_hint);
    EXPECT_FALSE(failure.unavailable);
    EXPECT_THAT(server.received(), Not(HasSubstr(password)));
  }
}

// MariaDB's library takes these for names that it may use, and finds nothing behind them.
TEST(AdminSession, AnswersNoPartOfAName) {
  for (const std::string plugin : {"password", "", "sha2"}) {
    SCOPED_TRACE(plugin);
    ScriptedServer server([&](Peer& peer) {
      peer.greet();
      peer.send("\xfe" + plugin + '\0' + std::string(ScriptedServer::nonce) + '\0');
      peer.read();
    });
    failure_to_connect(options_for(server.port()));
    EXPECT_THAT(server.received(), Not(HasSubstr(password)));
  }
}

TEST(AdminSession, AnswersNoOtherAuthenticationFromTheStart) {
  for (const std::string plugin : {"mysql_clear_password", "dialog", "sha256_password"}) {
    SCOPED_TRACE(plugin);
    ScriptedServer server([&](Peer& peer) {
      peer.greet(plugin);
      peer.ok();
    });
    const auto failure = failure_to_connect(options_for(server.port()));
    EXPECT_EQ(failure.message, "connect: the server's nonce is malformed");
    EXPECT_THAT(server.received(), Not(HasSubstr(password)));
  }
}

TEST(AdminSession, SpeaksTheFastHalfOfCachingSha2) {
  const auto answer = caching_sha2_scramble(password, ScriptedServer::nonce);
  ScriptedServer server([&](Peer& peer) {
    peer.greet();
    peer.send("\xfe" + std::string("caching_sha2_password") + '\0' + std::string(ScriptedServer::nonce) + '\0');
    if (peer.read() != answer) return;
    peer.send("\x01\x03");
    peer.ok();
    peer.read();
    peer.ok();
  });
  const auto session = open_admin_session(options_for(server.port()));
  EXPECT_TRUE(session->query("LOAD MYSQL SERVERS TO RUNTIME").columns.empty());
}

TEST(AdminSession, LeavesTheOtherHalfOfCachingSha2) {
  for (const auto& [said, message] : {
           std::pair<std::string, std::string>{
               "\x01\x04",
               "the server asks for the password itself, as one that keeps a hash of it "
               "does: that needs TLS with a certificate that is verified"},
           {"\x01\x05", "caching_sha2_password: the server's answer is malformed"},
           {"\x01-----BEGIN PUBLIC KEY-----", "caching_sha2_password: the server's answer is malformed"},
       }) {
    SCOPED_TRACE(said);
    const auto answer = caching_sha2_scramble(password, ScriptedServer::nonce);
    ScriptedServer server([&, said = said](Peer& peer) {
      peer.greet();
      peer.send("\xfe" + std::string("caching_sha2_password") + '\0' + std::string(ScriptedServer::nonce) + '\0');
      EXPECT_EQ(peer.read(), answer);
      peer.send(said);
      EXPECT_EQ(peer.read(), "") << "neither the password nor a request for a key";
    });
    const auto failure = failure_to_connect(options_for(server.port()));
    EXPECT_EQ(failure.message, "connect: " + message);
    EXPECT_EQ(failure.hint, stranger_hint);
    EXPECT_FALSE(failure.unavailable);
    EXPECT_THAT(server.received(), Not(HasSubstr(password)));
  }
}

TEST(AdminSession, AnswersNoMalformedNonce) {
  ScriptedServer server([&](Peer& peer) {
    peer.greet();
    peer.send(std::string("\xfe") + "mysql_native_password" + '\0' + "short" + '\0');
    peer.drain();
  });
  EXPECT_EQ(failure_to_connect(options_for(server.port())).message, "connect: the server's nonce is malformed");
}

TEST(AdminSession, SaysThatAccessIsDenied) {
  ScriptedServer server([&](Peer& peer) {
    peer.greet();
    peer.send(std::string("\xff\x15\x04#28000") + "ProxySQL Error: Access denied for user 'admin'@''");
  });
  const auto failure = failure_to_connect(options_for(server.port()));
  EXPECT_EQ(failure.message, "connect: ProxySQL Error: Access denied for user 'admin'@''");
  EXPECT_EQ(failure.hint, "check proxysql_admin_username and the password against ProxySQL's admin-admin_credentials");
  EXPECT_FALSE(failure.unavailable);
}

TEST(AdminSession, EndsAGreetingWithoutEnd) {
  ScriptedServer server([](Peer& peer) {
    const std::string part(0xffffff, 'x');
    while (peer.send(part)) continue;
  });
  EXPECT_THAT(failure_to_connect(options_for(server.port())).message, StartsWith("connect: "));
}

// MariaDB's servers tell how far they are in packets that look like errors, as many as they like.
TEST(AdminSession, EndsProgressWithoutEnd) {
  ScriptedServer server([](Peer& peer) {
    peer.greet();
    const std::string progress = "\xff\xff\xff" + std::string(60'000, '\x01');
    while (peer.send(progress)) continue;
  });
  const auto failure = failure_to_connect(options_for(server.port()));
  EXPECT_EQ(failure.message, "connect: the server talks without end");
  EXPECT_EQ(failure.hint, stranger_hint);
}

TEST(AdminSession, EndsALoginWithoutEnd) {
  ScriptedServer server([](Peer& peer) {
    peer.greet();
    const std::string again = std::string("\xfe") + "mysql_native_password" + '\0' + std::string(ScriptedServer::nonce);
    while (peer.send(again + '\0') && !peer.read().empty()) continue;
  });
  const auto failure = failure_to_connect(options_for(server.port()));
  EXPECT_EQ(failure.message, "connect: the server asks for one authentication after the other");
  EXPECT_EQ(failure.hint, stranger_hint);
  EXPECT_FALSE(failure.unavailable);
}

TEST(AdminSession, ReadsRowsOneByOne) {
  auto server = answering([](Peer& peer) {
    peer.send("\x02");
    peer.column("hostname");
    peer.column("port");
    peer.eof();
    peer.send(std::string("\x04") + "db-1" + '\xfb');
    peer.send(std::string("\0\x04", 2) + "3306");
    peer.eof();
    peer.read();
    peer.ok();
  });
  const auto session = open_admin_session(options_for(server.port()));
  const auto result = session->query("SELECT hostname, port FROM mysql_servers");
  EXPECT_THAT(result.columns, ElementsAre("hostname", "port"));
  EXPECT_THAT(result.rows, ElementsAre(ElementsAre("db-1", std::nullopt), ElementsAre("", "3306")));
  EXPECT_TRUE(session->query("LOAD MYSQL SERVERS TO RUNTIME").rows.empty()) << "the session goes on";
}

TEST(AdminSession, GivesUpAnAnswerWithoutEnd) {
  const std::string row = "\xfc" + little_endian(10'000, 2) + std::string(10'000, 'x');
  const struct {
    const char* what;
    std::function<void(Peer&)> answer;
    std::string message;
  } cases[] = {
      {"rows",
       [&](Peer& peer) {
         peer.send("\x01");
         peer.column("a");
         peer.eof();
         while (peer.send(row)) continue;
       },
       "SELECT 1: the answer takes more than 1048576 bytes"},
      {"empty cells, which cost more here than on the wire",
       [&](Peer& peer) {
         peer.send("\xfa");
         for (int i = 0; i < 250; ++i) peer.column("a");
         peer.eof();
         while (peer.send(std::string(250, '\xfb'))) continue;
       },
       "SELECT 1: the answer takes more than 1048576 bytes"},
      {"columns",
       [&](Peer& peer) {
         peer.send("\x01");
         while (peer.column(std::string(200, 'a'))) continue;
       },
       "SELECT 1: the answer has no end to its columns"},
  };
  for (const auto& [what, answer, message] : cases) {
    SCOPED_TRACE(what);
    auto server = answering(answer);
    const auto options = options_for(server.port());
    const auto session = open_admin_session(options);
    const auto failure = failure_of(options, [&] { session->query("SELECT 1"); });
    EXPECT_EQ(failure.message, message);
    EXPECT_EQ(failure.hint, stranger_hint);
    EXPECT_FALSE(failure.unavailable);
    const auto later = failure_of(options, [&] { session->query("SELECT 1"); });
    EXPECT_EQ(later.message, lost_connection);
    EXPECT_TRUE(later.unavailable);
  }
}

TEST(AdminSession, BelievesNoLengths) {
  const struct {
    const char* what;
    std::function<void(Peer&)> answer;
  } cases[] = {
      {"a cell longer than its packet",
       [](Peer& peer) {
         peer.send("\x01");
         peer.column("a");
         peer.eof();
         peer.send("\xfe" + little_endian(0x7fffffff, 8) + "x");
         peer.eof();
       }},
      {"fewer cells than columns",
       [](Peer& peer) {
         peer.send("\x02");
         peer.column("a");
         peer.column("b");
         peer.eof();
         peer.send("\x05hello");
         peer.eof();
       }},
      {"more columns than memory", [](Peer& peer) { peer.send("\xfe" + little_endian(~0ULL >> 1, 8)) && peer.eof(); }},
      {"four thousand million columns, one of them sent",
       [](Peer& peer) {
         peer.send("\xfe" + little_endian(0xffffffff, 8));
         peer.column("a");
         peer.eof();
       }},
      {"more columns than announced",
       [](Peer& peer) {
         peer.send("\x01");
         peer.column("a");
         peer.column("b");
         peer.eof();
       }},
      {"a column's name beyond its packet",
       [](Peer& peer) {
         peer.send("\x01");
         peer.send(
             "\x03"
             "def\0\0\0\xfd\xff\xff\xff");
         peer.eof();
       }},
      {"a column of NULLs",
       [](Peer& peer) {
         peer.send("\x01");
         peer.send(std::string(13, '\xfb'));
         peer.eof();
       }},
      {"half a packet", [](Peer& peer) { peer.send_raw(little_endian(1000, 3) + "\x01" + std::string(10, '\x01')); }},
      {"half a header", [](Peer& peer) { peer.send_raw("\x01"); }},
      {"an empty packet", [](Peer& peer) { peer.send("") && peer.ok(); }},
      {"nothing", [](Peer&) {}},
      {"half an error", [](Peer& peer) { peer.send("\xff\x15"); }},
  };
  for (const auto& [what, answer] : cases) {
    SCOPED_TRACE(what);
    auto server = answering(answer);
    const auto options = options_for(server.port());
    const auto session = open_admin_session(options);
    // MariaDB Connector/C 3.3 loses what it had read of an answer that turns out to be none.
    [[maybe_unused]] const LeaksOfOthers may_leak;
    const auto failure = failure_of(options, [&] { session->query("SELECT 1"); });
    EXPECT_THAT(failure.message, StartsWith("SELECT 1: "));
    EXPECT_GT(failure.message.size(), std::string("SELECT 1: ").size()) << "a reason";
  }
}

TEST(AdminSession, NamesItsLibrary) {
  EXPECT_THAT(admin_library(), MatchesRegex("(MariaDB Connector/C|libmysqlclient) [0-9]+\\.[0-9]+\\.[0-9]+.*"));
}

TEST(AdminSession, TriesALockedDatabaseAgain) {
  StandinEngine engine(StandinVersion::v2_7);
  const StandinServer server(engine);
  auto options = options_for(server.port());
  options.password = "admin";
  const auto session = open_admin_session(options);
  engine.fail_statement(1, "database is locked");
  const auto locked = failure_of(options, [&] { session->query("DELETE FROM mysql_servers"); });
  EXPECT_TRUE(locked.unavailable);
  EXPECT_EQ(locked.message, "DELETE FROM mysql_servers: ProxySQL Admin Error: database is locked");
  engine.fail_statement(1, "no such table: mysql_server");
  EXPECT_FALSE(failure_of(options, [&] { session->query("DELETE FROM mysql_server"); }).unavailable);
  EXPECT_TRUE(session->query("DELETE FROM mysql_servers").rows.empty()) << "neither ends the session";
}

}  // namespace
}  // namespace proxysql_consul::testing
