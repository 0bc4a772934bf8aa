// Where the text of the settings stops being JSON, for people. The parser's own words quote the text, which may hold a
// password, and name only one of the tokens that could stand there. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proxysql_consul {

struct JsonFault {
  std::string place;     ///< "line 2, column 7", both from 1, the column in characters
  std::string expected;  ///< what could stand there, "a value or ']'"
  std::string hint;      ///< what else to say of it; mostly empty
};

/// The first fault of a text without a byte order mark, of which an object is expected where `is_object`, else any
/// value. Nothing where the text is JSON but for what a parser refuses of its values: a number that is too large, or
/// half a surrogate pair.
std::optional<JsonFault> find_json_fault(std::string_view text, bool is_object);

}  // namespace proxysql_consul
