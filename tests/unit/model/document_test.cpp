#include "proxysql_consul/model/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/consul/blobs.h"
#include "support/error_of.h"
#include "support/process.h"

namespace proxysql_consul {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string testdata = std::string(PROJECT_SOURCE_PATH) + "/tests/testdata/";

std::string error_of(const std::string& text) {
  return testing::error_of(ExitCode::payload, [&] { parse_document(text); });
}

Document example() {
  return {
      .config_name = "mysql_users",
      .uuid = "aae13abd-bd00-4d4f-9bb1-2b3c4d5e6f70",
      .tables = {{.name = "mysql_users",
                  .columns = {"username", "password"},
                  .rows = {{"a", "b"}, {"", std::nullopt}, {"it's \"\\\n\t\x01\x7F", "\xF0\x9F\x90\xAC"}}},
                 {.name = "empty", .columns = {"x"}, .rows = {}}},
      .blob = {},
      .origin = {.host = "proxy-1", .proxysql_version = "2.7.2", .saved_at = "2026-11-22T18:00:00Z", .message = "why"}};
}

TEST(Document, ComesBackAsItWas) {
  const auto document = example();
  const auto again = parse_document(format_document(document));
  EXPECT_EQ(again.config_name, document.config_name);
  EXPECT_EQ(again.uuid, document.uuid);
  EXPECT_EQ(again.tables, document.tables);
  EXPECT_FALSE(again.blob);
  EXPECT_EQ(again.origin.host, "proxy-1");
  EXPECT_EQ(again.origin.proxysql_version, "2.7.2");
  EXPECT_EQ(again.origin.saved_at, "2026-11-22T18:00:00Z");
  EXPECT_EQ(again.origin.message, "why");
}

TEST(Document, HasTheTextThatOthersRead) {
  const Document document{.config_name = "mysql_servers",
                          .uuid = "u",
                          .tables = {{.name = "mysql_servers", .columns = {"a", "b"}, .rows = {{"0", std::nullopt}}}},
                          .blob = {},
                          .origin = {}};
  EXPECT_EQ(format_document(document),
            R"({"config_name":"mysql_servers","uuid":"u","tables":{"mysql_servers":[["0",null]]},)"
            R"("columns":{"mysql_servers":["a","b"]},"format":2,)"
            R"("source":"runtime","origin":{"host":"","by":"","proxysql_version":"","saved_at":"","message":""}})");
}

TEST(Document, KeepsNullAndEmptyApart) {
  const auto document = parse_document(R"({"config_name":"c","uuid":"u","tables":{"t":[[null,"","NULL","null"]]}})");
  EXPECT_EQ(document.tables[0].rows[0], (Row{std::nullopt, "", "NULL", "null"}));
}

TEST(Document, ReadsTheFormOf2016) {
  const auto document = parse_document(testing::read_file(testdata + "mysql_servers-2016.json"));
  EXPECT_EQ(document.config_name, "mysql_servers");
  EXPECT_EQ(document.uuid, "aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11");
  ASSERT_EQ(document.tables.size(), 2U);
  EXPECT_EQ(document.tables[0].name, "mysql_servers");
  EXPECT_TRUE(document.tables[0].columns.empty());
  EXPECT_EQ(document.tables[0].rows, (Rows{{"0", "10.0.0.1", "3306", "ONLINE", "1", "0", "1000", "0"},
                                           {"1", "10.0.0.2", "3306", "OFFLINE_SOFT", "10", "0", "500", "30"}}));
  EXPECT_EQ(document.tables[1].rows, (Rows{{"0", "1"}}));
  EXPECT_EQ(document.origin.host, "");
  EXPECT_EQ(describe_origin(document), "node aae13abd-0a3c-4c2e-9c25-1f0d6f4e8b11");
}

TEST(Document, SendsBytesThatAreNoUtf8AsBase64) {
  auto document = example();
  document.tables = {{.name = "t", .columns = {"a"}, .rows = {{"\xFF\xFE"}, {"\xC3"}, {"\xC3\xA9"}}}};
  const auto text = format_document(document);
  EXPECT_THAT(text, HasSubstr(R"([[{"base64":"//4="}],[{"base64":"ww=="}],["é"]])"));
  EXPECT_EQ(parse_document(text).tables, document.tables);
}

TEST(Document, ReplacesWhatIsNoUtf8InWordsForPeople) {
  auto document = example();
  document.origin.host = "h\xFF";
  EXPECT_EQ(parse_document(format_document(document)).origin.host, "h\xEF\xBF\xBD");
}

TEST(Document, RefusesNul) {
  const std::string nul = "document: table t holds a NUL byte, which ProxySQL cannot store";
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":{"t":[["a\u0000b"]]}})"), nul);
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":{"t":[[{"base64":"AA=="}]]}})"), nul);
}

