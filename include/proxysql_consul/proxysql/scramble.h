// What a client answers at login instead of the password: the first word of each authentication that is spoken. Pure.
#pragma once

#include <string>
#include <string_view>

namespace proxysql_consul {

/// mysql_native_password: SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))). Empty for an empty password.
std::string native_scramble(std::string_view password, std::string_view nonce);

/// caching_sha2_password: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce). Empty for an empty password.
std::string caching_sha2_scramble(std::string_view password, std::string_view nonce);

}  // namespace proxysql_consul
