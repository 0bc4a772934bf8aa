#include "proxysql_consul/base/crypto.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace proxysql_consul {
namespace {

static_assert(seal_key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(seal_nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// A shorter one would be read beyond its end.
void require_length(std::string_view bytes, std::size_t length) {
  if (bytes.size() != length) throw std::logic_error("a key or nonce of another length");
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // libsodium counts its closing NUL
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  // Some of what is no ASCII libsodium takes for letters.
  if (std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; })) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                                       text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string sha256(std::string_view bytes) {
  std::string digest(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()), bytes_of(bytes), bytes.size());
  return digest;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), bytes_of(bytes), bytes.size());
  std::string hex(digest.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();
  return hex;
}

std::string random_nonce() {
  // It may be called again and again, and fails only where the system has no randomness.
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
  std::string nonce(seal_nonce_bytes, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

std::string seal(std::string_view plain, std::string_view associated, std::string_view key, std::string_view nonce) {
  require_length(key, seal_key_bytes);
  require_length(nonce, seal_nonce_bytes);
  std::string sealed(nonce);
  sealed.resize(nonce.size() + plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + nonce.size(), nullptr, bytes_of(plain), plain.size(),
                                             bytes_of(associated), associated.size(), nullptr, bytes_of(nonce),
                                             bytes_of(key));
  return sealed;
}

std::optional<std::string> unseal(std::string_view sealed, std::string_view associated, std::string_view key) {
  require_length(key, seal_key_bytes);
  constexpr auto overhead = seal_nonce_bytes + crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (sealed.size() < overhead) return std::nullopt;
  const auto encrypted = sealed.substr(seal_nonce_bytes);
  std::string plain(sealed.size() - overhead, '\0');
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(plain), nullptr, nullptr, bytes_of(encrypted),
                                                                encrypted.size(), bytes_of(associated),
                                                                associated.size(), bytes_of(sealed), bytes_of(key));
  return failed == 0 ? std::optional(std::move(plain)) : std::nullopt;
}

}  // namespace proxysql_consul
