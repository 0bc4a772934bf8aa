#include "proxysql_consul/model/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace proxysql_consul {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

const Finding fine{.gravity = Gravity::ok, .check = "clock", .message = "right"};
const Finding odd{
    .gravity = Gravity::warning, .check = "coverage", .message = "something is left", .hint = "see to it"};
const Finding wrong{.gravity = Gravity::problem, .check = "token", .message = "is \"refused\"", .hint = "another"};

TEST(Findings, AreAsHeavyAsTheHeaviest) {
  EXPECT_EQ(worst_of(Findings{}), Gravity::ok);
  EXPECT_EQ(worst_of(Findings{fine}), Gravity::ok);
  EXPECT_EQ(worst_of(Findings{odd, fine}), Gravity::warning);
  EXPECT_EQ(worst_of(Findings{odd, wrong, fine}), Gravity::problem);
}

TEST(Findings, AreALineEachForPeople) {
  EXPECT_EQ(format_findings({fine, odd, wrong}),
            "ok       clock     right\n"
            "warning  coverage  something is left\n"
            "                   -> see to it\n"
            "problem  token     is \"refused\"\n"
            "                   -> another\n"
            "1 problem, 1 warning\n");
  EXPECT_EQ(format_findings({fine}), "ok       clock  right\nall 1 check passed\n");
  EXPECT_THAT(format_findings({odd, odd, wrong, wrong}), EndsWith("\n2 problems, 2 warnings\n"));
}

TEST(Findings, CarryNothingToATerminalButText) {
  const Finding forged{
      .gravity = Gravity::warning, .check = "clock", .message = "at 9999\x1b[2J\nok       token", .hint = "\x1b]0;x\a"};
  const auto is_text = [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= ' '; };
  for (const auto& text : {format_findings({forged}), format_health({forged})}) {
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), is_text)) << text;
    EXPECT_EQ(text.find("\nok "), std::string::npos) << text;
  }
}

TEST(Findings, AreOneObjectAsJson) {
  EXPECT_EQ(format_findings_json({fine, wrong}),
            R"({"format":1,"result":"problem","checks":[)"
            R"({"result":"ok","check":"clock","message":"right","hint":""},)"
            R"({"result":"problem","check":"token","message":"is \"refused\"","hint":"another"}]})"
            "\n");
  // A server's words may be anything.
  EXPECT_TRUE(
      nlohmann::json::accept(format_findings_json({{.gravity = Gravity::ok, .check = "x", .message = "\xff\x01"}})));
}

TEST(Findings, HaveAStableFirstLineForThoseWhoWatch) {
  EXPECT_EQ(format_health({fine}), "OK: all checks passed\n");
  EXPECT_EQ(format_health({fine, odd, odd}),
            "WARNING: coverage\n"
            "coverage: something is left (see to it)\n"
            "coverage: something is left (see to it)\n");
  EXPECT_EQ(format_health({odd, wrong, fine}),
            "CRITICAL: token; warnings: coverage\n"
            "coverage: something is left (see to it)\n"
            "token: is \"refused\" (another)\n");
  EXPECT_THAT(format_health({wrong}), StartsWith("CRITICAL: token\n"));
}

}  // namespace
}  // namespace proxysql_consul
