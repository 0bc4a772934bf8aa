// Tables that are too large for one key: compressed, cut into parts, kept under the SHA-256 of the whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

/// A blob and its content.
struct PackedTables {
  Blob blob;
  std::vector<std::string> parts;
};

/// Pure. `text` is of format_tables(); parts of at most `part_bytes`.
PackedTables pack_tables(std::string_view text, std::size_t part_bytes);

/// Returns the ModifyIndex of the first part: a document may refer to the blob only for as long as that stands. Throws
/// what KvStore::put() throws.
std::uint64_t write_blob(KvStore& store, const Keys& keys, const PackedTables& packed);

/// What the parts of `blob` are together. Throws Error{payload} where one is missing, or the whole does not have the
/// hash that the document names; and what KvStore::get() throws.
std::string load_packed(KvStore& store, const Keys& keys, const Blob& blob);
/// Pure. The tables in `packed`, which load_packed() gave. Throws Error{payload} where it is not what the document
/// says.
std::vector<Table> unpack_tables(std::string_view packed, const Blob& blob);
/// Both.
std::vector<Table> load_blob(KvStore& store, const Keys& keys, const Blob& blob);

/// Removes blobs whose hash stands nowhere in any value under the two prefixes. A document saved meanwhile makes the
/// transaction fail, and leaves the collecting to its own save; a save that has written its parts but no document yet
/// notices and repeats. `names` are those of all configurations. Throws what KvStore throws.
void collect_blobs(KvStore& store, const Keys& keys, const std::vector<std::string>& names);

}  // namespace proxysql_consul
