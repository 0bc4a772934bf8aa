#include "proxysql_consul/base/columns.h"

#include <gtest/gtest.h>

#include <string>

namespace proxysql_consul::testing {
namespace {

Columns example() {
  return {.titles = {{"NAME"}, {"ROWS", true}, {"WHY"}},
          .rows = {{{"a"}, {"7"}, {"because"}}, {{"a longer one"}, {"12345"}, {""}}, {{"ü"}, {""}, {"so"}}}};
}

TEST(Columns, AreAlignedNumbersToTheRight) {
  EXPECT_EQ(format_columns(example(), std::nullopt),
            "NAME           ROWS  WHY\n"
            "a                 7  because\n"
            "a longer one  12345\n"
            "ü                    so\n");
}

TEST(Columns, AreCutToTheTerminal) {
  EXPECT_EQ(format_columns(example(), Terminal{.width = 24, .colours = false}),
            "NAME           ROWS  WHY\n"
            "a                 7  be…\n"
            "a longer one  12345\n"
            "ü                    so\n");
  EXPECT_EQ(format_columns(example(), Terminal{.width = 10, .colours = false}),
            "NAME\n"
            "a\n"
            "a longer …\n"
            "ü\n");
}

TEST(Columns, AreColouredOnATerminalThatShowsColours) {
  const Columns columns{.titles = {{"STATE"}, {"WHY"}}, .rows = {{{"ok", Colour::green}, {"x"}}}};
  EXPECT_EQ(format_columns(columns, Terminal{.width = 80, .colours = true}),
            "\x1b[2mSTATE\x1b[0m  \x1b[2mWHY\x1b[0m\n\x1b[32mok\x1b[0m     x\n");
  EXPECT_EQ(format_columns(columns, Terminal{.width = 80, .colours = false}), "STATE  WHY\nok     x\n");
  EXPECT_EQ(format_columns(columns, std::nullopt), "STATE  WHY\nok     x\n");
}

TEST(Columns, ShowNothingThatWouldSteerATerminal) {
  const Columns columns{.titles = {{"WHY"}}, .rows = {{{"a\x1b[2Jb\nc"}}}};
  const auto text = format_columns(columns, Terminal{.width = 80, .colours = false});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("b\nc"), std::string::npos);
}

TEST(Columns, CutsBetweenCharacters) {
  const struct {
    const char* text;
    std::size_t width;
    const char* expected;
  } cases[] = {{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äö…"},
               {"abc", 1, "…"},   {"abc", 0, ""},     {"", 0, ""}};
  for (const auto& [text, width, expected] : cases) EXPECT_EQ(cut(text, width), expected) << text << width;
}

}  // namespace
}  // namespace proxysql_consul::testing
