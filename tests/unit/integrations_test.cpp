// The pages under docs/integrations/: short, found from the README, and without a block that no test runs. And no page
// has a link that leads nowhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

const std::filesystem::path checkout = PROJECT_SOURCE_PATH;

std::vector<std::filesystem::path> pages() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(checkout / "docs/integrations")) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// What the tests of the pages name: "page#block".
std::set<std::string> blocks_in_tests() {
  std::set<std::string> names;
  const std::regex name("\"([a-z0-9-]+#[a-z0-9-]+)\"");
  for (const auto& entry : std::filesystem::directory_iterator(checkout / "tests/integration")) {
    if (!entry.path().filename().string().starts_with("pages_")) continue;
    const auto text = read_file(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) names.insert((*at)[1]);
  }
  return names;
}

TEST(IntegrationPages, HaveNoBlockThatIsRunByNoTest) {
  std::set<std::string> blocks;
  for (const auto& page : pages()) {
    SCOPED_TRACE(page);
    std::istringstream lines(read_file(page));
    bool is_inside = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("```")) {
        is_inside = !is_inside;
        std::smatch name;
        if (!is_inside) continue;
        ASSERT_TRUE(std::regex_match(line, name, std::regex("```[a-z]+ ([a-z0-9-]+)"))) << line << ": has no name";
        EXPECT_TRUE(blocks.insert(page.stem().string() + "#" + name[1].str()).second) << line << ": is there twice";
      } else {
        EXPECT_FALSE(!is_inside && line.starts_with("    ")) << line << ": a block without a name";
      }
    }
    EXPECT_FALSE(is_inside) << "a block that has no end";
  }
  EXPECT_GT(blocks.size(), 10U);
  EXPECT_EQ(blocks_in_tests(), blocks);
}

TEST(IntegrationPages, AreShortAndFoundFromTheReadme) {
  const auto readme = read_file(checkout / "README.md");
  for (const auto& page : pages()) {
    const auto text = read_file(page);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    EXPECT_GE(lines, 15) << page;
    EXPECT_LE(lines, 60) << page;
    EXPECT_NE(readme.find("(docs/integrations/" + page.filename().string() + ")"), std::string::npos) << page;
  }
}

/// The titles of a page as links name them.
std::set<std::string> anchors_in(const std::string& text) {
  std::set<std::string> anchors;
  const std::regex title("(?:^|\n)#+ ([^\n]+)|<a name=\"([^\"]+)\">");
  for (std::sregex_iterator at(text.begin(), text.end(), title), end; at != end; ++at) {
    if ((*at)[2].matched) {
      anchors.insert((*at)[2]);
      continue;
    }
    std::string anchor;
    for (const char c : (*at)[1].str()) {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isalnum(byte) != 0 || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(byte));
      if (c == ' ') anchor += '-';
    }
    anchors.insert(anchor);
  }
  return anchors;
}

/// Everything that people read.
std::vector<std::filesystem::path> all_pages() {
  std::vector<std::filesystem::path> found = {checkout / "tests/README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(checkout)) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(checkout / "docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

TEST(Pages, LinkToWhatIsThere) {
  const std::regex link("\\]\\(([^)#:]*)(?:#([^)]+))?\\)");
  for (const auto& page : all_pages()) {
    SCOPED_TRACE(page);
    const auto text = read_file(page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
      const auto target = (*at)[1].str().empty() ? page : page.parent_path() / (*at)[1].str();
      EXPECT_TRUE(std::filesystem::exists(target)) << at->str();
      if (!(*at)[2].matched) continue;
      EXPECT_TRUE(anchors_in(read_file(target)).contains((*at)[2])) << at->str();
    }
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
