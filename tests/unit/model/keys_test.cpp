#include "proxysql_consul/model/keys.h"

#include <gtest/gtest.h>

#include <string>

namespace proxysql_consul::testing {
namespace {

const std::string sha256(64, 'a');

TEST(Keys, NamesEveryKeyUnderTheTwoPrefixes) {
  for (const std::string cluster : {"", "prod/", "a/b/"}) {
    SCOPED_TRACE(cluster);
    const Keys keys(cluster + "proxysql/");
    const struct {
      std::string key;
      std::string name;
    } cases[] = {
        {keys.prefix(), "proxysql/"},
        {keys.meta(), "proxysql-meta/"},
        {keys.document("mysql_servers"), "proxysql/mysql_servers"},
        {keys.freeze(), "proxysql/freeze"},
        {keys.history("mysql_users"), "proxysql-meta/history/mysql_users/"},
        {keys.history("mysql_users", {.version = 812}), "proxysql-meta/history/mysql_users/812"},
        {keys.blobs(), "proxysql-meta/blob/"},
        {keys.blob_part(sha256, 3), "proxysql-meta/blob/" + sha256 + "/3"},
        {keys.nodes(), "proxysql-meta/node/"},
        {keys.node("aae13abd"), "proxysql-meta/node/aae13abd"},
    };
    for (const auto& [key, name] : cases) EXPECT_EQ(key, cluster + name);
  }
}

TEST(Keys, ReadsWhatItBuilt) {
  const Keys keys("proxysql/");
  EXPECT_EQ(keys.name_of(keys.document("mysql_servers")), "mysql_servers");
  EXPECT_EQ(keys.version_of("mysql_users", keys.history("mysql_users", {.version = 812})), 812U);
  EXPECT_EQ(keys.blob_of(keys.blob_part(sha256, 3)), sha256);
}

TEST(Keys, ReadsNothingFromOtherKeys) {
  const Keys keys("proxysql/");
  EXPECT_EQ(keys.name_of("proxysql/"), "");
  for (const std::string key : {"", "proxysql", "proxysql-meta/x", "other/mysql_servers", "/proxysql/x"}) {
    EXPECT_EQ(keys.name_of(key), std::nullopt) << key;
  }
  for (const std::string version : {"", "x", "-1", "8 ", "812.uuid"}) {
    EXPECT_EQ(keys.version_of("mysql_users", keys.history("mysql_users") + version), std::nullopt) << version;
  }
  EXPECT_EQ(keys.version_of("mysql_users", keys.history("mysql_servers", {.version = 8})), std::nullopt);
  EXPECT_EQ(keys.blob_of(keys.node("x")), std::nullopt);
}

TEST(Keys, NamesTheAclRuleThatCoversAKeyAndNoMore) {
  const struct {
    const char* prefix;
    const char* key;
    const char* rule;
  } cases[] = {
      {"proxysql/", "proxysql/mysql_servers", "proxysql/"},
      {"proxysql/", "proxysql/", "proxysql/"},
      {"proxysql/", "proxysql-meta/history/mysql_servers/1", "proxysql-meta/"},
      {"prod/proxysql/", "prod/proxysql/mysql_servers", "prod/proxysql/"},
      {"prod/proxysql/", "prod/proxysql-meta/node/x", "prod/proxysql-meta/"},
  };
  for (const auto& [prefix, key, rule] : cases) {
    SCOPED_TRACE(key);
    EXPECT_EQ(Keys(prefix).rule_prefix(key), rule);
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
