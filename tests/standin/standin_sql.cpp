#include "standin/standin_sql.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace proxysql_consul::testing {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

char upper_case(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

/// SQL function: a rule's digest as the original prints it at runtime, 0x1234ABCD as 0x000000001234ABCD.
void padded_digest(sqlite3_context* context, int, sqlite3_value** values) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
  if (text == nullptr) return sqlite3_result_null(context);
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "0x%016llX", std::strtoull(text, nullptr, 0));
  sqlite3_result_text(context, out.data(), -1, SQLITE_TRANSIENT);
}

/// SQL function: strftime('%s','now') by the stand-in's own clock.
void now_by_clock(sqlite3_context* context, int count, sqlite3_value** values) {
  const auto is = [&](int number, std::string_view word) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[number]));
    return text != nullptr && text == word;
  };
  if (count != 2 || !is(0, "%s") || !is(1, "now")) {
    return sqlite3_result_error(context, "stand-in: knows strftime('%s','now') alone", -1);
  }
  const auto now = std::to_string(static_cast<const StandinClock*>(sqlite3_user_data(context))->now());
  sqlite3_result_text(context, now.c_str(), -1, SQLITE_TRANSIENT);
}

std::unique_ptr<sqlite3, int (*)(sqlite3*)> open_memory() {
  sqlite3* db = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) throw std::runtime_error("stand-in: cannot open SQLite");
  sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 1000);
  sqlite3_create_function(db, "standin_digest", 1, SQLITE_UTF8, nullptr, padded_digest, nullptr, nullptr);
  return {db, sqlite3_close};
}

Answer failed(sqlite3* db) {
  Answer answer;
  answer.ok = false;
  answer.error = sqlite3_errmsg(db);
  return answer;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_space(text.back()) || text.back() == ';')) text.remove_suffix(1);
  return text;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper_case);
  return out;
}

std::string folded(std::string_view sql) {
  std::string out;
  for (const char c : trimmed(sql).substr(0, 1000)) {
    if (!is_space(c)) {
      out += upper_case(c);
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

bool has_row_value(std::string_view sql) {
  struct Group {
    bool call;
    bool comma = false;
  };
  std::vector<Group> open;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {
      i = std::min(sql.find(c, i + 1), sql.size());
    } else if (c == '(') {
      open.push_back({i > 0 && (std::isalnum(static_cast<unsigned char>(sql[i - 1])) != 0 || sql[i - 1] == '_')});
    } else if (c == ',' && !open.empty()) {
      open.back().comma = true;
    } else if (c == ')' && !open.empty()) {
      const Group group = open.back();
      open.pop_back();
      const std::string next = group.comma && !group.call ? folded(sql.substr(i + 1, 32)) : std::string();
      if (next.starts_with("IN ") || next.starts_with("IN(") || next.starts_with("NOT IN") || next.starts_with("=") ||
          next.starts_with("<") || next.starts_with(">")) {
        return true;
      }
    }
  }
  return false;
}

Database::Database() : db_(open_memory()) {}

void Database::follow(const StandinClock& clock) {
  auto* user_data = const_cast<StandinClock*>(&clock);
  sqlite3_create_function(db_.get(), "strftime", -1, SQLITE_UTF8, user_data, now_by_clock, nullptr, nullptr);
}

Answer Database::run(std::string_view sql) {
  sqlite3* db = db_.get();
  const std::string text(sql.substr(0, sql.find('\0')));
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(db, text.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return failed(db);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  Answer answer;
  if (!statement) return answer;
  const int columns = sqlite3_column_count(prepared);
  answer.has_result_set = columns > 0;
  for (int i = 0; i < columns; ++i) answer.columns.emplace_back(sqlite3_column_name(prepared, i));
  const int changes_before = sqlite3_total_changes(db);
  int step = SQLITE_OK;
  while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
    Row row;
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(prepared, i));
      if (cell == nullptr) {
        row.emplace_back();
      } else {
        row.emplace_back(std::string(cell, static_cast<std::size_t>(sqlite3_column_bytes(prepared, i))));
      }
    }
    answer.rows.push_back(std::move(row));
  }
  if (step != SQLITE_DONE) return failed(db);
  if (sqlite3_total_changes(db) != changes_before) answer.affected = static_cast<std::uint64_t>(sqlite3_changes(db));
  return answer;
}

void Database::must(std::string_view sql) {
  const Answer answer = run(sql);
  if (!answer.ok) throw std::runtime_error(joined({"stand-in: ", answer.error, ": ", sql}));
}

Rows Database::rows(std::string_view sql) {
  Answer answer = run(sql);
  if (!answer.ok) throw std::runtime_error(joined({"stand-in: ", answer.error, ": ", sql}));
  return std::move(answer.rows);
}

void Database::copy_schema(const Database& from, const std::string& schema) {
  sqlite3_backup* backup = sqlite3_backup_init(db_.get(), schema.c_str(), from.db_.get(), schema.c_str());
  if (backup == nullptr)
    throw std::runtime_error(joined({"stand-in: copying ", schema, ": ", failed(db_.get()).error}));
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) throw std::runtime_error("stand-in: copying " + schema);
}

}  // namespace proxysql_consul::testing
