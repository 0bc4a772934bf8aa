// What applying a document comes to: from what is there and what is wanted to the statements between. Pure; apply
// carries it out, and a dry run prints it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {

struct ApplyPlan {
  std::vector<Statement> statements;  ///< to the memory tables, in their order
  std::vector<Table> target;          ///< the memory tables after them
  bool load = false;                  ///< LOAD ... TO RUNTIME follows
  bool save = false;                  ///< SAVE ... TO DISK follows
};

/// "LOAD MYSQL SERVERS TO RUNTIME"
std::string load_statement(const Configuration& configuration);
/// "SAVE MYSQL SERVERS TO DISK"
std::string save_statement(const Configuration& configuration);

/// The table of that name, which must be there.
const Table& table_named(const std::vector<Table>& tables, const std::string& name);

/// What of `wanted` is not in `tables` as runtime would show both, for people; at most `limit` lines a table. The first
/// three have the tables of `schemas`.
std::vector<std::string> missing_in(const std::vector<TableSchema>& schemas, const std::vector<Table>& wanted,
                                    const std::vector<Table>& tables, const Configuration& configuration,
                                    std::size_t limit);

/// What has to be done so that memory, runtime and, with `save_to_disk`, disk hold `wanted`. `runtime` is nothing where
/// this ProxySQL has no runtime tables of the configuration.
ApplyPlan plan_apply(const Configuration& configuration, const std::vector<TableSchema>& schemas,
                     const std::vector<Table>& memory, const std::optional<std::vector<Table>>& runtime,
                     const std::vector<Table>& wanted, bool save_to_disk);

}  // namespace proxysql_consul
