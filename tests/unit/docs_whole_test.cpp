// The pages for operators name all that the program has, and nothing that it has not.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/commands/commands.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using Names = std::set<std::string>;

std::string source_of(const std::string& name) { return read_file(std::string(PROJECT_SOURCE_PATH) + "/" + name); }

/// What the pattern's group catches, wherever it matches.
Names caught_in(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

/// Fails for what one of the two has and the other has not: what `where` says, and what there is.
void expect_the_same(const Names& documented, const Names& there, const std::string& where) {
  for (const auto& name : there) EXPECT_TRUE(documented.contains(name)) << where << " lacks `" << name << "`";
  for (const auto& name : documented) {
    EXPECT_TRUE(there.contains(name)) << where << " names `" << name << "`, which there is not";
  }
}

/// The lines of a text that are rows of tables, each as its first cell and the rest.
std::vector<std::pair<std::string, std::string>> rows_in(const std::string& text) {
  const std::regex row(R"(\n\| (`[^|]*) \|([^\n]*))");
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) {
    rows.emplace_back((*at)[1], (*at)[2]);
  }
  return rows;
}

TEST(DocsAreWhole, SettingsAreThoseOfTheDefaultFile) {
  Names settings;
  const auto defaults = nlohmann::json::parse(source_of("etc/proxysql-consul.cnf"));
  for (const auto& setting : defaults.at("_comment").items()) settings.insert(setting.key());
  Names documented;
  for (const auto& [cell, rest] : rows_in(source_of("docs/settings.md"))) {
    documented.merge(caught_in(cell, "`([a-z][a-z_]*)`"));
  }
  expect_the_same(documented, settings, "a table of docs/settings.md");
}

TEST(DocsAreWhole, OptionsAreThoseOfTheCommands) {
  Names options = {"--help", "--version"};
  const auto add = [&](const std::vector<Option>& some) {
    for (const auto& option : some) options.insert("--" + std::string(option.name));
  };
  add(global_options());
  for (const auto& command : commands()) add(command.options);
  auto documented = caught_in(source_of("docs/commands.md"), "(--[a-z][a-z-]*)");
  // These two are every program's.
  documented.insert({"--help", "--version"});
  expect_the_same(documented, options, "docs/commands.md");
}

TEST(DocsAreWhole, CommandsAreThoseThatThereAre) {
  Names names = {"help"};
  for (const auto& command : commands()) {
    for (const auto name : command.names) names.emplace(name);
  }
  const auto page = source_of("docs/commands.md");
  const auto table = page.substr(0, page.find("| exit | meaning |"));
  Names documented;
  for (const auto& [cell, rest] : rows_in(table)) documented.merge(caught_in(cell, "`([a-z][a-z-]*)[ `]"));
  // Named beside `save`, which it is.
  documented.merge(caught_in(page, "`(put)[ `]"));
  expect_the_same(documented, names, "the table of docs/commands.md");
}

TEST(DocsAreWhole, ExitStatusesAreThoseOfTheProgram) {
  const auto statuses = caught_in(source_of("include/proxysql_consul/base/error.h"), R"(\n  [a-z]+ = (\d+),)");
  EXPECT_EQ(statuses.size(), 9U);
  EXPECT_EQ(caught_in(source_of("docs/commands.md"), R"(\n\| (\d+) \|)"), statuses);
  for (const auto& command : commands()) {
    SCOPED_TRACE(command.names.front());
    const auto told = caught_in("\n" + command.exits, R"(\n *(\d+) )");
    EXPECT_FALSE(told.empty());
    for (const auto& status : told) EXPECT_TRUE(statuses.contains(status)) << status;
  }
}

