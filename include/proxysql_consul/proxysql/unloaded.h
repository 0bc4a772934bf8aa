// What an operator put into the memory tables and runtime does not hold: a LOAD forgotten, or a row that ProxySQL left
// out in silence.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

/// For people; "" where there is nothing. `runtime` has the tables of `schemas`, in shared form, as loaded. Compares
/// row by row and names some; tables of more than 1,000 rows by the count of their active rows alone. Throws what
/// AdminSession::query() throws.
std::string describe_unloaded(AdminSession& session, const Configuration& configuration,
                              const std::vector<TableSchema>& schemas, const std::vector<Table>& runtime,
                              const Scope& scope);

/// The same of what is local by `sharing`: a LOAD, or a SAVE, of other rows brings it along. "what is kept local and
/// was edited in memory and not LOADed: ...", or "". `runtime` is in shared form, as loaded.
std::string describe_local_edits(const std::vector<TableSchema>& schemas, const Sharing& sharing,
                                 const std::vector<Table>& runtime, const std::vector<Table>& memory);

/// What memory holds otherwise than runtime, and `target`, which is about to take its place, otherwise than memory:
/// "what was edited in memory and not LOADed: ...", or "". All have the tables of `schemas`, `runtime` as loaded.
std::string describe_replaced_edits(const std::vector<TableSchema>& schemas, const std::vector<Table>& runtime,
                                    const std::vector<Table>& memory, const std::vector<Table>& target);

/// What a LOAD of the configuration brings to runtime, and a SAVE to disk, beside a document: what memory holds
/// otherwise than runtime of the tables in `schemas`, and of variables, those but `spoken_of`. "what was edited in
/// memory and not LOADed: ...", or "" where there is nothing. Throws what AdminSession::query() throws.
std::string describe_carried_along(AdminSession& session, const Inventory& inventory,
                                   const Configuration& configuration, const std::vector<TableSchema>& schemas,
                                   const std::vector<std::string>& spoken_of);

}  // namespace proxysql_consul
