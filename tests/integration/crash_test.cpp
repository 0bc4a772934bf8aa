// What stays behind when the program, ProxySQL or the disk gives out at any moment: never a mixture at runtime, and
// always something that the next run completes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <ostream>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/node/identity.h"
#include "support/consul_agent.h"
#include "support/effort.h"
#include "support/node_fixture.h"
#include "support/sorted.h"

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::size_t endless = 500;

/// A configuration, and how to bring its memory tables from anything to the old and from the old to the wanted content.
struct Scenario {
  std::string configuration;
  std::string words;
  std::vector<std::string> tables;
  std::vector<std::string> old_content;
  std::vector<std::string> change;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) { return out << scenario.configuration; }

std::vector<Scenario> scenarios() {
  const auto secret = std::string(Node::secret);
  return {
      {"mysql_servers",
       "MYSQL SERVERS",
       {"mysql_servers", "mysql_replication_hostgroups", "mysql_hostgroup_attributes"},
       {"INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'stays',1),(1,'changes',2),(1,'goes',3)",
        "INSERT INTO mysql_replication_hostgroups (writer_hostgroup,reader_hostgroup) VALUES (1,2)"},
       {"UPDATE mysql_servers SET weight=77 WHERE hostname='changes'", "DELETE FROM mysql_servers WHERE port=3",
        "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (2,'comes',4)",
        "UPDATE mysql_replication_hostgroups SET comment='changes'",
        "INSERT INTO mysql_hostgroup_attributes (hostgroup_id) VALUES (1)"}},
      {"mysql_query_rules",
       "MYSQL QUERY RULES",
       {"mysql_query_rules", "mysql_query_rules_fast_routing"},
       {"INSERT INTO mysql_query_rules (rule_id,active,comment) VALUES (1,1,'stays'),(2,1,'changes'),(3,1,'goes')"},
       {"UPDATE mysql_query_rules SET error_msg='no' WHERE rule_id=2", "DELETE FROM mysql_query_rules WHERE rule_id=3",
        "INSERT INTO mysql_query_rules_fast_routing VALUES ('app','shop',0,2,'')"}},
      {"mysql_users",
       "MYSQL USERS",
       {"mysql_users"},
       {"INSERT INTO mysql_users (username,password) VALUES ('stays','" + secret + "'),('goes','" + secret + "')"},
       {"DELETE FROM mysql_users WHERE username='goes'", "UPDATE mysql_users SET password='" + secret + "-2'",
        "INSERT INTO mysql_users (username,password) VALUES ('comes','" + secret + "')"}},
      {"mysql_variables",
       "MYSQL VARIABLES",
       {"global_variables"},
       {"UPDATE global_variables SET variable_value='100' WHERE variable_name='mysql-max_connections'",
        "UPDATE global_variables SET variable_value='true' WHERE variable_name='mysql-multiplexing'"},
       {"UPDATE global_variables SET variable_value='200' WHERE variable_name='mysql-max_connections'",
        "UPDATE global_variables SET variable_value='false' WHERE variable_name='mysql-multiplexing'"}},
  };
}

/// The tables of one layer, their rows sorted.
using Content = std::vector<Rows>;

/// A node and a document for it, with what each layer holds before and after that is applied.
class Stage {
 public:
  explicit Stage(Scenario scenario)
      : scenario_(std::move(scenario)), node_({.with_socket = true, .with_faults = true}) {
    // No patience, unless a test wants some: nobody brings a server back meanwhile.
    node_.change_settings(R"({"retry_seconds":0})");
    reset();
    before_ = {layer(""), layer("runtime_"), layer("disk.")};
    node_.execute(scenario_.change);
    to_runtime_and_disk();
    wanted_ = {layer(""), layer("runtime_"), layer("disk.")};
    input_ = delivery();
  }

  Node& node() { return node_; }
  /// What a watch delivers for the wanted content.
  const std::string& input() const { return input_; }

