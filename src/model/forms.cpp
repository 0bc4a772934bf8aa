#include "proxysql_consul/model/forms.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::string upper(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), [](unsigned char c) { return std::toupper(c); });
  return made;
}

bool is_status(const CellView& cell, std::string_view status) { return cell && upper(*cell) == status; }

void share_servers(Table& table) {
  const auto status = table.find("status");
  if (!status) return;
  table.rows.erase_if([&](const RowView& row) { return is_status(row[*status], "OFFLINE_HARD"); });
  table.rows.edit([&](const RowView& row) { return is_status(row[*status], "SHUNNED"); },
                  [&](Row& row) { row[*status] = "ONLINE"; });
}

/// Runtime shows an account with frontend=1 and backend=1 as two rows.
void fold_users(Table& table) {
  const auto frontend = table.find("frontend");
  const auto backend = table.find("backend");
  if (!frontend || !backend) return;
  const auto rest = [&](Row row) {
    row[*frontend] = row[*backend] = std::nullopt;
    return row;
  };
  const auto is_half = [&](const RowView& row, const char* front, const char* back) {
    return row[*frontend] == front && row[*backend] == back;
  };
  std::set<Row> backends;
  for (const auto& row : table.rows) {
    if (is_half(row, "0", "1")) backends.insert(rest(row));
  }
  std::set<Row> twins;
  table.rows.erase_if([&](const RowView& row) {
    if (!is_half(row, "1", "0") || !backends.contains(rest(row))) return false;
    twins.insert(rest(row));
    return true;
  });
  table.rows.edit([&](const RowView& row) { return is_half(row, "0", "1") && twins.contains(rest(row)); },
                  [&](Row& row) { row[*frontend] = "1"; });
}

void share_variables(Table& table, const std::vector<std::string>& excluded) {
  const auto name = table.find("variable_name");
  if (!name) return;
  table.rows.erase_if([&](const RowView& row) {
    const std::string variable(row[*name].value_or(""));
    return !is_shared_variable(variable) || std::any_of(excluded.begin(), excluded.end(), [&](const auto& pattern) {
      return fnmatch(pattern.c_str(), variable.c_str(), 0) == 0;
    });
  });
}

/// `0x1234ABCD` is shown as `0x000000001234ABCD`.
std::string pad_digest(std::string_view digest) {
  constexpr std::size_t digits = 16;
  const bool is_hex = digest.size() > 2 && digest.size() <= digits + 2 &&
                      (digest.starts_with("0x") || digest.starts_with("0X")) &&
                      digest.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
  if (!is_hex) return std::string(digest);
  return "0x" + std::string(digits + 2 - digest.size(), '0') + upper(digest.substr(2));
}

void drop_inactive(Table& table) { table.rows.erase_if(OnlyInMemory(table)); }

/// ProxySQL keeps the two modifiers as flags, and knows each by how it begins, whatever its case.
std::string shown_modifiers(const CellView& modifiers) {
  if (modifiers == "CASELESS") return "CASELESS";
  const auto list = "," + upper(modifiers.value_or(""));
  const bool is_caseless = list.find(",CASELESS") != std::string::npos;
  const bool is_global = list.find(",GLOBAL") != std::string::npos;
  if (is_caseless) return is_global ? "CASELESS,GLOBAL" : "CASELESS";
  return is_global ? "GLOBAL" : "";
}

std::optional<bool> to_truth(std::string_view text) {
  const auto word = upper(text);
  if (word == "1" || word == "TRUE" || word == "ON") return true;
  if (word == "0" || word == "FALSE" || word == "OFF") return false;
  return std::nullopt;
}

}  // namespace

Table shared_form(Table table, const std::vector<std::string>& excluded) {
  if (is_servers_table(table.name)) share_servers(table);
  if (is_users_table(table.name)) fold_users(table);
  if (table.name == "global_variables") share_variables(table, excluded);
  return table;
}

OnlyInMemory::OnlyInMemory(const Table& table) {
  if (has_inactive_rows(table.name)) active_ = table.find("active");
  if (!is_users_table(table.name)) return;
  frontend_ = table.find("frontend");
  backend_ = table.find("backend");
}

bool OnlyInMemory::operator()(const RowView& row) const {
  const auto is_zero = [&](const std::optional<std::size_t>& column) { return column && row[*column] == "0"; };
  return is_zero(active_) || (is_zero(frontend_) && is_zero(backend_));
}

Row second_key(const Table& users, const RowView& row) {
  Row key;
  for (const auto* name : {"username", "frontend"}) {
    if (const auto column = users.find(name)) key.push_back(copy_of(row[*column]));
  }
  return key;
}

Table runtime_form(Table table) {
  if (is_servers_table(table.name)) {
    if (const auto status = table.find("status")) {
      table.rows.edit([&](const RowView& row) { return row[*status] && upper(*row[*status]) != *row[*status]; },
                      [&](Row& row) { row[*status] = upper(*row[*status]); });
    }
    share_servers(table);
  }
  if (is_rules_table(table.name)) {
    drop_inactive(table);
    if (const auto modifiers = table.find("re_modifiers")) {
      table.rows.edit([&](const RowView& row) { return row[*modifiers] != shown_modifiers(row[*modifiers]); },
                      [&](Row& row) { row[*modifiers] = shown_modifiers(row[*modifiers]); });
    }
    if (const auto digest = table.find("digest")) {
      table.rows.edit([&](const RowView& row) { return row[*digest] && pad_digest(*row[*digest]) != *row[*digest]; },
                      [&](Row& row) { row[*digest] = pad_digest(*row[*digest]); });
    }
  }
  if (is_users_table(table.name)) {
    drop_inactive(table);
    for (const auto* name : {"password", "default_schema"}) {
      const auto column = table.find(name);
      if (!column) continue;
      table.rows.edit([&](const RowView& row) { return !row[*column]; }, [&](Row& row) { row[*column] = ""; });
    }
    fold_users(table);
  }
  return table;
}

bool is_same_value(const CellView& a, const CellView& b) {
  if (a == b) return true;
  if (!a || !b) return false;
  const auto number = to_integer(*a);
  if (number && number == to_integer(*b)) return true;
  const auto truth = to_truth(*a);
  return truth && truth == to_truth(*b);
}

}  // namespace proxysql_consul
