// The names of all keys in Consul, built and parsed here alone. Two prefixes: `proxysql/` holds what wakes the watches;
// `proxysql-meta/`, beside it, what must not. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxysql_consul/model/version_id.h"

namespace proxysql_consul {

class Keys {
 public:
  /// `prefix` ends in a slash and does not begin with one: "proxysql/".
  explicit Keys(std::string prefix);

  /// "proxysql/", which the watches watch.
  const std::string& prefix() const { return prefix_; }
  /// "proxysql-meta/"
  const std::string& meta() const { return meta_; }

  /// A configuration's document.
  std::string document(std::string_view configuration) const;
  /// While it exists, nobody saves or applies.
  std::string freeze() const;
  /// The earlier versions of a configuration, as a prefix; with a version, that one.
  std::string history(std::string_view configuration) const;
  std::string history(std::string_view configuration, const VersionId& id) const;
  /// Moves whenever a document begins to name large tables.
  std::string blob_use() const;
  /// The parts of all large tables, as a prefix; with hash and number (from 0), one part.
  std::string blobs() const;
  std::string blob_part(std::string_view sha256, std::size_t number) const;
  /// The nodes' records, as a prefix; with a UUID, that node's.
  std::string nodes() const;
  std::string node(std::string_view uuid) const;

  /// What `key` is called below the prefix: a configuration's name where document() made it. Nothing where it is not
  /// below the prefix; "" for the prefix itself.
  std::optional<std::string> name_of(std::string_view key) const;
  /// The version that a key of history(configuration) names.
  std::optional<VersionId> id_of(std::string_view configuration, std::string_view key) const;
  /// The same where it is one that was saved.
  std::optional<std::uint64_t> version_of(std::string_view configuration, std::string_view key) const;
  /// The hash that a key of blobs() names.
  std::optional<std::string> blob_of(std::string_view key) const;

  /// The prefix that an ACL rule has to name so that it covers `key` and no more than is needed: one of the two.
  std::string rule_prefix(std::string_view key) const;

 private:
  std::string prefix_;
  std::string meta_;
};

}  // namespace proxysql_consul
