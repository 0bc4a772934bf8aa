// What a key in Consul holds: the whole document, and its tables.
#include "fuzz/fuzz_target.h"
#include "proxysql_consul/model/document.h"

namespace proxysql_consul::testing {

FUZZ_TARGET(document) {
  attempt(ExitCode::payload, [&] { return parse_stored(input).index(); });
  const auto document = attempt(ExitCode::payload, [&] { return parse_document(input); });
  if (!document) return;
  require_readable(describe_origin(*document));
  // Those of 2016 name no columns, and are never written again as they were.
  for (const auto& table : document->tables) {
    if (table.columns.empty()) return;
  }
  const auto text = format_document(*document);
  const auto again = parse_document(text);
  require(again.tables == document->tables, "tables come back as they were written");
  require(again.config_name == document->config_name && again.uuid == document->uuid,
          "names come back as they were written");
  require(format_document(again) == text, "a document that was read is written as it was");
}

}  // namespace proxysql_consul::testing
