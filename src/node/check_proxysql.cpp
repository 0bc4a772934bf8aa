#include <algorithm>
#include <optional>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/soundness.h"
#include "proxysql_consul/node/check.h"
#include "proxysql_consul/node/reading.h"
#include "proxysql_consul/proxysql/answers.h"
#include "proxysql_consul/proxysql/condition.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {
namespace {

Finding judge_read_only(const Condition& condition) {
  constexpr auto check = "read_only";
  if (!condition.read_only) {
    return {.gravity = Gravity::ok, .check = check, .message = "ProxySQL takes changes of its configuration"};
  }
  return {.gravity = Gravity::problem,
          .check = check,
          .message = "it is read-only (admin-read_only), so nothing can be applied here",
          .hint = "PROXYSQL READWRITE on the admin port"};
}

Finding judge_native_cluster(const Condition& condition, const std::vector<std::string>& accepted) {
  constexpr auto check = "native_cluster";
  std::vector<std::string> fought_over;
  std::vector<std::string> variables;
  for (const auto& name : accepted) {
    const auto found = condition.diffs_before_sync.find(diffs_variable(name));
    if (found == condition.diffs_before_sync.end() || found->second == "0") continue;
    fought_over.push_back(name);
    variables.push_back(found->first);
  }
  if (!condition.has_peers || fought_over.empty()) {
    return {.gravity = Gravity::ok,
            .check = check,
            .message = "ProxySQL's own clustering spreads none of the accepted configurations"};
  }
  return {
      .gravity = Gravity::warning,
      .check = check,
      .message = "ProxySQL's own clustering spreads " + join(fought_over) + ", too: the two work against each other",
      .hint = "set " + join(variables) + " to 0 and LOAD ADMIN VARIABLES TO RUNTIME on every node"};
}

Finding judge_coverage(const std::vector<std::string>& names) {
  constexpr auto check = "coverage";
  if (names.empty()) {
    return {.gravity = Gravity::ok,
            .check = check,
            .message = "every table and variable of this ProxySQL belongs to a configuration"};
  }
  return {.gravity = Gravity::warning,
          .check = check,
          .message = "no configuration covers " + join(names),
          .hint = "these stay as they are on each node: look after them there"};
}

/// What the settings' configurations name and this server has not; nothing where it has all.
std::optional<Finding> judge_added(const Inventory& inventory, const Catalogue& catalogue) {
  std::vector<std::string> lines;
  for (const auto& configuration : catalogue.all()) {
    if (find_configuration(configuration.name) != nullptr) continue;
    const auto lacks = lacking(inventory, configuration);
    if (!lacks.empty()) lines.push_back(configuration.name + ": no " + join(lacks, ", no "));
  }
  if (lines.empty()) return std::nullopt;
  return Finding{.gravity = Gravity::warning,
                 .check = "configurations",
                 .message = "this ProxySQL lacks what \"configurations\" in the settings name: " + join(lines, "; "),
                 .hint = "is it misspelt, or for a ProxySQL that other nodes have?"};
}

/// The variables that the settings exclude; nothing where they name none.
std::optional<Finding> look_at_excluded(const Job& job, AdminSession& session) {
  auto patterns = job.settings.scope.exclude_variables;
  // What the settings' configurations exclude they may do for a module that is not here.
  const auto added = job.settings.catalogue.local_variables();
  std::erase_if(patterns, [&](const auto& one) { return std::find(added.begin(), added.end(), one) != added.end(); });
  if (patterns.empty()) return std::nullopt;
  Finding finding{.gravity = Gravity::ok,
                  .check = "exclude_variables",
                  .message = "this node neither gives nor takes " + join(patterns)};
  const auto variables = query_rows(session, "SELECT variable_name FROM " + std::string(variables_table), 1);
  std::erase_if(patterns, [&](const std::string& pattern) {
    const CellRule rule{.column = "variable_name", .kind = CellRule::Kind::pattern, .text = pattern};
    return std::any_of(variables.begin(), variables.end(), [&](const RowView& row) { return rule.is_met_by(row[0]); });
  });
  if (!patterns.empty()) {
    finding.gravity = Gravity::warning;
    finding.message += "; no variable of this ProxySQL matches " + join(patterns);
    finding.hint = "is it misspelt, or for variables that other nodes have?";
  }
  return finding;
}

/// What is kept local, as runtime has it; nothing where the settings name none.
std::optional<Finding> look_at_local(const Job& job, AdminSession& session, const Inventory& inventory) {
  const auto& scope = job.settings.scope;
  if (scope.tables.empty()) return std::nullopt;
  std::vector<std::string> kept;
  std::vector<std::string> unmet;
  for (const auto& configuration : job.settings.catalogue.all()) {
    if (!scope.is_about(configuration.tables) || !inventory.has(configuration)) continue;
    const auto reading = read_shared(session, inventory, configuration, job.settings, false);
    Sharing sharing(scope, reading.schemas);
    sharing.see(reading.tables);
    sharing.see(reading.left_out);
    for (auto& line : sharing.describe_kept(reading.tables)) kept.push_back(std::move(line));
    for (auto& line : sharing.unmet(false)) unmet.push_back(std::move(line));
  }
  if (kept.empty()) return std::nullopt;
  Finding finding{
      .gravity = Gravity::ok, .check = "keep_local", .message = "this node keeps local " + join(kept, "; ")};
  if (!unmet.empty()) {
    finding.gravity = Gravity::warning;
    finding.message += "; " + join(unmet, "; ");
    finding.hint = "is it misspelt, or for rows that other nodes have?";
  }
  return finding;
}

/// The tables of a protocol, as runtime has them, where the server has a runtime of them.
std::vector<Table> read_protocol(AdminSession& session, const Inventory& inventory, const std::string& protocol) {
  std::vector<Table> tables;
  for (const auto* kind : {"_servers", "_query_rules", "_users"}) {
    const auto* configuration = find_configuration(protocol + kind);
    if (configuration == nullptr || !inventory.has(*configuration)) continue;
    const auto schemas = read_schemas(session, inventory, *configuration);
    auto read = inventory.has_runtime(*configuration) ? read_runtime(session, inventory, *configuration, schemas).tables
                                                      : read_tables(session, *configuration, schemas, Layer::memory);
    for (auto& table : read) tables.push_back(std::move(table));
  }
  return tables;
}

Findings look(const Job& job, AdminSession& session, const Inventory& inventory) {
  const auto condition = read_condition(session, inventory);
  Findings findings = {{.gravity = Gravity::ok,
                        .check = "proxysql",
                        .message = describe(job.settings.admin) + ": ProxySQL " + inventory.version},
                       judge_read_only(condition),
                       judge_native_cluster(condition, job.settings.accept),
                       judge_coverage(uncovered(inventory, job.settings.catalogue))};
  if (auto added = judge_added(inventory, job.settings.catalogue)) findings.push_back(std::move(*added));
  if (auto excluded = look_at_excluded(job, session)) findings.push_back(std::move(*excluded));
  if (auto local = look_at_local(job, session, inventory)) findings.push_back(std::move(*local));
  for (const std::string protocol : {"mysql", "pgsql"}) {
    const auto tables = read_protocol(session, inventory, protocol);
    if (tables.empty()) continue;
    for (auto& finding : examine_configuration(protocol, tables)) findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

Findings check_proxysql(const Job& job, std::optional<Start>& start) {
  try {
    Patience none(job.context.clock, job.log, std::chrono::seconds(0), job.context.seed);
    LocalProxySql proxysql(job, none);
    return proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
      start = proxysql.signs_of_session().start;
      return look(job, session, inventory);
    });
  } catch (const Error& error) {
    return {problem_of("proxysql", error)};
  }
}

}  // namespace proxysql_consul
