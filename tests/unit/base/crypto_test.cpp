#include "proxysql_consul/base/crypto.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "proxysql_consul/base/gzip.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

TEST(Encoding, FollowsTheVectorsOfBase64) {
  const struct {
    std::string bytes;
    std::string text;
  } cases[] = {
      // RFC 4648, section 10
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\0\xFF\xFE", 3), "AP/+"},
  };
  for (const auto& [bytes, text] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Encoding, RefusesWhatIsNoBase64) {
  for (const std::string text : {"Z", "Zg", "Zg=", "Zm9v=", "Zg===", "Zm9v Zm9v", "Zm9v\n", "Zm-_", "=", "Zh==", "{}",
                                 "Zm\x80v", "\xC3\xA9\xC3\xA9"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(from_base64(text), std::nullopt);
  }
}

TEST(Encoding, DecodesLongTextsAsStrictlyAsShortOnes) {
  std::string bytes;
  for (std::size_t i = 0; i < 3000; ++i) bytes += static_cast<char>(i * i % 251);
  for (std::size_t size = bytes.size() - 4; size <= bytes.size(); ++size) {
    const auto some = bytes.substr(0, size);
    EXPECT_EQ(from_base64(to_base64(some)), some);
  }
  bytes.pop_back();
  const auto text = to_base64(bytes);
  ASSERT_TRUE(text.ends_with('='));
  for (const char strange : {'=', '-', '_', ' ', '\n', '\0', '\x80', '@', '[', '`', '{', '.'}) {
    for (std::size_t at = 0; at + 1 < text.size(); at += at < text.size() - 12 ? 5 : 1) {
      auto damaged = text;
      damaged[at] = strange;
      EXPECT_FALSE(from_base64(damaged)) << at << " " << static_cast<int>(strange);
    }
  }
  for (std::size_t less = 1; less < 9; ++less) {
    EXPECT_EQ(from_base64(text.substr(0, text.size() - less)).has_value(), less % 4 == 0) << less;
  }
}

TEST(Encoding, FollowsTheVectorsOfSha256) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Encoding, ExpandsWhatItCompressed) {
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 7) large[i] = static_cast<char>(i * i % 251);
  for (const auto& bytes : {std::string(), std::string("a"), std::string(4, '\0'), large}) {
    SCOPED_TRACE(bytes.size());
    const auto compressed = gzip(bytes);
    EXPECT_TRUE(gunzip(compressed, bytes.size()) == bytes);
    EXPECT_EQ(compressed, gzip(bytes)) << "equal tables have to give equal blobs";
  }
}

TEST(Encoding, ExpandsNoMoreThanTheLimit) {
  const auto bomb = gzip(std::string(50'000'000, '\0'));
  EXPECT_LT(bomb.size(), 60'000U);
  EXPECT_EQ(gunzip(bomb, 49'999'999), std::nullopt);
  EXPECT_EQ(gunzip(bomb, 0), std::nullopt);
  EXPECT_TRUE(gunzip(bomb, 50'000'000).has_value());
}

TEST(Encoding, RefusesWhatIsNoWholeGzip) {
  const auto good = gzip("hello, hello, hello");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(gunzip(good.substr(0, size), 1000), std::nullopt) << size << " bytes of it";
  }
  auto wrong_sum = good;
  wrong_sum[good.size() - 8] = static_cast<char>(wrong_sum[good.size() - 8] ^ 1);
  EXPECT_EQ(gunzip(wrong_sum, 1000), std::nullopt);
  EXPECT_EQ(gunzip(good + "x", 1000), std::nullopt);
  EXPECT_EQ(gunzip("no gzip at all", 1000), std::nullopt);
}

TEST(Encoding, KnowsUtf8) {
  const struct {
    std::string text;
    bool is_utf8;
  } cases[] = {
      {"", true},
      {"plain", true},
      {std::string("\0", 1), true},
      {"\x7F", true},
      {"\xC2\x80", true},
      {"\xDF\xBF", true},
      {"\xE0\xA0\x80", true},
      {"\xED\x9F\xBF", true},
      {"\xEE\x80\x80", true},
      {"\xEF\xBF\xBF", true},
      {"\xF0\x90\x80\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\x80", false},  // continuation alone
      {"\xBF", false},
      {"\xC0\xAF", false},  // overlong
      {"\xC1\xBF", false},
      {"\xE0\x9F\xBF", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xED\xA0\x80", false},  // surrogates
      {"\xED\xBF\xBF", false},
      {"\xF4\x90\x80\x80", false},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", false},
      {"\xFE", false},
      {"\xFF", false},
      {"\xC3", false},  // cut short
      {"\xE2\x82", false},
      {"\xF0\x9F\x90", false},
      {"\xC3(", false},  // interrupted
      {"\xE2(\xA1", false},
      {"\xE2\x82(", false},
      {"\xF0\x9F(\x90", false},
      {"ok \xC3\xA9 then \xC3", false},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(is_utf8(text), expected) << ::testing::PrintToString(text);
  }
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(Sealing, FollowsTheVectorOfXChaCha20Poly1305) {
  // draft-irtf-cfrg-xchacha-03, A.3.1
  const std::string plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  const auto key = bytes_of_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const auto nonce = bytes_of_hex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const auto associated = bytes_of_hex("50515253c0c1c2c3c4c5c6c7");
  const auto sealed = seal(plain, associated, key, nonce);
  EXPECT_EQ(sealed.substr(0, 24), nonce);
  EXPECT_EQ(sealed.substr(24, 8), bytes_of_hex("bd6d179d3e83d43b"));
  EXPECT_EQ(sealed.substr(sealed.size() - 16), bytes_of_hex("c0875924c1c7987947deafd8780acf49"));
  EXPECT_EQ(unseal(sealed, associated, key), plain);
}

TEST(Sealing, OpensNothingThatIsNotWhole) {
  const std::string key(seal_key_bytes, 'k');
  const auto sealed = seal("text", "associated", key, random_nonce());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    EXPECT_EQ(unseal(sealed.substr(0, i), "associated", key), std::nullopt) << i;
    for (int bit = 0; bit < 8; ++bit) {
      auto other = sealed;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_EQ(unseal(other, "associated", key), std::nullopt) << i;
    }
  }
  EXPECT_EQ(unseal(sealed + "x", "associated", key), std::nullopt);
  EXPECT_EQ(unseal(sealed, "Associated", key), std::nullopt);
  EXPECT_EQ(unseal(sealed, "associated", std::string(seal_key_bytes, 'l')), std::nullopt);
  EXPECT_EQ(unseal(seal("", "", key, random_nonce()), "", key), "");
}

TEST(Sealing, TakesANonceOfItsOwnEachTimeAndKeysOfTheirLengthAlone) {
  const auto one = random_nonce();
  EXPECT_EQ(one.size(), seal_nonce_bytes);
  EXPECT_NE(one, random_nonce());
  EXPECT_THROW(seal("", "", "short", one), std::logic_error);
  EXPECT_THROW(seal("", "", std::string(seal_key_bytes, 'k'), "short"), std::logic_error);
  EXPECT_THROW(unseal("", "", "short"), std::logic_error);
}

}  // namespace
}  // namespace proxysql_consul
