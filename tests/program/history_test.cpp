#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/tally.h"
#include "support/golden.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

class HistoryCommand : public Run {
 protected:
  HistoryCommand() {
    a.set_servers({"db1"});
    EXPECT_EQ(a.run({"save", "mysql_servers", "--message", "the first"}).status, 0);
    b.set_servers({"db1", "db2"});
    EXPECT_EQ(b.run({"save", "mysql_servers"}).status, 0);
    a.set_servers({"db2", "db3"});
    a.execute({"UPDATE mysql_servers SET weight=7 WHERE hostname='db2'", "LOAD MYSQL SERVERS TO RUNTIME"});
    EXPECT_EQ(a.run({"save", "mysql_servers", "--message", "db1 is gone"}).status, 0);
  }
};

TEST_F(HistoryCommand, ListsVersionsNewestFirst) {
  a.is_away = true;
  const auto ran = a.run({"history", "mysql_servers"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  expect_golden("history.txt", ran.out);
}

TEST_F(HistoryCommand, KeepsANewVersionRatherThanThoseOfAnotherConsul) {
  const auto first = history().front();
  for (int i = 0; i < 12; ++i)
    consul.set(meta + "history/mysql_servers/" + std::to_string(5000 + i), consul.value_of(first));
  const auto replaced = version_of(servers_key);
  a.set_servers({"db4"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  EXPECT_THAT(history(), ::testing::Contains(meta + "history/mysql_servers/" + replaced));
  EXPECT_THAT(history(), ::testing::SizeIs(10));
}

TEST_F(HistoryCommand, KeepsWhatOthersReplacedWhileItIsTrimmed) {
  for (int i = 0; i < 12; ++i) {
    a.set_servers({"db" + std::to_string(10 + i)});
    EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  }
  std::string replaced;
  consul.on_call = [&](const std::string& call) {
    if (call != "KEYS " + meta + "history/mysql_servers/" || !replaced.empty()) return;
    for (const std::string name : {"theirs", "and again"}) {
      replaced = version_of(servers_key);
      consul.set(meta + "history/mysql_servers/" + replaced, consul.value_of(servers_key));
      consul.set(servers_key, consul.value_of(servers_key) + " ");
    }
  };
  a.set_servers({"last"});
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  consul.on_call = nullptr;
  EXPECT_THAT(history(), ::testing::Contains(meta + "history/mysql_servers/" + replaced));
}

TEST_F(HistoryCommand, SpeaksJson) {
  // What a node LOADed and another overtook, as follow keeps it.
  const auto first = history().front();
  consul.set(first + "." + a.uuid() + ".2", consul.value_of(first));
  const auto ran = a.run({"history", "mysql_servers", "--json"});
  EXPECT_EQ(ran.status, 0);
  auto json = Json::parse(ran.out);
  const auto overtaken = first.substr(first.rfind('/') + 1) + "." + a.uuid() + ".2";
  ASSERT_EQ(json["versions"].size(), 4U);
  EXPECT_EQ(json["versions"][3]["id"], overtaken);
  json["versions"][3]["id"] = "<version>.<uuid>.2";
  expect_golden("history.json", json.dump(2) + "\n");
}

TEST_F(HistoryCommand, HasNullWhereADocumentCannotBeRead) {
  consul.set(history().back(), "no JSON");
  const auto ran = a.run({"history", "mysql_servers", "--json"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("cannot be read whole: document: is no JSON")));
  const auto versions = Json::parse(ran.out)["versions"];
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0]["rows"], 2);
  EXPECT_TRUE(versions[0]["added"].is_null()) << "the one before is not known";
  EXPECT_TRUE(versions[1]["rows"].is_null());
  EXPECT_THAT(a.run({"history", "mysql_servers"}).out, HasSubstr("?"));
}

TEST_F(HistoryCommand, OpensBlobs) {
  consul.value_limit = 4096;
  Texts hosts;
  for (int i = 0; i < 200; ++i) hosts.push_back("a-server-of-some-length-" + std::to_string(i));
  save_from_a(hosts);
  ASSERT_TRUE(parse_document(consul.value_of(servers_key)).blob.has_value());
  const auto versions = Json::parse(a.run({"history", "mysql_servers", "--json"}).out)["versions"];
  EXPECT_EQ(versions[0]["rows"], 200);
  EXPECT_EQ(versions[0]["added"], 200);
  EXPECT_EQ(versions[0]["removed"], 2);
}

TEST_F(HistoryCommand, EndsWith6WhereNothingIsKept) {
  const auto ran = a.run({"history", "mysql_users", "--json"});
  EXPECT_EQ(ran.status, 6);
  EXPECT_EQ(ran.out, R"({"format":1,"configuration":"mysql_users","versions":[]})"
                     "\n");
  EXPECT_THAT(ran.err, ElementsAre(HasSubstr("proxysql/mysql_users: Consul holds no version")));
}

TEST_F(HistoryCommand, WantsOneName) {
  EXPECT_EQ(a.run({"history"}).status, 2);
  EXPECT_EQ(a.run({"history", "mysql_users", "mysql_servers"}).status, 2);
  EXPECT_THAT(a.run({"history", "users"}).err, ElementsAre(HasSubstr("did you mean 'mysql_users'?")));
}

/// What the program knows of keys is what the servers say.
TEST_F(HistoryCommand, KnowsTheKeysOfAllTables) {
  for (const auto version : {StandinVersion::v1_1, StandinVersion::v2_7, StandinVersion::v3_0, StandinVersion::v3_1,
                             StandinVersion::plugin}) {
    StandinEngine engine(version);
    for (const auto& configuration : catalogue()) {
      for (const auto& table : configuration.tables) {
        const auto columns = engine.execute("PRAGMA table_info(" + std::string(table) + ")").rows;
        std::map<std::string, std::string> key;
        for (const auto& column : columns) {
          if (column[5] != "0") key[std::string(column[5].value())] = column[1].value();
        }
        if (columns.empty()) continue;
        const auto known = known_key(table);
        ASSERT_EQ(known.size(), key.size()) << table;
        for (std::size_t i = 0; i < known.size(); ++i) EXPECT_EQ(known[i], key[std::to_string(i + 1)]) << table;
      }
    }
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