  /// Back to the old content everywhere, and to a node that has applied nothing yet.
  void reset() {
    // Thousands of syncs would be most of the time; what a killed process has written is there all the same.
    node_.query("PRAGMA disk.synchronous = OFF");
    for (const auto& table : scenario_.tables) {
      if (table != "global_variables") node_.query("DELETE FROM " + table);
    }
    node_.execute(scenario_.old_content);
    to_runtime_and_disk();
    std::filesystem::remove(node_.state_file());
    node_.query("STANDIN CLEAR");
  }

  /// Plans a fault for the n-th statement, such as "KILL", runs update, and tells whether it came to that statement.
  bool update_with(const std::string& fault, std::size_t n) {
    node_.query("STANDIN " + fault + ' ' + std::to_string(n) + (fault == "FAIL" ? " planned" : ""));
    result_ = node_.run({"update"}, input_);
    if (fault == "EXIT") {
      const bool reached = result_.exit_code != 0;
      if (reached) {
        node_.proxysql().stop();
        node_.proxysql().start();
      } else {
        node_.query("STANDIN CLEAR");
      }
      return reached;
    }
    const bool reached = node_.statements().size() >= n;
    node_.query("STANDIN CLEAR");
    return reached;
  }

  const ProcessResult& result() const { return result_; }

  void expect_whole(const char* prefix) {
    SCOPED_TRACE(std::string("layer ") + prefix);
    const auto which = index(prefix);
    EXPECT_THAT(layer(prefix), AnyOf(Eq(before_[which]), Eq(wanted_[which])));
  }

  /// Another run makes every layer as wanted.
  void expect_completed_by_the_next_run() {
    const auto result = node_.run({"update"}, input_);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    expect_wanted();
    EXPECT_EQ(Json::parse(node_.state())["configurations"][scenario_.configuration]["outcome"], "applied");
  }

  void expect_wanted() {
    for (const auto* prefix : {"", "runtime_", "disk."}) {
      EXPECT_EQ(layer(prefix), wanted_[index(prefix)]) << "layer " << prefix;
    }
  }

 private:
  static std::size_t index(std::string_view prefix) { return prefix.empty() ? 0 : prefix == "runtime_" ? 1 : 2; }

  void to_runtime_and_disk() {
    node_.query("LOAD " + scenario_.words + " TO RUNTIME");
    node_.query("SAVE " + scenario_.words + " TO DISK");
  }

  Table table(const std::string& prefix, const std::string& name) {
    const std::string where =
        name == "global_variables" ? " WHERE variable_name LIKE 'mysql-%' AND variable_name <> 'mysql-interfaces'" : "";
    auto result = node_.query("SELECT * FROM " + prefix + name + where);
    return {.name = name, .columns = std::move(result.columns), .rows = sorted(std::move(result.rows))};
  }

  Content layer(const std::string& prefix) {
    Content content;
    for (const auto& name : scenario_.tables) content.push_back(table(prefix, name).rows);
    return content;
  }

  /// What a watch would deliver after another node saved what memory holds now.
  std::string delivery() {
    Document document{.config_name = scenario_.configuration,
                      .uuid = "1b4e28ba-2fa1-4d5d-883f-0016d3cca427",
                      .tables = {},
                      .blob = {},
                      .origin = {}};
    for (const auto& name : scenario_.tables) document.tables.push_back(table("", name));
    return Json::array({{{"Key", "proxysql/" + scenario_.configuration},
                         {"ModifyIndex", 17},
                         {"Value", to_base64(format_document(document))}}})
        .dump();
  }

  Scenario scenario_;
  Node node_;
  std::vector<Content> before_;
  std::vector<Content> wanted_;
  std::string input_;
  ProcessResult result_;
};

class CrashOf : public ::testing::TestWithParam<Scenario> {};

INSTANTIATE_TEST_SUITE_P(Crash, CrashOf, ::testing::ValuesIn(scenarios()),
                         [](const auto& scenario) { return scenario.param.configuration; });

