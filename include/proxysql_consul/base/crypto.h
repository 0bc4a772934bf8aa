// Bytes to text and back: base64, SHA-256, gzip. The only owner of libsodium and zlib.
#pragma once

#include <cstddef>
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

std::string gzip(std::string_view bytes);
/// Expands to at most `limit` bytes. Nothing where `compressed` is no whole gzip stream or expands to more.
std::optional<std::string> gunzip(std::string_view compressed, std::size_t limit);

/// True where `text` is well-formed UTF-8 (RFC 3629), as JSON text has to be.
bool is_utf8(std::string_view text);

}  // namespace proxysql_consul
