#include "proxysql_consul/model/document.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/document_scan.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t current_format = 2;

[[noreturn]] void refuse(const std::string& what) { throw Error(ExitCode::payload, "document: " + what); }

ScannedDocument scan_object(std::string_view text) {
  auto scanned = scan_document(text);
  if (!scanned) refuse("is no JSON");
  if (!scanned->tree.is_object()) refuse("is no JSON object");
  return std::move(*scanned);
}

const Json& member(const Json& object, const char* name, Json::value_t type, const char* type_name) {
  const auto found = object.find(name);
  if (found == object.end()) refuse(std::string("\"") + name + "\" is missing");
  if (found->type() != type) refuse(std::string("\"") + name + "\" is no " + type_name);
  return *found;
}

std::string text_member(const Json& object, const char* name) {
  return member(object, name, Json::value_t::string, "string").get<std::string>();
}

std::string optional_text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::size_t count_member(const Json& object, const char* name) {
  const auto& value = member(object, name, Json::value_t::number_unsigned, "count");
  return value.get<std::size_t>();
}

std::vector<std::string> columns_from_json(const Json& json, const std::string& table) {
  const std::string where = "columns of table " + printable(table, 64);
  if (!json.is_array() || json.empty()) refuse(where + " are no list of names");
  std::vector<std::string> columns;
  std::set<std::string> seen;
  for (const auto& name : json) {
    if (!name.is_string()) refuse(where + " are no list of names");
    columns.push_back(name.get<std::string>());
    if (!seen.insert(columns.back()).second) refuse(where + " name " + printable(columns.back(), 64) + " twice");
  }
  return columns;
}

