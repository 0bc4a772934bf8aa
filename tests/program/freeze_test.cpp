#include <gmock/gmock.h>

#include <string>

#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string freeze_key = "proxysql/freeze";

class FreezeCommand : public Run {
 protected:
  Ran freeze(NodeUnderTest& node, const std::string& why) { return node.run({"freeze", "--reason", why}); }
};

TEST_F(FreezeCommand, StopsEveryNodeAndThawLetsThemCatchUp) {
  save_from_a({"db1"});
  const auto ran = freeze(b, "moving the writer");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "frozen: moving the writer; nobody applies or saves until `proxysql-consul thaw`\n");
  EXPECT_EQ(consul.value_of(freeze_key),
            R"({"reason":"moving the writer","by":"","host":"host-b","at":"2027-01-15T08:00:01Z"})");
  const std::string words = "frozen by host-b since 2027-01-15T08:00:01Z: moving the writer";
  const auto updated = b.update();
  EXPECT_EQ(updated.status, 0);
  EXPECT_EQ(updated.out, "nothing to do: the cluster is " + words + " (`thaw` ends that)\n");
  EXPECT_THAT(b.servers(), IsEmpty());
  for (const Texts& refused : {Texts{"save", "mysql_servers"}, Texts{"pull"}}) {
    const auto again = a.run(refused);
    EXPECT_EQ(again.status, 8) << refused[0];
    EXPECT_THAT(again.err, ElementsAre(HasSubstr(words + " (`thaw` ends that; then ")));
  }
  const auto thawed = a.run({"thaw"});
  EXPECT_EQ(thawed.status, 0);
  EXPECT_EQ(thawed.out, "thawed: was " + words + "; every node with a `follow` or a watch catches up by itself\n");
  EXPECT_FALSE(consul.entries.contains(freeze_key));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(FreezeCommand, LeavesNothingBehindInAServerThatDoesNotAnswer) {
  consul.always = FakeConsul::Failure::late;
  EXPECT_EQ(freeze(a, "unheard").status, 5);
  consul.always.reset();
  consul.come_late();
  EXPECT_FALSE(consul.entries.contains(freeze_key));
}

TEST_F(FreezeCommand, IsRefusedToTheSecondAndSaysWhoWasFirst) {
  EXPECT_EQ(freeze(a, "first").status, 0);
  const auto before = consul.value_of(freeze_key);
  const auto ran = freeze(b, "second");
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, ElementsAre("error: the cluster is frozen by host-a since 2027-01-15T08:00:01Z: first (`thaw` "
                                   "ends that; it was not changed)"));
  EXPECT_EQ(consul.value_of(freeze_key), before);
}

TEST_F(FreezeCommand, IsRefusedToTheSecondWithTheSameWordsInTheSameSecond) {
  EXPECT_EQ(freeze(a, "x").status, 0);
  // Each run turns the clock by a second.
  a.clock.turn(std::chrono::seconds(-1));
  EXPECT_EQ(freeze(a, "x").status, 8);
}

TEST_F(FreezeCommand, SaysWhereNothingIsFrozen) {
  const auto ran = a.run({"thaw"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "nothing to do: the cluster is not frozen\n");
}

TEST_F(FreezeCommand, WantsAReason) {
  for (const Texts& words : {Texts{"freeze"}, Texts{"freeze", "--reason", ""}, Texts{"freeze", "--reason", " \t"}}) {
    const auto ran = a.run(words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, ElementsAre("error: freeze needs --reason TEXT (those who meet it will want to know why)"));
  }
  EXPECT_THAT(consul.log, IsEmpty());
}

TEST_F(FreezeCommand, KnowsItsOwnWriteThatNobodyAnswered) {
  a.configure(R"("retry_seconds":5)");
  consul.fail_on(1, FakeConsul::Failure::lost_answer);
  EXPECT_EQ(freeze(a, "x").status, 0);
  EXPECT_TRUE(consul.entries.contains(freeze_key));
  consul.fail_on(2, FakeConsul::Failure::lost_answer);
  const auto thawed = a.run({"thaw"});
  EXPECT_EQ(thawed.status, 0);
  EXPECT_THAT(thawed.out, HasSubstr("thawed: was frozen by host-a"));
  EXPECT_FALSE(consul.entries.contains(freeze_key));
}

TEST_F(FreezeCommand, TouchesNeitherProxySqlNorFiles) {
  a.is_away = true;
  a.engine.clear_log();
  EXPECT_EQ(freeze(a, "x").status, 0);
  EXPECT_EQ(a.run({"thaw"}).status, 0);
  EXPECT_THAT(a.opened, IsEmpty());
  EXPECT_THAT(read_file(a.uuid_file()), IsEmpty());
}

TEST_F(FreezeCommand, EndsWith5WhereConsulIsAway) {
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(freeze(a, "x").status, 5);
  EXPECT_EQ(a.run({"thaw"}).status, 5);
}

}  // namespace
}  // namespace proxysql_consul::testing
