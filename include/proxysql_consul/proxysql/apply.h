// Bringing one document into the local ProxySQL, so that no moment and no failure leaves a mixture at runtime.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

struct ApplyOptions {
  std::vector<std::string> exclude_variables;
  bool save_to_disk = true;
  bool dry_run = false;  ///< read only; the statements are in Applied::statements
};

struct Applied {
  Outcome outcome = Outcome::applied;   ///< applied or partial
  bool changed = false;                 ///< false: memory and runtime held it already, and nothing was loaded
  std::vector<std::string> warnings;    ///< what is missing, where partial; notices else
  std::vector<std::string> statements;  ///< of a dry run, secrets masked
};

/// Makes memory, runtime and disk hold `tables` (of a document). Throws Error{payload} where they fit no table here,
/// and Error{proxysql} where a statement failed before the LOAD: then runtime is untouched and memory as it was, or the
/// message says that it is not. Safe to repeat after any failure.
Applied apply(AdminSession& session, const Inventory& inventory, const Configuration& configuration,
              const std::vector<Table>& tables, const ApplyOptions& options);

}  // namespace proxysql_consul
