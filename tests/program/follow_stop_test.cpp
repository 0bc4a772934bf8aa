// How the resident process ends while Consul accepts what it is asked and never answers, on a clock that the test
// turns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "program/follow_fixture.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;

/// Consul falls silent at one of B's calls while B applies "theirs" and then publishes "mine", and B is told to stop a
/// moment later.
class FollowAndASilentConsul : public FollowAndPublish {
 protected:
  /// False where B made fewer calls.
  bool stop_in_silence(std::size_t n, FakeConsul::Failure silence) {
    save_from_a({"theirs"});
    std::size_t left = n;
    std::optional<std::chrono::steady_clock::time_point> silent_at;
    std::optional<std::chrono::steady_clock::time_point> told_at;
    consul.on_call = [&](const std::string&) {
      if (left == 0 || --left > 0) return;
      consul.always = silence;
      silent_at = b.clock.steady();
    };
    observe = [&] {
      if (silent_at && b.clock.steady() - *silent_at >= milliseconds(300)) b.clock.is_stopping = true;
      if (b.clock.is_stopping && !told_at) told_at = b.clock.steady();
    };
    ran = follow({{seconds(5), [&] { b.set_servers({"mine"}); }}}, seconds(20));
    took = std::chrono::duration_cast<milliseconds>(b.clock.steady() - told_at.value_or(b.clock.steady()));
    consul.on_call = {};
    consul.always.reset();
    observe = {};
    return silent_at.has_value();
  }

  /// All that is there of them is one of the two, and the next follow ends with both nodes equal.
  void expect_nothing_lost(bool was_loaded) {
    const auto state = b.state();
    const auto* known = state.find("mysql_servers");
    ASSERT_NE(known, nullptr);
    EXPECT_FALSE(known->applying);
    EXPECT_NE(known->outcome, Outcome::failed);
    EXPECT_LE(known->version, consul.entries.at(servers_key).modify_index) << "a version that nobody confirmed";
    EXPECT_EQ(follow({}, seconds(100)).status, 0);
    EXPECT_EQ(b.state().find("mysql_servers")->version, consul.entries.at(servers_key).modify_index);
    EXPECT_THAT(consul.value_of(servers_key), HasSubstr("\"" + b.servers().at(0) + "\""));
    EXPECT_TRUE(!was_loaded || is_kept("mine"));
  }

  Ran ran{};
  milliseconds took{};
};

TEST_F(FollowAndASilentConsul, EndsAtOnceAndLosesNothingWhateverItAsked) {
  for (const auto silence : {FakeConsul::Failure::silent, FakeConsul::Failure::silent_after}) {
    std::size_t calls = 1;
    for (; stop_in_silence(calls, silence); ++calls) {
      SCOPED_TRACE(::testing::Message() << "call " << calls << " " << static_cast<int>(silence) << ": "
                                        << ::testing::PrintToString(ran.err) << consul.log.back());
      EXPECT_EQ(ran.status, 0);
      EXPECT_THAT(took, Le(milliseconds(1300)));
      // The last words alone go unheard.
      EXPECT_THAT(ran.err, Each(::testing::AnyOf(HasSubstr("warning: this node's record for the others"),
                                                 HasSubstr("was overtaken by version"))));
      expect_nothing_lost(b.servers().at(0) == "mine");
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GE(calls, 10U) << "those of a whole delivery and a publishing";
  }
}

TEST_F(FollowAndASilentConsul, CompletesWhatItIsWriting) {
  save_from_a({"theirs"});
  b.engine.on_statement([&](std::string_view statement) {
    if (!statement.starts_with("REPLACE")) return;
    consul.always = FakeConsul::Failure::silent;
    b.clock.is_stopping = true;
  });
  const auto begun = b.clock.steady();
  const auto ended = follow({}, seconds(100));
  b.engine.on_statement({});
  EXPECT_EQ(ended.status, 0);
  EXPECT_LE(b.clock.steady() - begun, seconds(4));
  EXPECT_THAT(b.servers(), ::testing::ElementsAre("theirs"));
  EXPECT_EQ(b.state().find("mysql_servers")->version, consul.entries.at(servers_key).modify_index);
  EXPECT_FALSE(b.state().find("mysql_servers")->applying);
}

}  // namespace
}  // namespace proxysql_consul::testing
