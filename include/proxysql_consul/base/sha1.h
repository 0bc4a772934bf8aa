// SHA-1 (FIPS 180-4), which libsodium leaves out. For MySQL's handshake alone: nothing new should trust it.
#pragma once

#include <string>
#include <string_view>

namespace proxysql_consul {

/// The digest as 20 bytes.
std::string sha1(std::string_view bytes);

}  // namespace proxysql_consul
