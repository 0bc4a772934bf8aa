// Consul's key/value entries as JSON: what a watch hands to its handler, what /v1/kv answers, what /v1/txn takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/kv_entry.h"

namespace proxysql_consul {

/// Reads the array of a keyprefix watch or of `?recurse`, the object of a key watch, or `null` (nothing there). One bad
/// value does not hide the others: it comes back as an entry with a `problem`. Throws Error{payload} where the text is
/// none of these.
std::vector<KvEntry> parse_kv_entries(std::string_view text);

/// One step of a transaction.
struct KvOperation {
  enum class Verb { set, cas, check_index, check_not_exists, remove, remove_cas };
  Verb verb;
  std::string key;
  std::string value;        ///< of set and cas
  std::uint64_t index = 0;  ///< of cas (0: only where there is none), check_index and remove_cas
};

/// What came of a transaction: all of it, or nothing and why.
struct KvCommit {
  bool committed = false;
  std::uint64_t index = 0;  ///< ModifyIndex of the first operation's key where that was written
  std::string refusal;      ///< Consul's words
};

std::string format_transaction(const std::vector<KvOperation>& operations);
/// Nothing where the text is no answer of /v1/txn.
std::optional<KvCommit> parse_commit(std::string_view text);

/// The limit that an answer 413 names, in bytes; nothing where it names none.
std::optional<std::size_t> parse_size_limit(std::string_view text);

/// The list of `?keys`. Nothing where the text is none.
std::optional<std::vector<std::string>> parse_keys(std::string_view text);

}  // namespace proxysql_consul
