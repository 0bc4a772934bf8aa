// The whole program, from its words to its exit status, between a stand-in ProxySQL and a Consul in memory.
#include "proxysql_consul/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/state.h"
#include "standin/standin_engine.h"
#include "standin/standin_session.h"
#include "support/fake_kv_store.h"
#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

using Texts = std::vector<std::string>;
using Rows = std::vector<Row>;

const std::string prefix = "proxysql/";
const std::string meta = "proxysql-meta/";
const std::string servers_key = "proxysql/mysql_servers";
const std::string users_key = "proxysql/mysql_users";

struct Ran {
  int status;
  std::string out;  ///< with times in it as "(N ms)"
  Texts err;        ///< lines, without the time
};

/// A node: a ProxySQL, its files, and runs of the program there.
class NodeUnderTest {
 public:
  NodeUnderTest(FakeConsul& consul, const TempDir& dir, std::string host, const std::string& more_settings = {},
                StandinVersion version = StandinVersion::v2_7)
      : engine(version), consul_(consul), host_(std::move(host)), base_(dir.file(host_)) {
    configure(more_settings);
  }

  void configure(const std::string& more_settings) {
    const bool has_retry = more_settings.find("retry_seconds") != std::string::npos;
    write_file(base_ + ".cnf", "{\"uuid_file\":\"" + uuid_file() + "\"" + (has_retry ? "" : ",\"retry_seconds\":1") +
                                   (more_settings.empty() ? "" : "," + more_settings) + "}");
  }

  Ran run(Texts words, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const Context context{.in = in,
                          .out = out,
                          .err = err,
                          .environment = [](const char*) { return std::nullopt; },
                          .host = host_,
                          .open_admin = [&](const AdminOptions& options) -> std::unique_ptr<AdminSession> {
                            opened.push_back(options);
                            if (is_away) throw Unavailable(ExitCode::proxysql, describe(options) + ": away");
                            return std::make_unique<StandinSession>(engine);
                          },
                          .open_kv = [&](const ConsulOptions& options) -> std::unique_ptr<KvStore> {
                            consul_.opened.push_back(options);
                            return std::make_unique<FakeKvStore>(consul_);
                          },
                          .now = [&] { return std::chrono::system_clock::time_point(std::chrono::seconds(++clock)); },
                          .pause =
                              [&](std::chrono::milliseconds time) {
                                pauses.push_back(time);
                                if (on_pause) on_pause();
                              },
                          .bound = [&](std::chrono::seconds limit) { bound = limit; }};
    words.insert(words.begin(), "--config-file=" + base_ + ".cnf");
    Ran ran{.status = proxysql_consul::run(words, context), .out = {}, .err = {}};
    ran.out = std::regex_replace(out.str(), std::regex("\\([0-9]+ ms\\)"), "(N ms)");
    std::istringstream lines(err.str());
    for (std::string line; std::getline(lines, line);) {
      const std::string mark = "Z proxysql-consul: ";
      const auto at = line.find(mark);
      ran.err.push_back(at == std::string::npos ? line : line.substr(at + mark.size()));
    }
    return ran;
  }

  Ran update() { return run({"update"}, consul_.watch(prefix)); }

  void execute(const Texts& statements) {
    for (const auto& statement : statements) {
      const auto answer = engine.execute(statement);
      ASSERT_TRUE(answer.ok) << statement << ": " << answer.error;
    }
    engine.clear_log();
  }

  /// Makes the servers of the runtime those of that hostgroup.
  void set_servers(const Texts& hosts) {
    Texts statements = {"DELETE FROM mysql_servers"};
    for (const auto& host : hosts) {
      statements.push_back("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'" + host + "')");
    }
    statements.push_back("LOAD MYSQL SERVERS TO RUNTIME");
    execute(statements);
  }

  Texts servers() {
    Texts hosts;
    for (const auto& row : engine.execute("SELECT hostname FROM runtime_mysql_servers ORDER BY 1").rows) {
      hosts.push_back(row[0].value());
    }
    return hosts;
  }

  /// The statements of the program that changed something, by their first word.
  Texts writes() {
    Texts found;
    for (const auto& statement : engine.log()) {
      const auto word = statement.substr(0, statement.find(' '));
      if (word != "SELECT" && word != "PRAGMA") found.push_back(word);
    }
    return found;
  }

  std::string uuid_file() const { return base_ + ".uuid"; }
  std::string state_file() const { return base_ + ".state"; }
  std::string uuid() const { return read_file(uuid_file()).substr(0, 36); }
  State state() const { return parse_state(read_file(state_file()), "state"); }

  StandinEngine engine;
  bool is_away = false;
  std::vector<AdminOptions> opened;
  std::vector<std::chrono::milliseconds> pauses;
  std::function<void()> on_pause;
  std::chrono::seconds bound{0};
  int clock = 1'800'000'000;

 private:
  FakeConsul& consul_;
  std::string host_;
  std::string base_;
};

class Run : public ::testing::Test {
 protected:
  FakeConsul consul;
  TempDir dir;
  NodeUnderTest a{consul, dir, "host-a"};
  NodeUnderTest b{consul, dir, "host-b"};

  /// A saves these servers; the version that this is.
  std::string save_from_a(const Texts& hosts) {
    a.set_servers(hosts);
    EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    return version_of(servers_key);
  }

  std::string version_of(const std::string& key) { return std::to_string(consul.entries.at(key).modify_index); }

  Texts history() { return consul.keys_under(meta + "history/"); }
  Texts blobs() { return consul.keys_under(meta + "blob/"); }
};

// --- the command line ------------------------------------------------------------------------------------------------

TEST(RunWords, PrintsHelpOnStderrWhereNoCommandIsGiven) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const Context context{.in = in,
                        .out = out,
                        .err = err,
                        .environment = {},
                        .host = {},
                        .open_admin = {},
                        .open_kv = {},
                        .now = {},
                        .pause = {},
                        .bound = {}};
  EXPECT_EQ(proxysql_consul::run({}, context), 2);
  EXPECT_EQ(out.str(), "");
  EXPECT_THAT(err.str(), StartsWith("proxysql-consul spreads the configuration of one ProxySQL to all others"));
  err.str("");
  for (const std::string word : {"--help", "--version", "help", "-h"}) {
    SCOPED_TRACE(word);
    out.str("");
    EXPECT_EQ(proxysql_consul::run({word}, context), 0);
    EXPECT_THAT(out.str(), StartsWith("proxysql-consul "));
    EXPECT_EQ(err.str(), "");
  }
}

