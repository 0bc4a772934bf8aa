#include "proxysql_consul/proxysql/answers.h"

#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/sql.h"

namespace proxysql_consul {
namespace {

[[noreturn]] void refuse_answer(std::string_view statement, const std::string& why) {
  throw Error(ExitCode::proxysql, "proxysql: " + first_words(statement) + ": the answer has " + why,
              "is it ProxySQL that listens there?");
}

}  // namespace

Rows query_rows(AdminSession& session, std::string_view statement, std::size_t cells) {
  auto rows = session.query(statement).rows;
  // All rows of an answer are as wide as its columns are many.
  if (!rows.empty() && rows[0].size() < cells) refuse_answer(statement, "other columns");
  return rows;
}

Row query_row(AdminSession& session, std::string_view statement, std::size_t cells) {
  const auto rows = query_rows(session, statement, cells);
  if (rows.empty()) refuse_answer(statement, "no row");
  return rows[0].copy();
}

}  // namespace proxysql_consul
