// SQLite as the stand-in uses it, and the few things to know of a statement's text. Knows nothing of ProxySQL's tables.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "standin/standin_host.h"
#include "standin/standin_types.h"

struct sqlite3;

namespace proxysql_consul::testing {

std::string quoted(std::string_view text);
std::string joined(std::initializer_list<std::string_view> parts);
/// Without white space around it, and without semicolons behind it.
std::string_view trimmed(std::string_view text);
std::string upper(std::string_view text);
/// Upper case, white space folded: what the admin commands are matched against. Only the head of a long statement,
/// for no command is that long.
std::string folded(std::string_view sql);
/// True where a statement uses a row value, such as (a,b) IN (VALUES ...), which SQLite 3.9 cannot parse.
bool has_row_value(std::string_view sql);

/// One connection to a database in memory.
class Database {
 public:
  Database();

  /// From now on strftime('%s','now'), of which that is the only use there is, says the clock's time. The clock must
  /// outlive the object.
  void follow(const StandinClock& clock);
  /// Runs the first statement of the text, up to its first NUL byte, as the original does. An error is SQLite's text.
  Answer run(std::string_view sql);
  /// Throws std::runtime_error where the statement fails.
  void must(std::string_view sql);
  Rows rows(std::string_view sql);
  /// Makes the schema of that name (main, or one attached) what it is in the other connection.
  void copy_schema(const Database& from, const std::string& schema);

 private:
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_;
};

}  // namespace proxysql_consul::testing