TEST(Document, SaysWhatIsWrongWhereWithoutTheValue) {
  const std::string head = R"({"config_name":"c","uuid":"u",)";
  const std::string blob = head + R"("blob":)";
  const std::string hash = "\"sha256\":\"" + std::string(64, 'a') + "\"";
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "document: is no JSON"},
      {"{", "document: is no JSON"},
      {"{} x", "document: is no JSON"},
      {"\"\xFF\"", "document: is no JSON"},
      {"[]", "document: is no JSON object"},
      {"null", "document: is no JSON object"},
      {"{}", "document: \"config_name\" is missing"},
      {R"({"config_name":7})", "document: \"config_name\" is no string"},
      {R"({"config_name":"c"})", "document: \"uuid\" is missing"},
      {R"({"config_name":"c","uuid":null})", "document: \"uuid\" is no string"},
      {R"({"config_name":"c","uuid":"u"})", "document: \"tables\" is missing"},
      {head + R"("tables":[]})", "document: \"tables\" is no object"},
      {head + R"("tables":{"t":{}}})", "document: table t is no list of rows"},
      {head + R"("tables":{"t":[{}]}})", "document: table t holds a row that is no list"},
      {head + R"("tables":{"t":["secret"]}})", "document: table t holds a row that is no list"},
      {head + R"("tables":{"t":[[7]]}})", "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[[true]]}})", "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[[["secret"]]]}})", "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[[{"base64":"?"}]]}})",
       "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[[{"base64":7}]]}})", "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[[{"base64":"Zg==","x":1}]]}})",
       "document: table t holds a cell that is neither string nor null"},
      {head + R"("tables":{"t":[]},"columns":[]})", "document: \"columns\" is no object"},
      {head + R"("tables":{"t":[]},"columns":{}})", "document: table t has no entry in \"columns\""},
      {head + R"("tables":{"t":[]},"columns":{"t":[]}})", "document: columns of table t are no list of names"},
      {head + R"("tables":{"t":[]},"columns":{"t":"a"}})", "document: columns of table t are no list of names"},
      {head + R"("tables":{"t":[]},"columns":{"t":[1]}})", "document: columns of table t are no list of names"},
      {head + R"("tables":{"t":[]},"columns":{"t":["a","b","a"]}})", "document: columns of table t name a twice"},
      {head + R"("tables":{"t":[["1"]]},"columns":{"t":["a","b"]}})",
       "document: table t has a row of 1 cells for 2 columns"},
      {head + R"("tables":{"t":[["1","2","3"]]},"columns":{"t":["a","b"]}})",
       "document: table t has a row of 3 cells for 2 columns"},
      {head + R"("tables":{},"format":3})", "document: has a format that is newer than 2, the one known here"},
      {head + R"("tables":{},"format":18446744073709551615})",
       "document: has a format that is newer than 2, the one known here"},
      {head + R"("tables":{},"format":"2"})", "document: \"format\" is no count"},
      {head + R"("sealed":"x"})", "document: \"sealed\" is no object"},
      {head + R"("sealed":{}})", "document: \"data\" is missing"},
      {head + R"("sealed":{"data":"?"}})", "document: \"data\" is no base64"},
      {head + R"("sealed":{"data":"AAAA"}})", "document: \"key\" is missing"},
      {head + R"("sealed":{"key":"k","data":"AAAA"},"format":2})",
       "document: is sealed, and not as this program writes it: somebody has changed it"},
      {head + R"("format":2,"sealed":{"key":"k","data":"AAAA"}})", "document: is sealed"},
      {blob + "7}", "document: \"blob\" is no object"},
      {blob + "{}}", "document: \"sha256\" is missing"},
      {blob + "{" + hash + "}}", "document: \"bytes\" is missing"},
      {blob + "{" + hash + R"(,"bytes":-1}})", "document: \"bytes\" is no count"},
      {blob + "{" + hash + R"(,"bytes":1.5}})", "document: \"bytes\" is no count"},
      {blob + "{" + hash + R"(,"bytes":1}})", "document: \"parts\" is missing"},
      {blob + R"({"sha256":"../../x","bytes":1,"parts":1,"encoding":"gzip"}})",
       "document: \"sha256\" of the blob is no SHA-256"},
      {blob + "{" + hash + R"(,"bytes":1,"parts":1}})", "document: \"encoding\" is missing"},
      {blob + "{" + hash + R"(,"bytes":1,"parts":1,"encoding":"zstd"}})",
       "document: \"encoding\" of the blob is not gzip"},
      {blob + "{" + hash + R"(,"bytes":1,"parts":0,"encoding":"gzip"}})",
       "document: \"parts\" of the blob is out of range"},
      {blob + "{" + hash + R"(,"bytes":1,"parts":1000000000,"encoding":"gzip"}})",
       "document: \"parts\" of the blob is out of range"},
      {blob + "{" + hash + R"(,"bytes":268435457,"parts":1,"encoding":"gzip"}})",
       "document: its blob expands to 268435457 bytes, more than the limit of 268435456"},
  };
  for (const auto& [text, error] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(error_of(text), error);
  }
}

