#include "proxysql_consul/model/forms.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

bool is_status(const Cell& cell, std::string_view status) { return cell && upper(*cell) == status; }

void share_servers(Table& table) {
  const auto status = table.find("status");
  if (!status) return;
  std::erase_if(table.rows, [&](const Row& row) { return is_status(row[*status], "OFFLINE_HARD"); });
  for (auto& row : table.rows) {
    if (is_status(row[*status], "SHUNNED")) row[*status] = "ONLINE";
  }
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
  std::map<Row, std::size_t> frontends;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    if (row[*frontend] == "1" && row[*backend] == "0") frontends[rest(row)] = i;
  }
  std::vector<bool> folded(table.rows.size());
  for (auto& row : table.rows) {
    if (row[*frontend] != "0" || row[*backend] != "1") continue;
    const auto twin = frontends.find(rest(row));
    if (twin == frontends.end()) continue;
    folded[twin->second] = true;
    row[*frontend] = "1";
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (!folded[i]) rows.push_back(std::move(table.rows[i]));
  }
  table.rows = std::move(rows);
}

void share_variables(Table& table, const std::vector<std::string>& excluded) {
  const auto name = table.find("variable_name");
  if (!name) return;
  std::erase_if(table.rows, [&](const Row& row) {
    const auto variable = row[*name].value_or("");
    return !is_shared_variable(variable) || std::any_of(excluded.begin(), excluded.end(), [&](const auto& pattern) {
      return fnmatch(pattern.c_str(), variable.c_str(), 0) == 0;
    });
  });
}

/// `0x1234ABCD` is shown as `0x000000001234ABCD`.
std::string pad_digest(const std::string& digest) {
  constexpr std::size_t digits = 16;
  const bool is_hex = digest.size() > 2 && digest.size() <= digits + 2 &&
                      (digest.starts_with("0x") || digest.starts_with("0X")) &&
                      digest.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
  if (!is_hex) return digest;
  return "0x" + std::string(digits + 2 - digest.size(), '0') + upper(digest.substr(2));
}

void drop_inactive(Table& table) {
  std::erase_if(table.rows, [&](const Row& row) { return is_only_in_memory(table, row); });
}

std::optional<bool> to_truth(std::string_view text) {
  const auto word = upper(std::string(text));
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

bool is_only_in_memory(const Table& table, const Row& row) {
  const auto is_zero = [&](std::string_view name) {
    const auto column = table.find(name);
    return column && row[*column] == "0";
  };
  if (is_rules_table(table.name)) return is_zero("active");
  return is_users_table(table.name) && (is_zero("active") || (is_zero("frontend") && is_zero("backend")));
}

Row second_key(const Table& users, const Row& row) {
  Row key;
  for (const auto* name : {"username", "frontend"}) {
    if (const auto column = users.find(name)) key.push_back(row[*column]);
  }
  return key;
}

Table runtime_form(Table table) {
  if (is_servers_table(table.name)) {
    if (const auto status = table.find("status")) {
      for (auto& row : table.rows) {
        if (row[*status]) row[*status] = upper(*row[*status]);
      }
    }
    share_servers(table);
  }
  if (is_rules_table(table.name)) {
    drop_inactive(table);
    if (const auto digest = table.find("digest")) {
      for (auto& row : table.rows) {
        if (row[*digest]) row[*digest] = pad_digest(*row[*digest]);
      }
    }
  }
  if (is_users_table(table.name)) {
    drop_inactive(table);
    for (const auto* name : {"password", "default_schema"}) {
      const auto column = table.find(name);
      if (!column) continue;
      for (auto& row : table.rows) row[*column] = row[*column].value_or("");
    }
    fold_users(table);
  }
  return table;
}

bool is_same_value(const Cell& a, const Cell& b) {
  if (a == b) return true;
  if (!a || !b) return false;
  const auto number = to_integer(*a);
  if (number && number == to_integer(*b)) return true;
  const auto truth = to_truth(*a);
  return truth && truth == to_truth(*b);
}

}  // namespace proxysql_consul
