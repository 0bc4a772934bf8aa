// Tables that are too large for one key: compressed, cut into parts, kept under the SHA-256 of the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

/// What Consul takes as a value, unless its servers say otherwise.
constexpr std::size_t default_value_limit = std::size_t{512} * 1024;

/// A blob and its content.
struct PackedTables {
  Blob blob;
  std::vector<std::string> parts;
};

/// Pure. `text` is of format_tables(); parts of at most `part_bytes`.
PackedTables pack_tables(std::string_view text, std::size_t part_bytes);

/// `packed`, the tables of `document`, as they are stored: sealed where there are keys, and cut anew.
PackedTables seal_tables(const PackedTables& packed, const Document& document, const Keyring& ring,
                         std::size_t part_bytes);

/// What of a document is written where.
struct StoredDocument {
  std::string text;                        ///< sealed where there are keys
  std::optional<PackedTables> parts = {};  ///< where its tables are kept apart
};

/// `text` is the document's in the clear; `packed` are its tables where they are kept apart.
StoredDocument seal_document(const Document& document, std::string_view text, const std::optional<PackedTables>& packed,
                             const Keyring& ring, std::size_t part_bytes);

/// `packed`, cut into parts as it stands in Consul already, if it does, and if no part is larger than `part_bytes`:
/// others may name it, and how many parts it has. Throws what KvStore throws.
PackedTables cut_as_stored(KvStore& store, const Keys& keys, PackedTables packed, std::size_t part_bytes);

/// Writes the parts. Returns what the transaction with the document that names them has to hold besides: that they
/// still stand, and that whoever collects blobs meanwhile sees it. Throws what KvStore::put() throws.
std::vector<KvOperation> write_blob(KvStore& store, const Keys& keys, const PackedTables& packed);

/// The packed tables of a document whose blob is set. Throws Error{payload} where a part is missing, the whole does not
/// have the hash that the document names, or cannot be opened; and what KvStore::get() throws.
std::string load_packed(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document);
/// Pure. The tables in `packed`, which load_packed() gave. Throws Error{payload} where it is not what the document
/// says.
std::vector<Table> unpack_tables(std::string_view packed, const Blob& blob);
/// Both.
std::vector<Table> load_blob(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document);

/// Removes blobs whose hash stands nowhere in any value under the two prefixes. False where it did not come to an end,
/// since a document changed or began to name a blob meanwhile; who has written its parts but no document yet notices
/// and repeats. `names` are those of all configurations. Throws what KvStore throws.
bool collect_blobs(KvStore& store, const Keys& keys, const std::vector<std::string>& names);

}  // namespace proxysql_consul