TEST(DocsAreWhole, MetricsAreThoseThatAreWritten) {
  const auto written = caught_in(source_of("tests/testdata/golden/metrics.prom"), "# TYPE (proxysql_consul_[a-z_]+) ");
  EXPECT_GT(written.size(), 10U);
  EXPECT_EQ(caught_in(source_of("docs/metrics.md"), R"(\n\| `(proxysql_consul_[a-z_]+)` \| (?:gauge|counter))"),
            written);
  for (const auto* name : {"etc/prometheus-alerts.yml", "etc/grafana-dashboard.json"}) {
    for (const auto& metric : caught_in(source_of(name), R"((proxysql_consul_[a-z_]+))")) {
      EXPECT_TRUE(written.contains(metric)) << metric << " in " << name;
    }
  }
}

TEST(DocsAreWhole, ChecksAreThoseThatAreMade) {
  const auto page = source_of("docs/json.md");
  const std::regex naming(R"re(\bcheck = "([a-z_]+)")re");
  std::size_t count = 0;
  for (const auto* name : {"check.cpp", "check_consul.cpp", "check_proxysql.cpp", "../model/held.cpp"}) {
    const auto source = source_of("src/node/" + std::string(name));
    for (std::sregex_iterator found(source.begin(), source.end(), naming); found != std::sregex_iterator(); ++found) {
      ++count;
      EXPECT_NE(page.find("`" + (*found)[1].str() + "`"), std::string::npos) << (*found)[1];
    }
  }
  EXPECT_GT(count, 20U);
}

/// The fields of a table of docs/json.md, as "versions[].rows", with what the page says of each. A name that begins
/// with a dot stands beside the one before it.
std::map<std::string, std::string> fields_in(const std::string& section) {
  std::map<std::string, std::string> fields;
  const std::regex name("`([^`]+)`");
  for (const auto& [cell, rest] : rows_in(section)) {
    std::string parent;
    for (std::sregex_iterator at(cell.begin(), cell.end(), name), end; at != end; ++at) {
      auto path = (*at)[1].str();
      if (path.starts_with(".")) path.insert(0, parent);
      parent = path.substr(0, path.rfind('.'));
      fields[path] = rest;
    }
  }
  return fields;
}

void add_fields(const nlohmann::ordered_json& value, const std::string& path, Names& fields) {
  if (value.is_array()) {
    for (const auto& element : value) add_fields(element, path + "[]", fields);
  }
  if (!value.is_object()) return;
  for (const auto& member : value.items()) {
    const auto name = (path.empty() ? "" : path + ".") + member.key();
    fields.insert(name);
    add_fields(member.value(), name, fields);
  }
}

/// What a field is part of: "a[].b" of "a[].b[].c".
std::string parent_of(const std::string& field) {
  const auto parent = field.substr(0, field.rfind('.'));
  return parent.ends_with("[]") ? parent.substr(0, parent.size() - 2) : parent;
}

TEST(DocsAreWhole, JsonFieldsAreThoseThatAreWritten) {
  const auto page = source_of("docs/json.md");
  for (const std::string command : {"check", "diff", "history", "status"}) {
    SCOPED_TRACE(command);
    const auto begin = page.find("\n## " + command + "\n");
    ASSERT_NE(begin, std::string::npos);
    const auto documented = fields_in(page.substr(begin, page.find("\n## ", begin + 1) - begin));
    Names written;
    add_fields(nlohmann::ordered_json::parse(source_of("tests/testdata/golden/" + command + ".json")), "", written);
    for (const auto& [field, meaning] : documented)
      EXPECT_TRUE(written.contains(field)) << field << " is never written";
    for (const auto& field : written) {
      const auto next = documented.lower_bound(field);
      // Said itself, or by what is in it.
      if (next != documented.end() && next->first.starts_with(field)) continue;
      // Said in the row of what it is part of, by its name or as what stands there for any column.
      auto parent = parent_of(field);
      while (!documented.contains(parent) && parent.find('.') != std::string::npos) parent = parent_of(parent);
      ASSERT_TRUE(documented.contains(parent)) << field;
      const auto& meaning = documented.at(parent);
      const auto is_said = meaning.find("`" + field.substr(field.rfind('.') + 1) + "`") != std::string::npos ||
                           meaning.find("column to") != std::string::npos;
      EXPECT_TRUE(is_said) << field << " is not documented";
    }
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
