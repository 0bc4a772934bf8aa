// apply() where statements fail: a memory that is put back, and every single statement failing in turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/apply.h"
#include "standin/standin_engine.h"
#include "standin/standin_session.h"
#include "support/effort.h"
#include "support/sorted.h"
#include "unit/proxysql/apply_fixture.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ApplyFailing, PutsMemoryBackWhereAUniqueColumnCannotHoldTheDocument) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)"},
             load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", {});
  table_in(tables, "mysql_replication_hostgroups").rows = {{"5", "9", "read_only", ""}, {"6", "9", "read_only", ""}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", tables); }, ExitCode::proxysql),
            "proxysql: memory does not hold what was written: table mysql_replication_hostgroups, row "
            "writer_hostgroup=5: is missing; runtime is untouched, the memory tables are as before");
  for (const std::string prefix : {"", "runtime_"}) {
    EXPECT_EQ(rows(engine, "SELECT writer_hostgroup FROM " + prefix + "mysql_replication_hostgroups"), (Rows{{"1"}}));
  }
}

TEST(ApplyFailing, PutsAllTablesBackWhereTheLastCannotBeWritten) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  auto tables = document(StandinVersion::v2_7, "mysql_servers", other_servers);
  auto& attributes = table_in(tables, "mysql_hostgroup_attributes");
  attributes.columns = {"hostgroup_id", "servers_defaults"};
  attributes.rows = {{"1", "no JSON"}};
  EXPECT_EQ(error_of([&] { apply_to(engine, "mysql_servers", tables); }, ExitCode::proxysql),
            "ProxySQL Admin Error: CHECK constraint failed: JSON_VALID(servers_defaults) OR servers_defaults = ''; "
            "runtime is untouched, the memory tables are as before");
  for (const std::string prefix : {"", "runtime_"}) {
    EXPECT_EQ(rows(engine, "SELECT hostname FROM " + prefix + "mysql_servers ORDER BY 1"), (Rows{{"a"}, {"b"}}));
  }
}

TEST(ApplyFailing, SeesThatAnotherSessionWroteInBetween) {
  StandinEngine engine(StandinVersion::v2_7);
  start_with(engine, two_servers, load_servers);
  engine.on_statement([&](std::string_view statement) {
    if (statement.starts_with("DELETE")) engine.execute("UPDATE mysql_servers SET weight=9 WHERE hostname='c'");
  });
  EXPECT_THAT(
      error_of(
          [&] { apply_to(engine, "mysql_servers", document(StandinVersion::v2_7, "mysql_servers", other_servers)); },
          ExitCode::proxysql),
      StartsWith("proxysql: memory does not hold what was written: table mysql_servers, row hostgroup_id=3, "
                 "hostname=c, port=3306: has another weight;"));
  engine.on_statement({});
  EXPECT_EQ(rows(engine, "SELECT hostname FROM runtime_mysql_servers ORDER BY 1"), (Rows{{"a"}, {"b"}}));
}

/// A change that takes several statements, so that a mixture is possible at every point.
struct Change {
  std::string configuration;
  Texts before;
  Texts wanted;
};

std::string many(const std::string& head, int from, int to, const std::string& tail) {
  std::string sql = head;
  for (int i = from; i < to; ++i) sql += (i > from ? ",('" : "('") + std::to_string(i) + "'" + tail + ")";
  return sql;
}

