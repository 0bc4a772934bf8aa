// The corpora of the fuzzers, replayed: what was found once is never found again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "support/allocations.h"
#include "support/effort.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

const std::filesystem::path corpora = PROJECT_SOURCE_PATH "/tests/testdata/fuzz";

std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Corpus : public ::testing::TestWithParam<FuzzTarget> {};

TEST_P(Corpus, HoldsNothingThatHarms) {
  const auto& [name, run] = GetParam();
  const auto files = files_of(corpora / name);
  ASSERT_FALSE(files.empty());
  run({});
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    EXPECT_NO_THROW(run(read_file(file.string())));
  }
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

/// What stands where a value is expected: some 200 KB each, deeper than a stack could be and longer than anybody
/// writes. Under the sanitizers, whose stacks are deeper, a third of that is enough.
std::vector<std::string> huge_values() {
  constexpr std::size_t most = sanitized ? 60'000 : 200'000;
  std::string members = "{";
  std::string texts = "[";
  for (std::size_t i = 0; i < most / 10; ++i) {
    members.append(i > 0 ? "," : "").append("\"").append(std::to_string(i)).append("\":1");
    texts.append(i > 0 ? "," : "").append("\"c").append(std::to_string(i)).append("\"");
  }
  return {repeated("[", most / 2) + repeated("]", most / 2),
          repeated("{\"a\":", most / 6) + "1" + repeated("}", most / 6),
          repeated("[{\"a\":", most / 7),
          "[" + repeated("1,", most / 2) + "1]",
          "[" + repeated("[],", most / 3) + "[]]",
          "[" + repeated("{\"a\":\"b\"},", most / 10) + "{}]",
          "{" + repeated("\"a\":1,", most / 6) + "\"a\":1}",
          members + "}",
          texts + "]",
          "\"" + std::string(most, 'x') + "\"",
          "\"" + repeated("\\u0001", most / 6) + "\"",
          "\"" + repeated("\xff", most) + "\"",
          std::string(most, '9'),
          "0." + std::string(most, '9') + "e-99999"};
}

/// Where in what the fuzzer of that name takes such a value may stand: in place of @.
std::vector<std::string> places_of(std::string_view name) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> places = {
      {"document",
       {R"({"config_name":"a","uuid":"b","tables":{"t":@},"columns":{"t":["a"]}})",
        R"({"config_name":"a","uuid":"b","tables":@,"columns":{}})", R"({"tables":{"t":[[@]]},"columns":{"t":["a"]}})",
        R"({"config_name":"a","uuid":"b","tables":{"t":[]},"columns":{"t":@}})", R"({"origin":@})", R"({"format":@})",
        R"({"config_name":@})", R"({"sealed":{"key":@}})"}},
      {"tables", {R"({"tables":{"mysql_servers":@},"columns":{"mysql_servers":["hostname"]}})"}},
      {"watch",
       {"[@]", R"([{"Key":@}])", R"([{"Key":"proxysql/mysql_users","ModifyIndex":@}])",
        R"([{"Key":"proxysql/mysql_users","ModifyIndex":1,"Value":@}])"}},
      {"settings",
       {R"({"_comment":@})", R"({"accept":@})", R"({"keep_local":@})", R"({"keep_local":{"t":{"columns":@}}})",
        R"({"keep_local":{"t":{"rows":@}}})", R"({"keep_local":{"t":{"rows":[{"a":@}]}}})", R"({"configurations":@})",
        R"({"configurations":[{"name":"a","words":"A","tables":@}]})", R"({"consul_port":@})", R"({"consul_token":@})",
        R"({"uuid_file":@})"}},
      {"records",
       {R"({"format":1,"published":true,"configurations":{},"seen":@})",
        R"({"format":1,"published":true,"configurations":{},"attempts":@})",
        R"({"format":1,"published":true,"configurations":{},"passed":@})",
        R"({"format":1,"published":true,"configurations":{},"start":@})",
        R"({"format":1,"published":true,"configurations":{},"more":@})",
        R"({"format":1,"published":true,"configurations":@})", R"({"format":@})",
        R"({"format":1,"host":"h","configurations":@})", R"({"format":1,"host":"h","configurations":{},"keys":@})",
        R"({"format":1,"host":@})", R"({"format":1,"host":"h","configurations":{},"more":@})", R"({"reason":@})"}},
      {"consul_answers", {R"({"Errors":@})", R"({"Results":[@]})", R"({"Config":@})", "[@]", R"([{"Node":@}])"}}};
  const auto found = places.find(name);
  auto all = found != places.end() ? found->second : std::vector<std::string>();
  all.emplace_back("@");
  return all;
}

TEST_P(Corpus, IsTakenAlsoWhereItIsHuge) {
  const auto& [name, run] = GetParam();
  const auto values = huge_values();
  for (const auto& place : places_of(name)) {
    for (std::size_t number = 0; number < values.size(); ++number) {
      SCOPED_TRACE(place + " with value " + std::to_string(number));
      const auto at = place.find('@');
      const auto input = place.substr(0, at) + values[number] + place.substr(at + 1);
      const Allocations allocations;
      EXPECT_NO_THROW(run(input));
      EXPECT_LE(allocations.peak(), 100 * input.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Corpus, ::testing::ValuesIn(fuzz_targets()),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(Corpora, AreThoseOfTheFuzzersAndSmall) {
  std::set<std::string> fuzzers;
  for (const auto& target : fuzz_targets()) fuzzers.emplace(target.name);
  std::set<std::string> directories;
  for (const auto& directory : files_of(corpora)) {
    directories.insert(directory.filename().string());
    for (const auto& file : files_of(directory)) EXPECT_LE(std::filesystem::file_size(file), 4096U) << file;
  }
  EXPECT_EQ(directories, fuzzers);
}

}  // namespace
}  // namespace proxysql_consul::testing
