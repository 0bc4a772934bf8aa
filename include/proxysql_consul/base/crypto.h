// Bytes to text and back, and their SHA-256. The only owner of libsodium. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proxysql_consul {

/// Standard base64 with padding (RFC 4648, section 4), as Consul and `consul keygen` print it.
std::string to_base64(std::string_view bytes);
/// Nothing where `text` is no base64.
std::optional<std::string> from_base64(std::string_view text);

/// The digest as 32 bytes.
std::string sha256(std::string_view bytes);
/// 64 hexadecimal digits, lower case.
std::string sha256_hex(std::string_view bytes);

}  // namespace proxysql_consul
