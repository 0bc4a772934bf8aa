// What operators read must name what the program knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/node/settings.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

std::string project_file(const std::string& name) { return read_file(std::string(PROJECT_SOURCE_PATH) + "/" + name); }

/// The keys of the settings file, as the parser's table has them.
std::vector<std::string> setting_names() {
  const auto source = project_file("src/node/settings.cpp");
  const std::regex key("Key\\{\\s*\"([a-z][a-z_]+)\"");
  std::vector<std::string> names;
  for (std::sregex_iterator at(source.begin(), source.end(), key), end; at != end; ++at) names.push_back((*at)[1]);
  return names;
}

TEST(Docs, DefaultFileIsValidAndDescribesEverySetting) {
  const auto text = project_file("etc/proxysql-consul.cnf");
  const auto settings = parse_settings(text, "etc/proxysql-consul.cnf");
  EXPECT_EQ(settings.uuid_file, Settings().uuid_file);
  EXPECT_EQ(settings.admin.port, Settings().admin.port);
  EXPECT_EQ(settings.consul.port, Settings().consul.port);
  const auto described = nlohmann::json::parse(text).at("_comment");
  const auto names = setting_names();
  ASSERT_GT(names.size(), 30U);
  for (const auto& name : names) {
    EXPECT_TRUE(described.contains(name)) << "\"_comment\" in etc/proxysql-consul.cnf says nothing of " << name;
  }
  EXPECT_EQ(described.size(), names.size());
}

void expect_named(const std::string& page, const std::string& name) {
  EXPECT_TRUE(project_file(page).find("`" + name + "`") != std::string::npos) << page << " lacks `" << name << "`";
}

TEST(Docs, PagesNameEverySettingAndConfiguration) {
  for (const auto& name : setting_names()) expect_named("docs/settings.md", name);
  for (const auto& name : configuration_names()) expect_named("docs/what-travels.md", name);
}

TEST(Docs, ReadmeIsShort) {
  const auto readme = project_file("README.md");
  EXPECT_LE(std::count(readme.begin(), readme.end(), '\n'), 150);
}

TEST(Docs, VersionIsTheSameEverywhere) {
  const auto first = [](const std::string& name, const std::string& pattern) {
    const auto text = project_file(name);
    std::smatch found;
    return std::regex_search(text, found, std::regex(pattern)) ? found[1].str() : "none in " + name;
  };
  const auto version = first("CMakeLists.txt", R"(project\(\S+ VERSION (\S+))");
  EXPECT_EQ(first("CHANGELOG.md", R"(\n## (\d\S*),)"), version);
  EXPECT_EQ(first("packaging/changelog", R"(^\S+ \(([^-]+)-)"), version);
}

/// What the page on JSON says of that command.
std::string json_section(const std::string& command) {
  const auto page = project_file("docs/json.md");
  const auto begin = page.find("\n## " + command + "\n");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

TEST(Docs, JsonPageDescribesEveryOutput) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PROJECT_SOURCE_PATH "/tests/testdata/golden")) {
    if (entry.path().extension() != ".json") continue;
    ++count;
    SCOPED_TRACE(entry.path().string());
    // A file is named after its command, and may say behind a hyphen what it is about.
    const auto stem = entry.path().stem().string();
    const auto section = json_section(stem.substr(0, stem.find('-')));
    EXPECT_NE(section, "");
    const auto output = nlohmann::ordered_json::parse(read_file(entry.path()));
    EXPECT_EQ(output.begin().key(), "format");
    for (const auto& member : output.items()) {
      const auto row = "\n| `" + member.key();
      const bool is_there =
          section.find(row + "` |") != std::string::npos || section.find(row + "[]` |") != std::string::npos;
      EXPECT_TRUE(is_there) << member.key();
    }
  }
  EXPECT_GT(count, 0U);
}

/// As "Suite.Name".
std::set<std::string> names_of_tests() {
  const std::regex test(R"(\nTEST(_F|_P)?\((\w+),\s*(\w+)\))");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PROJECT_SOURCE_PATH "/tests")) {
    if (entry.path().extension() != ".cpp") continue;
    const auto source = read_file(entry.path());
    for (std::sregex_iterator at(source.begin(), source.end(), test), end; at != end; ++at) {
      names.insert((*at)[2].str() + "." + (*at)[3].str());
    }
  }
  return names;
}

TEST(Docs, PromisesAreShownByTestsThatThereAre) {
  const auto page = project_file("docs/reliability.md");
  const auto tests = names_of_tests();
  const std::regex name("`([A-Z]\\w+\\.[A-Z]\\w+)`");
  std::size_t count = 0;
  for (const auto& text : {page, project_file("docs/hacking.md")}) {
    for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at, ++count) {
      EXPECT_TRUE(tests.contains((*at)[1])) << (*at)[1];
    }
  }
  EXPECT_GT(count, 40U);
  // Each promise of the tables has one.
  const std::regex row("\n\\|[^\n]*\\|(?=\n)");
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) {
    const auto line = at->str();
    if (line.find("|---|") != std::string::npos || line.find("| what happens |") != std::string::npos) continue;
    EXPECT_TRUE(std::regex_search(line, name)) << line;
  }
}

TEST(Docs, HackingNamesEveryFileOfEveryRoom) {
  const auto hacking = project_file("docs/hacking.md");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PROJECT_SOURCE_PATH "/src")) {
    const auto name = entry.path().stem().string();
    if (!entry.is_regular_file() || name == "run" || name == "main") continue;
    // A file each, named like the command.
    if (entry.path().parent_path().filename() == "commands") continue;
    EXPECT_NE(hacking.find("`" + name + "`"), std::string::npos) << entry.path() << " is not on the map";
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
