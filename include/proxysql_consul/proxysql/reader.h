// Reading configurations from a ProxySQL of any version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

/// The functions below throw what AdminSession::query() throws.

/// The shapes of the configuration's tables, as far as the server has them.
std::vector<TableSchema> read_schemas(AdminSession& session, const Inventory& inventory,
                                      const Configuration& configuration);

enum class Layer { memory, disk };

/// The content of the tables in `schemas`, in the order of their primary keys, as it is. Where it is that of `like`,
/// which has some of the tables or none, it costs less.
std::vector<Table> read_tables(AdminSession& session, const Configuration& configuration,
                               const std::vector<TableSchema>& schemas, Layer layer,
                               const std::vector<Table>& like = {});

/// The rows that have the keys of `rows` in the memory table, as for select_rows_like().
Table read_rows_like(AdminSession& session, const TableSchema& schema, const Rows& rows);

/// All sessions write through one connection to SQLite, which counts: whoever finds no more writes than those that it
/// surely made knows that nobody else wrote.
struct RowCounts {
  /// Rows that were written or deleted since the server's start, by anybody. A REPLACE counts those that it is given,
  /// and not those that it takes away; a DELETE those that it finds.
  std::uint64_t writes = 0;
  std::vector<std::uint64_t> tables;  ///< rows that each table holds
};

/// Of the tables of those names. Reading a runtime_ table, which the server makes anew when it is asked for, counts as
/// writing it.
RowCounts count_rows(AdminSession& session, const std::vector<std::string>& tables);

/// True where the disk holds the very rows that memory holds. The server compares, and only says how many are the same.
bool is_on_disk(AdminSession& session, const std::vector<TableSchema>& schemas);

/// What runtime holds, and which LOAD brought it there.
struct RuntimeTables {
  std::vector<Table> tables;
  bool as_loaded = true;  ///< false: a monitor may have moved, added and shunned servers in them
  std::string load;       ///< load_of() while they were read
};

/// The content of runtime, as it was loaded where the server tells (2.6 and later), read again when a LOAD came between
/// two tables. The server has runtime tables of the configuration. `like` as for read_tables().
RuntimeTables read_runtime(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                           const std::vector<TableSchema>& schemas, const std::vector<Table>& like = {});

/// The names of the server's admin and stats users.
std::vector<std::string> read_admins(AdminSession& session, const Inventory& inventory);

}  // namespace proxysql_consul