TEST_P(CrashOf, UpdateAtAnyStatementIsMendedByTheNextRun) {
  Stage stage(GetParam());
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("killed at statement " + std::to_string(n));
    stage.reset();
    if (!stage.update_with("KILL", n)) {
      EXPECT_EQ(stage.result().exit_code, 0) << stage.result().err;
      stage.expect_wanted();
      EXPECT_GT(n, 10U);
      return;
    }
    EXPECT_EQ(stage.result().signal, SIGKILL);
    // Memory alone may be halfway: nothing of it is in use until the next LOAD.
    stage.expect_whole("runtime_");
    stage.expect_whole("disk.");
    stage.expect_completed_by_the_next_run();
  }
  FAIL() << "update never came to its end";
}

TEST_P(CrashOf, AFailedStatementLeavesNoMixtureAnywhere) {
  Stage stage(GetParam());
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("failed at statement " + std::to_string(n));
    stage.reset();
    if (!stage.update_with("FAIL", n)) {
      stage.expect_wanted();
      return;
    }
    if (stage.result().exit_code == 0) {
      // Whether ProxySQL has started since is asked first; without an answer everything is compared.
      EXPECT_LE(n, 4U);
      stage.expect_wanted();
      continue;
    }
    EXPECT_EQ(stage.result().exit_code, 4) << stage.result().err;
    EXPECT_THAT(stage.result().err, HasSubstr("planned"));
    for (const auto* prefix : {"", "runtime_", "disk."}) stage.expect_whole(prefix);
    stage.expect_completed_by_the_next_run();
  }
  FAIL() << "update never came to its end";
}

TEST_P(CrashOf, ProxySqlAtAnyStatementIsMendedByTheNextRun) {
  Stage stage(GetParam());
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("ended at statement " + std::to_string(n));
    stage.reset();
    if (!stage.update_with("EXIT", n)) {
      stage.expect_wanted();
      return;
    }
    EXPECT_EQ(stage.result().exit_code, 4) << stage.result().err;
    for (const auto* prefix : {"", "runtime_", "disk."}) stage.expect_whole(prefix);
    stage.expect_completed_by_the_next_run();
  }
  FAIL() << "update never came to its end";
}

TEST(Crash, OfAConnectionAtAnyStatementIsMendedByTheSameRun) {
  Stage stage(scenarios()[1]);
  stage.node().change_settings(R"({"retry_seconds":20})");
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("dropped at statement " + std::to_string(n));
    stage.reset();
    stage.update_with("DROP", n);
    EXPECT_EQ(stage.result().exit_code, 0) << stage.result().err;
    stage.expect_wanted();
    // A run that begins anew takes more statements, so their number does not tell.
    if (stage.result().err.find("trying again") == std::string::npos) return;
  }
  FAIL() << "update never came to its end";
}

TEST(Crash, OfAStatementAndOfTheRepairAfterItIsMendedByTheNextRun) {
  Stage stage(scenarios()[1]);
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("failed at statement " + std::to_string(n) + " and the next");
    stage.reset();
    stage.node().query("STANDIN FAIL " + std::to_string(n + 1) + " planned");
    if (!stage.update_with("FAIL", n)) {
      stage.expect_wanted();
      return;
    }
    EXPECT_EQ(stage.result().exit_code, 4) << stage.result().err;
    stage.expect_whole("runtime_");
    stage.expect_whole("disk.");
    stage.expect_completed_by_the_next_run();
  }
  FAIL() << "update never came to its end";
}

/// A node that saved the old content, and has the new at runtime.
class Saver {
 public:
  Saver() : node_({.with_socket = true, .with_faults = true}) {
    node_.connect_to(consul_.http_port());
    other_.connect_to(consul_.http_port());
    write("old-0");
    EXPECT_EQ(node_.run({"save", "mysql_servers"}).exit_code, 0);
  }

  Node& node() { return node_; }

