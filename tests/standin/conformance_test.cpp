// What proxysql-consul relies on in ProxySQL's admin interface, stated quirk by quirk: statements and their answers.
// Runs against the real ProxySQL where PROXYSQL_BIN names one, else against the stand-in: so the stand-in can be held
// against the original.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "standin/conformance_fixture.h"

namespace proxysql_consul::testing {
namespace {

TEST_P(Conformance, RunsOnlyTheFirstStatementOfAString) {
  run("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'); INSERT INTO mysql_servers(hostname) VALUES "
      "('b')");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"a"}}));
  EXPECT_TRUE(run("DELETE FROM mysql_servers; SELECT 1").columns.empty());
}

TEST_P(Conformance, HasNoTransactions) {
  run_all({"INSERT INTO mysql_servers(hostname) VALUES ('a')", "BEGIN", "DELETE FROM mysql_servers", "ROLLBACK"});
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
  run_all({"START TRANSACTION", "COMMIT", "SET NAMES utf8", "SET AUTOCOMMIT=1", "SET character_set_results = NULL",
           "USE main"});
}

TEST_P(Conformance, RefusesAStatementAsAWhole) {
  expect_error("REPLACE INTO mysql_servers(hostname,port) VALUES ('good',1),('bad',999999)",
               "ProxySQL Admin Error: CHECK constraint failed: port >= 0 AND port <= 65535");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
}

TEST_P(Conformance, TakesAndGivesMoreThan16MiB) {
  std::string sql = "INSERT INTO mysql_servers(hostname,comment) VALUES ";
  const std::string comment(1U << 20, 'x');
  for (int i = 0; i < 17; ++i) sql += (i == 0 ? "('h" : ",('h") + std::to_string(i) + "','" + comment + "')";
  run(sql);
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE LENGTH(comment)=1048576"), "17");
  EXPECT_EQ(value("SELECT GROUP_CONCAT(comment,'') FROM mysql_servers").size(), 17U << 20);
  // Not a packet of exactly 16 MiB less one, which an empty one follows: the original does not survive that.
  const std::string head = "SELECT LENGTH('";
  // Without a name the column would have that of the whole expression, and the original does not survive that, either.
  const std::string tail = "') AS length";
  for (const std::size_t size : {std::size_t{0xfffffe}, std::size_t{0x1000000}}) {
    const std::size_t length = size - 1 - head.size() - tail.size();
    EXPECT_EQ(value(std::string(head).append(length, 'y').append(tail)), std::to_string(length));
  }
}

TEST_P(Conformance, ComparesRowValuesAndQuotedNumbers) {
  run("INSERT INTO mysql_servers(hostgroup_id,hostname,port) VALUES (0,'a',1),(0,'b',1)");
  EXPECT_EQ(value("SELECT COUNT(*) FROM mysql_servers WHERE (hostgroup_id,hostname,port) IN (VALUES ('0','a','1'))"),
            "1");
  run("DELETE FROM mysql_servers WHERE (hostgroup_id,hostname,port) NOT IN (VALUES (0,'b',1),(0,'c',1))");
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), (Rows{{"b"}}));
}

TEST_P(Conformance, TakesAThousandTermsInAnExpression) {
  const auto chain = [](int terms) {
    std::string sql = "SELECT COUNT(*) FROM mysql_servers WHERE port=0";
    for (int i = 1; i < terms; ++i) sql += " OR port=" + std::to_string(i);
    return sql;
  };
  EXPECT_EQ(value(chain(990)), "0");
  expect_error(chain(1100), "ProxySQL Admin Error: Expression tree is too large (maximum depth 1000)");
}

TEST_P(Conformance, EndsAStatementAtANulByte) {
  const std::string with_nul = "INSERT INTO mysql_servers(hostname) VALUES ('a" + std::string(1, '\0') + "b')";
  EXPECT_NE(error_of(with_nul).find("ProxySQL Admin Error: unrecognized token"), std::string::npos);
  EXPECT_EQ(rows("SELECT hostname FROM mysql_servers"), Rows{});
}