TEST(Document, QuotesNamesWithoutControlCharacters) {
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":{"t\u001b[31m\n":7}})"),
            "document: table t [31m  is no list of rows");
}

TEST(Document, PassesOverWhatItDoesNotKnow) {
  const auto document = parse_document(
      R"({"future":{"a":[1]},"config_name":"c","uuid":"u","tables":{},"columns":{"t":["a"]},"origin":{"host":7,"x":1}})");
  EXPECT_TRUE(document.tables.empty());
  EXPECT_EQ(document.origin.host, "");
  EXPECT_EQ(parse_document(R"({"config_name":"c","uuid":"u","tables":{},"origin":"?"})").origin.host, "");
}

/// The tables' rows, or why there are none.
std::string rows_of(const std::string& text) {
  try {
    return format_tables(parse_document(text).tables);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Document, TakesRowsOfPlainTextAsTheParserDoes) {
  const std::string text = R"({"config_name":"a","uuid":"b","tables":{"t":[["x",null],["",")"
                           "\xC3\xA9"
                           R"("],["\"",null],[null,"y"]]},)"
                           R"("columns":{"t":["p","q"]}})";
  const auto first = text.find("[[");
  const auto last = text.find("]]") + 2;
  // The parser alone reads a row that begins with a space.
  const auto spaced = [&](std::size_t at, const std::string& with, std::size_t instead_of) {
    std::string whole;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i == at) whole += with;
      if (i >= at && i < at + instead_of) continue;
      whole += text[i];
      if (text[i] == '[') whole += ' ';
    }
    return whole;
  };
  std::size_t read = 0;
  for (const std::string with : {"", "\"", "\\", "[", "]", "[]", ",", "],[", "null", "n", " ", "{", "}", "1", "a", "\n",
                                 "\x7F", "\xC3", "\xC3\xA9"}) {
    for (auto at = first; at < last; ++at) {
      for (const std::size_t instead_of : {0U, 1U, 4U}) {
        const auto damaged = text.substr(0, at) + with + text.substr(at + instead_of);
        const auto rows = rows_of(damaged);
        EXPECT_EQ(rows, rows_of(spaced(at, with, instead_of))) << damaged;
        if (rows.starts_with('{')) ++read;
      }
    }
  }
  EXPECT_GT(read, 100U) << "some damage is none";
  for (auto at = first; at < last; ++at) EXPECT_EQ(rows_of(text.substr(0, at)), "document: is no JSON");
}

