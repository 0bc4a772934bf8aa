// What a look at a node has found: a line each, for people, as JSON, and for those who watch over services. Pure.
#pragma once

#include <string>
#include <vector>

namespace proxysql_consul {

/// In the order of their weight.
enum class Gravity { ok, warning, problem };

struct Finding {
  Gravity gravity;
  std::string check;      ///< a stable word: what was looked at
  std::string message;    ///< what was seen
  std::string hint = {};  ///< what to do; empty where there is nothing to
};

using Findings = std::vector<Finding>;

/// The heaviest; ok for none.
Gravity worst_of(const Findings& findings);

/// A line each, with the hint in a line below, and a last line that counts.
std::string format_findings(const Findings& findings);

/// {"format":1,"result":...,"checks":[{"result","check","message","hint"}]} in one line; docs/json.md.
std::string format_findings_json(const Findings& findings);

/// As Nagios and Consul's script checks want it: the first line changes only with which checks are not ok; below it
/// stands what they say.
std::string format_health(const Findings& findings);

}  // namespace proxysql_consul
