// Bytes to text and back, their SHA-256, and sealing them. The only owner of libsodium. Pure but for random_nonce().
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

/// What a key for sealing, and a nonce, are long.
constexpr std::size_t seal_key_bytes = 32;
constexpr std::size_t seal_nonce_bytes = 24;

/// Another one each time, for one seal(): long enough that chance never gives the same twice.
std::string random_nonce();

/// XChaCha20-Poly1305 (IETF): the nonce, then `plain` encrypted and authenticated with `associated`, which is not in
/// it. `key` and `nonce` are as long as said above.
std::string seal(std::string_view plain, std::string_view associated, std::string_view key, std::string_view nonce);
/// What seal() was given. Nothing where it was another key or other associated data, or a single bit of it has changed.
std::optional<std::string> unseal(std::string_view sealed, std::string_view associated, std::string_view key);

}  // namespace proxysql_consul
