// save --wait, and waiting for a freeze and its end: what is said meanwhile, and when it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Wait : public Run {
 protected:
  Wait() {
    save_from_a({"db1"});
    EXPECT_EQ(b.update().status, 0);
    a.set_servers({"db1", "db2"});
  }

  /// Calls that when A has begun to wait, once.
  void meanwhile(std::function<void()> then) {
    consul.on_call = [this, then = std::move(then)](const std::string& call) {
      if (!call.starts_with("WAIT")) return;
      const auto now = then;
      consul.on_call = nullptr;
      now();
    };
  }

  std::uint64_t version() const { return consul.entries.at(servers_key).modify_index; }
  std::string target() const { return "mysql_servers version " + std::to_string(version()); }
};

TEST_F(Wait, EndsWhenEveryLiveNodeHasTheVersion) {
  meanwhile([&] { EXPECT_EQ(b.update().status, 0); });
  const auto ran = a.run({"save", "mysql_servers", "--wait"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(ran.out, HasSubstr("\n" + target() + ": host-a has it (1 of 2)\n" + target() +
                                 ": host-b has it (2 of 2)\n" + target() + ": all 2 live nodes: each has it\n"));
}

TEST_F(Wait, WaitsAlsoForWhatWasSavedBefore) {
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  const auto ran = a.run({"save", "mysql_servers", "--wait=1"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.out, HasSubstr("unchanged"));
}

TEST_F(Wait, NamesWhoIsMissingAndWhyWhenTheTimeIsOver) {
  const auto before = version();
  const auto began = a.clock.steady();
  const auto ran = a.run({"save", "mysql_servers", "--wait=5"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_LE(a.clock.steady() - began, std::chrono::seconds(8));
  EXPECT_THAT(ran.err, ElementsAre("error: " + target() +
                                   ": not everywhere after 5 s; 1 of 2 live nodes: each has it; "
                                   "host-b: behind, mysql_servers: has version " +
                                   std::to_string(before) + " instead of " + std::to_string(version()) +
                                   "; no `follow` runs there: does its agent's watch?"
                                   " (`proxysql-consul status --watch` shows how it goes on)"));
}

TEST_F(Wait, TellsOfAFailureOnceAndAtTheEnd) {
  meanwhile([&] {
    b.is_away = true;
    EXPECT_EQ(b.update().status, 4);
  });
  const auto ran = a.run({"save", "mysql_servers", "--wait=5"});
  EXPECT_EQ(ran.status, 7);
  const auto line = target() + ": host-b: failed, mysql_servers: ";
  const auto at = ran.out.find(line);
  EXPECT_NE(at, std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find(line, at + 1), std::string::npos) << "once: " << ran.out;
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("host-b: failed, mysql_servers: ")));
}

TEST_F(Wait, NoticesThatAnotherVersionWasSaved) {
  meanwhile([&] {
    EXPECT_EQ(b.update().status, 0);
    b.set_servers({"db9"});
    EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  });
  const auto ran = a.run({"save", "mysql_servers", "--wait"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr(": superseded by version " + std::to_string(version()) + " of host-b")));
}

TEST_F(Wait, IsNotForNodesThatDoNotAcceptIt) {
  b.configure(R"("accept":["mysql_users"])");
  meanwhile([&] { EXPECT_EQ(b.update().status, 0); });
  const auto ran = a.run({"save", "mysql_servers", "--wait"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr(": the one live node has it\n"));
}

TEST_F(Wait, IsNotForNodesWhoseAgentIsGone) {
  consul.agents["agent-of-host-b"] = false;
  EXPECT_EQ(a.run({"save", "mysql_servers", "--wait"}).status, 0);
}

TEST_F(Wait, HoldsNoLock) {
  meanwhile([&] {
    EXPECT_EQ(b.update().status, 0);
    EXPECT_EQ(a.update().status, 0) << "another run on the same node";
  });
  EXPECT_EQ(a.run({"save", "mysql_servers", "--wait"}).status, 0);
}

TEST_F(Wait, DrawsABarOnATerminal) {
  a.terminal_width = 60;
  meanwhile([&] { EXPECT_EQ(b.update().status, 0); });
  const auto ran = a.run({"save", "mysql_servers", "--wait"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\r\x1b[K[##########..........] 1 of 2 nodes, not host-b\r"),
                             HasSubstr("\r\x1b[K[####################] 2 of 2 nodes\r\x1b[K" + target()),
                             Not(HasSubstr("host-a has it"))));
}

TEST_F(Wait, SaysWhereNobodyHasToldAnything) {
  for (const auto& key : consul.keys_under(meta + "node/")) consul.entries.erase(key);
  consul.denied = {meta + "node/"};
  const auto ran = a.run({"save", "mysql_servers", "--wait=2"});
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err.back(), HasSubstr("not everywhere after 2 s; no live node has told anything"));
}

TEST_F(Wait, TakesSecondsOrNone) {
  for (const std::string word : {"--wait=0", "--wait=-1", "--wait=soon", "--wait=", "--wait=86401"}) {
    SCOPED_TRACE(word);
    const auto ran = a.run({"save", "mysql_servers", word});
    EXPECT_EQ(ran.status, 2);
  }
  const auto ran = a.run({"save", "--wait", "5"});
  EXPECT_EQ(ran.status, 2) << "5 is a name";
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("5")));
  EXPECT_EQ(a.run({"save", "mysql_servers", "--wait", "--dry-run"}).status, 2);
}

TEST_F(Wait, WaitsForARollback) {
  ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  meanwhile([&] { EXPECT_EQ(b.update().status, 0); });
  const auto ran = a.run({"rollback", "mysql_servers", "-1", "--wait"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr(target() + ": all 2 live nodes: each has it\n"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_EQ(a.run({"rollback", "mysql_servers", "-1", "--wait=1"}).status, 7) << "B looks away";
  EXPECT_EQ(a.run({"rollback", "mysql_servers", "-1", "--wait", "--dry-run"}).status, 2);
}

TEST_F(Wait, WaitsForAFreezeAndItsEnd) {
  const auto both_see_it = [&] {
    for (auto* node : {&a, &b}) EXPECT_EQ(node->update().status, 0);
  };
  meanwhile(both_see_it);
  const auto frozen = b.run({"freeze", "--reason", "x", "--wait"});
  EXPECT_EQ(frozen.status, 0) << ::testing::PrintToString(frozen.err);
  EXPECT_THAT(frozen.out, HasSubstr("all 2 live nodes"));
  EXPECT_EQ(b.run({"freeze", "--reason", "x", "--wait"}).status, 8) << "nothing is waited for";
  const auto alone = b.run({"thaw", "--wait=1"});
  EXPECT_EQ(alone.status, 7);
  EXPECT_THAT(
      alone.err,
      ElementsAre(HasSubstr("host-a: has not seen the thaw yet; no `follow` runs there: does its agent's watch?")));
  EXPECT_EQ(a.run({"freeze", "--reason", "y"}).status, 0);
  meanwhile(both_see_it);
  EXPECT_EQ(b.run({"thaw", "--wait"}).status, 0);
}

TEST_F(Wait, OutlastsAConsulThatIsAwayForAWhile) {
  int calls = 0;
  consul.on_call = [&](const std::string& call) {
    if (!call.starts_with("WAIT")) return;
    consul.on_call = [&](const std::string&) {
      if (++calls == 10) consul.always.reset();
    };
    consul.always = FakeConsul::Failure::away;
  };
  const auto ran = a.run({"save", "mysql_servers", "--wait=60"});
  consul.on_call = nullptr;
  EXPECT_EQ(ran.status, 7);
  EXPECT_THAT(ran.err.back(), AllOf(HasSubstr("not everywhere after 60 s"), HasSubstr("host-b: behind")));
}

}  // namespace
}  // namespace proxysql_consul::testing
