#include "proxysql_consul/proxysql/condition.h"

namespace proxysql_consul {

Condition read_condition(AdminSession& session, const Inventory& inventory) {
  const auto name_at_runtime = [&](const char* table) {
    return inventory.tables.contains(runtime_name(table)) ? runtime_name(table) : table;
  };
  Condition condition;
  const auto read_only = session.query("SHOW GLOBAL VARIABLES LIKE 'read_only'").rows;
  condition.read_only = !read_only.empty() && read_only[0].at(1) == "ON";
  const auto variables =
      session.query("SELECT variable_name, variable_value FROM " + name_at_runtime("global_variables") +
                    " WHERE variable_name LIKE 'admin-cluster_%_diffs_before_sync'");
  for (const auto& row : variables.rows) {
    condition.diffs_before_sync[std::string(row.at(0).value_or(""))] = row.at(1).value_or("");
  }
  if (inventory.tables.contains("proxysql_servers")) {
    const auto peers = session.query("SELECT COUNT(*) FROM " + name_at_runtime("proxysql_servers"));
    condition.has_peers = !peers.rows.empty() && peers.rows[0].at(0) != "0";
  }
  return condition;
}

std::string diffs_variable(std::string_view configuration) {
  return "admin-cluster_" + std::string(configuration) + "_diffs_before_sync";
}

}  // namespace proxysql_consul
