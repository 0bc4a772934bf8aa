// One pass over a document's text: rows go straight to where they are held, and all else, which is little, into a tree.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

struct ScannedTable {
  Table table;                         ///< without its columns
  std::optional<std::string> problem;  ///< what is wrong with it, "holds a row that is no list"; then it is not whole
};

// NOLINTNEXTLINE(bugprone-exception-escape): what moving a tree could throw it does not.
struct ScannedDocument {
  nlohmann::ordered_json tree;  ///< "tables" is in it as an empty object where it is one
  std::vector<ScannedTable> tables;
};

/// Nothing where the text is no JSON. Of two members of one name the last counts. Throws Error{payload} for an object
/// of thousands of members, and for more values outside the tables' rows than any document has.
std::optional<ScannedDocument> scan_document(std::string_view text);

/// Appends `text`, which is UTF-8, as a JSON string.
void append_json_string(std::string& to, std::string_view text);

}  // namespace proxysql_consul
