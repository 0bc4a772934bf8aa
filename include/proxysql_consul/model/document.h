// The document that one key in Consul holds: a configuration's tables, who saved them, and when. Text in, text out;
// docs/format.md is its description for others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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
  /// SHA-256 of the compressed tables, where the parts hold them sealed and so never have the same one twice; else
  /// empty.
  std::string sealed_sha256 = {};

  /// Tells tables from others without expanding them.
  const std::string& content() const { return sealed_sha256.empty() ? sha256 : sealed_sha256; }
};

struct Document {
  std::string config_name;
  std::string uuid;           ///< of the node that saved it
  std::vector<Table> tables;  ///< empty when `blob` is set
  std::optional<Blob> blob;
  bool from_memory = false;  ///< it speaks of inactive rows, too
  Origin origin;
  std::string sealed_with = {};  ///< the id of the key that it was opened with; empty for a plain one
};

/// A document that nobody reads without the key: all of it but what is here by name.
struct SealedDocument {
  std::string config_name;
  std::string uuid;               ///< of the node that saved it
  std::string key;                ///< the id of the key
  std::string data;               ///< of seal(): a plain document's text, compressed
  std::optional<Blob> blob = {};  ///< where its tables are, sealed, too
};

/// A document never expands to more than this.
constexpr std::size_t max_document_bytes = std::size_t{256} * 1024 * 1024;

/// What a key in Consul holds. Throws Error{payload} that says what is wrong where, without the value. A sealed one has
/// to be exactly what format_sealed() makes, so that no change of it stays unseen.
std::variant<Document, SealedDocument> parse_stored(std::string_view text);
/// The id of the key that a document is sealed with; nothing where it is not, or is none.
std::optional<std::string> key_of_sealed(std::string_view text);
/// The same of a plain document alone.
Document parse_document(std::string_view text);
std::string format_document(const Document& document);
/// The same with what format_tables() made of its tables before.
std::string format_document(const Document& document, std::string_view tables);
std::string format_sealed(const SealedDocument& sealed);

/// The part of a document that goes into a blob: {"tables":...,"columns":...}. Throws as parse_document().
std::vector<Table> parse_tables(std::string_view text);
std::string format_tables(const std::vector<Table>& tables);

/// "alice@proxy-1 at 2026-11-22T18:00:00Z", or the uuid where the document names no host.
std::string describe_origin(const Document& document);

}  // namespace proxysql_consul
