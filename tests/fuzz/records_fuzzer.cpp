// What nodes keep and tell: the state file, a node's record, a freeze.
#include <cstdint>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/model/node_record.h"
#include "proxysql_consul/model/state_json.h"
#include "proxysql_consul/model/version_id.h"

namespace proxysql_consul::testing {
namespace {

void take_state(std::string_view input) {
  const auto state = attempt(ExitCode::settings, [&] { return parse_state(input, "file"); });
  if (!state) return;
  const auto text = format_state(*state);
  require(format_state(parse_state(text, "file")) == text, "a state that was read is written as it was");
  const auto told = format_node_record(record_of(*state));
  require(format_node_record(parse_node_record(told)) == told, "what the state says can be told");
}

void take_node_record(std::string_view input) {
  const auto record = attempt(ExitCode::payload, [&] { return parse_node_record(input); });
  if (!record) return;
  require(parse_node_record(format_node_record(*record)) == *record, "a record that was read is written as it was");
}

void take_freeze(std::string_view input) {
  const auto freeze = parse_freeze(input);
  require_readable(describe(freeze));
  const auto text = format_freeze(freeze);
  require(format_freeze(parse_freeze(text)) == text, "a freeze that was read is written as it was");
  if (const auto id = parse_version_id(input)) require(to_string(*id) == input, "a version has one name");
}

}  // namespace

FUZZ_TARGET(records) {
  take_state(input);
  take_node_record(input);
  take_freeze(input);
}

}  // namespace proxysql_consul::testing
