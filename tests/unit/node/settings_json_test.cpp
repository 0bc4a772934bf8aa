#include "proxysql_consul/node/settings_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxysql_consul/base/error.h"
#include "support/error_of.h"

namespace proxysql_consul {
namespace {

/// What parsing `text` throws: message, and hint in brackets if there is one.
std::string error_of(const std::string& text) {
  return testing::error_of(ExitCode::settings, [&] { parse_settings_json(text, "f"); });
}

TEST(SettingsJson, SaysWhereAndWhatWasExpected) {
  const std::string comments = " (JSON has no comments; a key _comment is for remarks)";
  const struct {
    std::string text;
    std::string place_and_error;
  } cases[] = {
      {"{\n \"a\": 1,\n}", "line 3, column 1: expected a key in double quotes (no comma may stand before })"},
      {"{\"a\": [1,\n 2, ]}", "line 2, column 5: expected a value (no comma may stand before ])"},
      {"{\n  \"a\": 1 // port\n}", "line 2, column 10: expected ',' or '}'" + comments},
      {"// settings\n{}", "line 1, column 1: expected '{'" + comments},
      {"# settings\n{}", "line 1, column 1: expected '{'" + comments},
      {"{ /* x */ }", "line 1, column 3: expected a key in double quotes or '}'" + comments},
      {"{\"a\": 1, # x\n}", "line 1, column 10: expected a key in double quotes" + comments},
      {"{'a': 1}", "line 1, column 2: expected a key in double quotes or '}' (JSON has double quotes only)"},
      {"{\"a\": 'x'}", "line 1, column 7: expected a value (JSON has double quotes only)"},
      {"{\n\"a\":\n}", "line 3, column 1: expected a value"},
      {"{\"a\" 1}", "line 1, column 6: expected ':'"},
      {"{\"a\"= 1}", "line 1, column 5: expected ':'"},
      {"{\"a\": 1\n \"b\": 2}", "line 2, column 2: expected ',' or '}'"},
      {"{\"a\": [1 2]}", "line 1, column 10: expected ',' or ']'"},
      {"{\"a\": [1}", "line 1, column 9: expected ',' or ']'"},
      {"{\"a\": [}", "line 1, column 8: expected a value or ']'"},
      {"{\"a\": True}", "line 1, column 7: expected a value"},
      {"{\"a\": 08}", "line 1, column 7: expected a value"},
      {"{\"a\": +1}", "line 1, column 7: expected a value"},
      {"{\"a\": 1.}", "line 1, column 7: expected a value"},
      {"{\"a\": 1e}", "line 1, column 7: expected a value"},
      {"{\"a\": -}", "line 1, column 7: expected a value"},
      {"{a: 1}", "line 1, column 2: expected a key in double quotes or '}'"},
      {"{,}", "line 1, column 2: expected a key in double quotes or '}'"},
      {"{\"a\": 1,, \"b\": 2}", "line 1, column 9: expected a key in double quotes"},
      {"{} {}", "line 1, column 4: expected nothing more"},
      {"{}}", "line 1, column 3: expected nothing more"},
      {"{", "line 1, column 2: expected a key in double quotes or '}'; the text ends there"},
      {"{\"a\": 1\n", "line 2, column 1: expected ',' or '}'; the text ends there"},
      {"{\"a\":", "line 1, column 6: expected a value; the text ends there"},
      {"{\"a", "line 1, column 4: expected a closing '\"'; the text ends there"},
      {"{\"a\": \"b,\n\"c\": 1}",
       "line 1, column 10: expected a closing '\"', or \\n and the like for control characters"},
      {"{\"a\": \"\\x41\"}", "line 1, column 8: expected an escape such as \\\\, \\n or \\u00e9"},
      {"{\"a\": \"C:\\\\x\\u12\"}", "line 1, column 13: expected an escape such as \\\\, \\n or \\u00e9"},
      {"{\"a\": \"\xFF\"}", "line 1, column 7: expected a string in UTF-8"},
      {"{\"\xC3\xA4\xE2\x82\xAC\": x}", "line 1, column 8: expected a value"},
      {"\xEF\xBB\xBF{x", "line 1, column 2: expected a key in double quotes or '}'"},
      {std::string("{\0}", 3), "line 1, column 2: expected a key in double quotes or '}'"},
      {"datadir=\"/var/lib/proxysql\"", "line 1, column 1: expected '{'"},
      {"{\"a\": 1e999}", "holds a number that is too large, or half a surrogate pair"},
      {"{\"a\": \"\\ud800\"}", "holds a number that is too large, or half a surrogate pair"},
  };
  for (const auto& [text, place_and_error] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(error_of(text), "f: is no JSON: " + place_and_error);
  }
  for (const char* text : {"", " ", "\n\t\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"}) {
    EXPECT_EQ(error_of(text), "f: is empty: expected a JSON object, {} at least");
  }
}

TEST(SettingsJson, TakesWhatIsJson) {
  const auto json = parse_settings_json(
      "\xEF\xBB\xBF { \"a\" : [ -0.5e+3 , [ ] , { } , null ] ,\r\n\t\"b\" : \"\\u00e4\\\"\" } ", "f");
  EXPECT_EQ(json.dump(), "{\"a\":[-500.0,[],{},null],\"b\":\"\xC3\xA4\\\"\"}");
}

TEST(SettingsJson, SurvivesDepthAndLength) {
  const std::string deep(200'000, '[');
  EXPECT_EQ(error_of("{\"a\": " + deep),
            "f: is no JSON: line 1, column 200007: expected a value or ']'; the text ends there");
  EXPECT_EQ(error_of("{\"a\": " + deep + std::string(200'000, ']') + ",}"),
            "f: is no JSON: line 1, column 400008: expected a key in double quotes (no comma may stand before })");
}

TEST(SettingsJson, FindsAFaultWhereverATextIsCut) {
  const std::string text = R"({"a":[1,-2.5e3,{"b":"\u00e4\\x"}],"c":true,"d":null})";
  EXPECT_EQ(error_of(text), "nothing was thrown");
  for (std::size_t length = 1; length < text.size(); ++length) {
    const auto error = error_of(text.substr(0, length));
    EXPECT_EQ(error.find("f: is no JSON: line 1, column "), 0U) << length << ": " << error;
  }
}

}  // namespace
}  // namespace proxysql_consul
