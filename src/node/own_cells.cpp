#include "proxysql_consul/node/own_cells.h"

#include <algorithm>

#include "proxysql_consul/node/reading.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {

bool does_disk_keep_own(const Settings& settings, const Configuration& configuration) {
  return settings.save_to_disk && configuration.on_disk && settings.scope.is_about(configuration.tables);
}

void bring_own_to_disk(const Job& job, LocalProxySql& proxysql, const Configuration& configuration) {
  try {
    proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
      const auto schemas = read_schemas(session, inventory, inventory.here(configuration));
      const Sharing sharing(job.settings.scope, schemas);
      for (const auto& schema : schemas) {
        std::vector<bool> local;
        for (const auto& column : schema.columns) local.push_back(sharing.is_local_column(schema.name, column.name));
        if (std::find(local.begin(), local.end(), true) == local.end()) continue;
        session.query(copy_rows_that_differ(schema, schema.name, "disk." + schema.name, local));
      }
    });
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // It matters only where this run is killed.
    job.log.warn("{}: what is kept local of it is not on disk: {}", configuration.name, error.what());
  }
}

std::vector<Table> read_own(const Job& job, LocalProxySql& proxysql, const State& state,
                            const Configuration& configuration) {
  if (!job.settings.scope.is_about(configuration.tables)) return {};
  const auto* known = state.find(configuration.name);
  const bool is_on_disk = known != nullptr && known->pending && does_disk_keep_own(job.settings, configuration);
  return proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
    const auto here = inventory.here(configuration);
    return read_layer(session, here, read_schemas(session, inventory, here), job.settings,
                      is_on_disk ? Layer::disk : Layer::memory);
  });
}

}  // namespace proxysql_consul
