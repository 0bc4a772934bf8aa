#include "proxysql_consul/consul/kv_json.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

constexpr auto no_json = "watch data: is no JSON, was cut short, or holds more than any Consul sends";

std::string error_of(const std::string& text) {
  try {
    parse_kv_entries(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::payload);
    EXPECT_EQ(error.hint(),
              "expected the JSON of a Consul watch of type keyprefix or key, or of /v1/kv/<prefix>?recurse");
    return error.what();
  }
  return "nothing was thrown";
}

TEST(KvEntries, ReadsTheArrayOfAKeyprefixWatch) {
  const auto entries = parse_kv_entries(
      R"([{"LockIndex":0,"Key":"proxysql/a","Flags":0,"Value":"aGVsbG8=","CreateIndex":7,"ModifyIndex":9},)"
      R"({"Key":"proxysql/b","Value":null,"ModifyIndex":18446744073709551615},{"Key":"proxysql/","ModifyIndex":1}])");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].key, "proxysql/a");
  EXPECT_EQ(entries[0].value, "hello");
  EXPECT_EQ(entries[0].modify_index, 9U);
  EXPECT_EQ(entries[0].problem, "");
  EXPECT_EQ(entries[1].value, "");
  EXPECT_EQ(entries[1].modify_index, 18446744073709551615U);
  EXPECT_EQ(entries[1].problem, "");
  EXPECT_EQ(entries[2].value, "") << "a missing Value is none";
  EXPECT_EQ(entries[2].problem, "");
}

TEST(KvEntries, ReadsTheObjectOfAKeyWatch) {
  const auto entries = parse_kv_entries(R"( {"Key":"k","Value":"AAE=","ModifyIndex":3} )");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].value, std::string("\0\1", 2));
}

TEST(KvEntries, ReadsNullAndEmptyAsNothing) {
  for (const char* text : {"null", "[]", " null\n"}) EXPECT_TRUE(parse_kv_entries(text).empty()) << text;
}

TEST(KvEntries, RefusesWhatIsNoWatchData) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "watch data: nothing came"},
      {" ", no_json},
      {"[{", no_json},
      {"[] []", no_json},
      {"\xFF", no_json},
      {"true", "watch data: is neither array nor object"},
      {"\"text\"", "watch data: is neither array nor object"},
      {"[null]", "watch data: an entry is no object"},
      {"[[]]", "watch data: an entry is no object"},
      {"{}", "watch data: an entry has no \"Key\""},
      {R"([{"Key":1}])", "watch data: an entry has no \"Key\""},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), error) << text;
}

TEST(KvEntries, LetsOneBadEntryNotHideTheOthers) {
  const struct {
    const char* entry;
    const char* problem;
  } cases[] = {
      {R"({"Key":"bad","Value":"!!!","ModifyIndex":1})", "its Value is no base64"},
      {R"({"Key":"bad","Value":"Zg","ModifyIndex":1})", "its Value is no base64"},
      {R"({"Key":"bad","Value":7,"ModifyIndex":1})", "its Value is no string"},
      {R"({"Key":"bad","Value":"Zg=="})", "has no ModifyIndex"},
      {R"({"Key":"bad","Value":"Zg==","ModifyIndex":-1})", "has no ModifyIndex"},
      {R"({"Key":"bad","Value":"Zg==","ModifyIndex":"1"})", "has no ModifyIndex"},
  };
  for (const auto& [entry, problem] : cases) {
    SCOPED_TRACE(entry);
    const auto entries =
        parse_kv_entries("[" + std::string(entry) + R"(,{"Key":"good","Value":"Zg==","ModifyIndex":1}])");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].problem, problem);
    EXPECT_EQ(entries[1].value, "f");
    EXPECT_EQ(entries[1].problem, "");
  }
}

