// What the program writes to Consul is as docs/schemas/ say, and what it refuses they refuse where a schema can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

class Schema : public Run {
 protected:
  /// What the validator says, or nothing where it has no objection.
  std::string objection(const std::string& schema, const std::string& text) {
    const auto file = dir.file("checked.json");
    write_file(file, text);
    ProcessOptions options;
    options.argv = {"jsonschema", "-i", file, PROJECT_SOURCE_PATH "/docs/schemas/" + schema};
    const auto result = run_process(std::move(options));
    if (result.exit_code == 0) return {};
    return result.out + result.err + " exit " + std::to_string(result.exit_code);
  }

  void expect_all_to_fit(const std::string& prefix, const std::string& schema, std::size_t at_least) {
    const auto keys = consul.keys_under(prefix);
    EXPECT_GE(keys.size(), at_least) << prefix;
    for (const auto& key : keys) EXPECT_EQ(objection(schema, consul.value_of(key)), "") << key;
  }
};

TEST_F(Schema, IsThatOfWhatIsSaved) {
  save_from_a({"db1"});
  save_from_a({"db2"});
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,match_pattern,comment) VALUES (1,1,X'FF',NULL)",
             "INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (2,0,'x')"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules", "--source", "memory", "--message", "why"}).status, 0);
  EXPECT_EQ(a.run({"save", "mysql_variables"}).status, 0);
  b.update();
  expect_all_to_fit(prefix, "document.json", 3);
  expect_all_to_fit(meta + "history/", "document.json", 1);
  expect_all_to_fit(meta + "node/", "node.json", 2);
}

TEST_F(Schema, IsThatOfWhatIsSealed) {
  hold(a, dir, {"k1"});
  consul.value_limit = 1100;
  save_from_a({"db1"});
  std::string noise;
  for (int i = 0; i < 20; ++i) noise += sha256_hex(std::to_string(i));
  a.execute({"INSERT INTO mysql_query_rules(rule_id,active,match_pattern) VALUES (1,1,'" + noise + "')",
             "LOAD MYSQL QUERY RULES TO RUNTIME"});
  EXPECT_EQ(a.run({"save", "mysql_query_rules"}).status, 0);
  ASSERT_NE(consul.value_of(rules_key).find("sealed gzip"), std::string::npos);
  expect_all_to_fit(prefix, "document.json", 2);
  expect_all_to_fit(meta + "node/", "node.json", 1);
}

TEST_F(Schema, RefusesWhatTheProgramRefuses) {
  const std::string begin = R"({"config_name":"mysql_servers","uuid":"x")";
  for (const std::string rest : {R"(})", R"(,"tables":[]})", R"(,"tables":{"mysql_servers":[[1]]}})",
                                 R"(,"tables":{"mysql_servers":[[{"base64":1}]]}})", R"(,"tables":{},"format":3})",
                                 R"(,"tables":{},"blob":{"sha256":"","bytes":1,"encoding":"gzip","parts":1}})"}) {
    EXPECT_NE(objection("document.json", begin + rest), "") << rest;
    consul.set(servers_key, begin + rest);
    EXPECT_EQ(b.update().status, 6) << rest;
  }
}

}  // namespace
}  // namespace proxysql_consul::testing
