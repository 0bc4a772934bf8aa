// TLS to the admin port, against the stand-in with certificates made on the spot. "localhost", since MariaDB's library
// compares no name for 127.0.0.1 in its newer versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "standin/standin_engine.h"
#include "standin/standin_server.h"
#include "support/process.h"
#include "support/scripted_server.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// MariaDB Connector/C 3.3, its later versions, libmysqlclient.
const auto unverified = AnyOf("connect: TLS/SSL error: self-signed certificate",
                              "connect: TLS/SSL error: unable to get local issuer certificate",
                              StartsWith("connect: TLS/SSL error: Certificate verification failure: "),
                              StartsWith("connect: SSL connection error: "));
const auto misnamed = AnyOf("connect: TLS/SSL error: Validation of SSL server certificate failed",
                            StartsWith("connect: TLS/SSL error: Certificate verification failure: "),
                            StartsWith("connect: SSL connection error: "));

constexpr char tls_hint[] = "is ProxySQL running, and does it offer TLS with a certificate that verifies?";

class AdminTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_.emplace();
    make_certificate("ca", "/CN=a CA of the tests", {});
    make_certificate("other-ca", "/CN=another CA of the tests", {});
    const auto signed_for = [](const std::string& name) -> std::vector<std::string> {
      return {"-CA",     directory_->file("ca.pem"),  "-CAkey", directory_->file("ca.key"),
              "-addext", "subjectAltName=DNS:" + name};
    };
    make_certificate("right", "/CN=localhost", signed_for("localhost"));
    make_certificate("wrong", "/CN=proxysql.example", signed_for("proxysql.example"));
    make_certificate("self-signed", "/CN=localhost", {"-addext", "subjectAltName=DNS:localhost"});
  }
  static void TearDownTestSuite() { directory_.reset(); }

  void serve(const std::string& certificate, bool full_authentication = false) {
    StandinServerOptions options;
    options.full_authentication = full_authentication;
    if (!certificate.empty()) {
      options.tls_cert = directory_->file(certificate + ".pem");
      options.tls_key = directory_->file(certificate + ".key");
    }
    server_ = std::make_unique<StandinServer>(engine_, options);
    options_.port = server_->port();
  }

  static std::string pem(const std::string& name) { return directory_->file(name + ".pem"); }

  /// What the session said, without who; nothing where it connected and answered.
  std::optional<std::string> failure(std::string* hint = nullptr) {
    try {
      EXPECT_THAT(open_admin_session(options_)->query("SELECT 1").rows, SizeIs(1));
      return std::nullopt;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::proxysql);
      EXPECT_THAT(error.what(), StartsWith(describe(options_) + ": "));
      if (hint != nullptr) *hint = error.hint();
      return std::string(error.what()).substr(describe(options_).size() + 2);
    }
  }

  AdminOptions options_ = [] {
    AdminOptions options;
    options.host = "localhost";
    options.tls = true;
    return options;
  }();

 private:
  static void make_certificate(const std::string& name, const std::string& subject,
                               const std::vector<std::string>& more) {
    ProcessOptions openssl;
    openssl.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"};
    const std::vector<std::string> rest = {
        "-days", "2", "-subj", subject, "-keyout", directory_->file(name + ".key"), "-out", pem(name)};
    openssl.argv.insert(openssl.argv.end(), rest.begin(), rest.end());
    openssl.argv.insert(openssl.argv.end(), more.begin(), more.end());
    const auto result = run_process(std::move(openssl));
    if (result.exit_code != 0) throw std::runtime_error("openssl: " + result.err);
  }

  static std::optional<TempDir> directory_;
  StandinEngine engine_{StandinVersion::v2_7};
  std::unique_ptr<StandinServer> server_;
};

std::optional<TempDir> AdminTls::directory_;

TEST_F(AdminTls, ConnectsWithTheRightCaAndName) {
  serve("right");
  options_.tls_ca = pem("ca");
  EXPECT_EQ(failure(), std::nullopt);
}

TEST_F(AdminTls, RefusesACertificateThatNoCaSigned) {
  for (const std::string name : {"self-signed", "right"}) {
    SCOPED_TRACE(name);
    serve(name);
    for (const std::string ca : {"", "other-ca"}) {
      SCOPED_TRACE(ca);
      options_.tls_ca = ca.empty() ? ca : pem(ca);
      std::string hint;
      EXPECT_THAT(failure(&hint).value_or("connected"), unverified);
      EXPECT_EQ(hint, tls_hint);
    }
  }
}

TEST_F(AdminTls, RefusesTheNameOfAnother) {
  serve("wrong");
  options_.tls_ca = pem("ca");
  std::string hint;
  EXPECT_THAT(failure(&hint).value_or("connected"), misnamed);
  EXPECT_EQ(hint, tls_hint);
}

TEST_F(AdminTls, TakesAnyCertificateWhereNoneIsVerified) {
  options_.tls_verify = false;
  for (const std::string name : {"self-signed", "wrong", "right"}) {
    SCOPED_TRACE(name);
    serve(name);
    EXPECT_EQ(failure(), std::nullopt);
  }
}

TEST_F(AdminTls, IsNotUsedUnasked) {
  options_.tls = false;
  for (const std::string name : {"self-signed", ""}) {
    SCOPED_TRACE(name);
    serve(name);
    EXPECT_EQ(failure(), std::nullopt);
  }
}

TEST_F(AdminTls, SaysNothingToAServerWithoutIt) {
  for (const bool verify : {true, false}) {
    SCOPED_TRACE(verify);
    ScriptedServer server([](Peer& peer) {
      peer.greet();
      peer.ok();
    });
    options_.host = "127.0.0.1";
    options_.port = server.port();
    options_.tls_verify = verify;
    EXPECT_THAT(failure().value_or("connected"),
                AnyOf("connect: TLS is asked for, and the server offers none", HasSubstr("SSL is required")));
    EXPECT_EQ(server.received(), "") << "not even the user's name";
  }
}

TEST_F(AdminTls, GivesThePasswordToAVerifiedServerAlone) {
  const std::string refusal =
      "connect: the server asks for the password itself, as one that keeps a hash of it does: that needs TLS with a "
      "certificate that is verified";
  serve("right", true);
  options_.tls_ca = pem("ca");
  EXPECT_EQ(failure(), std::nullopt);
  options_.tls_verify = false;
  EXPECT_EQ(failure(), refusal);
  options_.tls = false;
  EXPECT_EQ(failure(), refusal);
}

TEST_F(AdminTls, SaysWhichFileCannotBeRead) {
  serve("right");
  options_.tls_ca = pem("ca");
  const struct {
    const char* setting;
    std::string AdminOptions::*path;
  } cases[] = {
      {"proxysql_admin_tls_ca", &AdminOptions::tls_ca},
      {"proxysql_admin_tls_cert", &AdminOptions::tls_cert},
      {"proxysql_admin_tls_key", &AdminOptions::tls_key},
  };
  for (const auto& [setting, path] : cases) {
    SCOPED_TRACE(setting);
    const auto before = std::exchange(options_.*path, pem("nothing-here"));
    std::string hint;
    EXPECT_EQ(failure(&hint), "connect: " + pem("nothing-here") + ": No such file or directory");
    EXPECT_EQ(hint, std::string("correct ") + setting);
    options_.*path = before;
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
