// The earlier versions of a configuration, as they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

/// The version under which the history holds exactly `text`; nothing where it does not, or where the token may not
/// read it. Throws what KvStore throws otherwise.
std::optional<std::uint64_t> find_in_history(KvStore& store, const Keys& keys, const std::string& configuration,
                                             const std::string& text);

/// One version of a configuration. `entry` is its document's, under whatever key, and bears the version's number.
struct Version {
  VersionId id;
  bool is_current = false;
  KvEntry entry;
};

/// The current version, where there is one, and those in the history; newest first. Throws what KvStore throws.
std::vector<Version> list_versions(KvStore& store, const Keys& keys, const std::string& configuration);

/// The version that an operator calls `text`: its id, or -1 for the newest saved one that is not current. Throws
/// Error{code} that lists those there are.
const Version& named_version(const std::vector<Version>& versions, const std::string& configuration,
                             const std::string& text, ExitCode code);

/// Puts into the history what was loaded on the document's node and overtaken by that version before it could be saved.
/// Never replaces another. Throws what KvStore throws.
VersionId keep_in_history(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document,
                          std::uint64_t overtaken_by);

/// Leaves the newest `limit` versions. Throws what KvStore throws.
void trim_history(KvStore& store, const Keys& keys, const std::string& configuration, std::size_t limit);

}  // namespace proxysql_consul