std::vector<Change> changes() {
  const std::string servers = "INSERT INTO mysql_servers(hostname,hostgroup_id,weight) VALUES ";
  const std::string groups = "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES ";
  const std::string rules = "INSERT INTO mysql_query_rules(rule_id,active,match_pattern,replace_pattern) VALUES ";
  const std::string users = "INSERT INTO mysql_users(username,password,frontend,backend) VALUES ";
  const std::string set = "UPDATE global_variables SET variable_value=";
  return {
      // Over 800 rows go: three DELETEs.
      {"mysql_servers",
       {many(servers, 0, 850, ",0,1"), groups + "(1,11),(2,12),(3,13)"},
       {many(servers, 845, 855, ",0,7"), groups + "(1,12),(2,11),(4,14)"}},
      {"mysql_query_rules",
       {many(rules, 1, 40, ",1,'a',NULL"), rules + "(600,0,'','')"},
       {many(rules, 30, 50, ",1,'b',''"), rules + "(601,0,NULL,NULL)"}},
      {"mysql_users",
       {many(users, 0, 30, ",'old',1,1"), users + "('u','old',1,0),('u','older',0,1)"},
       {many(users, 25, 35, ",'new',1,1"), users + "('u','new',1,1)"}},
      {"mysql_variables",
       {set + "'50' WHERE variable_name='mysql-max_connections'"},
       {set + "'60' WHERE variable_name='mysql-max_connections'",
        set + "'x' WHERE variable_name='mysql-default_schema'",
        set + "'false' WHERE variable_name='mysql-monitor_enabled'"}},
  };
}

/// The tables of a configuration, of one layer, as they are.
std::vector<Rows> snapshot(StandinEngine& engine, const std::string& configuration, const std::string& layer) {
  std::vector<Rows> all;
  for (const auto& table : find_configuration(configuration)->tables) {
    auto prefix = layer;
    const auto known = engine.execute("SELECT name FROM sqlite_master WHERE name='" + std::string(table) + "'");
    if (known.rows.empty()) continue;
    if (layer == "runtime_") {
      const auto shown =
          engine.execute("SELECT name FROM sqlite_master WHERE name='runtime_" + std::string(table) + "'");
      // Where 1.1 shows no runtime table, the stand-in keeps one all the same.
      if (shown.rows.empty()) prefix = "hidden.hidden_";
    }
    const auto where = table == "global_variables" ? " WHERE variable_name LIKE 'mysql-%'" : "";
    all.push_back(sorted(rows(engine, "SELECT * FROM " + prefix + std::string(table) + where)));
  }
  return all;
}

/// What a node was, and what it is to become.
struct Goal {
  Goal(StandinVersion of_version, const Change& change)
      : version(of_version),
        configuration(change.configuration),
        setup(change.before),
        tables(document(version, configuration, change.wanted)) {
    load = "LOAD " + std::string(find_configuration(configuration)->words) + " TO RUNTIME";
    StandinEngine before(version);
    start_with(before, change.before, load);
    memory_before = snapshot(before, configuration, "");
    runtime_before = snapshot(before, configuration, "runtime_");
    StandinEngine wanted(version);
    start_with(wanted, change.wanted, load);
    memory_wanted = snapshot(wanted, configuration, "");
    runtime_wanted = snapshot(wanted, configuration, "runtime_");
  }

  StandinVersion version;
  std::string configuration;
  Texts setup;
  std::vector<Table> tables;
  std::string load;
  std::vector<Rows> memory_before, memory_wanted, runtime_before, runtime_wanted;
};

/// A node on its way there.
struct Trial : Goal {
  explicit Trial(const Goal& goal) : Goal(goal), engine(version) { start_with(engine, setup, load); }

  void expect_runtime_is_no_mixture() {
    const auto runtime = snapshot(engine, configuration, "runtime_");
    EXPECT_TRUE(runtime == runtime_before || runtime == runtime_wanted) << "runtime is a mixture";
  }

  void expect_memory_is_no_mixture() {
    const auto memory = snapshot(engine, configuration, "");
    EXPECT_TRUE(memory == memory_before || memory == memory_wanted) << "memory is a mixture";
  }

  void expect_that_a_second_run_completes() {
    engine.execute("STANDIN CLEAR");
    StandinSession session(engine);
    ApplyOptions options;
    options.circumstances.interrupted = true;  // as the state says after the first
    const auto applied = apply_to(session, configuration, tables, options);
    EXPECT_EQ(applied.outcome, Outcome::applied);
    EXPECT_THAT(applied.warnings, IsEmpty());
    EXPECT_TRUE(snapshot(engine, configuration, "") == memory_wanted);
    EXPECT_TRUE(snapshot(engine, configuration, "runtime_") == runtime_wanted);
    EXPECT_TRUE(snapshot(engine, configuration, "disk.") == memory_wanted);
  }