TEST(RunWords, FailsWhereStdoutCannotBeWritten) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  const Context context{.in = in,
                        .out = out,
                        .err = err,
                        .environment = {},
                        .host = {},
                        .open_admin = {},
                        .open_kv = {},
                        .now = {},
                        .pause = {},
                        .bound = {}};
  EXPECT_EQ(proxysql_consul::run({"--version"}, context), 1);
  EXPECT_THAT(err.str(), EndsWith("proxysql-consul: error: stdout: could not be written\n"));
}

TEST_F(Run, ReportsUsageWithASuggestion) {
  const struct {
    Texts words;
    const char* error;
  } cases[] = {
      {{"svae"}, "error: no command is called svae (did you mean 'save'?)"},
      {{"save", "mysql_server"}, "error: no configuration is called mysql_server (did you mean 'mysql_servers'?)"},
      {{"save", "pgsql_users"},
       "error: this ProxySQL 2.7.2-3-gstandin has no pgsql_users (it has mysql_servers, mysql_query_rules, "
       "mysql_users, "
       "mysql_variables, admin_variables, mysql_firewall, scheduler, proxysql_servers, restapi_routes, "
       "coredump_filters)"},
      {{"pull", "mysql_user"}, "error: no configuration is called mysql_user (did you mean 'mysql_users'?)"},
      {{"pull", "scheduler"}, "error: this node does not accept scheduler (add it to \"accept\" in the settings)"},
  };
  for (const auto& [words, error] : cases) {
    SCOPED_TRACE(words.back());
    const auto ran = a.run(words);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, ElementsAre(error));
  }
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Run, BoundsItsTime) {
  a.run({"save", "mysql_servers"});
  EXPECT_EQ(a.bound, std::chrono::seconds(241));
}

// --- save ------------------------------------------------------------------------------------------------------------

TEST_F(Run, SavesWhatAnotherNodeApplies) {
  a.set_servers({"db1", "db2"});
  for (const std::string word : {"save", "put"}) {
    SCOPED_TRACE(word);
    a.set_servers({"db1", word});
    b.set_servers({"old"});
    const auto saved = a.run({word, "mysql_servers", "--message", "more"});
    EXPECT_EQ(saved.status, 0);
    EXPECT_THAT(saved.err, IsEmpty());
    EXPECT_THAT(saved.out, StartsWith("mysql_servers: saved as version " + version_of(servers_key) + ", 2 rows"));
    const auto document = parse_document(consul.value_of(servers_key));
    EXPECT_EQ(document.config_name, "mysql_servers");
    EXPECT_EQ(document.uuid, a.uuid());
    EXPECT_EQ(document.origin.host, "host-a");
    EXPECT_EQ(document.origin.proxysql_version, "2.7.2-3-gstandin");
    EXPECT_EQ(document.origin.message, "more");
    EXPECT_THAT(document.origin.saved_at, StartsWith("2027-01-15T08:"));

    const auto updated = b.update();
    EXPECT_EQ(updated.status, 0);
    EXPECT_THAT(updated.err, IsEmpty());
    EXPECT_EQ(updated.out, "mysql_servers: version " + version_of(servers_key) + " of host-a at " +
                               document.origin.saved_at + ": applied (N ms)\n");
    EXPECT_EQ(b.servers(), (Texts{"db1", word}));
  }
}

TEST_F(Run, SavesAllThatIsAcceptedAndThere) {
  const auto ran = a.run({"save", "--all"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(consul.keys_under(prefix),
              UnorderedElementsAre("proxysql/mysql_servers", "proxysql/mysql_query_rules", "proxysql/mysql_users",
                                   "proxysql/mysql_variables", "proxysql/mysql_firewall"));
}

TEST_F(Run, SavesOnceWhatIsNamedTwice) {
  const auto ran = a.run({"save", "mysql_users", "mysql_users"});
  EXPECT_EQ(ran.out, "mysql_users: saved as version " + version_of(users_key) + ", 0 rows\n");
}

TEST_F(Run, LeavesAnUnchangedDocumentAlone) {
  const auto version = save_from_a({"db1"});
  for (auto* node : {&a, &b}) {
    b.set_servers({"db1"});
    const auto ran = node->run({"save", "mysql_servers"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, "mysql_servers: unchanged, Consul holds it as version " + version + "\n");
    EXPECT_EQ(version_of(servers_key), version);
  }
  EXPECT_THAT(history(), IsEmpty());
}

TEST_F(Run, WritesAnUnchangedDocumentByForce) {
  const auto version = save_from_a({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers", "--force"}).status, 0);
  EXPECT_NE(version_of(servers_key), version);
}

TEST_F(Run, SavesInactiveRulesFromMemoryAlone) {
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(2,0)", "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr(", 1 rows"));
  EXPECT_THAT(a.run({"save", "mysql_query_rules", "--source", "memory"}).out, HasSubstr(", 2 rows"));
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT rule_id, active FROM mysql_query_rules").rows, (Rows{{"1", "1"}, {"2", "0"}}));
}

TEST_F(Run, SaysWhereThereIsOnlyMemoryToRead) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  const auto ran = old.run({"save", "mysql_users", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("info: mysql_users: read from memory: ProxySQL 1.1.1.beta7 has no runtime table of it"));
}

TEST_F(Run, RefusesToSaveWhatItHasNotSeen) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"db2"});
  const auto refused = b.run({"save", "mysql_servers", "--if-current"});
  EXPECT_EQ(refused.status, 8);
  EXPECT_EQ(refused.out, "");
  ASSERT_THAT(refused.err, SizeIs(1));
  EXPECT_THAT(refused.err[0],
              AllOf(StartsWith("error: mysql_servers: Consul holds version " + version + " of host-a at 2027-01-15T"),
                    EndsWith("Z, which this node has neither saved nor applied (run pull first, or save without "
                             "--if-current to replace it)")));
  EXPECT_EQ(version_of(servers_key), version);

  EXPECT_EQ(b.update().status, 0);
  b.set_servers({"db2"});
  EXPECT_EQ(b.run({"save", "mysql_servers", "--if-current"}).status, 0);
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 8);
}

TEST_F(Run, SavesAFirstVersionAlsoWithIfCurrent) {
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 0);
}