TEST(Document, ReadsRowsOfMoreCellsThanAnyTableHas) {
  std::string cells = "\"0\"";
  for (int i = 1; i < 2500; ++i) cells += ",\"" + std::to_string(i) + "\"";
  const auto tables = parse_tables(R"({"tables":{"t":[["a"],[)" + cells + R"(],["b"]]}})");
  ASSERT_EQ(tables.at(0).rows.size(), 3U);
  EXPECT_EQ(tables[0].rows[1].size(), 2500U);
  EXPECT_EQ(tables[0].rows[1][2499], "2499");
}

TEST(Document, SurvivesDeepNesting) {
  EXPECT_EQ(error_of(std::string(300'000, '[')),
            "document: has more than 1000 members in one of its objects, or more than 100000 values beside its rows");
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":{"t":[[)" + std::string(300'000, '[') +
                     std::string(300'000, ']') + "]]}}"),
            "document: table t holds a cell that is neither string nor null");
}

TEST(Document, RefusesMoreMembersThanAnyDocumentHas) {
  const auto many = [](const std::string& value) {
    std::string members;
    for (int i = 0; i < 2000; ++i) members += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":" + value;
    return "{" + members + "}";
  };
  const std::string error =
      "document: has more than 1000 members in one of its objects, or more than 100000 values beside its rows";
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":)" + many("[]") + "}"), error);
  EXPECT_EQ(error_of(R"({"config_name":"c","uuid":"u","tables":{},"columns":)" + many("[\"a\"]") + "}"), error);
  EXPECT_EQ(error_of(many("1")), error);
}

TEST(Document, NamesItsBlobInPlaceOfTables) {
  auto document = example();
  document.blob = Blob{.sha256 = std::string(64, 'a'), .bytes = 5, .parts = 2};
  const auto text = format_document(document);
  EXPECT_THAT(text, HasSubstr(R"("blob":{"sha256":")" + std::string(64, 'a') +
                              R"(","bytes":5,"encoding":"gzip","parts":2},"format":2)"));
  EXPECT_THAT(text, Not(HasSubstr("tables")));
  const auto again = parse_document(text);
  ASSERT_TRUE(again.blob);
  EXPECT_EQ(again.blob->bytes, 5U);
  EXPECT_EQ(again.blob->parts, 2U);
  EXPECT_TRUE(again.tables.empty());
}

TEST(Document, SaysWhereItComesFrom) {
  auto document = example();
  EXPECT_EQ(describe_origin(document), "proxy-1 at 2026-11-22T18:00:00Z");
  document.origin.host = "h\n" + std::string(100, 'x');
  EXPECT_EQ(describe_origin(document), "h " + std::string(62, 'x') + "... at 2026-11-22T18:00:00Z");
  document.origin.host = "";
  EXPECT_EQ(describe_origin(document), "node aae13abd-bd00-4d4f-9bb1-2b3c4d5e6f70");
}

TEST(Blob, IsCutIntoPartsOfAtMostThatSize) {
  std::vector<Table> tables = {{.name = "t", .columns = {"a"}, .rows = {}}};
  for (int i = 0; i < 2000; ++i) tables[0].rows.push_back({std::to_string(i * 7919 % 10007)});
  const auto packed = pack_tables(format_tables(tables), 1000);
  EXPECT_GT(packed.parts.size(), 2U);
  EXPECT_EQ(packed.blob.parts, packed.parts.size());
  EXPECT_EQ(packed.blob.bytes, format_tables(tables).size());
  for (const auto& part : packed.parts) {
    EXPECT_LE(part.size(), 1000U);
    EXPECT_FALSE(part.empty());
  }
  EXPECT_EQ(pack_tables(format_tables(tables), 500).blob.sha256, packed.blob.sha256);
}

}  // namespace
}  // namespace proxysql_consul