  void write(const std::string& hostname) {
    node_.execute({"DELETE FROM mysql_servers",
                   "INSERT INTO mysql_servers (hostgroup_id,hostname,port) VALUES (1,'" + hostname + "',1),(2,'" +
                       hostname + "',2)",
                   "LOAD MYSQL SERVERS TO RUNTIME", "STANDIN CLEAR"});
  }

  /// The host name in the document, which has to be whole.
  std::string saved() {
    const auto document = parse_document(consul_.get("proxysql/mysql_servers").value_or(""));
    const auto& rows = document.tables.at(0).rows;
    if (document.tables.at(0).name != "mysql_servers" || rows.size() != 2 || rows[0][1] != rows[1][1]) return "mixed";
    return std::string(rows[0][1].value_or("NULL"));
  }

  void expect_completed_by_the_next_run(const std::string& hostname) {
    const auto again = node_.run({"save", "mysql_servers"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(saved(), hostname);
    const auto pulled = other_.run({"pull"});
    EXPECT_EQ(pulled.exit_code, 0) << pulled.err;
    EXPECT_EQ(other_.rows("SELECT DISTINCT hostname FROM runtime_mysql_servers"), Rows({{hostname}}));
  }

 private:
  ConsulAgent consul_;
  Node node_;
  Node other_;
};

TEST(Crash, OfSaveAtAnyStatementLeavesTheOldDocument) {
  Saver saver;
  std::string last = "old-0";
  for (std::size_t n = 1; n < endless; n += stride) {
    SCOPED_TRACE("killed at statement " + std::to_string(n));
    const auto next = "new-" + std::to_string(n);
    saver.write(next);
    saver.node().query("STANDIN KILL " + std::to_string(n));
    const auto result = saver.node().run({"save", "mysql_servers"});
    const bool reached = saver.node().statements().size() >= n;
    saver.node().query("STANDIN CLEAR");
    EXPECT_EQ(saver.saved(), reached ? last : next);
    if (!reached) return;
    EXPECT_EQ(result.signal, SIGKILL);
    saver.expect_completed_by_the_next_run(next);
    last = next;
  }
  FAIL() << "save never came to its end";
}

TEST(Crash, OfSaveAtAnyTimeLeavesTheOldDocumentOrTheNew) {
  Saver saver;
  std::string last = "old-0";
  // Until one comes to its end before it is killed: then the moments before that were met, however slow the machine.
  constexpr int step = sanitized ? 20 : 1;
  for (int milliseconds = 1; milliseconds < 30'000; milliseconds += step + milliseconds / 8) {
    SCOPED_TRACE("killed after " + std::to_string(milliseconds) + " ms");
    const auto next = "new-" + std::to_string(milliseconds);
    saver.write(next);
    Process save(saver.node().command({"save", "mysql_servers"}));
    const bool ended = save.wait_for(std::chrono::milliseconds(milliseconds));
    save.kill(SIGKILL);
    save.wait();
    EXPECT_THAT(saver.saved(), AnyOf(Eq(last), Eq(next)));
    saver.expect_completed_by_the_next_run(next);
    last = next;
    if (ended) return;
  }
  FAIL() << "no save came to its end";
}

TEST(Crash, WhileTheUuidIsMadeLeavesNoneOrAWholeOne) {
  Node node({.with_faults = true});
  // From before it begins to after it ends, in steps of a quarter of a millisecond at first.
  constexpr std::chrono::microseconds step(sanitized ? 5000 : 250);
  bool ended = false;
  for (std::chrono::microseconds moment{0}; !ended; moment += step + moment / 32) {
    SCOPED_TRACE(moment.count());
    ASSERT_LT(moment, std::chrono::seconds(30));
    std::filesystem::remove(node.uuid_file());
    Process update(node.command({"update"}, "null"));
    const auto until = std::chrono::steady_clock::now() + moment;
    while (std::chrono::steady_clock::now() < until && !ended) ended = update.wait_for(std::chrono::milliseconds(0));
    update.kill(SIGKILL);
    update.wait();
    if (std::filesystem::exists(node.uuid_file())) {
      EXPECT_TRUE(is_uuid(node.uuid())) << read_file(node.uuid_file());
    }
  }
  EXPECT_EQ(node.run({"update"}, "null").exit_code, 0);
  EXPECT_TRUE(is_uuid(node.uuid()));
}

/// Runs the program where no file can grow, as on a full disk; its output ends with "exit N".
std::string run_on_full_disk(const Node& node, const std::string& arguments, std::string input = {}) {
  auto options = node.command({}, std::move(input));
  // The output goes through a pipe, for it must not meet the limit itself.
  options.argv = {"/bin/sh", "-c",
                  "{ (trap '' XFSZ; ulimit -f 0; exec '" PROXYSQL_CONSUL_PATH "' --config-file '" +
                      node.settings_file() + "' " + arguments + "); echo exit $?; } 2>&1 | cat"};
  auto output = run_process(std::move(options)).out;
  check_no_secret(output);
  return output;
}

std::vector<std::string> files_beside(const std::string& path) {
  std::vector<std::string> names;
  const std::filesystem::path wanted(path);
  for (const auto& entry : std::filesystem::directory_iterator(wanted.parent_path())) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(wanted.filename().string() + ".") && name != wanted.filename().string() + ".lock") {
      names.push_back(name);
    }
  }
  return names;
}