TEST_F(Run, LeavesTheDocumentsOfNodesThatDifferAlone) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  b.configure(R"("exclude_variables":["mysql-monitor_*"])");
  save_from_a({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  const auto servers = version_of(servers_key);
  const auto variables = version_of("proxysql/mysql_variables");
  EXPECT_EQ(b.update().status, 0);
  old.update();  // in part, for the variables that it lacks
  for (auto* node : {&b, &old, &a}) {
    EXPECT_EQ(node->run({"save", "mysql_servers", "mysql_variables", "--if-current"}).status, 0);
    EXPECT_EQ(version_of(servers_key), servers);
    EXPECT_EQ(version_of("proxysql/mysql_variables"), variables);
  }
}

TEST_F(Run, NamesWhatASaveOnAnOlderServerLoses) {
  NodeUnderTest old(consul, dir, "old", {}, StandinVersion::v1_1);
  a.execute(
      {"INSERT INTO mysql_servers(hostname,use_ssl,comment) VALUES ('db1',1,'keep')", "LOAD MYSQL SERVERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(old.update().status, 4);
  old.execute({"UPDATE mysql_servers SET weight=7", "LOAD MYSQL SERVERS TO RUNTIME"});
  const auto ran = old.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre(HasSubstr("held more: table mysql_servers: this ProxySQL has no column use_ssl, comment: "
                                    "left out; other nodes get the defaults")));
}

TEST_F(Run, TriesAgainAfterAnotherSaveAndSaysWhoseItReplaces) {
  a.set_servers({"ours"});
  b.set_servers({"theirs"});
  bool done = false;
  consul.on_call = [&](const std::string& call) {
    if (done || !call.starts_with("TXN cas proxysql/mysql_servers")) return;
    done = true;
    EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
  };
  const auto ran = a.run({"save", "mysql_servers"});
  consul.on_call = {};
  EXPECT_EQ(ran.status, 0);
  const auto replaced = "version " + std::to_string(consul.entries.at(servers_key).modify_index - 1) +
                        " of host-b at 2027-01-15T08:00:01Z";
  EXPECT_EQ(ran.out,
            "mysql_servers: saved as version " + version_of(servers_key) + ", 1 rows, replacing " + replaced + "\n");
  EXPECT_THAT(ran.err,
              ElementsAre("info: proxysql/mysql_servers: another save came between; now replacing " + replaced));
  ASSERT_THAT(history(), SizeIs(1));
  EXPECT_EQ(parse_document(consul.value_of(history()[0])).origin.host, "host-b");
}

TEST_F(Run, GivesUpAfterSixConflicts) {
  a.set_servers({"ours"});
  int saves = 0;
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas proxysql/mysql_servers")) consul.set(servers_key, "text " + std::to_string(++saves));
  };
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(saves, 6);
  EXPECT_EQ(ran.err.back(),
            "error: mysql_servers: proxysql/mysql_servers: other saves came between 6 times in a row (save again when "
            "the others are done)");
  EXPECT_EQ(consul.value_of(servers_key), "text 6");
}

TEST_F(Run, RefusesAConflictWithIfCurrent) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  consul.on_call = [&](const std::string& call) {
    if (call.starts_with("TXN cas")) consul.set(servers_key, "theirs");
  };
  EXPECT_EQ(a.run({"save", "mysql_servers", "--if-current"}).status, 8);
  EXPECT_EQ(consul.value_of(servers_key), "theirs");
}

TEST_F(Run, ReadsBackAWriteWhoseAnswerWasLost) {
  save_from_a({"db1"});
  a.set_servers({"db2"});
  // GET freeze, GET mysql_servers, the transaction.
  consul.fail_on(3, FakeConsul::Failure::lost_answer);
  const auto before = consul.index;
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(consul.index, before + 1) << "it was written twice";
  EXPECT_EQ(ran.out, "mysql_servers: saved as version " + std::to_string(consul.index) +
                         ", 1 rows, replacing version " + std::to_string(before) +
                         " of host-a at 2027-01-15T08:00:01Z\n");
  EXPECT_THAT(history(), SizeIs(1));
  EXPECT_EQ(a.state().find("mysql_servers")->version, consul.index);
}

TEST_F(Run, WritesAgainWhereAWriteWasNotCarriedOut) {
  a.set_servers({"db1"});
  consul.fail_on(3, FakeConsul::Failure::away);
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(parse_document(consul.value_of(servers_key)).uuid, a.uuid());
}

TEST_F(Run, CompletesASaveWhateverOneCallFails) {
  for (const auto failure : {FakeConsul::Failure::away, FakeConsul::Failure::lost_answer}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE("call " + std::to_string(n));
      FakeConsul fresh;
      TempDir files;
      NodeUnderTest node(fresh, files, "node");
      node.set_servers({"db1"});
      ASSERT_EQ(node.run({"save", "mysql_servers"}).status, 0);
      node.set_servers({"db2"});
      fresh.log.clear();
      fresh.fail_on(n, failure);
      const auto ran = node.run({"save", "mysql_servers"});
      EXPECT_EQ(ran.status, 0);
      EXPECT_THAT(fresh.value_of(servers_key), HasSubstr("db2"));
      EXPECT_EQ(fresh.keys_under(meta + "history/").size(), 1U);
      EXPECT_EQ(node.state().find("mysql_servers")->version, fresh.entries.at(servers_key).modify_index);
      if (fresh.log.size() < n) break;
      ASSERT_LT(n, 50U);
    }
  }
}

TEST_F(Run, SavesOverAKeyWithoutAValue) {
  consul.set(servers_key, "");
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, EndsWith(", 1 rows, replacing version 101, which is no document\n"));
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr("db1"));
}

TEST_F(Run, KeepsEachReplacedVersion) {
  Texts versions;
  Texts texts;
  for (const std::string host : {"db1", "db2", "db3"}) {
    versions.push_back(save_from_a({host}));
    texts.push_back(consul.value_of(servers_key));
  }
  EXPECT_EQ(history(),
            (Texts{meta + "history/mysql_servers/" + versions[0], meta + "history/mysql_servers/" + versions[1]}));
  EXPECT_EQ(consul.value_of(history()[0]), texts[0]);
  EXPECT_EQ(consul.value_of(history()[1]), texts[1]);
}

