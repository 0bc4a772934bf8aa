// What this node holds in local columns of rows that a rollback removes. Until that is published they may come back,
// whatever ends the run, and then with the cells that they had: memory has lost the rows, the disk tables have not.
#pragma once

#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// True where something of the configuration is local and what is applied goes to disk: a rollback leaves the disk
/// tables alone until it is published.
bool does_disk_keep_own(const Settings& settings, const Configuration& configuration);

/// Brings to disk the rows of memory whose local cells are not there: they were loaded and never saved. What the disk
/// does not take is a warning. Throws as LocalProxySql::with_session().
void bring_own_to_disk(const Job& job, LocalProxySql& proxysql, const Configuration& configuration);

/// The tables that hold what is local, in shared form: those of memory, or of the disk where a rollback is pending and
/// the disk keeps it; none where nothing is local. Throws as LocalProxySql::with_session().
std::vector<Table> read_own(const Job& job, LocalProxySql& proxysql, const State& state,
                            const Configuration& configuration);

}  // namespace proxysql_consul
