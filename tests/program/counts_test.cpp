// What a run asks of ProxySQL and of Consul, counted: more than this is slower on every machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Counts : public Run {
 protected:
  void SetUp() override {
    a.execute({"INSERT INTO mysql_query_rules(rule_id,active,match_digest) VALUES (1,1,'a'),(2,1,'b')",
               "LOAD MYSQL QUERY RULES TO RUNTIME"});
    // What was loaded in this very second tells nothing of starts.
    for (auto* node : {&a, &b}) node->clock.turn(std::chrono::seconds(10));
    EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
    EXPECT_EQ(b.run({"pull", "mysql_query_rules"}).status, 0);
    forget();
  }

  void forget() {
    consul.log.clear();
    for (auto* node : {&a, &b}) {
      node->engine.clear_log();
      node->opened.clear();
    }
  }

  void change_a_rule() {
    a.execute({"UPDATE mysql_query_rules SET match_digest='x' WHERE rule_id=2", "LOAD MYSQL QUERY RULES TO RUNTIME"});
    forget();
  }

  /// The tables that were read whole or compared, in their order; a cluster's query as "loaded TABLE".
  static Texts reads(NodeUnderTest& node) {
    Texts found;
    for (const auto& statement : node.engine.log()) {
      const auto from = statement.find(" FROM ");
      if (from == std::string::npos || statement.find("mysql_query_rules") == std::string::npos) continue;
      const bool is_of_counts = statement.starts_with("SELECT COUNT(") ||
                                statement.starts_with("SELECT (SELECT COUNT(") ||
                                statement.starts_with("SELECT total_changes()");
      const bool is_of_one_row = statement.find(" WHERE (`rule_id`=") != std::string::npos;
      if (statement.starts_with("PRAGMA") || is_of_counts || is_of_one_row) continue;
      const auto table = statement.substr(from + 6, statement.find(' ', from + 6) - from - 6);
      if (table.find("fast_routing") != std::string::npos) continue;
      found.push_back((statement.starts_with("PROXY_SELECT") ? "loaded " : "") + table);
    }
    return found;
  }
};

TEST_F(Counts, OfASaveForSchedulersThatFindsNothing) {
  ASSERT_EQ(a.run({"save", "--if-current", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(reads(a), IsEmpty());
  EXPECT_LE(a.engine.log().size(), 4U) << ::testing::PrintToString(a.engine.log());
  EXPECT_EQ(a.opened.size(), 1U);
  EXPECT_THAT(consul.log, ElementsAre("GET " + rules_key));
}

TEST_F(Counts, OfAPullThatFindsNothing) {
  ASSERT_EQ(b.run({"pull", "mysql_query_rules"}).status, 0);
  EXPECT_EQ(b.engine.log().size(), 1U) << ::testing::PrintToString(b.engine.log());
  EXPECT_EQ(b.opened.size(), 1U);
  EXPECT_THAT(consul.log, ElementsAre("LIST " + prefix));
}

TEST_F(Counts, OfASaveOfOneChange) {
  change_a_rule();
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(reads(a), ElementsAre("loaded runtime_mysql_query_rules", "mysql_query_rules"));
  EXPECT_EQ(a.opened.size(), 1U);
}

TEST_F(Counts, OfAPullOfOneChange) {
  change_a_rule();
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  forget();
  ASSERT_EQ(b.run({"pull", "mysql_query_rules"}).status, 0);
  // What is there, and what the LOAD made of it. That memory holds what was written, the server's counts tell.
  EXPECT_THAT(reads(b),
              ElementsAre("loaded runtime_mysql_query_rules", "mysql_query_rules", "loaded runtime_mysql_query_rules"));
  EXPECT_THAT(b.writes(), ElementsAre("REPLACE", "LOAD", "SAVE"));
  EXPECT_LE(b.engine.log().size(), 30U);
  EXPECT_EQ(b.opened.size(), 1U);
}

}  // namespace
}  // namespace proxysql_consul::testing
