// Two nodes, of which B may keep something local, and how their servers look in each place.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/model/document.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {

/// The rows of a statement, cells with slashes between.
inline Texts rows_of(StandinEngine& engine, const std::string& statement) {
  Texts rows;
  const auto answer = engine.execute(statement);
  EXPECT_TRUE(answer.ok) << statement << ": " << answer.error;
  for (const auto& row : answer.rows) {
    std::string text;
    for (const auto& cell : row) text.append(text.empty() ? "" : "/").append(cell.value_or("NULL"));
    rows.push_back(text);
  }
  return rows;
}

class KeepLocal : public Run {
 protected:
  static constexpr auto own_columns = R"("keep_local":{"mysql_servers":{"columns":["weight","status"]}})";
  static constexpr auto own_rows =
      R"("keep_local":{"mysql_servers":{"rows":[{"hostgroup_id":"900-999"},{"hostname":"local-*"}]}})";

  static Texts servers_of(NodeUnderTest& node, const std::string& layer = "runtime_") {
    return rows_of(node.engine, "SELECT hostgroup_id,hostname,weight,status,comment FROM " + layer +
                                    "mysql_servers ORDER BY hostgroup_id,hostname");
  }

  /// Servers as "hostgroup/host/weight/status/comment".
  Texts servers_in_consul() const { return servers_in(consul.value_of(servers_key)); }

  static Texts servers_in(const std::string& document) {
    Texts rows;
    for (const auto& table : parse_document(document).tables) {
      if (table.name != "mysql_servers") continue;
      for (const auto& row : table.rows) {
        std::string text;
        for (const auto* column : {"hostgroup_id", "hostname", "weight", "status", "comment"}) {
          text.append(text.empty() ? "" : "/").append(row[table.find(column).value()].value());
        }
        rows.push_back(text);
      }
    }
    return rows;
  }

  static void load(NodeUnderTest& node, Texts statements) {
    statements.emplace_back("LOAD MYSQL SERVERS TO RUNTIME");
    statements.emplace_back("SAVE MYSQL SERVERS TO DISK");
    node.execute(statements);
  }

  static std::string server(const std::string& hostgroup, const std::string& host, const std::string& weight) {
    return "REPLACE INTO mysql_servers(hostgroup_id,hostname,weight) VALUES (" + hostgroup + ",'" + host + "'," +
           weight + ")";
  }

  /// A has saved db1 and db2 with weight 1, and B has them.
  void share_two() {
    load(a, {server("1", "db1", "1"), server("1", "db2", "1")});
    ASSERT_EQ(a.run({"save", "mysql_servers"}).status, 0);
    ASSERT_EQ(b.update().status, 0);
  }
};

}  // namespace proxysql_consul::testing
