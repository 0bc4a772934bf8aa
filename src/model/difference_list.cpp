#include "proxysql_consul/model/difference_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/mask.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_shown = 80;

/// A column of a row that is on both sides.
struct Cells {
  std::string column;
  CellView here;
  CellView there;
  bool is_secret = false;
};

std::vector<Cells> cells_of(const TableSchema& schema, const Change& change) {
  const auto name = schema.find("variable_name");
  const auto variable = name ? change.from[*name].value_or("") : std::string_view();
  std::vector<Cells> cells;
  for (const auto position : change.columns) {
    const auto& column = schema.columns[position].name;
    const auto here = change.from[position];
    const auto there = change.to[position];
    const bool secret = is_secret(schema, column, variable, here.value_or("")) ||
                        is_secret(schema, column, variable, there.value_or(""));
    cells.push_back({.column = column, .here = here, .there = there, .is_secret = secret});
  }
  return cells;
}

bool is_hidden(const Cells& cells, const CellView& cell) { return cells.is_secret && cell && !cell->empty(); }

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string shown(const CellView& cell) { return cell ? in_quotes(printable(*cell, max_shown)) : "NULL"; }

/// What differs is shown also where that is far behind, or nothing that can be printed.
std::string describe(const Cells& cells) {
  const auto in = [&](const std::string& here, const std::string& there) {
    return cells.column + " " + here + " here, " + there + " in Consul";
  };
  if (cells.is_secret) {
    return cells.column + " " + (is_hidden(cells, cells.here) ? "*** (here)" : shown(cells.here) + " here") + ", " +
           (is_hidden(cells, cells.there) ? "*** (Consul)" : shown(cells.there) + " in Consul");
  }
  const auto here = shown(cells.here);
  const auto there = shown(cells.there);
  if (here != there || !cells.here || !cells.there) return in(here, there);
  const auto [mine, theirs] =
      std::mismatch(cells.here->begin(), cells.here->end(), cells.there->begin(), cells.there->end());
  const auto at = static_cast<std::size_t>(mine - cells.here->begin());
  const auto rest = [&](std::string_view text) { return "'..." + printable(text.substr(at), max_shown) + "'"; };
  const auto from = " from byte " + std::to_string(at + 1) + " on";
  if (rest(*cells.here) == rest(*cells.there)) return cells.column + " differs in what cannot be printed," + from;
  return in(rest(*cells.here), rest(*cells.there)) + "," + from;
}

std::string row_name(const TableSchema& schema, const RowView& row) {
  auto name = describe_row(schema, row);
  const auto needless = "table " + schema.name + ", row ";
  return name.starts_with(needless) ? name.substr(needless.size()) : name;
}

std::string line_of(const TableSchema& schema, const Change& change) {
  switch (change.kind) {
    case Change::Kind::added: return "- " + row_name(schema, change.to) + ": only in Consul";
    case Change::Kind::removed: return "+ " + row_name(schema, change.from) + ": only here";
    case Change::Kind::changed: break;
  }
  std::vector<std::string> words;
  for (const auto& cells : cells_of(schema, change)) words.push_back(describe(cells));
  return "~ " + row_name(schema, change.from) + ": " + join(words, "; ");
}

/// What is no UTF-8 is written as in documents.
Json to_json(const CellView& cell) {
  if (!cell) return nullptr;
  if (is_utf8(*cell)) return std::string(*cell);
  return {{"base64", to_base64(*cell)}};
}

Json key_to_json(const TableSchema& schema, const RowView& row) {
  auto json = Json::object();
  for (const auto position : schema.key()) {
    const auto& column = schema.columns[position].name;
    const bool is_hidden_key = row[position] && is_secret(schema, column, {}, *row[position]);
    json[column] = is_hidden_key ? Json("***") : to_json(row[position]);
  }
  return json;
}

Json columns_to_json(const TableSchema& schema, const Change& change) {
  auto json = Json::object();
  for (const auto& cells : cells_of(schema, change)) {
    json[cells.column] = {{"here", is_hidden(cells, cells.here) ? Json("*** (here)") : to_json(cells.here)},
                          {"consul", is_hidden(cells, cells.there) ? Json("*** (Consul)") : to_json(cells.there)}};
  }
  return json;
}

Json to_json(const TableDifference& table) {
  auto only_here = Json::array();
  auto only_in_consul = Json::array();
  auto changed = Json::array();
  for (const auto& change : table.changes) {
    switch (change.kind) {
      case Change::Kind::added: only_in_consul.push_back(key_to_json(table.schema, change.to)); break;
      case Change::Kind::removed: only_here.push_back(key_to_json(table.schema, change.from)); break;
      case Change::Kind::changed:
        changed.push_back(
            {{"key", key_to_json(table.schema, change.from)}, {"columns", columns_to_json(table.schema, change)}});
        break;
    }
  }
  return {{"name", table.schema.name},
          {"only_here", std::move(only_here)},
          {"only_in_consul", std::move(only_in_consul)},
          {"changed", std::move(changed)}};
}

}  // namespace

std::string format_difference(const ListedDifference& difference) {
  const auto& tables = difference.comparison.tables;
  std::size_t rows = 0;
  for (const auto& table : tables) rows += table.changes.size();
  auto text = difference.name + ": ";
  if (rows == 0) {
    text += "the same as " + difference.version + "\n";
  } else {
    text += std::to_string(rows) + (rows == 1 ? " row differs" : " rows differ") + " from " + difference.version + "\n";
  }
  for (const auto& table : tables) {
    text.append("  ").append(table.schema.name) += "\n";
    for (const auto& change : table.changes) text.append("    ").append(line_of(table.schema, change)) += "\n";
  }
  for (const auto& note : difference.comparison.notes) text.append("  (").append(note) += ")\n";
  return text;
}

std::string format_differences_json(const std::vector<ListedDifference>& differences, bool same) {
  auto configurations = Json::array();
  for (const auto& difference : differences) {
    auto tables = Json::array();
    for (const auto& table : difference.comparison.tables) tables.push_back(to_json(table));
    configurations.push_back({{"name", difference.name},
                              {"version", difference.id.version},
                              {"id", to_string(difference.id)},
                              {"tables", std::move(tables)},
                              {"notes", difference.comparison.notes}});
  }
  const Json json = {{"format", 1}, {"same", same}, {"configurations", std::move(configurations)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proxysql_consul
