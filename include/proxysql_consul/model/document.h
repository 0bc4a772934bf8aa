// The document that one key in Consul holds: a configuration's tables, who saved them, and when. Text in, text out;
// docs/format.md is its description for others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// Where a document comes from. All empty in documents of 2016.
struct Origin {
  std::string host;
  std::string by = {};  ///< the user who saved
  std::string proxysql_version;
  std::string saved_at;  ///< UTC, "2026-11-22T18:00:00Z"
  std::string message;
};

/// Tables too large for one key, kept elsewhere: gzip of format_tables(), cut into parts.
struct Blob {
  std::string sha256;     ///< of the parts put together
  std::size_t bytes = 0;  ///< after expansion
  std::size_t parts = 0;
};

struct Document {
  std::string config_name;
  std::string uuid;           ///< of the node that saved it
  std::vector<Table> tables;  ///< empty when `blob` is set
  std::optional<Blob> blob;
  bool from_memory = false;  ///< it speaks of inactive rows, too
  Origin origin;
};

/// A document never expands to more than this.
constexpr std::size_t max_document_bytes = std::size_t{256} * 1024 * 1024;

/// Throws Error{payload} that says what is wrong where, without the value.
Document parse_document(std::string_view text);
std::string format_document(const Document& document);
/// The same with what format_tables() made of its tables before.
std::string format_document(const Document& document, std::string_view tables);

/// The part of a document that goes into a blob: {"tables":...,"columns":...}. Throws as parse_document().
std::vector<Table> parse_tables(std::string_view text);
std::string format_tables(const std::vector<Table>& tables);

/// "alice@proxy-1 at 2026-11-22T18:00:00Z", or the uuid where the document names no host.
std::string describe_origin(const Document& document);

}  // namespace proxysql_consul
