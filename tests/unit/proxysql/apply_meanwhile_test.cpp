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

/// Rows of a table with a second key: REPLACE takes a row that a DELETE then no longer finds, and SQLite counts
/// neither.
TEST(ApplyMeanwhile, SeesAForeignUpdateBesideAReplaceThatTookTheRowToBeDeleted) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine,
             {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(3,4),(5,6)"},
             load_servers);
  const auto tables =
      document(StandinVersion::v2_7, "mysql_servers",
               {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,4),(5,6)"});
  const auto before = rows(engine, "SELECT * FROM runtime_mysql_replication_hostgroups ORDER BY 1");
  DisturbedSession session(engine, "REPLACE",
                           "UPDATE mysql_replication_hostgroups SET comment='mine' WHERE writer_hostgroup=5");
  const auto error = error_of([&] { apply_to(session, "mysql_servers", tables); }, ExitCode::proxysql);
  EXPECT_TRUE(session.has_disturbed());
  EXPECT_THAT(error, HasSubstr("memory does not hold what was written"));
  EXPECT_EQ(rows(engine, "SELECT * FROM runtime_mysql_replication_hostgroups ORDER BY 1"), before);
}

TEST(ApplyMeanwhile, SeesAForeignReplaceThatTookTheRowToBeDeleted) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine,
             {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(3,4),(5,6)",
              "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a')"},
             load_servers);
  const auto tables =
      document(StandinVersion::v2_7, "mysql_servers",
               {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2),(5,6)",
                "INSERT INTO mysql_servers(hostgroup_id,hostname,weight) VALUES (1,'a',2)"});
  const auto before = rows(engine, "SELECT * FROM runtime_mysql_replication_hostgroups ORDER BY 1");
  DisturbedSession session(engine, "REPLACE",
                           "REPLACE INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,4)");
  const auto error = error_of([&] { apply_to(session, "mysql_servers", tables); }, ExitCode::proxysql);
  EXPECT_TRUE(session.has_disturbed());
  EXPECT_THAT(error, HasSubstr("memory does not hold what was written"));
  EXPECT_EQ(rows(engine, "SELECT * FROM runtime_mysql_replication_hostgroups ORDER BY 1"), before);
}

TEST(ApplyMeanwhile, SeesAForeignAccountBesideDoubledRowsThatBecomeOne) {
  for (const auto version : {StandinVersion::v2_7, StandinVersion::v1_1}) {
    SCOPED_TRACE(name_of(version));
    StandinEngine engine(version);
    start_with(engine,
               {"INSERT INTO mysql_users(username,password,frontend,backend) VALUES "
                "('u','p',1,0),('u','p',0,1),('v','q',1,1)"},
               "LOAD MYSQL USERS TO RUNTIME");
    const auto tables = document(version, "mysql_users",
                                 {"INSERT INTO mysql_users(username,password,frontend,backend) VALUES "
                                  "('u','p2',1,1),('v','q',1,1)"});
    DisturbedSession session(engine, "REPLACE", "UPDATE mysql_users SET password='stolen' WHERE username='v'");
    Applied applied;
    const auto error = error_of([&] { applied = apply_to(session, "mysql_users", tables); }, ExitCode::proxysql);
    EXPECT_TRUE(session.has_disturbed());
    EXPECT_THAT(error, HasSubstr("memory does not hold what was written"));
    EXPECT_FALSE(applied.loaded);
  }
}

TEST(ApplyMeanwhile, CallsNothingSavedWhereOthersWriteAsManyRowsBesideAFullDisk) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(2,'b')"}, load_servers);
  execute(engine, {"SAVE MYSQL SERVERS TO DISK", "SELECT * FROM runtime_mysql_servers", "STANDIN DISK FULL"});
  const auto tables = document(StandinVersion::v2_7, "mysql_servers",
                               {"INSERT INTO mysql_servers(hostgroup_id,hostname,weight) VALUES (1,'a',7),(2,'b',7)"});
  // Of the real 2.7.2, one SELECT of runtime_mysql_servers counts just as many: it deletes and inserts what memory
  // holds.
  DisturbedSession session(engine, "SAVE", "INSERT INTO mysql_query_rules(rule_id) VALUES (1),(2),(3),(4)");
  const auto applied = apply_to(session, "mysql_servers", tables);
  EXPECT_TRUE(session.has_disturbed());
  EXPECT_EQ(rows(engine, "SELECT weight FROM disk.mysql_servers LIMIT 1").at(0)[0].value_or(""), "1");
  EXPECT_TRUE(applied.outcome == Outcome::failed) << "called saved; the disk has the old rows";
}

}  // namespace
}  // namespace proxysql_consul::testing
