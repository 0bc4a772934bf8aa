#include "proxysql_consul/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace proxysql_consul::testing {
namespace {

TEST(Clock, ReadsTheTimesThatItWrites) {
  for (const std::string text : {"2026-11-22T18:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), text);
  }
  for (const std::string text : {"", "2026-11-22", "2026-11-22T18:00:00", "2026-11-22T18:00:00Z ",
                                 "2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "yesterday"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Clock, TellsAnAgeInItsLargestUnit) {
  const struct {
    long seconds;
    const char* text;
  } cases[] = {{-5, "now"},   {0, "now"},   {1, "1s"},      {59, "59s"},   {60, "1m"},
               {3599, "59m"}, {3600, "1h"}, {86399, "23h"}, {86400, "1d"}, {86400 * 400L, "400d"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(format_age(std::chrono::seconds(seconds)), text) << seconds;
}

}  // namespace
}  // namespace proxysql_consul::testing
