#include "proxysql_consul/model/version_id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace proxysql_consul {
namespace {

const std::string a_uuid = "aae13abd-64d3-4c8a-9f0b-0f6b54a7a5c2";

TEST(VersionId, ReadsWhatItWrites) {
  const VersionId ids[] = {
      {}, {.version = 812}, {.version = 812, .uuid = a_uuid}, {.version = 812, .uuid = a_uuid, .number = 12}};
  for (const auto& id : ids) {
    SCOPED_TRACE(to_string(id));
    EXPECT_EQ(parse_version_id(to_string(id)), id);
  }
  EXPECT_EQ(to_string(ids[3]), "812." + a_uuid + ".12");
}

TEST(VersionId, TakesNothingElse) {
  const std::vector<std::string> texts = {"",
                                          "-1",
                                          "x",
                                          "0812",
                                          "+8",
                                          "8.",
                                          "8." + a_uuid.substr(1),
                                          "8." + a_uuid + ".",
                                          "8." + a_uuid + ".1",
                                          "8." + a_uuid + ".02",
                                          "8." + a_uuid + "x",
                                          "8." + a_uuid + ".2.3",
                                          "." + a_uuid,
                                          "8.zae13abd-64d3-4c8a-9f0b-0f6b54a7a5c2",
                                          "99999999999999999999" + a_uuid};
  for (const auto& text : texts) {
    EXPECT_EQ(parse_version_id(text), std::nullopt) << text;
  }
}

TEST(VersionId, OrdersWhatWasOvertakenBeforeWhatOvertookIt) {
  const std::vector<std::string> sorted = {"9", "10." + a_uuid, "10." + a_uuid + ".2", "10." + a_uuid + ".10", "10",
                                           "11"};
  std::vector<VersionId> ids;
  for (const auto& text : sorted) ids.push_back(parse_version_id(text).value());
  std::reverse(ids.begin(), ids.end());
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(to_string(ids[i]), sorted[i]);
}

}  // namespace
}  // namespace proxysql_consul
