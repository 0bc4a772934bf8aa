#include "proxysql_consul/base/sha1.h"

#include <gtest/gtest.h>

#include <string>

namespace proxysql_consul {
namespace {

std::string hex(const std::string& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (text += digits[byte >> 4]) += digits[byte & 15];
  }
  return text;
}

TEST(Sha1, FollowsTheVectors) {
  const struct {
    std::string bytes;
    const char* digest;
  } cases[] = {
      // FIPS 180, then every length at which the padding changes its shape.
      {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
      {std::string(1'000'000, 'a'), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
      {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {std::string(55, 'a'), "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
      {std::string(56, 'a'), "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
      {std::string(63, 'a'), "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
      {std::string(64, 'a'), "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
  };
  for (const auto& [bytes, digest] : cases) {
    SCOPED_TRACE(bytes.size());
    EXPECT_EQ(hex(sha1(bytes)), digest);
  }
}

}  // namespace
}  // namespace proxysql_consul
