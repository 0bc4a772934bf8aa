#include "proxysql_consul/node/keep_local.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/node/settings_json.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

constexpr auto condition_rule =
    "must be a value, a range such as 900-999, or a shell pattern such as local-*, as a string or an integer, or null";

/// The place below `source`.
Source within(const Source& source, const std::string& name) {
  return {source.file, source.key + "." + printable(name, 64)};
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_whole_number(std::string_view text) { return is_digits(text.substr(text.starts_with('-') ? 1 : 0)); }

bool is_range(std::string_view text) {
  const auto dash = text.find('-', 1);
  return dash != std::string_view::npos && is_whole_number(text.substr(0, dash)) &&
         is_whole_number(text.substr(dash + 1));
}

/// "900 - 999" and "900..999" are a range to whoever wrote them, and the text of hardly any cell.
bool looks_like_range(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  if (const auto dots = plain.find(".."); dots != std::string::npos) plain.replace(dots, 2, "-");
  return plain != text && is_range(plain);
}

/// "900-999", or nothing where the text is no range.
std::optional<CellRule> range_of(const Source& source, std::string_view text) {
  if (looks_like_range(text)) source.refuse_text("must be a range as in 900-999, without blanks or dots", text);
  const auto dash = text.find('-', 1);
  if (dash == std::string_view::npos) return std::nullopt;
  const auto low = to_integer(text.substr(0, dash));
  const auto high = to_integer(text.substr(dash + 1));
  if (low && dash + 1 == text.size()) source.refuse_text("must be a range with both its ends", text);
  if (is_range(text) && (!low || !high)) source.refuse_text("must be a range of integers of 64 bits", text);
  if (!low || !high) return std::nullopt;
  if (*low > *high) source.refuse_text("must be a range that begins with the smaller number", text);
  return CellRule{.column = {}, .kind = CellRule::Kind::range, .text = {}, .low = *low, .high = *high};
}

CellRule rule_of(const Source& source, const Json& value) {
  if (value.is_null()) return {.column = {}, .kind = CellRule::Kind::null};
  if (value.is_number_integer()) return {.column = {}, .kind = CellRule::Kind::text, .text = value.dump()};
  if (!value.is_string()) source.refuse(condition_rule, value.is_structured() ? "a list or an object" : value.dump());
  auto text = checked_text(source, value.get<std::string>());
  if (auto range = range_of(source, text)) return *range;
  const bool is_pattern = text.find_first_of("*?[\\") != std::string::npos;
  if (is_pattern) require_whole_pattern(source, text);
  return {.column = {}, .kind = is_pattern ? CellRule::Kind::pattern : CellRule::Kind::text, .text = std::move(text)};
}

RowRule entry_of(const Source& source, const Json& value) {
  if (!value.is_object()) source.refuse("must be a list of objects, each with the conditions of one entry", "another");
  if (value.empty()) source.refuse("must have a condition in each entry, since one without is met by all rows", "{}");
  RowRule entry;
  for (const auto& item : value.items()) {
    auto rule = rule_of(within(source, item.key()), item.value());
    rule.column = item.key();
    entry.push_back(std::move(rule));
  }
  return entry;
}

LocalPart part_of(const Source& source, const Json& value) {
  if (!value.is_object()) source.refuse("must be an object with \"columns\", \"rows\" or both", value.type_name());
  LocalPart part;
  for (const auto& item : value.items()) {
    const auto place = within(source, item.key());
    if (item.key() == "columns") {
      part.columns = as_list(place, item.value());
      std::set<std::string_view> seen;
      for (const auto& column : part.columns) {
        if (!seen.insert(column).second) place.refuse_text("must name each column once", column);
      }
    } else if (item.key() == "rows") {
      if (!item.value().is_array()) place.refuse("must be a list of objects", item.value().type_name());
      for (const auto& entry : item.value()) part.rows.push_back(entry_of(place, entry));
    } else {
      throw Error(ExitCode::settings, source.file + ": " + place.key + ": unknown key",
                  did_you_mean(item.key(), {"columns", "rows"}));
    }
  }
  if (part.columns.empty() && part.rows.empty()) {
    source.refuse("must name columns, rows or both, for without them nothing is local", "none");
  }
  return part;
}

}  // namespace

void read_keep_local(const Source& source, const Json& value, Scope& scope) {
  if (!value.is_object()) source.refuse("must be an object with a member for each table", value.type_name());
  scope.tables.clear();
  for (const auto& item : value.items()) {
    if (item.key() == "global_variables") {
      throw Error(ExitCode::settings, source.file + ": " + source.key + ": variables are no rows of their own here",
                  "exclude_variables keeps variables local, by name");
    }
    scope.tables[item.key()] = part_of(within(source, item.key()), item.value());
  }
  scope.digest = scope.tables.empty() ? std::string() : sha256_hex(value.dump());
}

}  // namespace proxysql_consul