TEST_F(Run, TrimsTheHistoryToItsLimit) {
  a.configure(R"("history_limit":2)");
  Texts versions;
  for (int i = 0; i < 6; ++i) versions.push_back(save_from_a({"db" + std::to_string(i)}));
  EXPECT_EQ(history(),
            (Texts{meta + "history/mysql_servers/" + versions[3], meta + "history/mysql_servers/" + versions[4]}));
  a.configure(R"("history_limit":0)");
  save_from_a({"last"});
  EXPECT_THAT(history(), IsEmpty());
}

TEST_F(Run, TrimsByNumberNotByText) {
  a.configure(R"("history_limit":1)");
  consul.index = 998;
  save_from_a({"db1"});
  save_from_a({"db2"});
  save_from_a({"db3"});
  EXPECT_THAT(history(), ElementsAre(meta + "history/mysql_servers/1000"));
}

TEST_F(Run, SavesWithoutAHistoryWhereTheTokenMayNotWriteOne) {
  save_from_a({"db1"});
  consul.denied = {meta};
  a.set_servers({"db2"});
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: no history is kept: key_prefix \"proxysql-meta/\" { policy = \"write\" } is "
                          "missing from the token's policy"));
  EXPECT_THAT(consul.value_of(servers_key), HasSubstr("db2"));
}

TEST_F(Run, FailsWhereTheTokenMayNotWrite) {
  consul.denied = {prefix};
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 5);
  EXPECT_THAT(ran.err, ElementsAre("error: mysql_servers: fake consul: 403 on proxysql/mysql_servers (grant it)"));
}

TEST_F(Run, RefusesToSaveAnAccountThatBreaksTheAdminLogin) {
  a.execute({"INSERT INTO mysql_users(username,password) VALUES ('admin','x')", "LOAD MYSQL USERS TO RUNTIME"});
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_users", "mysql_servers"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err,
              ElementsAre("error: mysql_users: table mysql_users: user admin is named like an admin or stats user "
                          "of this ProxySQL, and would break that login (rename the one or the other)"));
  EXPECT_THAT(consul.keys_under(prefix), ElementsAre(servers_key)) << "one that fails stops no other";
}

TEST_F(Run, PrintsADryRunOfSaveAndWritesNothing) {
  a.set_servers({"db1"});
  const auto ran = a.run({"save", "mysql_servers", "--dry-run"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out,
              StartsWith("PUT proxysql/mysql_servers\n{\"config_name\":\"mysql_servers\",\"uuid\":\"made by the "
                         "first real run\",\"tables\":{\"mysql_servers\":[[\"1\",\"db1\","));
  EXPECT_THAT(consul.log, IsEmpty());
  EXPECT_EQ(read_file(a.uuid_file()), "");
  EXPECT_EQ(read_file(a.state_file()), "");
  EXPECT_THAT(a.writes(), IsEmpty());
}

TEST_F(Run, SavesNothingWhileFrozen) {
  consul.set("proxysql/freeze", "black friday");
  const auto ran = a.run({"save", "mysql_servers"});
  EXPECT_EQ(ran.status, 8);
  EXPECT_THAT(ran.err, ElementsAre("error: the cluster is frozen: black friday (thaw it, then save again)"));
  EXPECT_THAT(consul.keys_under(prefix), ElementsAre("proxysql/freeze"));
}

// --- blobs -----------------------------------------------------------------------------------------------------------

/// A table that does not become small by compression.
Texts large_rules(int count) {
  Texts statements = {"DELETE FROM mysql_query_rules"};
  unsigned state = 1;
  for (int i = 1; i <= count; ++i) {
    std::string noise;
    for (unsigned j = 0; j < 900; ++j)
      noise += static_cast<char>('!' + (state = state * 1103515245 + 12345) / 65536 % 6 + j % 80);
    std::replace(noise.begin(), noise.end(), '\'', 'q');
    statements.push_back("INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (" + std::to_string(i) +
                         ",1,'" + noise + "')");
  }
  statements.push_back("LOAD MYSQL QUERY RULES TO RUNTIME");
  return statements;
}

const std::string rules_key = "proxysql/mysql_query_rules";

TEST_F(Run, KeepsLargeTablesInABlob) {
  a.execute(large_rules(700));
  const auto ran = a.run({"save", "mysql_query_rules"});
  EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
  EXPECT_LT(consul.value_of(rules_key).size(), 1000U);
  const auto document = parse_document(consul.value_of(rules_key));
  ASSERT_TRUE(document.blob);
  EXPECT_EQ(blobs().size(), document.blob->parts);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.engine.execute("SELECT * FROM runtime_mysql_query_rules").rows,
            a.engine.execute("SELECT * FROM runtime_mysql_query_rules").rows);
  EXPECT_THAT(a.run({"save", "mysql_query_rules"}).out, HasSubstr(": unchanged, Consul holds it as version "));
  EXPECT_THAT(b.run({"save", "mysql_query_rules"}).out, HasSubstr(": unchanged, Consul holds it as version "));
}

TEST_F(Run, FindsOutASmallerLimitOfTheServers) {
  for (const bool says : {true, false}) {
    SCOPED_TRACE(says);
    consul = FakeConsul();
    consul.value_limit = 20'000;
    consul.says_limit = says;
    a.execute(large_rules(60));
    const auto ran = a.run({"save", "mysql_query_rules"});
    EXPECT_EQ(ran.status, 0) << ::testing::PrintToString(ran.err);
    const auto document = parse_document(consul.value_of(rules_key));
    ASSERT_TRUE(document.blob);
    EXPECT_GT(document.blob->parts, 1U);
    NodeUnderTest other(consul, dir, "other");
    EXPECT_EQ(other.update().status, 0);
    EXPECT_EQ(other.engine.execute("SELECT COUNT(*) FROM runtime_mysql_query_rules").rows, (Rows{{"60"}}));
  }
}

