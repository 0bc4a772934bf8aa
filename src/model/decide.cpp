#include "proxysql_consul/model/decide.h"

#include <algorithm>
#include <map>
#include <set>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/forms.h"

namespace proxysql_consul {
namespace {

constexpr std::string_view freeze_key = "freeze";

[[noreturn]] void refuse(const std::string& what) { throw Error(ExitCode::payload, what); }

Decision decide_one(KvEntry entry, const Node& node, const State& state, const std::optional<std::string>& frozen) {
  Decision decision;
  decision.entry = std::move(entry);
  const auto& key = decision.entry.key;
  const auto end = [&](Verdict verdict, std::string reason = {}) {
    decision.verdict = verdict;
    decision.reason = std::move(reason);
    return std::move(decision);
  };
  if (!key.starts_with(node.prefix)) return end(Verdict::foreign, "is not under " + node.prefix);
  decision.configuration = key.substr(node.prefix.size());
  if (find_configuration(decision.configuration) == nullptr) return end(Verdict::foreign, "is no configuration");
  if (std::find(node.accept.begin(), node.accept.end(), decision.configuration) == node.accept.end()) {
    return end(Verdict::not_accepted, "is not among the settings' \"accept\"");
  }
  if (frozen) return end(Verdict::frozen, "the cluster is frozen: " + *frozen);
  const auto* known = state.find(decision.configuration);
  const bool is_known = known != nullptr && known->outcome != Outcome::failed;
  if (!node.force && is_known && known->version == decision.entry.modify_index &&
      known->sha256 == sha256_hex(decision.entry.value)) {
    return end(Verdict::applied, "version " + std::to_string(known->version) + " is applied already");
  }
  if (!decision.entry.problem.empty()) return end(Verdict::unusable, decision.entry.problem);
  try {
    decision.document = parse_document(decision.entry.value);
  } catch (const Error& error) {
    return end(Verdict::unusable, error.what());
  }
  const auto& document = decision.document;
  if (document.config_name != decision.configuration) {
    return end(Verdict::unusable, "document: is one of " + printable(document.config_name, 64));
  }
  const bool same_uuid = document.uuid == node.uuid;
  const bool same_host = document.origin.host.empty() || document.origin.host == node.host;
  if (!node.force && same_uuid && same_host) return end(Verdict::own, "was saved by this node");
  std::string warning;
  if (same_uuid && !same_host) {
    warning =
        "comes from " + printable(document.origin.host, 64) +
        ", which has the same UUID as this node: a copied uuid_file? Remove it on one of the two, and the next run "
        "makes a new one";
  }
  const bool is_older = known != nullptr && known->version > decision.entry.modify_index;
  return end(!node.force && is_older ? Verdict::confirm : Verdict::apply, warning);
}

/// PRAGMA table_info shows a default as SQL.
Cell default_of(const Column& column) {
  if (!column.default_value || *column.default_value == "NULL") return std::nullopt;
  const auto& sql = *column.default_value;
  if (sql.size() < 2 || sql.front() != '\'' || sql.back() != '\'') return sql;
  std::string value;
  for (std::size_t i = 1; i + 1 < sql.size(); ++i) {
    value += sql[i];
    if (sql[i] == '\'') ++i;
  }
  return value;
}

void warn_of_columns(const Table& from, const TableSchema& schema, std::vector<std::string>& warnings) {
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < from.columns.size(); ++i) {
    if (schema.find(from.columns[i])) continue;
    const bool carries = std::any_of(from.rows.begin(), from.rows.end(),
                                     [&](const Row& row) { return !is_default_value(from.columns[i], row[i]); });
    if (carries) lost.push_back(printable(from.columns[i], 64));
  }
  if (!lost.empty()) {
    warnings.push_back("table " + schema.name + ": this ProxySQL has no column " + join(lost) + ": left out");
  }
}

Table fit_table(Table from, const TableSchema& schema, std::vector<std::string>& warnings) {
  if (from.columns.empty()) {
    for (const auto& row : from.rows) {
      if (row.size() == schema.columns.size()) continue;
      refuse("table " + schema.name + ": a row of " + std::to_string(row.size()) + " values without column names for " +
             std::to_string(schema.columns.size()) + " columns of this ProxySQL");
    }
    for (const auto& column : schema.columns) from.columns.push_back(column.name);
  }
  warn_of_columns(from, schema, warnings);
  Table to{.name = schema.name, .columns = {}, .rows = {}};
  std::vector<std::optional<std::size_t>> sources;
  std::vector<Cell> defaults;
  for (const auto& column : schema.columns) {
    to.columns.push_back(column.name);
    sources.push_back(from.find(column.name));
    defaults.push_back(default_of(column));
    if (!sources.back() && column.not_null && !defaults.back() && !from.rows.empty()) {
      refuse("table " + schema.name + ": the document lacks column " + column.name + ", which has no default");
    }
  }
  to.rows.reserve(from.rows.size());
  for (auto& row : from.rows) {
    Row fitted(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) fitted[i] = sources[i] ? std::move(row[*sources[i]]) : defaults[i];
    to.rows.push_back(std::move(fitted));
  }
  return to;
}

std::string name_of(const TableSchema& schema, const std::vector<std::size_t>& key, const Row& values) {
  if (schema.name == "global_variables") return printable(values[0].value_or(""), 64);
  std::string name;
  for (std::size_t i = 0; i < key.size(); ++i) {
    name += (name.empty() ? "" : ", ") + schema.columns[key[i]].name + "=" + printable(values[i].value_or("NULL"), 64);
  }
  return "table " + schema.name + ", row " + name;
}

void refuse_doubled_keys(const TableSchema& schema, const Table& table) {
  const auto key = schema.key();
  std::set<Row> seen;
  for (const auto& row : table.rows) {
    auto values = pick(row, key);
    if (!seen.insert(values).second) refuse(name_of(schema, key, values) + ": stands twice in the document");
  }
}

void fit_variables(Table& table, const Configuration& configuration, const std::vector<std::string>& known,
                   std::vector<std::string>& warnings) {
  const auto name = table.find("variable_name").value_or(0);
  constexpr std::size_t max_named = 10;
  std::vector<std::string> unknown;
  std::size_t count = 0;
  std::erase_if(table.rows, [&](const Row& row) {
    const auto variable = row[name].value_or("");
    if (!variable.starts_with(configuration.variables)) {
      refuse("variable " + printable(variable, 64) + " is none of " + std::string(configuration.name));
    }
    const bool missing = std::find(known.begin(), known.end(), variable) == known.end();
    if (missing && ++count <= max_named) unknown.push_back(printable(variable, 64));
    return missing;
  });
  if (count > max_named) unknown.push_back("and " + std::to_string(count - max_named) + " more");
  if (count > 0) warnings.push_back("this ProxySQL has no variable " + join(unknown) + ": left out");
}

}  // namespace

