#include "proxysql_consul/node/check.h"

#include <ostream>

#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {
namespace {

enum class Form { text, json, health };

Form form_of(const Values& values) {
  if (values.has("json") && values.has("health")) refuse_usage("check takes --json or --health, not both");
  if (values.has("json")) return Form::json;
  return values.has("health") ? Form::health : Form::text;
}

ExitCode tell(const Context& context, Form form, const Findings& findings) {
  const auto worst = worst_of(findings);
  if (form == Form::health) {
    context.out << format_health(findings);
    // These three are not this program's, but what Nagios and Consul take for passing, warning and critical.
    return static_cast<ExitCode>(worst);
  }
  context.out << (form == Form::json ? format_findings_json(findings) : format_findings(findings));
  return worst == Gravity::problem ? ExitCode::differs : ExitCode::ok;
}

Action prepare_check(const Values& values) {
  const auto form = form_of(values);
  return [form](const Job& job) { return tell(job.context, form, check_node(job)); };
}

WithoutSettings prepare_check_without_settings(const Values& values) {
  const auto form = form_of(values);
  return
      [form](const Context& context, const Error& error) { return tell(context, form, check_without_settings(error)); };
}

}  // namespace

Command check_command() {
  return {
      .names = {"check"},
      .arguments = {},
      .summary = "look for what is wrong or missing on this node",
      .details =
          "Looks at settings, files, ProxySQL and its configuration, Consul and the token's rights, and says of each\n"
          "whether it is ok, a warning, or a problem, and what to do. Changes nothing, and waits for nobody.",
      .options = {{.name = "json", .value = {}, .help = "for scripts: docs/json.md"},
                  {.name = "health",
                   .value = {},
                   .help = "for Consul's script checks and Nagios: exits 0 for ok, 1 for a warning, 2 for a problem"}},
      .takes_names = false,
      .exits =
          "  0  no problem, but maybe warnings; with --health, neither\n"
          "  1  with --health: a warning\n"
          "  2  usage; with --health: a problem\n"
          "  7  a problem\n",
      .example = "proxysql-consul check",
      .prepare = prepare_check,
      .prepare_without_settings = prepare_check_without_settings,
  };
}

}  // namespace proxysql_consul