  StandinEngine engine;
};

/// Runs `once(trial, n)` for n = 1, 2, ... on new nodes, for every change and version, until it says that statement n
/// was not reached.
void for_each_statement(const std::function<bool(Trial&, std::size_t)>& once) {
  for (const auto version : both_versions) {
    for (const auto& change : changes()) {
      const Goal goal(version, change);
      std::size_t n = 1;
      for (bool reached = true; reached; n += stride) {
        SCOPED_TRACE(std::string(name_of(version)) + ", " + change.configuration + ", statement " + std::to_string(n));
        Trial trial(goal);
        reached = once(trial, n);
        if (::testing::Test::HasFailure()) return;
        ASSERT_LT(n, 100U);
      }
      // Schemas and contents are read, two statements or more change memory, LOAD, a reading, SAVE.
      EXPECT_GT(n, 8U);
    }
  }
}

TEST(ApplyFailing, LeavesNoMixtureWhereAnyOneStatementIsRefused) {
  for_each_statement([](Trial& trial, std::size_t n) {
    StandinSession session(trial.engine);
    trial.engine.fail_statement(n, "planned");
    std::string error;
    try {
      const auto applied = apply_to(session, trial.configuration, trial.tables);
      // What fails after the LOAD takes nothing back.
      if (applied.outcome == Outcome::failed) error = applied.warnings.at(0);
    } catch (const Error& caught) {
      error = caught.what();
      EXPECT_EQ(caught.code(), ExitCode::proxysql);
    }
    const auto log = trial.engine.log();
    const bool reached = log.size() >= n;
    trial.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(reached, !error.empty()) << error;
    trial.expect_runtime_is_no_mixture();
    trial.expect_memory_is_no_mixture();
    if (!reached) {
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "") == trial.memory_wanted);
      return false;
    }
    const auto& failed = log[n - 1];
    if (failed.starts_with("SAVE")) {
      EXPECT_THAT(error, StartsWith("at runtime, but not known to be on disk: "));
      EXPECT_THAT(error, EndsWith("planned"));
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "") == trial.memory_wanted);
    }
    if (failed.starts_with("REPLACE") || failed.starts_with("DELETE") || failed.starts_with("LOAD")) {
      EXPECT_THAT(error, EndsWith("planned; runtime is untouched, the memory tables are as before"));
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "") == trial.memory_before);
      EXPECT_TRUE(snapshot(trial.engine, trial.configuration, "runtime_") == trial.runtime_before);
    }
    trial.expect_that_a_second_run_completes();
    return true;
  });
}

TEST(ApplyFailing, LeavesNoMixtureAtRuntimeWhereTheConnectionIsLostBeforeAnyStatement) {
  for_each_statement([](Trial& trial, std::size_t n) {
    StandinSession session(trial.engine);
    trial.engine.plan(n, Fault::drop);
    bool lost = false;
    try {
      apply_to(session, trial.configuration, trial.tables);
    } catch (const Unavailable&) {
      lost = true;
    }
    const auto log = trial.engine.log();
    trial.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(lost, log.size() >= n);
    trial.expect_runtime_is_no_mixture();
    // There is no session left to put memory back with, so it may be between the two; but it never is empty.
    const auto memory = snapshot(trial.engine, trial.configuration, "");
    for (std::size_t i = 0; i < memory.size(); ++i) {
      EXPECT_TRUE(!memory[i].empty() || trial.memory_before[i].empty() || trial.memory_wanted[i].empty());
    }
    trial.expect_that_a_second_run_completes();
    return lost;
  });
}

/// A session whose n-th statement is carried out, but not answered; or which fails from the n-th on.
class FailingSession : public AdminSession {
 public:
  enum class Kind { lost_answer, refused_from, refused_twice };

  FailingSession(StandinEngine& engine, Kind kind, std::size_t first, std::size_t second = 0)
      : session_(engine), kind_(kind), first_(first), second_(second) {}