TEST_F(Run, GivesUpWhereTheServersTakeNextToNothing) {
  consul.value_limit = 300;
  a.set_servers({"db1"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 5);
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Run, CollectsBlobsThatNothingRefersTo) {
  consul.value_limit = 20'000;
  a.configure(R"("history_limit":1)");
  a.execute(large_rules(60));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  const auto first = blobs();
  EXPECT_THAT(first, Not(IsEmpty()));
  a.execute(large_rules(61));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  for (const auto& key : first) EXPECT_TRUE(consul.entries.contains(key)) << "the history refers to it";
  a.execute(large_rules(1));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  for (const auto& key : first) EXPECT_FALSE(consul.entries.contains(key)) << key;
  EXPECT_THAT(blobs(), Not(IsEmpty())) << "the history refers to the second";
  a.execute(large_rules(2));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(Run, CollectsABlobOfMorePartsThanATransactionTakes) {
  consul.value_limit = 8'000;
  consul.says_limit = true;
  a.configure(R"("history_limit":0)");
  a.execute(large_rules(1000));
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_GT(blobs().size(), 64U);
  a.execute(large_rules(1));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_THAT(blobs(), IsEmpty());
}

TEST_F(Run, WritesABlobAgainThatWasCollectedBeforeItsDocumentWasThere) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  bool done = false;
  consul.on_call = [&](const std::string& call) {
    if (done || !call.starts_with("TXN cas " + rules_key)) return;
    done = true;
    for (const auto& key : blobs()) consul.entries.erase(key);
  };
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_TRUE(done);
  EXPECT_EQ(blobs().size(), parse_document(consul.value_of(rules_key)).blob->parts);
  EXPECT_EQ(b.update().status, 0);
}

TEST_F(Run, RepairsABlobThatLostAPart) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  consul.entries.erase(blobs().front());
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
}

TEST_F(Run, AppliesNothingOfABlobThatIsNotWhole) {
  consul.value_limit = 20'000;
  a.execute(large_rules(60));
  ASSERT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_GE(blobs().size(), 2U);
  const auto good = consul.entries;
  const auto blob = *parse_document(consul.value_of(rules_key)).blob;
  const auto part = [&](std::size_t number) { return part_key(meta, blob.sha256, number); };
  const std::string name = "error: proxysql/mysql_query_rules: blob " + blob.sha256.substr(0, 12) + ": ";
  const std::string hint = " (save the configuration again)";
  const struct {
    const char* what;
    std::function<void()> damage;
    std::string error;
  } cases[] = {
      {"missing", [&] { consul.entries.erase(part(1)); },
       name + "part 1 of " + std::to_string(blob.parts) + " is missing" + hint},
      {"truncated", [&] { consul.entries[part(0)].value.pop_back(); },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"swapped", [&] { std::swap(consul.entries[part(0)].value, consul.entries[part(1)].value); },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"flipped", [&] { consul.entries[part(1)].value[5] ^= 1; },
       name + "its parts do not have the SHA-256 that the document names" + hint},
      {"expands to more than it says",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = 1000;
         consul.set(rules_key, format_document(document));
       },
       name + "it does not expand to the 1000 bytes that the document names" + hint},
      {"expands to less than it says",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = 100'000'000;
         consul.set(rules_key, format_document(document));
       },
       name + "it does not expand to the 100000000 bytes that the document names" + hint},
      {"claims to be huge",
       [&] {
         auto document = parse_document(consul.value_of(rules_key));
         document.blob->bytes = max_document_bytes + 1;
         consul.set(rules_key, format_document(document));
       },
       "error: proxysql/mysql_query_rules: document: its blob expands to 536870913 bytes, more than the limit of "
       "536870912"},
  };
  for (const auto& [what, damage, error] : cases) {
    SCOPED_TRACE(what);
    consul.entries = good;
    damage();
    b.engine.clear_log();
    const auto ran = b.update();
    EXPECT_EQ(ran.status, 6);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, ElementsAre(error));
    EXPECT_THAT(b.writes(), IsEmpty());
    EXPECT_EQ(b.state().find("mysql_query_rules")->outcome, Outcome::failed);
  }
  consul.entries = good;
  EXPECT_EQ(b.update().status, 0) << "a failed version is tried again";
}

// --- update and pull -------------------------------------------------------------------------------------------------

TEST_F(Run, PassesOverWhatThisNodeSaved) {
  save_from_a({"db1"});
  a.set_servers({"changed since"});
  const auto ran = a.run({"update", "--log-level", "debug"}, consul.watch(prefix));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(a.servers(), Texts{"changed since"});
  EXPECT_THAT(a.writes(), IsEmpty());
  // Also where the state file is gone: the UUID tells.
  std::filesystem::remove(a.state_file());
  const auto again = a.run({"update", "--log-level", "debug"}, consul.watch(prefix));
  EXPECT_THAT(again.err, ElementsAre("debug: proxysql/mysql_servers: passed over: was saved by this node"));
  EXPECT_THAT(a.writes(), IsEmpty());
}

TEST_F(Run, AppliesWithAWarningWhatANodeWithTheSameUuidSaved) {
  save_from_a({"db1"});
  write_file(b.uuid_file(), read_file(a.uuid_file()));
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: proxysql/mysql_servers: comes from host-a, which has the same UUID as this node: a "
                          "copied uuid_file? Remove it on one of the two, and the next run makes a new one"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, DoesNothingForAVersionThatItHasApplied) {
  save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  b.engine.clear_log();
  b.opened.clear();
  consul.log.clear();
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(b.opened, IsEmpty()) << "ProxySQL was asked";
  EXPECT_THAT(consul.log, IsEmpty()) << "Consul was asked";
}

TEST_F(Run, PassesOverAnOlderVersionThanTheOneThatConsulHolds) {
  save_from_a({"old"});
  const auto stale = consul.watch(prefix);
  const auto stale_version = version_of(servers_key);
  save_from_a({"new"});
  EXPECT_EQ(b.update().status, 0);
  const auto ran = b.run({"update"}, stale);
  EXPECT_EQ(ran.status, 0);
  ASSERT_THAT(ran.err, SizeIs(1));
  EXPECT_THAT(ran.err[0],
              HasSubstr("proxysql/mysql_servers: passed over: version " + stale_version + " is older than "));
  EXPECT_EQ(b.servers(), Texts{"new"});
}

TEST_F(Run, AppliesAnOlderVersionThatIsTheCurrentOneOfANewConsul) {
  save_from_a({"old"});
  EXPECT_EQ(b.update().status, 0);
  consul = FakeConsul();
  consul.index = 5;
  a.set_servers({"after the rebuild"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"after the rebuild"});
  EXPECT_EQ(b.state().find("mysql_servers")->version, 6U);
}

