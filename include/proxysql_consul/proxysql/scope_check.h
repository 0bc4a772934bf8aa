// Whether what the settings keep local is there at all: a word that is misspelt must not share what was to stay.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"

namespace proxysql_consul {

/// What `scope` names and this ProxySQL has not, though another may, as `catalogue` says; for people. Throws
/// Error{settings} for a column of a primary key, and for a table or column that no ProxySQL has, and what
/// AdminSession::query() throws.
std::vector<std::string> check_scope(AdminSession& session, const Inventory& inventory, const Catalogue& catalogue,
                                     const Scope& scope);

}  // namespace proxysql_consul