TEST_P(Conformance, KeepsEveryOtherByte) {
  run("INSERT INTO mysql_servers(hostname,comment) VALUES ('h','it''s \"x\" \\n \\'' \t\n \xf0\x9f\x90\xac é')");
  run("LOAD MYSQL SERVERS TO RUNTIME");
  EXPECT_EQ(value("SELECT comment FROM runtime_mysql_servers"), "it's \"x\" \\n \\' \t\n \xf0\x9f\x90\xac é");
}

TEST_P(Conformance, KeepsNullAndEmptyApart) {
  run("INSERT INTO mysql_query_rules(rule_id,active,match_pattern,replace_pattern) VALUES "
      "(1,1,'a',''),(2,1,NULL,NULL)");
  run("LOAD MYSQL QUERY RULES TO RUNTIME");
  EXPECT_EQ(rows("SELECT match_pattern, replace_pattern FROM runtime_mysql_query_rules ORDER BY rule_id"),
            (Rows{{"a", ""}, {std::nullopt, std::nullopt}}));
}

TEST_P(Conformance, TakesDoubleQuotesForAStringWhereNoColumnIsNamedSo) {
  EXPECT_EQ(value("SELECT \"nosuchcolumn\""), "nosuchcolumn");
}

TEST_P(Conformance, ListsTablesAndColumns) {
  EXPECT_EQ(value("SELECT COUNT(*) FROM sqlite_master WHERE type='table' AND name IN "
                  "('mysql_servers','runtime_mysql_servers','global_variables','runtime_checksums_values')"),
            "4");
  EXPECT_EQ(value("SELECT COUNT(*) FROM sqlite_master WHERE type='table' AND name='pgsql_servers'"),
            is_3_0() ? "1" : "0");
  const QueryResult info = run("PRAGMA table_info(mysql_users)");
  EXPECT_EQ(info.columns, (std::vector<std::string>{"cid", "name", "type", "notnull", "dflt_value", "pk"}));
  ASSERT_EQ(info.rows.size(), 14U);
  EXPECT_EQ(info.rows[0], (Row{"0", "username", "VARCHAR", "1", std::nullopt, "1"}));
  EXPECT_EQ(info.rows[9], (Row{"9", "backend", "INT", "1", "1", "2"}));
  EXPECT_EQ(info.rows[12], (Row{"12", "attributes", "VARCHAR", "1", "''", "0"}));
  EXPECT_EQ(rows("PRAGMA table_info(nosuchtable)"), Rows{});
  EXPECT_EQ(value("SELECT COUNT(*) FROM disk.mysql_servers"), "0");
}

