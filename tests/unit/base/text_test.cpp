#include "proxysql_consul/base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace proxysql_consul {
namespace {

TEST(Text, Joins) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"a"}), "a");
  EXPECT_EQ(join({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join({"a", "b"}, "; "), "a; b");
}

TEST(Text, SuggestsTheNearest) {
  const std::vector<std::string> known = {"mysql_servers", "mysql_users", "save", "pull"};
  const struct {
    const char* word;
    const char* suggestion;
  } cases[] = {
      {"mysql_server", "did you mean 'mysql_servers'?"},
      {"mysql_user", "did you mean 'mysql_users'?"},
      {"msyql_users", "did you mean 'mysql_users'?"},
      {"svae", "did you mean 'save'?"},
      {"pul", "did you mean 'pull'?"},
      {"PULL", "did you mean 'pull'?"},
      {"MYSQL_SERVERS", "did you mean 'mysql_servers'?"},
      {"MySQL_Server", "did you mean 'mysql_servers'?"},
      {"entirely different", ""},
      {"", ""},
  };
  for (const auto& [word, suggestion] : cases) {
    EXPECT_EQ(did_you_mean(word, known), suggestion) << word;
  }
  EXPECT_EQ(did_you_mean("x", {}), "");
}

TEST(Text, SuggestsByTheEndOfAName) {
  const std::vector<std::string> known = {"mysql_servers",   "mysql_query_rules", "mysql_users",      "admin_variables",
                                          "mysql_variables", "proxysql_servers",  "restapi_routes",   "pgsql_servers",
                                          "pgsql_users",     "pgsql_query_rules", "coredump_filters", "--all"};
  const struct {
    const char* word;
    const char* suggestion;
  } cases[] = {
      {"users", "did you mean 'mysql_users'?"},
      {"Users", "did you mean 'mysql_users'?"},
      {"user", "did you mean 'mysql_users'?"},
      {"servers", "did you mean 'mysql_servers'?"},
      {"variables", "did you mean 'mysql_variables'?"},
      {"query_rules", "did you mean 'mysql_query_rules'?"},
      {"rules", "did you mean 'mysql_query_rules'?"},
      {"query_rule", "did you mean 'mysql_query_rules'?"},
      {"routes", "did you mean 'restapi_routes'?"},
      {"filters", "did you mean 'coredump_filters'?"},
      {"all", "did you mean '--all'?"},
      {"ALL", "did you mean '--all'?"},
      {"_users", "did you mean 'mysql_users'?"},
      {"sers", "did you mean 'mysql_users'?"},
      {"ers", ""},
      {"_", ""},
  };
  for (const auto& [word, suggestion] : cases) {
    EXPECT_EQ(did_you_mean(word, known), suggestion) << word;
  }
  EXPECT_EQ(nearest("port", {"consul_port", "proxysql_admin_port"}), std::nullopt) << "either could be meant";
  EXPECT_EQ(nearest("token", {"consul_token", "consul_port"}), "consul_token");
}

TEST(Text, LowersLettersAlone) {
  EXPECT_EQ(to_lower("MySQL_Users-09 \xC3\x84"), "mysql_users-09 \xC3\x84");
  EXPECT_EQ(to_lower(""), "");
}

TEST(Text, ShowsWhatCameFromElsewhereOnOneShortLine) {
  EXPECT_EQ(printable("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(printable("a\nb\tc\x1B[31m\x7F"), "a b c [31m ");
  EXPECT_EQ(printable("12345", 5), "12345");
  EXPECT_EQ(printable("123456", 5), "12345...");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 303U);
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a b");
  EXPECT_EQ(printable("\xC2\x9B[31m"), "  [31m");
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(printable("a\xFF\xC3\xA9"), "a???");
  EXPECT_EQ(printable("abc\xC3\xA9", 4), "abc...");
}

TEST(Text, HidesLiterals) {
  const struct {
    const char* text;
    const char* shown;
  } cases[] = {
      {"no such table: x", "no such table: x"},
      {"near 'secret': syntax error", "near '***': syntax error"},
      {"('a','b')", "('***','***')"},
      {"unrecognized token: 'it''s a secret", "unrecognized token: '***''***'"},
      {"'secret", "'***'"},
      {"''", "'***'"},
  };
  for (const auto& [text, shown] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(without_literals(text), shown);
    EXPECT_EQ(without_literals(text).find("secret"), std::string::npos);
  }
}

TEST(Text, HidesWhatRepeatsWhatWasSent) {
  const std::string sent = R"({"config_name":"mysql_users","tables":{"mysql_users":[["app","secret\"one"]]}})";
  const struct {
    std::string text;
    std::string shown;
  } cases[] = {
      {"", ""},
      {"No cluster leader", "No cluster leader"},
      {R"(failed to set "mysql_users": stale \n)", R"(failed to set "mysql_users": stale \n)"},
      {"bad request: " + sent, "bad request: ***"},
      {"bad request: " + sent.substr(0, 60) + "... cut", "bad request: ***... cut"},
      {"of the middle: " + sent.substr(30) + sent.substr(0, 20), "of the middle: ******"},
      {R"(quoted: "{\"config_name\":\"mysql_users\",\"tables\":{\"mysql_users\":[[\"app\",\"secret\\\"one\"]]}}")",
       R"(quoted: "***")"},
  };
  for (const auto& [text, shown] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(without_echo(text, {"another", sent}), shown);
    EXPECT_EQ(without_echo(text, {}), text);
  }
}

TEST(Table, ReadsPlainIntegers) {
  const struct {
    const char* text;
    std::optional<long long> value;
  } cases[] = {
      {"0", 0},
      {"-7", -7},
      {"007", 7},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", {}},
      {"", {}},
      {" 1", {}},
      {"1 ", {}},
      {"+1", {}},
      {"0x10", {}},
      {"1e3", {}},
      {"1.0", {}},
      {"-", {}},
      {"abc", {}},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(to_integer(text), value) << text;
}

}  // namespace
}  // namespace proxysql_consul
