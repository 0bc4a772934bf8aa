// What this node holds of a configuration, in the form in which it is shared: what save writes and diff compares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/node/settings.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {

/// The configurations of these names, each once; without names those that the settings accept and the server has.
/// Throws Error{usage} for a name that the server lacks.
std::vector<const Configuration*> select_configurations(const std::vector<std::string>& names, const Settings& settings,
                                                        const Inventory& inventory);

/// What this ProxySQL holds of a configuration, read at one moment.
struct Reading {
  Configuration configuration;  ///< as this ProxySQL has it
  std::vector<TableSchema> schemas;
  std::vector<Table> tables;                 ///< what is shared of it
  std::optional<std::vector<Table>> memory;  ///< where it was read beside runtime
  std::vector<Table> left_out = {};          ///< of memory, where something is local: Sharing::left_out()
  bool from_memory = false;
  bool as_loaded = true;  ///< false: a monitor may have moved servers in `tables`, and `memory` was read, too
  std::string load;       ///< load_of() of what was read
};

/// The tables of memory or of the disk, in shared form.
std::vector<Table> read_layer(AdminSession& session, const Configuration& configuration,
                              const std::vector<TableSchema>& schemas, const Settings& settings,
                              Layer layer = Layer::memory);

/// Gives the rows of a document of 2016 the names that this ProxySQL has for their columns, where they are as many.
/// `whose` names the document in errors. Throws Error{payload} where this ProxySQL lacks one of the tables.
void name_columns(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
                  std::vector<Table>& tables, const std::string& whose);

/// Of runtime, or of memory where that is asked for or runtime has no tables of it. Throws what AdminSession::query()
/// throws.
Reading read_shared(AdminSession& session, const Inventory& inventory, const Configuration& known,
                    const Settings& settings, bool from_memory);

}  // namespace proxysql_consul