std::vector<Decision> decide(std::vector<KvEntry> entries, const Node& node, const State& state) {
  std::erase_if(entries, [&](const KvEntry& entry) { return entry.key == node.prefix; });
  const auto is_freeze = [&](const KvEntry& entry) { return entry.key == node.prefix + std::string(freeze_key); };
  const auto freeze = std::find_if(entries.begin(), entries.end(), is_freeze);
  const auto frozen = freeze != entries.end() ? std::optional(printable(freeze->value, 200)) : std::nullopt;
  std::erase_if(entries, is_freeze);
  std::vector<Decision> decisions;
  for (auto& entry : entries) decisions.push_back(decide_one(std::move(entry), node, state, frozen));
  return decisions;
}

Fitted fit(const Configuration& configuration, const std::vector<Table>& tables,
           const std::vector<TableSchema>& schemas, const std::vector<std::string>& known_variables,
           const std::vector<std::string>& excluded_variables) {
  Fitted fitted;
  for (const auto& table : tables) {
    const auto schema =
        std::find_if(schemas.begin(), schemas.end(), [&](const TableSchema& s) { return s.name == table.name; });
    if (schema == schemas.end()) {
      if (!table.rows.empty()) {
        fitted.warnings.push_back("this ProxySQL has no table " + printable(table.name, 64) + " of " +
                                  std::string(configuration.name) + ": " + std::to_string(table.rows.size()) +
                                  " rows left out");
      }
      continue;
    }
    auto local = shared_form(fit_table(table, *schema, fitted.warnings), excluded_variables);
    if (!configuration.variables.empty()) fit_variables(local, configuration, known_variables, fitted.warnings);
    refuse_doubled_keys(*schema, local);
    fitted.tables.push_back(std::move(local));
  }
  return fitted;
}

Comparison compare(const Configuration& configuration, const std::vector<Table>& theirs, const std::vector<Table>& ours,
                   const std::vector<TableSchema>& schemas, const std::vector<std::string>& excluded_variables) {
  const auto sorted = [](std::vector<Row> rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  std::vector<std::string> known;
  if (!configuration.variables.empty() && !ours.empty()) {
    for (const auto& row : ours.front().rows) known.push_back(row[0].value_or(""));
  }
  const auto fitted = fit(configuration, theirs, schemas, known, excluded_variables);
  Comparison comparison{.same = true, .lost = fitted.warnings};
  for (const auto& table : ours) {
    const auto named = [&](const Table& candidate) { return candidate.name == table.name; };
    const auto found = std::find_if(fitted.tables.begin(), fitted.tables.end(), named);
    const auto rows = found != fitted.tables.end() ? sorted(found->rows) : std::vector<Row>();
    comparison.same = comparison.same && rows == sorted(table.rows);
  }
  return comparison;
}

void refuse_admin_accounts(const std::vector<Table>& tables, const std::vector<std::string>& admins) {
  for (const auto& table : tables) {
    const auto username = table.find("username");
    if (!is_users_table(table.name) || !username) continue;
    for (const auto& row : table.rows) {
      if (!row[*username] || std::find(admins.begin(), admins.end(), *row[*username]) == admins.end()) continue;
      throw Error(ExitCode::payload,
                  "table " + table.name + ": user " + printable(*row[*username], 64) +
                      " is named like an admin or stats user of this ProxySQL, and would break that login",
                  "rename the one or the other");
    }
  }
}

std::vector<std::string> differences(const TableSchema& schema, const Table& wanted, const Table& actual,
                                     bool only_wanted, std::size_t limit) {
  const auto key = schema.key();
  std::map<Row, const Row*> rows;
  for (const auto& row : actual.rows) rows[pick(row, key)] = &row;
  std::vector<std::string> lines;
  std::size_t count = 0;
  const auto add = [&](const Row& values, const std::string& what) {
    if (++count <= limit) lines.push_back(name_of(schema, key, values) + ": " + what);
  };
  for (const auto& row : wanted.rows) {
    const auto values = pick(row, key);
    const auto found = rows.find(values);
    if (found == rows.end()) {
      add(values, "is missing");
      continue;
    }
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool same = only_wanted ? is_same_value(row[i], (*found->second)[i]) : row[i] == (*found->second)[i];
      if (!same) columns.push_back(schema.columns[i].name);
    }
    if (!columns.empty()) add(values, "has another " + join(columns));
    rows.erase(found);
  }
  if (!only_wanted) {
    for (const auto& [values, row] : rows) add(values, "is there though it should not be");
  }
  if (count > limit) lines.push_back("and " + std::to_string(count - limit) + " more");
  return lines;
}

}  // namespace proxysql_consul