TEST_P(Conformance, EnforcesConstraints) {
  const std::string check = "ProxySQL Admin Error: CHECK constraint failed: ";
  const struct {
    std::string sql;
    std::string error;
  } cases[] = {
      {"INSERT INTO mysql_servers(hostname,status) VALUES ('a','up')",
       check + "UPPER(status) IN ('ONLINE','SHUNNED','OFFLINE_SOFT', 'OFFLINE_HARD')"},
      {"INSERT INTO mysql_servers(hostname) VALUES (NULL)",
       "ProxySQL Admin Error: NOT NULL constraint failed: mysql_servers.hostname"},
      {"INSERT INTO mysql_query_rules(cache_ttl) VALUES (0)", check + "cache_ttl > 0"},
      {"INSERT INTO mysql_query_rules(flagIN) VALUES (-1)", check + "flagIN >= 0"},
      {"INSERT INTO mysql_query_rules(replace_pattern) VALUES ('x')",
       check + "CASE WHEN replace_pattern IS NULL THEN 1 WHEN replace_pattern IS NOT NULL AND match_pattern IS NOT "
               "NULL THEN 1 ELSE 0 END"},
      {"INSERT INTO mysql_users(username,attributes) VALUES ('u','{')",
       check + "JSON_VALID(attributes) OR attributes = ''"},
      {"INSERT INTO mysql_users(username,active) VALUES ('u',2)", check + "active IN (0,1)"},
      {"INSERT INTO mysql_hostgroup_attributes(hostgroup_id,servers_defaults) VALUES (1,'no')",
       check + "JSON_VALID(servers_defaults) OR servers_defaults = ''"},
      {"INSERT INTO mysql_aws_aurora_hostgroups(writer_hostgroup,reader_hostgroup,domain_name) VALUES (1,2,'x')",
       check + "SUBSTR(domain_name,1,1) = '.'"},
      {"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES (1,9),(2,9)",
       "ProxySQL Admin Error: UNIQUE constraint failed: mysql_replication_hostgroups.reader_hostgroup"},
      {"INSERT INTO nosuchtable VALUES (1)", "ProxySQL Admin Error: no such table: nosuchtable"},
  };
  for (const auto& [sql, error] : cases) {
    // The session's message holds no literal of a statement, so only the text before the first is compared.
    const std::string plain = error.substr(0, error.find('\''));
    EXPECT_NE(error_of(sql).find(plain), std::string::npos) << sql << "\nfailed with: " << error_of(sql);
  }
}

TEST_P(Conformance, ReplaceRemovesARowOfAnotherKey) {
  run("INSERT INTO mysql_users(username,backend,frontend) VALUES ('u',1,1)");
  run("REPLACE INTO mysql_users(username,backend,frontend) VALUES ('u',0,1)");
  EXPECT_EQ(rows("SELECT backend, frontend FROM mysql_users"), (Rows{{"0", "1"}}));
}

TEST_P(Conformance, AnswersASyntaxErrorToAnUnknownLoad) {
  for (const char* words : {"NOSUCH SERVERS", "LDAP VARIABLES"}) {
    expect_error(std::string("LOAD ") + words + " TO RUNTIME", "ProxySQL Admin Error: near \"LOAD\": syntax error");
  }
  expect_error("SAVE COREDUMP TO DISK", "ProxySQL Admin Error: near \"SAVE\": syntax error");
}

TEST_P(Conformance, MatchesCommandsInAnyCaseAndSpacing) {
  int port = 1;
  for (const char* load : {"load mysql servers to runtime", "LOAD MYSQL SERVERS TO RUN",
                           " LOAD  MYSQL\tSERVERS FROM "
                           "MEMORY ; ",
                           "LOAD MYSQL SERVERS FROM MEM;"}) {
    const std::string number = std::to_string(++port);
    run("REPLACE INTO mysql_servers(hostname,port) VALUES ('a'," + number + ')');
    run(load);
    EXPECT_EQ(value("SELECT COUNT(*) FROM runtime_mysql_servers WHERE port=" + number), "1") << load;
  }
}

TEST_P(Conformance, KnowsWhatPeersAskByItsTextAlone) {
  std::string other_case(servers_as_loaded);
  std::transform(other_case.begin(), other_case.end(), other_case.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const std::string& sql : {std::string(servers_as_loaded), other_case, other_case + " ; "}) {
    EXPECT_EQ(rows(sql), Rows{}) << sql;
  }
  expect_error("PROXY_SELECT hostname FROM mysql_servers_v2",
               "ProxySQL Admin Error: near \"PROXY_SELECT\": syntax error");
}

