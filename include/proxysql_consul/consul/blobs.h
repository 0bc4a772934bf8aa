// Tables that are too large for one key: compressed, cut into parts, kept under the SHA-256 of the whole.
#pragma once

#include <string>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"

namespace proxysql_consul {

/// A blob and its content.
struct PackedTables {
  Blob blob;
  std::vector<std::string> parts;
};

/// Pure. Parts of at most `part_bytes`.
PackedTables pack_tables(const std::vector<Table>& tables, std::size_t part_bytes);

/// The tables behind `blob`. Throws Error{payload} where a part is missing, or the whole is not what the document says;
/// and what KvStore::get() throws.
std::vector<Table> load_blob(KvStore& store, const std::string& meta_prefix, const Blob& blob);

/// The key of part `number`, from 0.
std::string part_key(const std::string& meta_prefix, const std::string& sha256, std::size_t number);

}  // namespace proxysql_consul