TEST_F(Run, PullsWhatConsulHolds) {
  save_from_a({"db1"});
  a.execute({"INSERT INTO mysql_users(username) VALUES ('u')", "LOAD MYSQL USERS TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_users"}).status, 0);
  const auto ran = b.run({"pull", "mysql_users"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(ran.out, StartsWith("mysql_users: version " + version_of(users_key)));
  EXPECT_THAT(b.servers(), IsEmpty());
  EXPECT_FALSE(consul.opened.back().stale);
  EXPECT_EQ(b.run({"pull", "--stale"}).status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, PullsAgainByForce) {
  save_from_a({"db1"});
  for (auto* node : {&a, &b}) {
    EXPECT_EQ(node->run({"pull"}).status, 0);
    node->set_servers({"edited by hand"});
    EXPECT_EQ(node->run({"pull"}).status, 0);
    EXPECT_EQ(node->servers(), Texts{"edited by hand"});
    EXPECT_EQ(node->run({"pull", "--force"}).status, 0);
    EXPECT_EQ(node->servers(), Texts{"db1"});
  }
}

TEST_F(Run, PullsNothingFromAnEmptyConsul) {
  b.set_servers({"db1"});
  const auto ran = b.run({"pull"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err,
              ElementsAre("warning: nothing is under proxysql/ in Consul: save first, or is consul_prefix another?"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, TakesTheObjectOfAKeyWatch) {
  save_from_a({"db1"});
  EXPECT_EQ(b.run({"update"}, FakeConsul::to_json(servers_key, consul.entries.at(servers_key))).status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, NeverDeletesForWhatIsMissing) {
  b.set_servers({"db1"});
  for (const std::string input : {"null", "[]"}) {
    const auto ran = b.run({"update"}, input);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.err, IsEmpty());
    EXPECT_EQ(b.servers(), Texts{"db1"});
  }
}

TEST_F(Run, RefusesInputThatIsNoWatchData) {
  const std::string hint =
      " (expected the JSON of a Consul watch of type keyprefix or key, or of /v1/kv/<prefix>?recurse)";
  const struct {
    const char* input;
    std::string error;
  } cases[] = {
      {"", "error: watch data: nothing came" + hint},
      {"[{\"Key\":\"proxysql/mysql_ser", "error: watch data: is no JSON, or was cut short" + hint},
      {"42", "error: watch data: is neither array nor object" + hint},
      {"[1]", "error: watch data: an entry is no object" + hint},
      {"[{}]", "error: watch data: an entry has no \"Key\"" + hint},
  };
  for (const auto& [input, error] : cases) {
    SCOPED_TRACE(input);
    const auto ran = b.run({"update"}, input);
    EXPECT_EQ(ran.status, 6);
    EXPECT_THAT(ran.err, ElementsAre(error));
  }
  EXPECT_THAT(b.opened, IsEmpty());
  EXPECT_EQ(read_file(b.state_file()), "");
}

TEST_F(Run, AppliesTheOthersWhereOneDocumentIsBad) {
  save_from_a({"db1"});
  consul.set("proxysql/mysql_firewall", "{");
  consul.set(users_key, R"({"config_name":"mysql_users","uuid":"x","tables":{"mysql_users":[["a"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_firewall: document: is no JSON",
                                   "error: proxysql/mysql_users: table mysql_users: a row of 1 values without column "
                                   "names for 14 columns of this ProxySQL"));
  EXPECT_EQ(b.state().find("mysql_users")->outcome, Outcome::failed);
  EXPECT_EQ(b.state().find("mysql_servers")->outcome, Outcome::applied);
}

TEST_F(Run, ExitsWithTheLowestOfTheFailures) {
  save_from_a({"db1"});
  consul.set("proxysql/mysql_firewall", "{");
  consul.set(rules_key,
             R"({"config_name":"mysql_query_rules","uuid":"x","columns":{"mysql_query_rules":["rule_id","active",)"
             R"("flagIN"]},"tables":{"mysql_query_rules":[["1","1","-1"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(
      ran.err,
      ElementsAre("error: proxysql/mysql_firewall: document: is no JSON",
                  "error: proxysql/mysql_query_rules: ProxySQL Admin Error: CHECK constraint failed: flagIN >= 0; "
                  "runtime is untouched, the memory tables are as before"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, ReportsWhatWasAppliedInPart) {
  consul.set(rules_key,
             R"({"config_name":"mysql_query_rules","uuid":"x","columns":{"mysql_query_rules":["rule_id","active",)"
             R"("client_addr"]},"tables":{"mysql_query_rules":[["1","1","10.%.1"]]}})");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 4);
  EXPECT_EQ(ran.out, "mysql_query_rules: version 101 of node x: applied in part (N ms)\n");
  EXPECT_THAT(ran.err, ElementsAre("warning: mysql_query_rules: not taken by ProxySQL: table mysql_query_rules, row "
                                   "rule_id=1: is missing"));
  EXPECT_EQ(b.state().find("mysql_query_rules")->outcome, Outcome::partial);
}

TEST_F(Run, SaysWhereItWasHereAlready) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"db1"});
  const auto ran = b.update();
  EXPECT_EQ(ran.out, "mysql_servers: version " + version +
                         " of host-a at 2027-01-15T08:00:01Z: unchanged, it was here already (N ms)\n");
  EXPECT_EQ(b.writes(), Texts{"SAVE"});
}

TEST_F(Run, AppliesNothingWhileFrozenAndAllAfterwards) {
  save_from_a({"db1"});
  consul.set("proxysql/freeze", "black friday");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("info: proxysql/mysql_servers: passed over: the cluster is frozen: black friday"));
  EXPECT_THAT(b.writes(), IsEmpty());
  consul.entries.erase("proxysql/freeze");
  EXPECT_EQ(b.update().status, 0);
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, TouchesOnlyWhatTheSettingsAccept) {
  b.configure(R"("accept":["mysql_users"])");
  save_from_a({"db1"});
  consul.set("proxysql/nonsense", "?");
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("info: proxysql/mysql_servers: passed over: is not among the settings' \"accept\"",
                                   "warning: proxysql/nonsense: passed over: is no configuration"));
  EXPECT_THAT(b.opened, IsEmpty());
}

TEST_F(Run, RefusesADocumentUnderAnothersKey) {
  save_from_a({"db1"});
  consul.set(users_key, consul.value_of(servers_key));
  consul.entries.erase(servers_key);
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_users: document: is one of mysql_servers"));
}

