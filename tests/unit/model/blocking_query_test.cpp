#include "proxysql_consul/model/blocking_query.h"

#include <gtest/gtest.h>

namespace proxysql_consul {
namespace {

TEST(BlockingQuery, DoesNotWaitAtFirstAndThenBeyondTheLastAnswer) {
  BlockingQuery query;
  EXPECT_EQ(query.index(), 0U);
  EXPECT_TRUE(query.answered(17));
  EXPECT_EQ(query.index(), 17U);
  EXPECT_FALSE(query.answered(17)) << "an answer is no proof of a change";
  EXPECT_EQ(query.index(), 0U);
  EXPECT_FALSE(query.answered(17));
  EXPECT_EQ(query.index(), 17U);
  EXPECT_TRUE(query.answered(18));
  EXPECT_EQ(query.index(), 18U);
}

TEST(BlockingQuery, WaitsForNothingOfAnotherHistory) {
  BlockingQuery query;
  query.answered(900);
  EXPECT_TRUE(query.answered(12)) << "a snapshot was restored";
  EXPECT_EQ(query.index(), 0U) << "the next one is not to wait for index 900";
  EXPECT_FALSE(query.answered(12));
  EXPECT_EQ(query.index(), 12U);
}

TEST(BlockingQuery, SeesASnapshotThatWasRestoredWhileItWaited) {
  BlockingQuery query;
  query.answered(900);
  EXPECT_FALSE(query.answered(900)) << "what Consul answers in that moment is of before";
  EXPECT_EQ(query.index(), 0U) << "beyond 900 it could wait for long";
  EXPECT_TRUE(query.answered(12));
}

TEST(BlockingQuery, NeverWaitsBeyondZeroWhichWouldNotBeWaiting) {
  BlockingQuery query;
  EXPECT_FALSE(query.answered(0));
  EXPECT_EQ(query.index(), 1U);
}

TEST(BlockingQuery, AsksAtOnceWhereThatIsWanted) {
  BlockingQuery query;
  query.answered(5);
  query.ask_at_once();
  EXPECT_EQ(query.index(), 0U);
  EXPECT_FALSE(query.answered(5)) << "that is nothing new all the same";
}

}  // namespace
}  // namespace proxysql_consul
