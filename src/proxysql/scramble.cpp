#include "proxysql_consul/proxysql/scramble.h"

#include <algorithm>
#include <functional>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/sha1.h"

namespace proxysql_consul {
namespace {

std::string exclusive_or(std::string bytes, std::string_view mask) {
  std::transform(bytes.begin(), bytes.end(), mask.begin(), bytes.begin(), std::bit_xor<>());
  return bytes;
}

}  // namespace

std::string native_scramble(std::string_view password, std::string_view nonce) {
  if (password.empty()) return {};
  const auto once = sha1(password);
  return exclusive_or(once, sha1(std::string(nonce) + sha1(once)));
}

std::string caching_sha2_scramble(std::string_view password, std::string_view nonce) {
  if (password.empty()) return {};
  const auto once = sha256(password);
  return exclusive_or(once, sha256(sha256(once).append(nonce)));
}

}  // namespace proxysql_consul