TEST_F(Run, PrintsADryRunOfUpdateAndChangesNothing) {
  const auto version = save_from_a({"db1"});
  b.set_servers({"old"});
  consul.log.clear();
  const auto ran = b.run({"update", "--dry-run"}, consul.watch(prefix));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "-- mysql_servers: version " + version +
                " of host-a at 2027-01-15T08:00:01Z\n"
                "REPLACE INTO `mysql_servers` (`hostgroup_id`,`hostname`,`port`,`gtid_port`,`status`,`weight`,"
                "`compression`,`max_connections`,`max_replication_lag`,`use_ssl`,`max_latency_ms`,`comment`) VALUES "
                "('1','db1','3306','0','ONLINE','1','0','1000','0','0','0','');\n"
                "DELETE FROM `mysql_servers` WHERE (`hostgroup_id`='1' AND `hostname`='old' AND `port`='3306');\n"
                "LOAD MYSQL SERVERS TO RUNTIME;\n"
                "SAVE MYSQL SERVERS TO DISK;\n");
  EXPECT_THAT(b.writes(), IsEmpty());
  EXPECT_EQ(read_file(b.uuid_file()), "");
  EXPECT_EQ(read_file(b.state_file()), "");
  EXPECT_THAT(consul.log, IsEmpty());
}

TEST_F(Run, PublishesWhatThisNodeHolds) {
  const auto version = save_from_a({"db1"});
  EXPECT_EQ(b.update().status, 0);
  const auto& record = consul.value_of(meta + "node/" + b.uuid());
  EXPECT_THAT(record, AllOf(HasSubstr("\"host\": \"host-b\""), HasSubstr("\"version\": " + version),
                            HasSubstr("\"outcome\": \"applied\"")));
  EXPECT_TRUE(b.state().published);
}

TEST_F(Run, FailsNothingWhereItsRecordCannotBePublished) {
  save_from_a({"db1"});
  const auto watch = consul.watch(prefix);
  consul.always = FakeConsul::Failure::away;
  const auto ran = b.run({"update"}, watch);
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("warning: this node's record for the others could not be written: fake consul: PUT "
                                   "proxysql-meta/node/" +
                                   b.uuid() + ": away"));
  EXPECT_EQ(b.servers(), Texts{"db1"});
  EXPECT_FALSE(b.state().published);
  consul.always = {};
  EXPECT_EQ(b.run({"update"}, watch).status, 0);
  EXPECT_TRUE(b.state().published);
  EXPECT_NE(consul.value_of(meta + "node/" + b.uuid()), "");
}

TEST_F(Run, WaitsForAProxySqlThatIsStarting) {
  save_from_a({"db1"});
  b.is_away = true;
  b.on_pause = [&] { b.is_away = false; };
  const auto ran = b.update();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre("warning: proxysql admin@127.0.0.1:6032: away; trying again for up to 1 s"));
  EXPECT_THAT(b.pauses, SizeIs(1));
  EXPECT_EQ(b.servers(), Texts{"db1"});
}

TEST_F(Run, GivesUpOnAServerThatStaysAway) {
  save_from_a({"db1"});
  b.configure(R"("retry_seconds":0)");
  b.is_away = true;
  for (const std::string command : {"update", "pull"}) {
    const auto ran = b.run({command}, consul.watch(prefix));
    EXPECT_EQ(ran.status, 4);
    EXPECT_THAT(ran.err, ElementsAre("error: proxysql/mysql_servers: proxysql admin@127.0.0.1:6032: away"));
  }
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 4);
  b.is_away = false;
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(b.run({"pull"}).status, 5);
  EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 5);
}

TEST_F(Run, CompletesAnUpdateWhateverStatementLosesItsConnection) {
  save_from_a({"db1", "db2"});
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("statement " + std::to_string(n));
    NodeUnderTest node(consul, dir, "node" + std::to_string(n));
    node.set_servers({"old"});
    node.engine.plan(n, Fault::drop);
    EXPECT_EQ(node.update().status, 0);
    const bool reached = node.engine.log().size() >= n && !node.pauses.empty();
    node.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(node.servers(), (Texts{"db1", "db2"}));
    for (const std::string layer : {"main", "disk"}) {
      EXPECT_EQ(node.engine.execute("SELECT COUNT(*) FROM " + layer + ".mysql_servers").rows, (Rows{{"2"}})) << layer;
    }
    if (!reached) break;
    ASSERT_LT(n, 100U);
  }
}

TEST_F(Run, CompletesInTheNextUpdateWhateverStatementIsRefused) {
  save_from_a({"db1", "db2"});
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("statement " + std::to_string(n));
    NodeUnderTest node(consul, dir, "node" + std::to_string(n));
    node.set_servers({"old"});
    node.engine.fail_statement(n, "no");
    const auto ran = node.update();
    const bool reached = ran.status != 0;
    if (reached) {
      EXPECT_EQ(ran.status, 4);
      EXPECT_THAT(ran.err.front(), StartsWith("error: proxysql/mysql_servers: ProxySQL Admin Error: no"));
      EXPECT_EQ(node.update().status, 0);
    }
    node.engine.execute("STANDIN CLEAR");
    EXPECT_EQ(node.servers(), (Texts{"db1", "db2"}));
    EXPECT_EQ(node.state().find("mysql_servers")->outcome, Outcome::applied);
    if (!reached) break;
    ASSERT_LT(n, 100U);
  }
}

// --- files -----------------------------------------------------------------------------------------------------------

TEST_F(Run, ReportsFilesThatCannotBeUsed) {
  const struct {
    const char* what;
    std::function<void()> damage;
    std::string error;
  } cases[] = {
      {"empty uuid", [&] { write_file(a.uuid_file(), ""); },
       "error: " + a.uuid_file() +
           ": is empty (restore it from a backup; or remove it, and the next run makes a new one (the node then "
           "applies "
           "once more what it saved itself))"},
      {"no uuid", [&] { write_file(a.uuid_file(), "hello\n"); },
       "error: " + a.uuid_file() +
           ": holds no UUID (restore it from a backup; or remove it, and the next run makes a new one (the node then "
           "applies once more what it saved itself))"},
      {"no state", [&] { write_file(a.state_file(), "{}"); },
       "error: " + a.state_file() +
           ": is no state file of proxysql-consul (remove it; the next run makes a new one, and compares every "
           "configuration once more)"},
      {"settings", [&] { a.configure(R"("consul_port":"x")"); },
       "error: " + dir.file("host-a.cnf") + ": consul_port: must be a port from 1 to 65535, is \"x\""},
  };
  for (const auto& [what, damage, error] : cases) {
    SCOPED_TRACE(what);
    std::filesystem::remove(a.uuid_file());
    std::filesystem::remove(a.state_file());
    a.configure({});
    damage();
    for (const Texts& words : {Texts{"save", "mysql_servers"}, Texts{"update"}}) {
      const auto ran = a.run(words, "[]");
      EXPECT_EQ(ran.status, 3);
      EXPECT_THAT(ran.err, ElementsAre(error));
    }
  }
  EXPECT_THAT(consul.entries, IsEmpty());
}

