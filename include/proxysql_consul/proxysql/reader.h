// Reading configurations from a ProxySQL of any version: what tables it has is asked, never assumed.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

/// What a server says of itself.
struct Server {
  std::string version;  ///< "2.7.2-3-gabc"
  std::set<std::string, std::less<>> tables;

  bool has(const Configuration& configuration) const;
  bool has_runtime(const Configuration& configuration) const;
};

/// The functions below throw what AdminSession::query() throws.
Server read_server(AdminSession& session);

/// The shapes of the configuration's tables, as far as the server has them.
std::vector<TableSchema> read_schemas(AdminSession& session, const Server& server, const Configuration& configuration);

enum class Layer { memory, runtime };

/// The content of the tables in `schemas`, in the order of their primary keys, as it is. Runtime tables are read again
/// when a LOAD came between two of them.
std::vector<Table> read_tables(AdminSession& session, const Server& server, const Configuration& configuration,
                               const std::vector<TableSchema>& schemas, Layer layer);

/// The names of the server's admin and stats users.
std::vector<std::string> read_admins(AdminSession& session, const Server& server);

}  // namespace proxysql_consul