TEST(KvEntries, SurvivesDeepNesting) {
  for (const auto& text : {std::string(200'000, '['), std::string(200'000, '[') + std::string(200'000, ']')}) {
    EXPECT_EQ(error_of(text), no_json);
  }
}

TEST(KvEntries, EndsWhereThereAreMoreThanAnyConsulSends) {
  std::string many = "[";
  for (int i = 0; i < 2'000'000; ++i) many += "{},";
  EXPECT_EQ(error_of(many + "{}]"), no_json);
  EXPECT_FALSE(parse_keys(many + "{}]"));
}

TEST(KvEntries, CountsNothingThatStandsInStrings) {
  std::string key;
  for (int i = 0; i < 100; ++i) key += R"([{\"\\)";
  const auto entries = parse_kv_entries(R"([{"Key":")" + key + R"(","ModifyIndex":1},{"Key":"b","ModifyIndex":2}])");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].key.size(), 400U);
}

TEST(KvEntries, WritesATransaction) {
  using Verb = KvOperation::Verb;
  EXPECT_EQ(format_transaction({{.verb = Verb::cas, .key = "a", .value = "f", .index = 0},
                                {.verb = Verb::set, .key = "b", .value = "fo", .index = 0},
                                {.verb = Verb::check_index, .key = "c", .value = {}, .index = 7},
                                {.verb = Verb::check_not_exists, .key = "d", .value = {}, .index = 0},
                                {.verb = Verb::remove, .key = "e", .value = {}, .index = 0},
                                {.verb = Verb::remove_cas, .key = "f", .value = {}, .index = 9}}),
            R"([{"KV":{"Index":0,"Key":"a","Value":"Zg==","Verb":"cas"}},)"
            R"({"KV":{"Key":"b","Value":"Zm8=","Verb":"set"}},)"
            R"({"KV":{"Index":7,"Key":"c","Verb":"check-index"}},)"
            R"({"KV":{"Index":0,"Key":"d","Verb":"check-not-exists"}},)"
            R"({"KV":{"Key":"e","Verb":"delete"}},)"
            R"({"KV":{"Index":9,"Key":"f","Verb":"delete-cas"}}])");
}

TEST(KvEntries, ReadsWhatCameOfATransaction) {
  const auto done = parse_commit(R"({"Results":[{"KV":{"Key":"a","ModifyIndex":42}}],"Errors":null})");
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->committed);
  EXPECT_EQ(done->index, 42U);
  const auto removed = parse_commit(R"({"Results":[],"Errors":[]})");
  ASSERT_TRUE(removed);
  EXPECT_TRUE(removed->committed);
  EXPECT_EQ(removed->index, 0U);
  const auto refused =
      parse_commit(R"({"Results":null,"Errors":[{"OpIndex":0,"What":"index is stale"},{"What":"two"}]})");
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->committed);
  EXPECT_EQ(refused->refusal, "index is stale; two");
  for (const char* text : {"", "[]", "null", "{}", "rpc error", R"({"Results":7})"}) {
    EXPECT_FALSE(parse_commit(text)) << text;
  }
}

TEST(KvEntries, ReadsTransactionErrorsOfAnyShape) {
  for (const char* text : {R"({"Errors":[{}]})", R"({"Errors":[7]})", R"({"Errors":["x"]})", R"({"Errors":[null]})",
                           R"({"Errors":[{"What":7}]})"}) {
    SCOPED_TRACE(text);
    const auto commit = parse_commit(text);
    EXPECT_TRUE(!commit || !commit->committed);
  }
}

TEST(KvEntries, ReadsAListOfKeys) {
  EXPECT_EQ(parse_keys(R"(["a","b/"])"), (std::vector<std::string>{"a", "b/"}));
  EXPECT_EQ(parse_keys("[]"), std::vector<std::string>{});
  for (const char* text : {"", "null", "{}", "[1]", "[\"a\",null]"}) EXPECT_FALSE(parse_keys(text)) << text;
}

}  // namespace
}  // namespace proxysql_consul
