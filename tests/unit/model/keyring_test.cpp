#include "proxysql_consul/model/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "support/error_of.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const SealingKey key_a{.id = "a", .secret = std::string(seal_key_bytes, 'A')};
const SealingKey key_b{.id = "b", .secret = std::string(seal_key_bytes, 'B')};

const Keyring ring_a("proxysql/", {key_a}, false);
const Keyring ring_ba("proxysql/", {key_b, key_a}, false);
const Keyring no_keys;

Document document(const std::string& configuration = "mysql_users") {
  return {
      .config_name = configuration,
      .uuid = "aae13abd-0000-4000-8000-000000000001",
      .tables = {{.name = "t", .columns = {"username", "password"}, .rows = {{"app", "s3cr3t"}}}},
      .blob = {},
      .origin = {.host = "proxy-1", .by = "alice", .proxysql_version = "2.7.2", .saved_at = "then", .message = "m"}};
}

std::string sealed(const Keyring& ring, const Document& document) {
  return ring.seal_text(document, format_document(document), {}, random_nonce());
}

std::string error_of(const Keyring& ring, const std::string& stored) {
  return testing::error_of(ExitCode::payload, [&] { ring.open(stored); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Keyring, OpensWhatItSealed) {
  const auto stored = sealed(ring_a, document());
  const auto opened = ring_a.open(stored);
  EXPECT_EQ(format_document(opened), format_document(document()));
  EXPECT_EQ(opened.sealed_with, "a");
  EXPECT_EQ(ring_a.open_text(stored), format_document(document()));
  EXPECT_NE(sealed(ring_a, document()), stored) << "each time with another nonce";
}

TEST(Keyring, ShowsNothingButTheNamesThatAreNeeded) {
  const auto stored = sealed(ring_a, document());
  EXPECT_THAT(stored, StartsWith(R"({"config_name":"mysql_users","uuid":"aae13abd-0000-4000-8000-000000000001",)"
                                 R"("format":2,"sealed":{"key":"a","data":")"));
  // A short word may stand in base64 by chance, without its quotes.
  for (const auto* word : {"s3cr3t", "\"app\"", "proxy-1", "\"alice\"", "2.7.2", "\"then\"", "columns", "origin"}) {
    EXPECT_THAT(stored, Not(HasSubstr(word)));
  }
}

TEST(Keyring, SealsWithTheFirstKeyAndOpensWithAll) {
  EXPECT_EQ(ring_ba.first(), "b");
  EXPECT_THAT(ring_ba.ids(), ElementsAre("b", "a"));
  EXPECT_EQ(ring_ba.open(sealed(ring_ba, document())).sealed_with, "b");
  EXPECT_EQ(ring_ba.open(sealed(ring_a, document())).sealed_with, "a");
}

TEST(Keyring, TellsAKeyThatIsNotHeldFromADocumentThatWasChanged) {
  const auto stored = sealed(ring_ba, document());
  EXPECT_EQ(error_of(ring_a, stored),
            "document: is sealed with key \"b\", which is not in this node's encryption_keys_file: that has a");
  EXPECT_EQ(error_of(no_keys, stored),
            "document: is sealed with key \"b\", and this node holds none: encryption_keys_file names the file");
  const auto changed =
      "document: cannot be opened with key \"b\": somebody has changed it, or taken it from another key or prefix of "
      "Consul, or another key has that name here";
  const Keyring another("proxysql/", {{.id = "b", .secret = key_a.secret}}, false);
  EXPECT_EQ(error_of(another, stored), changed);
  EXPECT_EQ(error_of(ring_ba, replaced(stored, R"("data":")", R"("data":"AAAA)")), changed);
}

TEST(Keyring, RefusesADocumentOfWhichASingleBitWasChanged) {
  // Also where a plain one would be taken: no change turns one into the other.
  for (const bool allow_plaintext : {false, true}) {
    const Keyring ring("proxysql/", {key_a}, allow_plaintext);
    auto with_blob = document();
    with_blob.blob = Blob{.sha256 = std::string(64, 'c'), .bytes = 7, .parts = 1};
    auto parts = *with_blob.blob;
    parts.sha256 = std::string(64, 'd');
    for (const auto& stored :
         {sealed(ring, document()), ring.seal_text(with_blob, format_document(with_blob), parts, random_nonce())}) {
      ASSERT_EQ(ring.open(stored).config_name, "mysql_users");
      for (std::size_t i = 0; i < stored.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
          auto changed = stored;
          changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
          EXPECT_THROW(ring.open(changed), Error) << "byte " << i << ", bit " << bit;
        }
        EXPECT_THROW(ring.open(stored.substr(0, i)), Error) << i;
      }
      EXPECT_THROW(ring.open(stored + " "), Error);
    }
  }
}

TEST(Keyring, OpensADocumentNowhereButWhereItBelongs) {
  const auto stored = sealed(ring_a, document());
  const Keyring elsewhere("staging/proxysql/", {key_a}, false);
  EXPECT_THAT(error_of(elsewhere, stored), HasSubstr("taken it from another key or prefix of Consul"));
  for (const auto& moved : {replaced(stored, "mysql_users", "mysql_rules"), replaced(stored, "aae13abd", "bbe13abd")}) {
    EXPECT_THAT(error_of(ring_a, moved), HasSubstr("cannot be opened with key \"a\"")) << moved;
  }
  // Fields that are one after the other must not be taken for one another.
  auto other = document("mysql_user");
  other.uuid = "s" + other.uuid;
  const auto shifted = replaced(replaced(sealed(ring_a, other), R"("mysql_user")", R"("mysql_users")"), "saae", "aae");
  EXPECT_THAT(error_of(ring_a, shifted), HasSubstr("cannot be opened"));
}

TEST(Keyring, RefusesPlainDocumentsUnlessTheyAreAllowed) {
  const auto plain = format_document(document());
  EXPECT_EQ(error_of(ring_a, plain),
            "document: is not sealed, and this node, which has an encryption_keys_file, takes no other while "
            "allow_plaintext is false");
  EXPECT_THROW(ring_a.open_text(plain), Error);
  const Keyring lenient("proxysql/", {key_a}, true);
  EXPECT_EQ(lenient.open(plain).sealed_with, "");
  EXPECT_EQ(lenient.open_text(plain), plain);
  EXPECT_EQ(no_keys.open(plain).config_name, "mysql_users");
  EXPECT_FALSE(no_keys.seals());
}

TEST(Keyring, NamesSealedPartsInTheClearAndBindsThemToTheDocument) {
  auto with_blob = document();
  const auto parts = ring_a.seal_parts(with_blob, "packed tables", random_nonce());
  EXPECT_THAT(parts, Not(HasSubstr("packed")));
  with_blob.blob = Blob{.sha256 = sha256_hex("packed tables"), .bytes = 7, .parts = 1};
  const Blob outside{.sha256 = sha256_hex(parts), .bytes = 7, .parts = 2};
  const auto stored = ring_a.seal_text(with_blob, format_document(with_blob), outside, random_nonce());
  EXPECT_THAT(stored, HasSubstr(outside.sha256));
  EXPECT_THAT(stored, Not(HasSubstr(with_blob.blob->sha256)))
      << "it would tell who guesses the tables that they are right";
  const auto opened = ring_a.open(stored);
  ASSERT_TRUE(opened.blob);
  EXPECT_EQ(opened.blob->sha256, outside.sha256);
  EXPECT_EQ(opened.blob->parts, 2U);
  EXPECT_EQ(opened.blob->content(), with_blob.blob->sha256);
  EXPECT_EQ(ring_a.open_parts(opened, parts), "packed tables");
  auto of_another = opened;
  of_another.config_name = "mysql_servers";
  EXPECT_THROW(ring_a.open_parts(of_another, parts), Error);
  for (const auto& changed :
       {replaced(stored, outside.sha256, std::string(64, '0')), replaced(stored, R"("bytes":7)", R"("bytes":8)"),
        replaced(stored, R"("parts":2)", R"("parts":1)")}) {
    EXPECT_THAT(error_of(ring_a, changed), HasSubstr("cannot be opened"));
  }
}

TEST(Keyring, RefusesPartsOfWhichASingleBitWasChanged) {
  auto with_blob = document();
  const auto parts = ring_a.seal_parts(with_blob, "packed tables", random_nonce());
  with_blob.blob = Blob{.sha256 = sha256_hex("packed tables"), .bytes = 7, .parts = 1};
  const Blob outside{.sha256 = sha256_hex(parts), .bytes = 7, .parts = 1};
  const auto opened = ring_a.open(ring_a.seal_text(with_blob, format_document(with_blob), outside, random_nonce()));
  ASSERT_EQ(ring_a.open_parts(opened, parts), "packed tables");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = parts;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_THROW(ring_a.open_parts(opened, changed), Error) << "byte " << i << ", bit " << bit;
    }
    EXPECT_THROW(ring_a.open_parts(opened, parts.substr(0, i)), Error) << i;
  }
  EXPECT_THROW(ring_a.open_parts(opened, parts + " "), Error);
}

TEST(Keyring, RefusesASealedDocumentInASealedDocumentAndOneOfAnotherName) {
  const auto inner = sealed(ring_a, document());
  EXPECT_EQ(error_of(ring_a, ring_a.seal_text(document(), inner, {}, random_nonce())), "document: is sealed");
  const auto other = format_document(document("mysql_servers"));
  EXPECT_EQ(error_of(ring_a, ring_a.seal_text(document(), other, {}, random_nonce())),
            "document: what is sealed in it is another document than it says");
}

}  // namespace
}  // namespace proxysql_consul
