// What is said of the packages, held against what packaging/ makes them of. packaging/check-install tries them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::IsSupersetOf;

std::string text_of(const std::string& name) { return read_file(std::string(PROJECT_SOURCE_PATH) + "/" + name); }

std::set<std::string> captures_in(const std::string& text, const char* pattern) {
  const std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

TEST(Packages, HaveAChangelogThatBeginsWithTheirVersion) {
  const auto versions = captures_in(text_of("CMakeLists.txt"), "^project\\(proxysql-consul VERSION ([0-9.]+) ");
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(text_of("packaging/changelog").find("proxysql-consul (" + *versions.begin() + "-1) "), 0U);
}

TEST(Packages, HaveWhatThePageSaysWhereItSays) {
  const auto said = captures_in(text_of("docs/install.md"), "^\\| `(/[a-z0-9./-]+[a-z0-9])/?`");
  EXPECT_GE(said.size(), 6U);
  auto placed = captures_in(text_of("packaging/deb.files"), "^\\S+ \\S+ \\.(/\\S*[^/\\s])/?$");
  placed.merge(captures_in(text_of("packaging/tmpfiles.conf"), "^d (\\S+) "));
  EXPECT_THAT(placed, IsSupersetOf(said));
}

}  // namespace
}  // namespace proxysql_consul::testing
