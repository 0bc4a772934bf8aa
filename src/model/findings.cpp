#include "proxysql_consul/model/findings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::string_view word_of(Gravity gravity) {
  switch (gravity) {
    case Gravity::ok: return "ok";
    case Gravity::warning: return "warning";
    case Gravity::problem: return "problem";
  }
  return "problem";
}

std::size_t count_of(const Findings& findings, Gravity gravity) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.gravity == gravity; }));
}

std::string counted(std::size_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

/// Names in it are of whoever may write to Consul.
std::string shown(const std::string& text) { return printable(text, text.size()); }

void pad(std::string& line, std::size_t width) { line.resize(std::max(line.size() + 1, width), ' '); }

/// The checks of that gravity, each once.
std::string checks_of(const Findings& findings, Gravity gravity) {
  std::vector<std::string> names;
  for (const auto& finding : findings) {
    const bool is_named = std::find(names.begin(), names.end(), finding.check) != names.end();
    if (finding.gravity == gravity && !is_named) names.push_back(finding.check);
  }
  return join(names);
}

}  // namespace

Gravity worst_of(const Findings& findings) {
  auto worst = Gravity::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.gravity);
  return worst;
}

std::string format_findings(const Findings& findings) {
  constexpr std::size_t gravity_width = 9;
  std::size_t width = 0;
  for (const auto& finding : findings) width = std::max(width, gravity_width + finding.check.size() + 2);
  std::string text;
  for (const auto& finding : findings) {
    std::string line(word_of(finding.gravity));
    pad(line, gravity_width);
    line += finding.check;
    pad(line, width);
    text.append(line).append(shown(finding.message)).append("\n");
    if (!finding.hint.empty()) text.append(width, ' ').append("-> ").append(shown(finding.hint)).append("\n");
  }
  const auto problems = count_of(findings, Gravity::problem);
  const auto warnings = count_of(findings, Gravity::warning);
  if (problems + warnings == 0) return text + "all " + counted(findings.size(), "check") + " passed\n";
  return text + counted(problems, "problem") + ", " + counted(warnings, "warning") + "\n";
}

std::string format_findings_json(const Findings& findings) {
  auto checks = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    checks.push_back({{"result", word_of(finding.gravity)},
                      {"check", finding.check},
                      {"message", finding.message},
                      {"hint", finding.hint}});
  }
  const nlohmann::ordered_json object = {
      {"format", 1}, {"result", word_of(worst_of(findings))}, {"checks", std::move(checks)}};
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string format_health(const Findings& findings) {
  const auto problems = checks_of(findings, Gravity::problem);
  const auto warnings = checks_of(findings, Gravity::warning);
  std::string text = "OK: all checks passed";
  if (!problems.empty()) {
    text = "CRITICAL: " + problems + (warnings.empty() ? "" : "; warnings: " + warnings);
  } else if (!warnings.empty()) {
    text = "WARNING: " + warnings;
  }
  text += "\n";
  for (const auto& finding : findings) {
    if (finding.gravity == Gravity::ok) continue;
    text.append(finding.check).append(": ").append(shown(finding.message));
    if (!finding.hint.empty()) text.append(" (").append(shown(finding.hint)).append(")");
    text += "\n";
  }
  return text;
}

}  // namespace proxysql_consul