std::vector<Table> tables_of(const Json& json, std::vector<ScannedTable>&& scanned) {
  member(json, "tables", Json::value_t::object, "object");
  const auto columns_json = json.find("columns");
  const bool has_columns = columns_json != json.end();
  if (has_columns && !columns_json->is_object()) refuse("\"columns\" is no object");
  std::vector<Table> tables;
  for (auto& [table, problem] : scanned) {
    const std::string where = "table " + printable(table.name, 64);
    if (has_columns) {
      const auto columns = columns_json->find(table.name);
      if (columns == columns_json->end()) refuse(where + " has no entry in \"columns\"");
      table.columns = columns_from_json(*columns, table.name);
    }
    if (problem) refuse(where + " " + *problem);
    const auto width = table.columns.size();
    for (const auto& row : table.rows) {
      if (!has_columns || row.size() == width) continue;
      refuse(where + " has a row of " + std::to_string(row.size()) + " cells for " + std::to_string(width) +
             " columns");
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

/// JSON text is UTF-8, ProxySQL's values are bytes: what is no UTF-8 travels as {"base64":"..."}.
void append_cell(std::string& to, const CellView& cell) {
  if (!cell) {
    to += "null";
  } else if (is_utf8(*cell)) {
    append_json_string(to, *cell);
  } else {
    (to += "{\"base64\":\"").append(to_base64(*cell)) += "\"}";
  }
}

void append_rows(std::string& to, const Rows& rows) {
  to += '[';
  for (const auto& row : rows) {
    to += to.back() == '[' ? "[" : ",[";
    for (const auto& cell : row) {
      if (to.back() != '[') to += ',';
      append_cell(to, cell);
    }
    to += ']';
  }
  to += ']';
}

/// In a sealed document the parts are sealed as well, so that nobody takes them for what they are not.
constexpr auto plain_encoding = "gzip";
constexpr auto sealed_encoding = "sealed gzip";

Blob blob_from_json(const Json& json, const std::string& encoding) {
  if (!json.is_object()) refuse("\"blob\" is no object");
  Blob blob{.sha256 = text_member(json, "sha256"),
            .bytes = count_member(json, "bytes"),
            .parts = count_member(json, "parts")};
  const bool is_hash =
      blob.sha256.size() == 64 && blob.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash) refuse("\"sha256\" of the blob is no SHA-256");
  if (text_member(json, "encoding") != encoding) refuse("\"encoding\" of the blob is not " + encoding);
  if (blob.parts == 0 || blob.parts > max_document_bytes / 1024) refuse("\"parts\" of the blob is out of range");
  if (blob.bytes > max_document_bytes) {
    refuse("its blob expands to " + std::to_string(blob.bytes) + " bytes, more than the limit of " +
           std::to_string(max_document_bytes));
  }
  return blob;
}

Json json_of(const Blob& blob, const char* encoding) {
  return {{"sha256", blob.sha256}, {"bytes", blob.bytes}, {"encoding", encoding}, {"parts", blob.parts}};
}

/// A host name or message may be any bytes; they describe, so a replacement character is good enough for them.
std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

SealedDocument sealed_from(const Json& json, std::string_view text) {
  const auto& inner = member(json, "sealed", Json::value_t::object, "object");
  auto data = from_base64(text_member(inner, "data"));
  if (!data) refuse("\"data\" is no base64");
  SealedDocument sealed{.config_name = text_member(json, "config_name"),
                        .uuid = text_member(json, "uuid"),
                        .key = text_member(inner, "key"),
                        .data = std::move(*data)};
  if (const auto blob = json.find("blob"); blob != json.end()) sealed.blob = blob_from_json(*blob, sealed_encoding);
  if (format_sealed(sealed) != text) refuse("is sealed, and not as this program writes it: somebody has changed it");
  return sealed;
}

Document document_from(ScannedDocument&& scanned) {
  const auto& json = scanned.tree;
  Document document;
  document.config_name = text_member(json, "config_name");
  document.uuid = text_member(json, "uuid");
  if (const auto blob = json.find("blob"); blob != json.end()) {
    document.blob = blob_from_json(*blob, plain_encoding);
  } else {
    document.tables = tables_of(json, std::move(scanned.tables));
  }
  document.from_memory = optional_text(json, "source") == "memory";
  if (const auto origin = json.find("origin"); origin != json.end() && origin->is_object()) {
    document.origin = {.host = optional_text(*origin, "host"),
                       .by = optional_text(*origin, "by"),
                       .proxysql_version = optional_text(*origin, "proxysql_version"),
                       .saved_at = optional_text(*origin, "saved_at"),
                       .message = optional_text(*origin, "message")};
  }
  return document;
}

}  // namespace

std::variant<Document, SealedDocument> parse_stored(std::string_view text) {
  auto scanned = scan_object(text);
  const auto& json = scanned.tree;
  const auto format = json.find("format");
  if (format != json.end() && !format->is_number_unsigned()) refuse("\"format\" is no count");
  if (format != json.end() && format->get<std::uint64_t>() > current_format) {
    refuse("has a format that is newer than " + std::to_string(current_format) + ", the one known here");
  }
  if (json.contains("sealed")) return sealed_from(json, text);
  return document_from(std::move(scanned));
}

Document parse_document(std::string_view text) {
  auto stored = parse_stored(text);
  auto* document = std::get_if<Document>(&stored);
  if (document == nullptr) refuse("is sealed");
  return std::move(*document);
}

std::string format_sealed(const SealedDocument& sealed) {
  Json json = {{"config_name", sealed.config_name},
               {"uuid", sealed.uuid},
               {"format", current_format},
               {"sealed", {{"key", sealed.key}, {"data", to_base64(sealed.data)}}}};
  if (sealed.blob) json["blob"] = json_of(*sealed.blob, sealed_encoding);
  return one_line(json);
}

std::string format_document(const Document& document, std::string_view tables) {
  const Json origin = {{"host", document.origin.host},
                       {"by", document.origin.by},
                       {"proxysql_version", document.origin.proxysql_version},
                       {"saved_at", document.origin.saved_at},
                       {"message", document.origin.message}};
  std::string whole =
      "{\"config_name\":" + one_line(document.config_name) + ",\"uuid\":" + one_line(document.uuid) + ",";
  if (document.blob) {
    whole += "\"blob\":" + one_line(json_of(*document.blob, plain_encoding));
  } else {
    whole += tables.substr(1, tables.size() - 2);
  }
  whole += ",\"format\":" + std::to_string(current_format) + ",\"source\":\"" +
           (document.from_memory ? "memory" : "runtime") + "\",\"origin\":" + one_line(origin) + "}";
  return whole;
}

std::string format_document(const Document& document) {
  return format_document(document, document.blob ? std::string() : format_tables(document.tables));
}

std::vector<Table> parse_tables(std::string_view text) {
  auto scanned = scan_object(text);
  return tables_of(scanned.tree, std::move(scanned.tables));
}

std::string format_tables(const std::vector<Table>& tables) {
  std::string text = "{\"tables\":{";
  // A NULL is one byte here and five there.
  text.reserve(std::accumulate(tables.begin(), tables.end(), std::size_t{1024},
                               [](std::size_t sum, const Table& table) { return sum + 4 * table.rows.byte_count(); }));
  std::string columns;
  for (const auto& table : tables) {
    if (!columns.empty()) text += ',';
    append_json_string(text, table.name);
    text += ':';
    append_rows(text, table.rows);
    columns += (columns.empty() ? "" : ",") + Json(table.name).dump() + ":" + Json(table.columns).dump();
  }
  text += "},\"columns\":{" + columns + "}}";
  return text;
}

std::string describe_origin(const Document& document) {
  if (document.origin.host.empty()) return "node " + printable(document.uuid, 64);
  const auto by = document.origin.by.empty() ? "" : printable(document.origin.by, 64) + "@";
  return by + printable(document.origin.host, 64) + " at " + printable(document.origin.saved_at, 32);
}

std::optional<std::string> key_of_sealed(std::string_view text) {
  try {
    const auto stored = parse_stored(text);
    const auto* sealed = std::get_if<SealedDocument>(&stored);
    return sealed != nullptr ? std::optional(sealed->key) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace proxysql_consul
