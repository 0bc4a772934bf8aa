// How the admin session proves that it knows the password, on either client library. Who listens on the admin port is
// not trusted: it chooses the authentication, and most of those that the libraries offer hand over the password itself.
#pragma once

#include <string>

namespace proxysql_consul {

/// What the settings ask of a connection.
enum class Transport {
  plain,
  tls,           ///< whoever's certificate it is
  verified_tls,  ///< with a certificate that verifies
};

/// Leaves mysql_native_password and caching_sha2_password as the only ways to log in, for every connection of this
/// process. What a connection answers is a hash over the server's nonce. A server that keeps the password as a hash can
/// ask for the password itself, and gets it through verified TLS alone: neither through a unix socket nor encrypted to
/// a key that it sends. Where TLS is asked for, a server that offers none hears nothing. `connection` is a MYSQL*,
/// whose struct has another name in each library. Call it before each mysql_real_connect(), in the same thread. Throws
/// Error{internal} where the library does not let itself be restricted.
void restrict_login(void* connection, Transport transport);

/// What is said of a server that asks for something else.
constexpr char other_authentication[] =
    "the server asks for an authentication other than mysql_native_password and caching_sha2_password";

/// Why the last login of this thread was given up on this side, or "" where it was not.
std::string login_refusal();

}  // namespace proxysql_consul
