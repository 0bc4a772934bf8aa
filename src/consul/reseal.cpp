#include "proxysql_consul/consul/reseal.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/publish.h"

namespace proxysql_consul {
namespace {

constexpr int most_conflicts = 5;
/// A transaction is base64 in JSON, and Consul takes 512 KiB.
constexpr std::size_t most_bytes = std::size_t{300} * 1024;

Document open_entry(const Keyring& ring, const KvEntry& entry, const std::string& configuration) {
  if (!entry.problem.empty()) throw Error(ExitCode::payload, entry.problem);
  auto document = ring.open(entry.value);
  if (document.config_name != configuration) {
    throw Error(ExitCode::payload, "document: is one of " + printable(document.config_name, 64));
  }
  return document;
}

/// What is to stand there.
StoredDocument sealed_anew(KvStore& store, const Keys& keys, const Keyring& ring, const KvEntry& entry,
                           const Document& document) {
  std::optional<PackedTables> packed;
  if (document.blob) {
    packed.emplace();
    packed->parts.push_back(load_packed(store, keys, ring, document));
    packed->blob = {.sha256 = document.blob->content(), .bytes = document.blob->bytes, .parts = 1};
  }
  return seal_document(document, ring.open_text(entry.value), packed, ring, most_bytes);
}

/// False where somebody else wrote first.
bool replace(KvStore& store, const Keys& keys, const KvEntry& entry, const StoredDocument& with) {
  if (!with.parts && with.text.size() > most_bytes) {
    refuse_frozen(store, keys);
    return store.put(entry.key, with.text, entry.modify_index);
  }
  std::vector<KvOperation> operations = {
      {.verb = KvOperation::Verb::cas, .key = entry.key, .value = with.text, .index = entry.modify_index},
      {.verb = KvOperation::Verb::check_not_exists, .key = keys.freeze(), .value = {}}};
  if (with.parts) std::ranges::move(write_blob(store, keys, *with.parts), std::back_inserter(operations));
  return store.commit(operations).committed;
}

}  // namespace

Resealed reseal(KvStore& store, const Keys& keys, const Keyring& ring, const std::string& key,
                const std::string& configuration) {
  for (int conflicts = 0; conflicts <= most_conflicts; ++conflicts) {
    const auto entry = store.get(key);
    if (!entry || entry->value.empty()) return Resealed::gone;
    const auto document = open_entry(ring, *entry, configuration);
    if (document.sealed_with == ring.first()) return Resealed::was_already;
    if (!replace(store, keys, *entry, sealed_anew(store, keys, ring, *entry, document))) {
      refuse_frozen(store, keys);
      continue;
    }
    return document.sealed_with.empty() ? Resealed::was_plain : Resealed::done;
  }
  throw Error(ExitCode::consul,
              key + ": other writes came between " + std::to_string(most_conflicts + 1) + " times in a row",
              "rekey again: what is sealed already stays as it is");
}

}  // namespace proxysql_consul
