// How the admin session proves that it knows the password, on either client library. Who listens on the admin port is
// not trusted: it chooses the authentication, and most of those that the libraries offer hand over the password itself.
#pragma once

#include <string>

struct st_mysql;

namespace proxysql_consul {

/// Leaves mysql_native_password and the fast half of caching_sha2_password as the only ways to log in, for every
/// connection of this process. What a connection answers is a hash over the server's nonce; the other half of
/// caching_sha2_password, in which the server asks for the password itself, ends the login over every transport.
/// With `tls` nothing is answered to a server that offers no TLS. Call it before each mysql_real_connect(), in the same
/// thread. Throws Error{internal} where the library does not let itself be restricted.
void restrict_login(st_mysql* connection, bool tls);

/// What is said of a server that asks for something else.
constexpr char other_authentication[] =
    "the server asks for an authentication other than mysql_native_password and caching_sha2_password";

/// Why the last login of this thread was given up on this side, or "" where it was not.
std::string login_refusal();

}  // namespace proxysql_consul
