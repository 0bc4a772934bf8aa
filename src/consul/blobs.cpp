#include "proxysql_consul/consul/blobs.h"

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {

PackedTables pack_tables(const std::vector<Table>& tables, std::size_t part_bytes) {
  const auto text = format_tables(tables);
  const auto packed = gzip(text);
  PackedTables result{.blob = {.sha256 = sha256_hex(packed), .bytes = text.size(), .parts = 0}, .parts = {}};
  for (std::size_t at = 0; at < packed.size(); at += part_bytes) result.parts.push_back(packed.substr(at, part_bytes));
  result.blob.parts = result.parts.size();
  return result;
}

std::vector<Table> load_blob(KvStore& store, const std::string& meta_prefix, const Blob& blob) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitCode::payload, "blob " + blob.sha256.substr(0, 12) + ": " + why, "save the configuration again");
  };
  std::string packed;
  for (std::size_t number = 0; number < blob.parts; ++number) {
    const auto part = store.get(part_key(meta_prefix, blob.sha256, number));
    if (!part) refuse("part " + std::to_string(number) + " of " + std::to_string(blob.parts) + " is missing");
    packed += part->value;
    if (packed.size() > max_document_bytes) refuse("its parts are larger than the limit");
  }
  if (sha256_hex(packed) != blob.sha256) refuse("its parts do not have the SHA-256 that the document names");
  const auto text = gunzip(packed, blob.bytes);
  if (!text || text->size() != blob.bytes) {
    refuse("it does not expand to the " + std::to_string(blob.bytes) + " bytes that the document names");
  }
  return parse_tables(*text);
}

std::string part_key(const std::string& meta_prefix, const std::string& sha256, std::size_t number) {
  return meta_prefix + "blob/" + sha256 + "/" + std::to_string(number);
}

}  // namespace proxysql_consul
