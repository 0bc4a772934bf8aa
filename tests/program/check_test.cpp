// `check`: what it finds wrong on a node, and in which forms it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "proxysql_consul/base/files.h"
#include "proxysql_consul/model/state_json.h"
#include "support/fake_kv_store.h"
#include "support/golden.h"
#include "support/process.h"
#include "support/program_node.h"
#include "support/program_world.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// "result: message -> hint" of each check.
using Said = std::map<std::string, std::string>;

class Check : public Run {
 protected:
  Check() {
    // What a node has that nothing is wrong with.
    a.execute({"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'db-1')",
               "INSERT INTO mysql_users(username,default_hostgroup) VALUES ('app',1)", "LOAD MYSQL SERVERS TO RUNTIME",
               "LOAD MYSQL USERS TO RUNTIME"});
    EXPECT_EQ(a.run({"save", "--all"}).status, 0);
    log_before = consul.log.size();
  }

  Said check(int status, const std::string& result) {
    const auto ran = a.run({"check", "--json"});
    EXPECT_EQ(ran.status, status) << ran.out;
    EXPECT_THAT(ran.err, IsEmpty());
    const auto answer = nlohmann::json::parse(ran.out);
    EXPECT_EQ(answer.at("format"), 1);
    EXPECT_EQ(answer.at("result"), result);
    Said said;
    for (const auto& one : answer.at("checks")) {
      auto& text = said[one.at("check").get<std::string>()];
      text = one.at("result").get<std::string>() + ": " + one.at("message").get<std::string>();
      const auto hint = one.at("hint").get<std::string>();
      if (!hint.empty()) text += " -> " + hint;
    }
    return said;
  }

  /// Without what differs from run to run.
  std::string stable(std::string text) const {
    text = std::regex_replace(text, std::regex(dir.path().string()), "DIR");
    text = std::regex_replace(text, std::regex("[0-9a-f]{8}-[0-9a-f-]{27}"), "UUID");
    return std::regex_replace(text, std::regex("0[0-7]{3} [a-z0-9_-]+:[a-z0-9_-]+|user [a-z0-9_-]+(?=\n|\")"),
                              "RIGHTS");
  }

  std::size_t log_before = 0;
};

