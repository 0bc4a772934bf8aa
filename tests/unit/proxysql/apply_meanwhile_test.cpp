// What others do to the memory tables while a document is applied: none of it is taken for the document's, and none of
// it goes live unseen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "standin/standin_session.h"
#include "unit/proxysql/apply_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::HasSubstr;

/// A session beside which somebody does something, once, after a statement that begins so.
class DisturbedSession : public AdminSession {
 public:
  DisturbedSession(StandinEngine& engine, std::string after, std::string edit)
      : engine_(engine), session_(engine), after_(std::move(after)), edit_(std::move(edit)) {}

  void stream(std::string_view statement, RowSink& sink) override {
    session_.stream(statement, sink);
    if (edit_.empty() || !statement.starts_with(after_)) return;
    execute(engine_, {edit_});
    edit_.clear();
  }

  bool has_disturbed() const { return edit_.empty(); }

 private:
  StandinEngine& engine_;
  StandinSession session_;
  std::string after_;
  std::string edit_;
};

const Texts three_rules = {
    "INSERT INTO mysql_query_rules(rule_id,active,match_digest) VALUES (1,1,'a'),(2,1,'b'),(3,1,'c')"};
const Texts one_changed = {
    "INSERT INTO mysql_query_rules(rule_id,active,match_digest) VALUES (1,1,'a'),(2,1,'x'),(3,1,'c')"};
const std::string load_rules = "LOAD MYSQL QUERY RULES TO RUNTIME";
const std::string all_rules = "SELECT * FROM mysql_query_rules ORDER BY rule_id";
const std::string runtime_rules = "SELECT * FROM runtime_mysql_query_rules ORDER BY rule_id";

TEST(ApplyMeanwhile, SeesWhatWasWrittenIntoAColumnThatNoRowUses) {
  for (const auto* edit : {"UPDATE mysql_query_rules SET comment='mine' WHERE rule_id=3",
                           "UPDATE mysql_query_rules SET timeout=7 WHERE rule_id=3",
                           "UPDATE mysql_query_rules SET match_digest='mine' WHERE rule_id=3",
                           "INSERT INTO mysql_query_rules(rule_id,active) VALUES (9,1)",
                           "DELETE FROM mysql_query_rules WHERE rule_id=1"}) {
    SCOPED_TRACE(edit);
    StandinEngine engine(StandinVersion::v2_7);
    start_with(engine, three_rules, load_rules);
    const auto runtime = rows(engine, runtime_rules);
    DisturbedSession session(engine, "REPLACE", edit);
    const auto tables = document(StandinVersion::v2_7, "mysql_query_rules", one_changed);
    const auto error = error_of([&] { apply_to(session, "mysql_query_rules", tables); }, ExitCode::proxysql);
    EXPECT_TRUE(session.has_disturbed());
    EXPECT_THAT(error, HasSubstr("memory does not hold what was written"));
    EXPECT_EQ(rows(engine, runtime_rules), runtime);
  }
}

TEST(ApplyMeanwhile, WritesOverWhatStoodInAColumnThatNoRowUses) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, three_rules, load_rules);
  execute(engine, {"UPDATE mysql_query_rules SET comment='mine', timeout=7 WHERE rule_id=3"});
  auto tables = document(StandinVersion::v2_7, "mysql_query_rules", one_changed);
  EXPECT_TRUE(apply_to(engine, "mysql_query_rules", tables).loaded);
  EXPECT_EQ(rows(engine, all_rules), table_in(tables, "mysql_query_rules").rows);
  EXPECT_EQ(rows(engine, runtime_rules), table_in(tables, "mysql_query_rules").rows);
}

TEST(ApplyMeanwhile, NoticesThatAnotherUniqueKeyTookAnUnchangedRow) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(3,4)"},
             load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", {});
  auto& hostgroups = table_in(tables, "mysql_replication_hostgroups");
  // No server of this version could have made it: both rows have the same readers.
  hostgroups.rows = {{"1", "2", "read_only", ""}, {"3", "2", "read_only", ""}};
  const auto before = rows(engine, "SELECT * FROM mysql_replication_hostgroups");
  const auto error = error_of([&] { apply_to(engine, "mysql_servers", tables); }, ExitCode::proxysql);
  EXPECT_THAT(error, HasSubstr("row writer_hostgroup=1: is missing"));
  EXPECT_THAT(error, HasSubstr("the memory tables are as before"));
  EXPECT_EQ(rows(engine, "SELECT * FROM mysql_replication_hostgroups"), before);
  EXPECT_EQ(rows(engine, "SELECT * FROM runtime_mysql_replication_hostgroups"), before);
}

}  // namespace
}  // namespace proxysql_consul::testing