TEST_P(Conformance, ComparesMemoryWithDiskByChecksums) {
  const struct {
    std::string words;
    std::string insert;
    std::string erase;
  } cases[] = {
      {"MYSQL SERVERS", "INSERT INTO mysql_servers(hostname) VALUES ('a')", "DELETE FROM mysql_servers"},
      {"MYSQL QUERY RULES", "INSERT INTO mysql_query_rules(rule_id) VALUES (1)", "DELETE FROM mysql_query_rules"},
      {"MYSQL USERS", "INSERT INTO mysql_users(username) VALUES ('u')", "DELETE FROM mysql_users"}};
  for (const auto& [words, insert, erase] : cases) {
    SCOPED_TRACE(words);
    run_all({insert, "SAVE " + words + " TO DISK"});
    const QueryResult memory = run("CHECKSUM MEMORY " + words);
    EXPECT_EQ(memory.columns, (std::vector<std::string>{"table", "checksum"}));
    EXPECT_EQ(memory.rows.at(0).at(0), words);
    EXPECT_EQ(memory.rows, rows("CHECKSUM DISK " + words));
    EXPECT_EQ(memory.rows, rows("checksum " + words));
    run(erase);
    EXPECT_NE(rows("CHECKSUM MEM " + words), memory.rows);
    EXPECT_EQ(rows("CHECKSUM DISK " + words), memory.rows);
    run("SAVE " + words + " TO DISK");
  }
  expect_error("CHECKSUM DISK MYSQL GALERA HOSTGROUPS", "ProxySQL Admin Error: near \"CHECKSUM\": syntax error");
}

TEST_P(Conformance, CountsWhatAllSessionsWriteTogether) {
  const auto other = open_admin_session(server().admin());
  const auto count = [&] {
    const auto row = other->query("SELECT total_changes()").rows.at(0).copy();
    return to_integer(row.at(0).value_or("")).value_or(0);
  };
  run_all({"DELETE FROM disk.mysql_query_rules", "DELETE FROM disk.mysql_query_rules_fast_routing",
           "INSERT INTO disk.mysql_query_rules(rule_id) VALUES (7),(8),(9)"});
  const auto before = count();
  run("INSERT INTO mysql_query_rules(rule_id,active) VALUES (1,1),(2,1)");
  EXPECT_EQ(count(), before + 2);
  run("REPLACE INTO mysql_query_rules(rule_id,active) VALUES (2,0),(3,1)");
  EXPECT_EQ(count(), before + 4) << "what a REPLACE takes away is not counted";
  run("DELETE FROM mysql_query_rules WHERE rule_id IN (1,99)");
  EXPECT_EQ(count(), before + 5);
  rows("SELECT * FROM mysql_query_rules");
  rows("SELECT COUNT(*) FROM disk.mysql_query_rules");
  EXPECT_EQ(count(), before + 5);
  run("SAVE MYSQL QUERY RULES TO DISK");
  EXPECT_EQ(count(), before + 10) << "three went, two came";
}

TEST_P(Conformance, TellsItsVersion) {
  const std::string version = value("SELECT @@version");
  EXPECT_TRUE(version.starts_with(is_3_0() ? "3.0." : "2.7.")) << version;
  EXPECT_EQ(value("SELECT version()"), version);
  EXPECT_EQ(value("SELECT @@version_comment LIMIT 1"), "(ProxySQL Admin Module)");
}

TEST_P(Conformance, RefusesAWrongPassword) {
  AdminOptions wrong = server().admin();
  wrong.password = "wrong";
  try {
    open_admin_session(wrong);
    FAIL() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(dynamic_cast<const Unavailable*>(&error), nullptr);
    EXPECT_NE(std::string(error.what()).find("Access denied for user"), std::string::npos) << error.what();
  }
}

TEST_P(Conformance, ShowsNoConfigurationToAStatsUser) {
  AdminOptions stats = server().admin();
  stats.username = "stats";
  stats.password = "stats";
  const auto session = open_admin_session(stats);
  EXPECT_THROW(session->query("SELECT * FROM mysql_servers"), Error);
  EXPECT_THROW(session->query("LOAD MYSQL SERVERS TO RUNTIME"), Error);
}

INSTANTIATE_TEST_SUITE_P(Versions, Conformance, ::testing::Values(StandinVersion::v2_7, StandinVersion::v3_0),
                         version_name);

}  // namespace
}  // namespace proxysql_consul::testing
