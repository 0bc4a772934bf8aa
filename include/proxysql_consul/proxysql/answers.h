// Answers whose shape is known: whoever listens on the admin port may give another, and is then told from a ProxySQL.
#pragma once

#include <cstddef>
#include <string_view>

#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

/// The rows of the answer, at least `cells` wide. Throws Error{proxysql} where they are not, and what
/// AdminSession::query() throws.
Rows query_rows(AdminSession& session, std::string_view statement, std::size_t cells);

/// The first row of an answer that has to have one. Throws as query_rows().
Row query_row(AdminSession& session, std::string_view statement, std::size_t cells);

}  // namespace proxysql_consul
