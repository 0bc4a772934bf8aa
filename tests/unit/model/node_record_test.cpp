#include "proxysql_consul/model/node_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;

NodeRecord whole_record() {
  return {.uuid = "aae13abd-0000-4000-8000-000000000000",
          .host = "proxy-1",
          .consul_node = "agent-1",
          .program_version = "2.1.0",
          .proxysql_version = "2.7.2",
          .following = true,
          .frozen = true,
          .keys = {"k1", "k2"},
          .keep_local = {"mysql_servers: weight"},
          .configurations = {{"mysql_servers",
                              {.version = 18446744073709551615U,
                               .attempted = 18446744073709551615U,
                               .sha256 = "abc",
                               .outcome = "partial",
                               .at = "2026-11-22T18:00:00Z",
                               .warnings = {"one", "two"},
                               .lacks = true}},
                             {"scheduler", {.attempted = 9, .outcome = "not_accepted", .at = "2026-11-22T18:00:01Z"}}}};
}

TEST(NodeRecord, IsReadAsItWasWritten) {
  const auto text = format_node_record(whole_record());
  EXPECT_EQ(parse_node_record(text), whole_record());
  const auto json = Json::parse(text);
  for (const char* member : {"format", "uuid", "host", "consul_node", "program_version", "proxysql_version",
                             "following", "frozen", "keys", "keep_local", "configurations"}) {
    EXPECT_TRUE(json.contains(member)) << member;
  }
  EXPECT_EQ(json.size(), 11U);
}

TEST(NodeRecord, ReadsOverOutcomesAndMembersThatItDoesNotKnow) {
  auto json = Json::parse(format_node_record(whole_record()));
  json["colour"] = "blue";
  json["configurations"]["mysql_servers"]["outcome"] = "dreamt";
  json["configurations"]["mysql_servers"]["depth"] = 7;
  EXPECT_EQ(parse_node_record(json.dump()).configurations.at("mysql_servers").outcome, "dreamt");
}

TEST(NodeRecord, TakesNoKeysThatNobodyCanHold) {
  auto json = Json::parse(format_node_record(whole_record()));
  json["keys"] = {"k1", "", std::string(65, 'k'), "a\nb", "k2"};
  EXPECT_EQ(parse_node_record(json.dump()).keys, (std::vector<std::string>{"k1", "k2"}));
  json["keys"] = std::vector<std::string>(100'000, "k1");
  EXPECT_EQ(parse_node_record(json.dump()).keys.size(), 64U);
}

TEST(NodeRecord, ReadsThoseOfTheFirstProgram) {
  const auto record = parse_node_record(R"({"format":1,"host":"proxy-2","program_version":"2.0.0",
      "proxysql_version":"2.7.2","configurations":{"mysql_servers":{"version":17,"sha256":"7f","outcome":"applied",
      "at":"2026-11-22T18:00:01Z","warnings":[]}}})");
  EXPECT_EQ(record.uuid, "");
  EXPECT_FALSE(record.frozen);
  EXPECT_EQ(record.configurations.at("mysql_servers").attempted, 17U);
}

TEST(NodeRecord, SaysWhatIsWrongWhere) {
  const struct {
    const char* text;
    const char* words;
  } cases[] = {
      {"", "node record: is no JSON object"},
      {"[]", "node record: is no JSON object"},
      {"{}", "node record: the record lacks a member, or has one of another type"},
      {R"({"format":2})", "node record: its format is unknown to this program"},
      {R"({"format":1,"host":7,"configurations":{}})",
       "node record: the record lacks a member, or has one of another type"},
      {R"({"format":1,"host":"h"})", "node record: the record lacks a member, or has one of another type"},
      {R"({"format":1,"host":"h","configurations":{"scheduler":{"version":1}}})",
       "node record: scheduler lacks a member, or has one of another type"},
  };
  for (const auto& [text, words] : cases) {
    SCOPED_TRACE(text);
    try {
      parse_node_record(text);
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::payload);
      EXPECT_STREQ(error.what(), words);
    }
  }
}

TEST(NodeRecord, SaysWhatTheStateHolds) {
  State state;
  state.record("mysql_servers", {.version = 7,
                                 .sha256 = "a",
                                 .outcome = Outcome::partial,
                                 .at = "then",
                                 .warnings = {"lacks gtid_port"},
                                 .lacks = true});
  state.record("mysql_users", {.version = 8, .sha256 = "b", .at = "then", .warnings = {}});
  state.pass_over("mysql_users", 9, PassedOver::frozen, "now");
  state.pass_over("scheduler", 4, PassedOver::not_accepted, "now");
  state.fail("mysql_query_rules", 5, "now", "memory full");
  state.tell_frozen(true);
  state.tell_proxysql_version("2.7.2");
  const auto record = record_of(state);
  EXPECT_TRUE(record.frozen);
  EXPECT_EQ(record.proxysql_version, "2.7.2");
  const auto& of = record.configurations;
  EXPECT_EQ(of.size(), 4U);
  EXPECT_EQ(of.at("mysql_servers"), (RecordedConfiguration{.version = 7,
                                                           .attempted = 7,
                                                           .sha256 = "a",
                                                           .outcome = "partial",
                                                           .at = "then",
                                                           .warnings = {"lacks gtid_port"},
                                                           .lacks = true}));
  EXPECT_EQ(of.at("mysql_users"),
            (RecordedConfiguration{.version = 8, .attempted = 9, .sha256 = "b", .outcome = "frozen", .at = "now"}));
  EXPECT_EQ(of.at("scheduler"), (RecordedConfiguration{.attempted = 4, .outcome = "not_accepted", .at = "now"}));
  EXPECT_EQ(of.at("mysql_query_rules"),
            (RecordedConfiguration{.attempted = 5, .outcome = "failed", .at = "now", .warnings = {"memory full"}}));
}

TEST(NodeRecord, TellsAFailureAlsoWhereRuntimeHadDriftedBefore) {
  State state;
  state.record("mysql_servers", {.version = 7, .sha256 = "a", .at = "then", .warnings = {}});
  EXPECT_TRUE(state.tell_drift("mysql_servers", "2 rows of mysql_servers", "later"));
  EXPECT_EQ(record_of(state).configurations.at("mysql_servers").outcome, "drifted");
  state.fail("mysql_servers", 9, "now", "away");
  EXPECT_EQ(record_of(state).configurations.at("mysql_servers"),
            (RecordedConfiguration{
                .version = 7, .attempted = 9, .sha256 = "a", .outcome = "failed", .at = "now", .warnings = {"away"}}));
}

}  // namespace
}  // namespace proxysql_consul::testing
