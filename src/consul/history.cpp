#include "proxysql_consul/consul/history.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/blobs.h"

namespace proxysql_consul {
namespace {

/// True where `stored` is the document of that text, which is sealed another way each time.
bool is_document(const Keyring& ring, const std::string& stored, const std::string& text) {
  if (stored == text) return true;
  try {
    return ring.open_text(stored) == text;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<std::uint64_t> find_in_history(KvStore& store, const Keys& keys, const std::string& configuration,
                                             const std::string& text) {
  try {
    for (const auto& key : store.keys(keys.history(configuration))) {
      const auto version = keys.version_of(configuration, key);
      const auto entry = version ? store.get(key) : std::nullopt;
      if (entry && entry->value == text) return version;
    }
  } catch (const Denied&) {
    return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Version> list_versions(KvStore& store, const Keys& keys, const std::string& configuration) {
  std::vector<Version> versions;
  // The current one first: what a save moves to the history meanwhile is then seen twice, and not missed.
  if (auto current = store.get(keys.document(configuration))) {
    versions.push_back({.id = {.version = current->modify_index}, .is_current = true, .entry = std::move(*current)});
  }
  const bool has_current = !versions.empty();
  for (auto& entry : store.list(keys.history(configuration)).entries) {
    const auto id = keys.id_of(configuration, entry.key);
    if (!id || (has_current && *id == versions.front().id)) continue;
    entry.modify_index = id->version;
    versions.push_back({.id = *id, .is_current = false, .entry = std::move(entry)});
  }
  std::sort(versions.begin(), versions.end(), [](const Version& a, const Version& b) { return a.id > b.id; });
  return versions;
}

const Version& named_version(const std::vector<Version>& versions, const std::string& configuration,
                             const std::string& text, ExitCode code) {
  const auto id = parse_version_id(text);
  const auto current =
      std::find_if(versions.begin(), versions.end(), [](const Version& version) { return version.is_current; });
  const auto found = std::find_if(versions.begin(), versions.end(), [&](const Version& version) {
    if (text != "-1") return version.id == id;
    // A number above the current one is of another Consul, from which the history was brought here.
    return version.id.is_saved() && !version.is_current && (current == versions.end() || version.id < current->id);
  });
  if (found != versions.end()) return *found;
  std::vector<std::string> names;
  for (const auto& version : versions)
    names.push_back(to_string(version.id) + (version.is_current ? " (current)" : ""));
  const auto what = text == "-1" ? std::string("no version before the current one is kept of ")
                                 : "there is no version " + printable(text, 64) + " of ";
  throw Error(code, what + configuration, names.empty() ? "none is there" : "there are " + join(names));
}

VersionId keep_in_history(KvStore& store, const Keys& keys, const Keyring& ring, const Document& document,
                          std::uint64_t overtaken_by) {
  constexpr std::size_t most_bytes = std::size_t{300} * 1024;
  std::vector<KvOperation> operations;
  auto whole = document;
  const auto tables = format_tables(document.tables);
  std::optional<PackedTables> packed;
  if (tables.size() > most_bytes) {
    packed = pack_tables(tables, most_bytes);
    // Sealed tables are others each time.
    if (!ring.seals()) packed = cut_as_stored(store, keys, *std::move(packed), default_value_limit);
    whole.blob = packed->blob;
  }
  const auto text = format_document(whole, tables);
  const auto stored = seal_document(document, text, packed, ring, most_bytes);
  if (stored.parts) operations = write_blob(store, keys, *stored.parts);
  for (VersionId id{.version = overtaken_by, .uuid = document.uuid};; ++id.number) {
    const auto key = keys.history(document.config_name, id);
    if (const auto there = store.get(key)) {
      // An attempt that nobody answered.
      if (is_document(ring, there->value, text)) return id;
      continue;
    }
    operations.insert(operations.begin(),
                      {.verb = KvOperation::Verb::cas, .key = key, .value = stored.text, .index = 0});
    const auto result = store.commit(operations);
    if (result.committed) return id;
    throw Unavailable(ExitCode::consul, key + ": not written: " + result.refusal);
  }
}

void trim_history(KvStore& store, const Keys& keys, const std::string& configuration, std::size_t limit) {
  // Each kind by itself, so that neither pushes the other out.
  std::vector<VersionId> saved;
  std::vector<VersionId> overtaken;
  for (const auto& key : store.keys(keys.history(configuration))) {
    if (auto id = keys.id_of(configuration, key)) (id->is_saved() ? saved : overtaken).push_back(std::move(*id));
  }
  if (saved.size() <= limit && overtaken.size() <= limit) return;
  // Asked for after them, so that it is newer than all that were saved here. A number above it is of another Consul,
  // from which the history was brought here: older than all.
  const auto document = store.get(keys.document(configuration));
  const auto current = document ? document->modify_index : std::numeric_limits<std::uint64_t>::max();
  const auto is_newer = [current](const VersionId& a, const VersionId& b) {
    const bool is_a_brought = a.version > current;
    return is_a_brought != (b.version > current) ? !is_a_brought : a > b;
  };
  std::vector<KvOperation> operations;
  for (auto* versions : {&saved, &overtaken}) {
    std::sort(versions->begin(), versions->end(), is_newer);
    for (std::size_t i = limit; i < versions->size() && operations.size() < max_operations; ++i) {
      operations.push_back(
          {.verb = KvOperation::Verb::remove, .key = keys.history(configuration, (*versions)[i]), .value = {}});
    }
  }
  if (!operations.empty()) store.commit(operations);
}

}  // namespace proxysql_consul
