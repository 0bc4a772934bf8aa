#include "proxysql_consul/base/patience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>

#include "proxysql_consul/base/log.h"
#include "support/fake_clock.h"

namespace proxysql_consul {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using testing::FakeClock;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PatienceTest : public ::testing::Test {
 protected:
  /// Tries what is always unavailable, and gives how often.
  int tries_of(std::chrono::seconds limit, std::uint64_t seed) {
    Patience patience(clock, *log, limit, seed);
    int tries = 0;
    const auto attempt = [&] {
      ++tries;
      throw Unavailable(ExitCode::consul, "away");
    };
    EXPECT_THROW(patience.retry(attempt), Unavailable);
    return tries;
  }

  std::ostringstream out;
  std::shared_ptr<spdlog::logger> log = make_logger(out, spdlog::level::info, LogFormat::text);
  FakeClock clock;
};

TEST_F(PatienceTest, EndsExactlyAtItsLimit) {
  tries_of(7s, 1);
  EXPECT_EQ(std::accumulate(clock.pauses.begin(), clock.pauses.end(), 0ms), 7s);
  EXPECT_THAT(out.str(), EndsWith("warning: away; trying again for up to 7 s\n")) << "said once";
}

TEST_F(PatienceTest, TriesOnceWithoutATime) {
  EXPECT_EQ(tries_of(0s, 1), 1);
  EXPECT_THAT(clock.pauses, IsEmpty());
  EXPECT_EQ(out.str(), "");
}

TEST_F(PatienceTest, PausesByItsSeed) {
  tries_of(30s, 1);
  const auto first = clock.pauses;
  clock.pauses.clear();
  tries_of(30s, 1);
  EXPECT_EQ(clock.pauses, first);
  clock.pauses.clear();
  tries_of(30s, 2);
  EXPECT_NE(clock.pauses, first);
}

TEST_F(PatienceTest, EndsWhenTheProgramIsToStop) {
  clock.on_pause = [this] { clock.is_stopping = clock.pauses.size() == 2; };
  EXPECT_EQ(tries_of(60s, 1), 2);
  EXPECT_THAT(clock.pauses, SizeIs(2));
}

TEST_F(PatienceTest, GivesTheFirstResultAndRetriesNothingElse) {
  Patience patience(clock, *log, 60s, 1);
  int tries = 0;
  EXPECT_EQ(patience.retry([&] {
    if (++tries < 4) throw Unavailable(ExitCode::proxysql, "away");
    return tries;
  }),
            4);
  EXPECT_THROW(patience.retry([] { throw Error(ExitCode::proxysql, "refused"); }), Error);
  EXPECT_THAT(clock.pauses, SizeIs(3));
}

TEST(RateLimit, LetsABurstHappenAtOnceAndThenOneInEachInterval) {
  const std::chrono::milliseconds interval{100};
  RateLimit limit(interval, 2);
  const std::chrono::steady_clock::time_point begin(std::chrono::hours(1));
  EXPECT_EQ(limit.take(begin).count(), 0);
  EXPECT_EQ(limit.take(begin).count(), 0);
  EXPECT_EQ(limit.take(begin).count(), 100);
  EXPECT_EQ(limit.take(begin + 3 * interval).count(), 0);
  EXPECT_EQ(limit.take(begin + 3 * interval).count(), 0);
  EXPECT_EQ(limit.take(begin + 3 * interval).count(), 100);
}

TEST(Backoff, DoublesItsPausesUpToTheLongest) {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(100), milliseconds(500), 1);
  for (const int longest : {100, 200, 400, 500, 500}) {
    const auto pause = backoff.next();
    EXPECT_LE(pause, milliseconds(longest));
    EXPECT_GE(pause, milliseconds(longest / 2));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(100));
}

}  // namespace
}  // namespace proxysql_consul
