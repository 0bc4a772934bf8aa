#include "proxysql_consul/consul/blobs.h"

#include <algorithm>
#include <map>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/gzip.h"

namespace proxysql_consul {
namespace {

using PartsByHash = std::map<std::string, std::vector<std::string>>;

/// A hash counts wherever it stands, also in a value that cannot be parsed here: a newer version may have written it.
void spare_named_in(const std::string& value, PartsByHash& parts) {
  std::erase_if(parts, [&](const auto& blob) { return value.find(blob.first) != std::string::npos; });
}

std::vector<std::string> cut(std::string_view bytes, std::size_t part_bytes) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < bytes.size(); at += part_bytes) parts.emplace_back(bytes.substr(at, part_bytes));
  return parts;
}

/// HTTP can name it as it is. Some others Consul takes in a transaction, and nobody reads what stands there.
bool has_path(std::string_view key) {
  if (!std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; })) return false;
  while (true) {
    const auto slash = key.find('/');
    const auto segment = key.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

[[noreturn]] void refuse(const Blob& blob, const std::string& why) {
  throw Error(ExitCode::payload, "blob " + blob.sha256.substr(0, 12) + ": " + why, "save the configuration again");
}

}  // namespace

PackedTables pack_tables(std::string_view text, std::size_t part_bytes) {
  if (text.size() > max_document_bytes) {
    throw Error(ExitCode::payload, "tables of " + std::to_string(text.size()) + " bytes are more than the limit of " +
                                       std::to_string(max_document_bytes) + ", and no node could read them");
  }
  const auto packed = gzip(text);
  PackedTables result{.blob = {.sha256 = sha256_hex(packed), .bytes = text.size()}, .parts = cut(packed, part_bytes)};
  result.blob.parts = result.parts.size();
  return result;
}

PackedTables seal_tables(const PackedTables& packed, const Document& document, const Keyring& ring,
                         std::size_t part_bytes) {
  if (!ring.seals()) return packed;
  std::string whole;
  for (const auto& part : packed.parts) whole += part;
  const auto sealed = ring.seal_parts(document, whole, random_nonce());
  PackedTables result{
      .blob = {.sha256 = sha256_hex(sealed), .bytes = packed.blob.bytes, .sealed_sha256 = packed.blob.sha256},
      .parts = cut(sealed, part_bytes)};
  result.blob.parts = result.parts.size();
  return result;
}

StoredDocument seal_document(const Document& document, std::string_view text, const std::optional<PackedTables>& packed,
                             const Keyring& ring, std::size_t part_bytes) {
  StoredDocument stored{.text = std::string(text)};
  if (packed) stored.parts = seal_tables(*packed, document, ring, part_bytes);
  if (!ring.seals()) return stored;
  const auto blob = stored.parts ? std::optional(stored.parts->blob) : std::nullopt;
  stored.text = ring.seal_text(document, text, blob, random_nonce());
  return stored;
}

PackedTables cut_as_stored(KvStore& store, const Keys& keys, PackedTables packed, std::size_t part_bytes) {
  const auto count = store.keys(keys.blobs() + packed.blob.sha256 + "/").size();
  std::vector<std::string> parts;
  std::string whole;
  for (std::size_t number = 0; number < count; ++number) {
    auto part = store.get(keys.blob_part(packed.blob.sha256, number));
    if (!part || part->value.size() > part_bytes) return packed;
    whole += part->value;
    parts.push_back(std::move(part->value));
  }
  // Also where there are none.
  if (sha256_hex(whole) != packed.blob.sha256) return packed;
  packed.parts = std::move(parts);
  packed.blob.parts = count;
  return packed;
}

std::vector<KvOperation> write_blob(KvStore& store, const Keys& keys, const PackedTables& packed) {
  for (std::size_t number = 0; number < packed.parts.size(); ++number) {
    store.put(keys.blob_part(packed.blob.sha256, number), packed.parts[number], std::nullopt);
  }
  auto key = keys.blob_part(packed.blob.sha256, 0);
  const auto first = store.get(key);
  // Of a value that stands already Consul makes no change.
  return {{.verb = KvOperation::Verb::check_index,
           .key = std::move(key),
           .value = {},
           .index = first ? first->modify_index : 0},
          {.verb = KvOperation::Verb::set, .key = keys.blob_use(), .value = sha256_hex(random_nonce())}};
}

std::string load_packed(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document) {
  const auto& blob = document.blob.value();
  std::string packed;
  for (std::size_t number = 0; number < blob.parts; ++number) {
    const auto part = store.get(keys.blob_part(blob.sha256, number));
    if (!part) refuse(blob, "part " + std::to_string(number) + " of " + std::to_string(blob.parts) + " is missing");
    packed += part->value;
    if (packed.size() > max_document_bytes) refuse(blob, "its parts are larger than the limit");
  }
  if (sha256_hex(packed) != blob.sha256) refuse(blob, "its parts do not have the SHA-256 that the document names");
  return document.sealed_with.empty() ? packed : ring.open_parts(document, packed);
}

std::vector<Table> unpack_tables(std::string_view packed, const Blob& blob) {
  const auto text = gunzip(packed, blob.bytes);
  if (!text || text->size() != blob.bytes) {
    refuse(blob, "it does not expand to the " + std::to_string(blob.bytes) + " bytes that the document names");
  }
  return parse_tables(*text);
}

std::vector<Table> load_blob(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document) {
  return unpack_tables(load_packed(store, keys, ring, document), document.blob.value());
}

bool collect_blobs(KvStore& store, const Keys& keys, const std::vector<std::string>& names) {
  PartsByHash parts;
  for (auto& key : store.keys(keys.blobs())) {
    if (const auto sha256 = keys.blob_of(key)) parts[*sha256].push_back(std::move(key));
  }
  if (parts.empty()) return true;
  std::vector<KvOperation> guards;
  const auto guard = [&](const std::string& key, const std::optional<KvEntry>& entry) {
    guards.push_back({.verb = entry ? KvOperation::Verb::check_index : KvOperation::Verb::check_not_exists,
                      .key = key,
                      .value = {},
                      .index = entry ? entry->modify_index : 0});
  };
  guard(keys.blob_use(), store.get(keys.blob_use()));
  // Also documents that somebody puts there by other means, and so without a mark of their use.
  const auto documents = store.list(keys.prefix()).entries;
  for (const auto& name : names) {
    const auto key = keys.document(name);
    const auto found =
        std::find_if(documents.begin(), documents.end(), [&](const auto& one) { return one.key == key; });
    guard(key, found != documents.end() ? std::optional(*found) : std::nullopt);
  }
  for (const auto& entry : documents) spare_named_in(entry.value, parts);
  // One by one, since all versions together can be more than one answer may hold.
  for (const auto& key : store.keys(keys.meta())) {
    if (parts.empty() || keys.blob_of(key) || !has_path(key)) continue;
    if (const auto entry = store.get(key)) spare_named_in(entry->value, parts);
  }
  for (const auto& [sha256, part_keys] : parts) {
    // The first part goes with the first transaction: a save in between looks for that one, and writes it again if it
    // needs the blob, which the later transactions look for.
    auto operations = guards;
    for (const auto& key : part_keys) {
      operations.push_back({.verb = KvOperation::Verb::remove, .key = key, .value = {}});
      if (operations.size() < max_operations && key != part_keys.back()) continue;
      if (!store.commit(operations).committed) return false;
      operations = guards;
      operations.push_back({.verb = KvOperation::Verb::check_not_exists, .key = part_keys.front(), .value = {}});
    }
  }
  return true;
}

}  // namespace proxysql_consul
