#include "proxysql_consul/model/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/node_record.h"

namespace proxysql_consul {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

State example() {
  State state;
  state.record("mysql_users", {.version = 18446744073709551615U,
                               .sha256 = std::string(64, 'a'),
                               .outcome = Outcome::partial,
                               .at = "2026-11-22T18:00:00Z",
                               .warnings = {"a \"quoted\" line", "\xC3\xA9"}});
  state.record("mysql_servers", {.version = 7, .sha256 = "b", .outcome = Outcome::failed, .at = "", .warnings = {}});
  return state;
}

TEST(State, ComesBackAsItWas) {
  for (const bool published : {true, false}) {
    auto state = example();
    state.published = published;
    const auto again = parse_state(format_state(state), "f");
    EXPECT_EQ(again.published, published);
    ASSERT_EQ(again.configurations.size(), 2U);
    const auto* users = again.find("mysql_users");
    ASSERT_NE(users, nullptr);
    EXPECT_EQ(users->version, 18446744073709551615U);
    EXPECT_EQ(users->sha256, std::string(64, 'a'));
    EXPECT_EQ(users->outcome, Outcome::partial);
    EXPECT_EQ(users->at, "2026-11-22T18:00:00Z");
    EXPECT_EQ(users->warnings, (std::vector<std::string>{"a \"quoted\" line", "\xC3\xA9"}));
    EXPECT_EQ(again.find("mysql_servers")->outcome, Outcome::failed);
    EXPECT_EQ(again.find("scheduler"), nullptr);
  }
}

TEST(State, IsUnpublishedOnceSomethingIsRecorded) {
  State state;
  EXPECT_TRUE(state.published);
  state.record("mysql_users", {});
  EXPECT_FALSE(state.published);
}

TEST(State, NamesItsOutcomes) {
  EXPECT_EQ(to_string(Outcome::applied), "applied");
  EXPECT_EQ(to_string(Outcome::saved), "saved");
  EXPECT_EQ(to_string(Outcome::partial), "partial");
  EXPECT_EQ(to_string(Outcome::failed), "failed");
}

TEST(State, TakesWarningsThatAreNoUtf8) {
  State state;
  state.record("mysql_users", {.version = 1, .sha256 = "", .outcome = Outcome::failed, .at = "", .warnings = {"\xFF"}});
  EXPECT_EQ(parse_state(format_state(state), "f").find("mysql_users")->warnings,
            std::vector<std::string>{"\xEF\xBF\xBD"});
}

TEST(State, RefusesWhatItDidNotWrite) {
  const auto whole = format_state(example());
  for (
      const std::string& text :
      {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string("{\"format\":1}"),
       std::string(R"({"format":2,"published":true,"configurations":{}})"),
       std::string(R"({"format":"1","published":true,"configurations":{}})"),
       std::string(R"({"format":1,"published":1,"configurations":{}})"),
       std::string(R"({"format":1,"published":true,"configurations":{"mysql_users":{}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":1,"sha256":"","outcome":"great","at":"","warnings":[]}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":"1","sha256":"","outcome":"applied","at":"","warnings":[]}}})"),
       std::string(
           R"({"format":1,"published":true,"configurations":{"mysql_users":{"version":1,"sha256":"","outcome":"applied","at":"","warnings":[1]}}})"),
       whole.substr(0, whole.size() / 2), whole + "x"}) {
    SCOPED_TRACE(text);
    try {
      parse_state(text, "/var/lib/x.state");
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::settings);
      EXPECT_STREQ(error.what(), "/var/lib/x.state: is no state file of proxysql-consul");
      EXPECT_EQ(error.hint(), "remove it; the next run makes a new one, and compares every configuration once more");
    }
  }
}

TEST(State, TellsTheOthersWhatThisNodeHolds) {
  const auto record = format_node_record(example(), "proxy-1", "2.7.2");
  EXPECT_THAT(record, StartsWith("{\n  \"format\": 1,\n  \"host\": \"proxy-1\",\n  \"program_version\": \""));
  EXPECT_THAT(record, HasSubstr("\"proxysql_version\": \"2.7.2\""));
  EXPECT_THAT(record, HasSubstr("\"mysql_users\": {\n      \"version\": 18446744073709551615,\n"));
  EXPECT_THAT(record, HasSubstr("\"outcome\": \"partial\""));
}

}  // namespace
}  // namespace proxysql_consul
