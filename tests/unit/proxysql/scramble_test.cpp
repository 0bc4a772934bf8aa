#include "proxysql_consul/proxysql/scramble.h"

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

TEST(Scramble, IsWhatTheServerComputesToo) {
  constexpr char nonce[] = "abcdefghijklmnopqrst";
  const struct {
    const char* password;
    const char* native;
    const char* caching_sha2;
  } cases[] = {
      {"admin", "702a61f1339487e0d775048b9ab0e29950a7a736",
       "fed74fdcd2b669ce62642e3e83cd2be733e3f10262547fc1a542ee4afd90fc22"},
      {"pässwört", "f2e4bc2aa6abbff34eaad1bff5ffd74878b84edb",
       "b1ea42dd6908366856fdc62af443cab1d0168c642878e562769d73ff2560d6cd"},
      {"", "", ""},
  };
  for (const auto& [password, native, caching_sha2] : cases) {
    SCOPED_TRACE(password);
    EXPECT_EQ(hex(native_scramble(password, nonce)), native);
    EXPECT_EQ(hex(caching_sha2_scramble(password, nonce)), caching_sha2);
  }
}

}  // namespace
}  // namespace proxysql_consul
