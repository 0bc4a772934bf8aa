#include "proxysql_consul/model/freeze.h"

#include <gtest/gtest.h>

namespace proxysql_consul {
namespace {

TEST(Freeze, ReadsWhatItWrote) {
  const Freeze freeze{.reason = "ü \"x\"\n", .by = "alice", .host = "proxy-1", .at = "2026-11-22T18:00:00Z"};
  const auto read = parse_freeze(format_freeze(freeze));
  EXPECT_EQ(read.reason, freeze.reason);
  EXPECT_EQ(read.by, freeze.by);
  EXPECT_EQ(read.host, freeze.host);
  EXPECT_EQ(read.at, freeze.at);
}

TEST(Freeze, TakesAnyOtherTextForAReason) {
  for (const auto* text : {"", "black friday", "[1]", "7", "{\"why\":\"x\"}", "{\"reason\":"}) {
    EXPECT_EQ(parse_freeze(text).reason, text);
    EXPECT_EQ(parse_freeze(text).by, "");
  }
}

TEST(Freeze, SaysWhoSinceWhenAndWhy) {
  const struct {
    const char* text;
    const char* words;
  } cases[] = {
      {R"({"reason":"r","by":"alice","host":"proxy-1","at":"T"})", "the cluster is frozen by alice@proxy-1 since T: r"},
      {R"({"reason":"r","host":"proxy-1"})", "the cluster is frozen by proxy-1: r"},
      {R"({"reason":"r","by":"alice"})", "the cluster is frozen by alice: r"},
      {R"({"reason":7,"by":[]})", "the cluster is frozen: "},
      {"by hand", "the cluster is frozen: by hand"},
  };
  for (const auto& [text, words] : cases) EXPECT_EQ(describe(parse_freeze(text)), words);
}

}  // namespace
}  // namespace proxysql_consul
