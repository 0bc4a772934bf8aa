#include "proxysql_consul/proxysql/condition.h"

#include "proxysql_consul/proxysql/answers.h"

namespace proxysql_consul {

Condition read_condition(AdminSession& session, const Inventory& inventory) {
  const auto name_at_runtime = [&](const char* table) {
    return inventory.tables.contains(runtime_name(table)) ? runtime_name(table) : table;
  };
  Condition condition;
  const auto read_only = query_rows(session, "SHOW GLOBAL VARIABLES LIKE 'read_only'", 2);
  condition.read_only = !read_only.empty() && read_only[0][1] == "ON";
  const auto variables = query_rows(session,
                                    "SELECT variable_name, variable_value FROM " + name_at_runtime("global_variables") +
                                        " WHERE variable_name LIKE 'admin-cluster_%_diffs_before_sync'",
                                    2);
  for (const auto& row : variables) {
    condition.diffs_before_sync[std::string(row[0].value_or(""))] = row[1].value_or("");
  }
  if (inventory.tables.contains("proxysql_servers")) {
    const auto peers = query_row(session, "SELECT COUNT(*) FROM " + name_at_runtime("proxysql_servers"), 1);
    condition.has_peers = peers[0] != "0";
  }
  return condition;
}

std::string diffs_variable(std::string_view configuration) {
  return "admin-cluster_" + std::string(configuration) + "_diffs_before_sync";
}

}  // namespace proxysql_consul