TEST(Crash, AFullDiskKeepsAUuidFromBeingMade) {
  Node node({.with_faults = true});
  const auto output = run_on_full_disk(node, "update", "null");
  EXPECT_THAT(output, HasSubstr(node.uuid_file() + ": write as user "));
  EXPECT_THAT(output, HasSubstr("exit 3\n"));
  EXPECT_FALSE(std::filesystem::exists(node.uuid_file()));
  EXPECT_THAT(files_beside(node.uuid_file()), IsEmpty());
}

TEST(Crash, AFullDiskLeavesTheOldState) {
  Stage stage(scenarios()[0]);
  stage.reset();
  stage.expect_completed_by_the_next_run();
  const auto state = stage.node().state();
  const auto uuid = stage.node().uuid();
  // Another configuration, so that there is something to record.
  Stage rules(scenarios()[1]);
  const auto output = run_on_full_disk(stage.node(), "update", rules.input());
  EXPECT_THAT(output, HasSubstr(stage.node().state_file() + ": write as user "));
  EXPECT_THAT(output, HasSubstr("exit 3\n"));
  EXPECT_EQ(stage.node().state(), state);
  EXPECT_EQ(stage.node().uuid(), uuid);
  EXPECT_THAT(files_beside(stage.node().state_file()), IsEmpty());
  const auto again = stage.node().run({"update"}, rules.input());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(stage.node().state(), HasSubstr("mysql_query_rules"));
}

TEST(Crash, AFullDiskDoesNotHideThatASaveReachedConsul) {
  Saver saver;
  saver.write("new");
  const auto state = saver.node().state();
  const auto output = run_on_full_disk(saver.node(), "save mysql_servers");
  EXPECT_THAT(output, HasSubstr("mysql_servers: saved as version "));
  EXPECT_THAT(output, HasSubstr(saver.node().state_file() + ": write as user "));
  EXPECT_THAT(output, HasSubstr("exit 3\n"));
  EXPECT_EQ(saver.node().state(), state);
  EXPECT_EQ(saver.saved(), "new");
  saver.expect_completed_by_the_next_run("new");
}

TEST(Crash, LeavesNoLockBehind) {
  Stage stage(scenarios()[0]);
  stage.reset();
  ASSERT_TRUE(stage.update_with("KILL", 3));
  // The lock's file is there, with the pid of one that is gone; the next run does not wait.
  EXPECT_THAT(read_file(stage.node().state_file() + ".lock"), Not(IsEmpty()));
  stage.expect_completed_by_the_next_run();
}

}  // namespace
}  // namespace proxysql_consul::testing