TEST_F(Run, LogsJsonLines) {
  a.configure(R"("consul_port":"x\"")");
  const auto ran = a.run({"--log-format", "json", "update"});
  // The settings are what failed, but the words were understood before.
  ASSERT_THAT(ran.err, SizeIs(1));
  EXPECT_THAT(ran.err[0], AllOf(StartsWith("{\"time\":\""), HasSubstr("\"level\":\"error\",\"message\":\""),
                                EndsWith("is \\\"x\\\\\\\"\\\"\"}")));
}

// --- secrets ---------------------------------------------------------------------------------------------------------

TEST_F(Run, ShowsNoSecretAnywhere) {
  const std::string settings =
      R"("proxysql_admin_password":"s3cr3t-admin","consul_token":"s3cr3t-token","retry_seconds":0,)"
      R"("accept":["mysql_servers","mysql_query_rules","mysql_users","mysql_variables","admin_variables","scheduler"])";
  a.configure(settings);
  b.configure(settings);
  const Texts secrets = {
      "INSERT INTO mysql_users(username,password,attributes) VALUES ('u','s3cr3t-user',''),"
      "('h','*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29',''),('v','x','{\"additional_password\":\"s3cr3t-more\"}')",
      "LOAD MYSQL USERS TO RUNTIME",
      "UPDATE global_variables SET variable_value='s3cr3t-var' WHERE variable_name IN "
      "('mysql-monitor_password','admin-cluster_password')",
      "UPDATE global_variables SET variable_value='admin:s3cr3t-cred' WHERE variable_name='admin-admin_credentials'",
      "LOAD MYSQL VARIABLES TO RUNTIME",
      "LOAD ADMIN VARIABLES TO RUNTIME",
      "INSERT INTO scheduler(id,interval_ms,filename,arg1) VALUES (1,1000,'/x','--password=s3cr3t-arg')",
      "LOAD SCHEDULER TO RUNTIME"};
  a.execute(secrets);
  std::string shown;
  const auto show = [&](const Ran& ran) {
    shown += ran.out;
    for (const auto& line : ran.err) shown += line + "\n";
  };
  const auto debug = [&](NodeUnderTest& node, Texts words, const std::string& input = {}) {
    words.insert(words.end(), {"--log-level", "debug"});
    const auto ran = node.run(words, input);
    show(ran);
    return ran.status;
  };
  EXPECT_EQ(debug(a, {"save", "--all", "--dry-run"}), 0);
  EXPECT_THAT(shown, HasSubstr("***"));
  EXPECT_EQ(debug(a, {"save", "--all"}), 0);
  ASSERT_THAT(consul.value_of(users_key), HasSubstr("s3cr3t-user")) << "nothing to hide";
  EXPECT_EQ(debug(a, {"save", "--all"}), 0);
  const auto watch = consul.watch(prefix);
  EXPECT_EQ(debug(b, {"update", "--dry-run"}, watch), 0);
  // Each statement refused, for errors quote statements.
  for (std::size_t n = 1; n < 60; ++n) {
    b.engine.fail_statement(n, "near \"x\": syntax error");
    debug(b, {"update"}, watch);
    b.engine.execute("STANDIN CLEAR");
  }
  EXPECT_EQ(debug(b, {"pull", "--force"}), 0);
  EXPECT_EQ(b.engine.execute("SELECT password FROM mysql_users WHERE username='u'").rows, (Rows{{"s3cr3t-user"}}));
  // Documents that do not fit: the values must stay out of the reasons.
  const std::string head = R"({"config_name":"mysql_users","uuid":"x",)";
  for (
      const std::string body :
      {R"("tables":{"mysql_users":[["u","s3cr3t"]]}})", R"("tables":{"mysql_users":[{"s3cr3t":1}]}})",
       R"("columns":{"mysql_users":["username","password"]},"tables":{"mysql_users":[["u",7],["u","s3cr3t"]]}})",
       R"("columns":{"mysql_users":["username","password","active"]},"tables":{"mysql_users":[["u","s3cr3t","5"]]}})",
       R"("columns":{"mysql_users":["username","password"]},"tables":{"mysql_users":[["u","s3cr3t"],["u","s3cr3t"]]}})",
       R"("columns":{"mysql_users":["username","password","secret_new"]},"tables":{"mysql_users":[["u","a","s3cr3t"]]}})",
       R"("tables":{"mysql_users":[["u","s3cr3t)"}) {
    consul.set(users_key, head + body);
    EXPECT_NE(debug(b, {"pull"}), 0) << body;
  }
  // Servers that fail.
  consul.always = FakeConsul::Failure::refused;
  EXPECT_EQ(debug(a, {"save", "--all", "--force"}), 5);
  consul.always = FakeConsul::Failure::away;
  EXPECT_EQ(debug(a, {"pull"}), 5);
  a.is_away = true;
  EXPECT_EQ(debug(a, {"save", "--all"}), 4);
  // Settings that are wrong.
  a.configure(R"("consul_token":["s3cr3t"])");
  EXPECT_EQ(debug(a, {"pull"}), 3);
  a.configure(R"("proxysql_admin_password":{"s3cr3t":1})");
  EXPECT_EQ(debug(a, {"pull"}), 3);
  a.configure(R"("proxysql_admin_password":"s3cr3t)");
  EXPECT_EQ(debug(a, {"pull"}), 3);

  EXPECT_THAT(shown, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(shown, Not(HasSubstr("94BDCEBE")));
  ASSERT_THAT(b.opened, Not(IsEmpty()));
  EXPECT_EQ(b.opened.front().password, "s3cr3t-admin");
  EXPECT_EQ(consul.opened.front().token, "s3cr3t-token");
}

}  // namespace
}  // namespace proxysql_consul::testing
