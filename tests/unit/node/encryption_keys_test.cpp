#include "proxysql_consul/node/encryption_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/node/settings.h"
#include "support/error_of.h"
#include "support/process.h"

namespace proxysql_consul {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string some_secret(seal_key_bytes, 's');
const std::string base64 = to_base64(some_secret);

template <typename Action>
std::string keys_error(Action action) {
  return testing::error_of(ExitCode::settings, std::move(action));
}

TEST(EncryptionKeys, AreALineEachInTheirOrder) {
  const auto keys = parse_encryption_keys(
      "# of this year\n\n  2027-01:" + base64 + "\r\n\t2026_b.x : " + to_base64(std::string(32, 't')) + "  \n#end",
      "f");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].id, "2027-01");
  EXPECT_EQ(keys[0].secret, some_secret);
  EXPECT_EQ(keys[1].id, "2026_b.x");
  EXPECT_EQ(keys[1].secret, std::string(32, 't'));
}

TEST(EncryptionKeys, SayWhatIsWrongInWhichLineAndNeverWhatStandsThere) {
  const struct {
    std::string text;
    std::string error;
  } cases[] = {
      {"", "f: holds no key"},
      {"# none\n\n", "f: holds no key"},
      {base64, "f: line 1: must be a key's id"},
      {":" + base64, "f: line 1: must be a key's id"},
      {"a b:" + base64, "f: line 1: must be a key's id"},
      {"\"a\":" + base64, "f: line 1: must be a key's id"},
      {std::string(65, 'a') + ":" + base64, "f: line 1: must be a key's id"},
      {"# x\na:" + base64 + "\nb:" + base64.substr(4), "f: line 3: the key must be 32 bytes in base64"},
      {"a:" + base64 + "AAAA", "f: line 1: the key must be 32 bytes in base64"},
      {"a:c3Nz " + base64, "f: line 1: the key must be 32 bytes in base64"},
      {"a:", "f: line 1: the key must be 32 bytes in base64"},
      {"a:" + base64 + "\na:" + base64, "f: line 2: key a stands there already"},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.text);
    const auto said = keys_error([&] { parse_encryption_keys(item.text, "f"); });
    EXPECT_THAT(said, StartsWith(item.error));
    EXPECT_THAT(said, Not(HasSubstr("c3Nz")));
  }
}

class KeysFile : public ::testing::Test {
 protected:
  testing::TempDir dir;
  const std::string keys = dir.file("keys");
  const std::string settings = dir.file("settings");

  void SetUp() override {
    testing::write_file(keys, "a:" + base64 + "\n");
    chmod(keys.c_str(), 0640);
    testing::write_file(settings, "{\"consul_prefix\":\"p/\",\"encryption_keys_file\":\"" + keys + "\"}");
  }

  Settings load() { return load_settings(settings, Environment()); }
};

TEST_F(KeysFile, IsReadWithTheSettings) {
  const auto loaded = load();
  EXPECT_THAT(loaded.keyring().ids(), ElementsAre("a"));
  EXPECT_FALSE(loaded.keyring().allows_plaintext());
  EXPECT_FALSE(Settings().keyring().seals());
  const auto other =
      load_settings(settings, Environment(Environment::Variables{{"PROXYSQL_CONSUL_ALLOW_PLAINTEXT", "true"}}));
  EXPECT_TRUE(other.keyring().allows_plaintext());
  const Document document{.config_name = "c", .uuid = "u", .tables = {}, .blob = {}, .origin = {}};
  const auto sealed = loaded.keyring().seal_text(document, format_document(document), {}, random_nonce());
  EXPECT_EQ(Keyring("p/", {{.id = "a", .secret = some_secret}}, false).open(sealed).config_name, "c")
      << "bound to the prefix of the settings";
}

TEST_F(KeysFile, IsRefusedWhereOthersMayReadOrWriteIt) {
  for (const mode_t mode : {0644U, 0642U, 0604U, 0602U}) {
    chmod(keys.c_str(), mode);
    EXPECT_EQ(keys_error([&] { load(); }), keys + ": holds secrets, and everybody may read or write it (`chmod o= " +
                                               keys + "`, and think of the secrets as known)");
  }
}

TEST_F(KeysFile, IsRefusedWhereItIsMissingALinkOrNoFile) {
  const auto moved = dir.file("moved");
  ASSERT_EQ(rename(keys.c_str(), moved.c_str()), 0);
  EXPECT_EQ(keys_error([&] { load(); }), keys + ": no such file");
  ASSERT_EQ(symlink(moved.c_str(), keys.c_str()), 0);
  EXPECT_THAT(keys_error([&] { load(); }), StartsWith(keys + ": is a symbolic link, which is never followed here"));
  ASSERT_EQ(unlink(keys.c_str()), 0);
  ASSERT_EQ(mkdir(keys.c_str(), 0700), 0);
  EXPECT_THAT(keys_error([&] { load(); }), StartsWith(keys + ": is no regular file"));
}

}  // namespace
}  // namespace proxysql_consul