TEST_F(Check, SaysOfEachThingThatItIsFine) {
  const auto ran = a.run({"check"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  expect_golden("check.txt", stable(ran.out));
  const auto json = a.run({"check", "--json"});
  expect_golden("check.json", stable(json.out));
  EXPECT_EQ(a.run({"check", "--health"}).out, "OK: all checks passed\n");
}

TEST_F(Check, ChangesNothing) {
  const auto entries = consul.keys_under("");
  const auto state = read_file(a.state_file());
  a.engine.clear_log();
  check(0, "ok");
  EXPECT_EQ(consul.keys_under(""), entries);
  EXPECT_EQ(read_file(a.state_file()), state);
  EXPECT_THAT(a.writes(), IsEmpty());
  // On a node that never ran it makes no file.
  EXPECT_EQ(b.run({"check"}).status, 7);
  EXPECT_EQ(read_file(b.uuid_file()), "");
  EXPECT_EQ(read_file(b.state_file()), "");
}

TEST_F(Check, SaysWhichServerIsAwayAndGoesOn) {
  a.is_away = true;
  auto said = check(7, "problem");
  EXPECT_EQ(said["proxysql"], "problem: proxysql admin@127.0.0.1:6032: away");
  EXPECT_THAT(said["consul"], StartsWith("ok: "));
  EXPECT_FALSE(said.contains("read_only"));
  consul.always = FakeConsul::Failure::away;
  said = check(7, "problem");
  EXPECT_THAT(said["consul"], AllOf(StartsWith("problem: "), HasSubstr("away")));
  EXPECT_FALSE(said.contains("token"));
  const auto ran = a.run({"check", "--health"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.out, StartsWith("CRITICAL: proxysql, consul\nproxysql: proxysql admin@127.0.0.1:6032: away\n"));
}

TEST_F(Check, TakesAConsulWithoutLeaderForAProblem) {
  consul.leader = std::nullopt;
  EXPECT_THAT(check(7, "problem")["consul"], HasSubstr("no server leads"));
}

TEST_F(Check, TriesTheTokensRights) {
  consul.denied = {"proxysql-meta/history/"};
  EXPECT_THAT(check(0, "ok")["token"], StartsWith("ok: may receive, and not save"));
  consul.denied = {"proxysql-meta/"};
  EXPECT_THAT(check(7, "problem")["token"], StartsWith("problem: "));
  consul.denied = {};
  consul.hidden = {"proxysql/"};
  EXPECT_THAT(check(7, "problem")["token"], StartsWith("problem: "));
}

TEST_F(Check, LooksForTheAgentsWatch) {
  consul.watches = 0;
  EXPECT_THAT(check(0, "warning")["watch"], StartsWith("warning: the agent has no watch"));
  consul.watches = std::nullopt;
  EXPECT_THAT(check(0, "ok")["watch"], StartsWith("ok: the agent does not tell"));
  // A resident process is as good.
  auto state = a.state();
  state.set_following(true);
  write_file(a.state_file(), format_state(state));
  consul.watches = 0;
  EXPECT_THAT(check(0, "warning")["watch"], StartsWith("warning: the agent has no watch")) << "it was killed";
  {
    const FileLock follow(a.state_file() + ".follow", std::chrono::milliseconds(0), a.clock);
    const auto running = "`follow` is running (pid " + std::to_string(getpid()) + ")";
    EXPECT_EQ(check(0, "ok")["watch"], "ok: " + running);
    consul.watches = 2;
    EXPECT_THAT(check(0, "ok")["watch"], StartsWith("ok: " + running + " -> a watch of the agent"));
    // It goes on with the settings that it has read.
    const auto read_at = std::filesystem::last_write_time(a.state_file() + ".follow");
    std::filesystem::last_write_time(a.settings_file(), read_at + std::chrono::seconds(1));
    EXPECT_EQ(check(0, "warning")["watch"],
              "warning: " + running + ", with what " + a.settings_file() +
                  " held before it was changed -> `systemctl reload proxysql-consul`, or `kill -HUP " +
                  std::to_string(getpid()) + "`, has it read that anew");
    const auto token = dir.file("token");
    write_file(token, "a token");
    a.configure("\"consul_token_file\":\"" + token + "\"");
    std::filesystem::last_write_time(a.settings_file(), read_at - std::chrono::seconds(1));
    std::filesystem::last_write_time(token, read_at + std::chrono::seconds(1));
    EXPECT_THAT(check(0, "warning")["watch"], HasSubstr(", with what " + token + " held before it was changed"));
    a.configure("");
    std::filesystem::last_write_time(a.settings_file(), read_at - std::chrono::seconds(1));
  }
  state.set_following(false);
  write_file(a.state_file(), format_state(state));
  consul.may_read_agents = false;
  EXPECT_THAT(check(0, "warning")["watch"], HasSubstr("agent_prefix"));
  const auto ran = a.run({"check", "--health"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, StartsWith("WARNING: watch\n"));
}

TEST_F(Check, SaysThatProxySqlTakesNoChanges) {
  a.execute({"PROXYSQL READONLY"});
  EXPECT_EQ(check(7, "problem")["read_only"],
            "problem: it is read-only (admin-read_only), so nothing can be applied here -> PROXYSQL READWRITE on the "
            "admin port");
}

TEST_F(Check, NamesTheVariablesOfNativeClusteringThatStandAgainstIt) {
  a.execute({"INSERT INTO proxysql_servers(hostname) VALUES ('peer')", "LOAD PROXYSQL SERVERS TO RUNTIME",
             "SET admin-cluster_mysql_servers_diffs_before_sync='0'", "LOAD ADMIN VARIABLES TO RUNTIME"});
  const auto said = check(0, "warning")["native_cluster"];
  EXPECT_EQ(said,
            "warning: ProxySQL's own clustering spreads mysql_query_rules, mysql_users, mysql_variables, too: the two "
            "work against each other -> set admin-cluster_mysql_query_rules_diffs_before_sync, "
            "admin-cluster_mysql_users_diffs_before_sync, admin-cluster_mysql_variables_diffs_before_sync to 0 and "
            "LOAD ADMIN VARIABLES TO RUNTIME on every node");
  a.configure(R"("accept":["mysql_servers"])");
  EXPECT_THAT(check(0, "ok")["native_cluster"], StartsWith("ok: "));
}

TEST_F(Check, NamesWhatNoConfigurationCovers) {
  a.execute({"CREATE TABLE audit_rules (id INT)", "CREATE TABLE runtime_audit_rules (id INT)",
             "CREATE TABLE lonely (id INT)",
             "INSERT INTO global_variables VALUES ('audit-a','1'),('audit-b','1'),('mysql-x','1')"});
  EXPECT_THAT(check(0, "warning")["coverage"], StartsWith("warning: no configuration covers audit_rules, audit-% -> "));
  // A save of all says the same once, but not one that a scheduler makes every few seconds.
  const auto* notice = "info: not saved, since no configuration covers it: audit_rules, audit-%";
  EXPECT_THAT(a.run({"save", "--all"}).err, Contains(notice).Times(1));
  EXPECT_THAT(a.run({"save", "--all", "--dry-run"}).err, Contains(notice).Times(1));
  EXPECT_THAT(a.run({"save", "--all", "--if-current"}).err, Not(Contains(notice)));
  EXPECT_THAT(a.run({"save", "mysql_servers"}).err, Not(Contains(notice)));
}

TEST_F(Check, NamesPatternsOfVariablesThatMatchNone) {
  a.configure(R"("exclude_variables":["mysql-monitor_*","mysql-monitr_*","MYSQL-max_connections"],)"
              R"("configurations":[{"name":"audit_variables","words":"AUDIT VARIABLES","variables":"audit-",)"
              R"("exclude":["audit-ifaces"]}])");
  const auto said = check(0, "warning");
  EXPECT_EQ(said.at("exclude_variables"),
            "warning: this node neither gives nor takes mysql-monitor_*, mysql-monitr_*, MYSQL-max_connections; no "
            "variable of this ProxySQL matches mysql-monitr_*, MYSQL-max_connections -> is it misspelt, or for "
            "variables that other nodes have?");
  a.configure(R"("exclude_variables":["mysql-monitor_*"])");
  EXPECT_EQ(check(0, "ok")["exclude_variables"], "ok: this node neither gives nor takes mysql-monitor_*");
  a.configure("");
  EXPECT_FALSE(check(0, "ok").contains("exclude_variables"));
}

TEST_F(Check, ReadsTheConfigurationItself) {
  a.execute(
      {"INSERT INTO mysql_query_rules(rule_id,active,match_pattern,destination_hostgroup,apply) VALUES "
       "(10,1,'^SELECT',5,1),(11,1,'^SELECT',1,1),(12,0,'x',6,1)",
       "INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (9,'db-9')",
       "INSERT INTO mysql_users(username,default_hostgroup) VALUES ('old',7)", "LOAD MYSQL SERVERS TO RUNTIME",
       "LOAD MYSQL QUERY RULES TO RUNTIME", "LOAD MYSQL USERS TO RUNTIME"});
  auto said = check(0, "warning");
  EXPECT_THAT(said["mysql_rule_hostgroups"], StartsWith("warning: no servers in hostgroup 5 of rule 10 -> "));
  EXPECT_THAT(said["mysql_user_hostgroups"], StartsWith("warning: no servers in hostgroup 7 of user old -> "));
  EXPECT_THAT(said["mysql_unused_servers"], HasSubstr("leads to hostgroup 9"));
  EXPECT_THAT(said["mysql_doubled_rules"], HasSubstr("rule 10 and rule 11, which is never reached"));
}

TEST_F(Check, SaysThatTheClusterIsFrozen) {
  ASSERT_EQ(b.run({"freeze", "--reason", "black friday"}).status, 0);
  EXPECT_THAT(check(0, "warning")["frozen"],
              AllOf(HasSubstr("host-b"), HasSubstr("black friday"), HasSubstr("proxysql-consul thaw")));
}

TEST_F(Check, NamesDocumentsThatCannotBeRead) {
  consul.set(rules_key, "hello");
  EXPECT_THAT(check(7, "problem")["documents"],
              StartsWith("problem: proxysql/mysql_query_rules: document: is no JSON"));
}

TEST_F(Check, ComparesThisNodeWithConsul) {
  const auto lines = consul.log.size();
  EXPECT_EQ(check(0, "ok")["versions"], "ok: 5 in Consul for this node, and it has the current one of each");
  const auto listings = [&] {
    return std::count(consul.log.begin() + static_cast<std::ptrdiff_t>(lines), consul.log.end(), "LIST proxysql/");
  };
  EXPECT_EQ(listings(), 1) << "no more than before";
  b.set_servers({"x"});
  ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  const auto behind = check(7, "problem")["versions"];
  EXPECT_THAT(behind, AllOf(StartsWith("problem: mysql_servers: has version "),
                            HasSubstr(" instead of " + version_of(servers_key)), HasSubstr("-> `pull` takes")));
  ASSERT_EQ(b.run({"freeze", "--reason", "black friday"}).status, 0);
  EXPECT_THAT(check(0, "warning")["versions"], AllOf(StartsWith("ok: "), HasSubstr("until the thaw")));
  ASSERT_EQ(b.run({"thaw"}).status, 0);
  ASSERT_EQ(a.run({"pull"}).status, 0);
  EXPECT_THAT(check(0, "ok")["versions"], StartsWith("ok: "));
  a.engine.restart();
  EXPECT_THAT(check(0, "warning")["versions"], HasSubstr("was not compared since ProxySQL started"));
  ASSERT_EQ(a.run({"pull"}).status, 0);
  check(0, "ok");
}

TEST_F(Check, SaysThatTheClockIsBehind) {
  b.clock.turn(std::chrono::minutes(10));
  const auto behind = AllOf(StartsWith("warning: it is "), HasSubstr("another node has written at"));
  ASSERT_EQ(b.run({"pull"}).status, 0);
  EXPECT_THAT(check(0, "warning")["clock"], behind) << "by what a node has told";
  consul.entries.erase("proxysql-meta/node/" + b.uuid());
  EXPECT_THAT(check(0, "ok")["clock"], StartsWith("ok: "));
  b.set_servers({"x"});
  ASSERT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  consul.entries.erase("proxysql-meta/node/" + b.uuid());
  EXPECT_THAT(check(7, "problem")["clock"], behind) << "by a document, which is not here yet, either";
}

TEST_F(Check, LooksAtTheFiles) {
  const auto settings = dir.file("host-a.cnf");
  a.configure(R"("proxysql_admin_password":"hush")");
  ASSERT_EQ(chmod(settings.c_str(), 0644), 0);
  auto said = check(0, "warning");
  EXPECT_THAT(said["settings"], AllOf(StartsWith("warning: " + settings + " (0644 "),
                                      HasSubstr("can be read by everybody, and holds proxysql_admin_password"),
                                      HasSubstr("-> chmod o-r " + settings)));
  EXPECT_EQ(said["settings"].find("hush"), std::string::npos);
  a.configure({});
  ASSERT_EQ(chmod(settings.c_str(), 0644), 0);
  a.environment = {{"PROXYSQL_CONSUL_PROXYSQL_ADMIN_PASSWORD", "hush"}};
  EXPECT_THAT(check(0, "ok")["settings"], StartsWith("ok: ")) << "the secret is not in the file";
  a.environment = {};
  ASSERT_EQ(chmod(settings.c_str(), 0640), 0);
  EXPECT_THAT(check(0, "ok")["settings"], StartsWith("ok: " + settings + " (0640 "));
  const auto token = dir.file("token");
  write_file(token, "secret");
  ASSERT_EQ(chmod(token.c_str(), 0644), 0);
  a.configure("\"consul_token_file\":\"" + token + "\"");
  ASSERT_EQ(chmod(settings.c_str(), 0640), 0);
  EXPECT_THAT(check(0, "warning")["secret_files"], StartsWith("warning: " + token + ": can be read by everybody"));
  a.configure({});
  write_file(a.uuid_file(), "hello\n");
  EXPECT_THAT(check(7, "problem")["uuid"], HasSubstr("holds no UUID"));
  write_file(a.state_file(), "{}");
  EXPECT_THAT(check(7, "problem")["state"], HasSubstr("is no state file"));
  a.configure("\"state_file\":\"" + dir.file("nowhere/state") + "\"");
  EXPECT_THAT(check(7, "problem")["state"], HasSubstr("its directory does not exist"));
  // Nobody can make a file there, and root is told of no lack of rights.
  a.configure(R"("state_file":"/proc/proxysql-consul.state")");
  EXPECT_THAT(check(7, "problem")["state"], StartsWith("problem: /proc/proxysql-consul.state: "));
}

TEST_F(Check, ChecksTheSettingsFirst) {
  a.configure(R"("consul_port":"x")");
  const auto error = dir.file("host-a.cnf") + ": consul_port: must be a port from 1 to 65535, is \"x\"";
  const auto said = check(7, "problem");
  EXPECT_THAT(said, ElementsAre(::testing::Pair("settings", "problem: " + error)));
  const auto ran = a.run({"check", "--health"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "CRITICAL: settings\nsettings: " + error + "\n");
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Check, TakesOneFormAtATime) {
  const auto ran = a.run({"check", "--health", "--json"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, ElementsAre("error: check takes --json or --health, not both (see proxysql-consul --help)"));
}

}  // namespace
}  // namespace proxysql_consul::testing