  void stream(std::string_view statement, RowSink& sink) override {
    ++count_;
    if (kind_ == Kind::refused_from && count_ >= first_) throw Error(ExitCode::proxysql, "refused");
    if (kind_ == Kind::refused_twice && (count_ == first_ || count_ == second_)) {
      throw Error(ExitCode::proxysql, "refused");
    }
    if (lost_) throw Unavailable(ExitCode::proxysql, "lost");
    session_.stream(statement, sink);
    if (kind_ != Kind::lost_answer || count_ != first_) return;
    lost_ = true;
    throw Unavailable(ExitCode::proxysql, "lost");
  }

  std::size_t count() const { return count_; }

 private:
  StandinSession session_;
  Kind kind_;
  std::size_t first_;
  std::size_t second_;
  std::size_t count_ = 0;
  bool lost_ = false;
};

TEST(ApplyFailing, LeavesNoMixtureAtRuntimeWhereTheAnswerToAnyStatementIsLost) {
  for_each_statement([](Trial& trial, std::size_t n) {
    FailingSession session(trial.engine, FailingSession::Kind::lost_answer, n);
    bool lost = false;
    try {
      apply_to(session, trial.configuration, trial.tables);
    } catch (const Unavailable&) {
      lost = true;
    }
    EXPECT_EQ(lost, session.count() >= n);
    trial.expect_runtime_is_no_mixture();
    trial.expect_that_a_second_run_completes();
    return lost;
  });
}

TEST(ApplyFailing, SaysSoWhereMemoryCannotBePutBack) {
  for_each_statement([](Trial& trial, std::size_t n) {
    FailingSession session(trial.engine, FailingSession::Kind::refused_from, n);
    std::string error;
    try {
      const auto applied = apply_to(session, trial.configuration, trial.tables);
      if (applied.outcome == Outcome::failed) error = applied.warnings.at(0);
    } catch (const Error& caught) {
      error = caught.what();
    }
    const bool reached = session.count() >= n;
    EXPECT_EQ(reached, !error.empty());
    trial.expect_runtime_is_no_mixture();
    const auto memory = snapshot(trial.engine, trial.configuration, "");
    if (memory != trial.memory_before && memory != trial.memory_wanted) {
      EXPECT_EQ(error,
                "refused; runtime is untouched, but the memory tables could not be put back (refused): do not LOAD "
                "them; the next update or pull rewrites them");
    }
    trial.expect_that_a_second_run_completes();
    return reached;
  });
}

TEST(ApplyFailing, IsHonestAboutMemoryWhereAnyTwoStatementsAreRefused) {
  const Change change{"mysql_servers",
                      {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(2,'b')",
                       "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,2)"},
                      {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (2,'c'),(3,'b')",
                       "INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (3,2)"}};
  const Goal goal(StandinVersion::v1_1, change);
  for (std::size_t first = 1;; first += stride) {
    bool first_reached = false;
    for (std::size_t second = first + 1;; second += stride) {
      SCOPED_TRACE("statements " + std::to_string(first) + " and " + std::to_string(second));
      Trial trial(goal);
      FailingSession session(trial.engine, FailingSession::Kind::refused_twice, first, second);
      std::string error;
      try {
        apply_to(session, trial.configuration, trial.tables);
      } catch (const Error& caught) {
        error = caught.what();
      }
      first_reached = session.count() >= first;
      trial.expect_runtime_is_no_mixture();
      const auto memory = snapshot(trial.engine, trial.configuration, "");
      if (memory != trial.memory_before && memory != trial.memory_wanted) {
        EXPECT_THAT(error, HasSubstr("but the memory tables could not be put back (refused)"));
      } else {
        EXPECT_THAT(error.ends_with("the memory tables are as before") ? memory : trial.memory_before,
                    trial.memory_before);
      }
      trial.expect_that_a_second_run_completes();
      if (HasFailure()) return;
      if (session.count() < second) break;
    }
    if (!first_reached) break;
    ASSERT_LT(first, 100U);
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
