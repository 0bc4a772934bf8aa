#include "proxysql_consul/consul/publish.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/model/freeze.h"

namespace proxysql_consul {
namespace {

constexpr int max_conflicts = 5;
constexpr std::size_t min_value_limit = 1024;

/// A transaction is JSON with base64 in it, under a limit of the same size as a value's.
bool fits_transaction(std::size_t value_bytes, std::size_t limit) { return value_bytes / 3 * 4 + 2048 <= limit; }

}  // namespace

std::optional<Held> open_document(KvStore& store, const Keys& keys, const Keyring& ring,
                                  const std::optional<KvEntry>& entry, const std::string& configuration,
                                  const Unpack& unpack) {
  if (!entry || entry->value.empty()) return std::nullopt;
  Held held{.entry = *entry};
  try {
    auto document = ring.open(held.entry.value);
    if (document.config_name != configuration) {
      throw Error(ExitCode::payload, "document: is one of " + printable(document.config_name, 64));
    }
    // The parts themselves, also where their name is that of ours: a save is what finds one damaged.
    if (document.blob) document.tables = unpack(load_packed(store, keys, ring, document), *document.blob);
    document.blob.reset();
    held.document = std::move(document);
  } catch (const Error& error) {
    if (error.code() != ExitCode::payload) throw;
    held.problem = error.what();
  }
  return held;
}

void refuse_frozen(KvStore& store, const Keys& keys) {
  const auto freeze = store.get(keys.freeze());
  if (!freeze) return;
  throw Error(ExitCode::refused, describe(parse_freeze(freeze->value)), "`thaw` ends that; then try again");
}

Published Publisher::publish(const Document& ours, const Weigh& weigh) {
  text_.clear();
  is_unanswered_ = false;
  for (int conflicts = 0; conflicts <= max_conflicts; ++conflicts) {
    if (conflicts > 0) patience_.pause_shortly();
    // An attempt that ends in Unavailable begins again by reading, and so finds out whether it wrote.
    auto published = patience_.retry([&] { return attempt(ours, weigh, conflicts > 0); });
    if (published) return std::move(*published);
  }
  throw Error(ExitCode::consul,
              keys_.document(ours.config_name) + ": other saves came between " + std::to_string(max_conflicts + 1) +
                  " times in a row",
              "save again when the others are done");
}

Weighed Publisher::preview(const Document& ours, const Weigh& weigh) {
  return patience_.retry([&] { return weigh(open(store_.get(keys_.document(ours.config_name)), ours)); });
}

void Publisher::tidy(const std::string& configuration) {
  try {
    trim_history(store_, keys_, configuration, static_cast<std::size_t>(history_limit_));
    collect_blobs(store_, keys_, names_);
  } catch (const Error& error) {
    log_.debug("history of {} not trimmed: {}", configuration, error.what());
  }
}

/// Nothing where another save, or a freeze, came between reading and writing.
std::optional<Published> Publisher::attempt(const Document& ours, const Weigh& weigh, bool again) {
  const auto key = keys_.document(ours.config_name);
  auto current = store_.get(key);
  // A write that nobody answered may have been carried out; the text, with its UUID and time, tells.
  if (current && !text_.empty() && current->value == text_) {
    published_.version = current->modify_index;
    return published_;
  }
  if (is_unanswered_) {
    // It may also have been carried out and then been replaced, by a save that knew of it and put it into the history.
    if (const auto version = find_in_history(store_, keys_, ours.config_name, text_)) {
      published_.version = *version;
      return published_;
    }
  }
  if (again) refuse_frozen(store_, keys_);
  const auto held = open(current, ours);
  auto weighed = weigh(held);
  document_ = weighed.document;
  prepare(document_.tables);
  whole_ = is_for_a_blob() ? std::nullopt : std::optional(format_document(document_, tables_));
  // Consul takes a write of the same bytes for none, even if it is forced.
  if (!weighed.write || (current && !ring_.seals() && current->value == whole_)) {
    return Published{.written = false,
                     .version = current ? current->modify_index : 0,
                     .text = current ? current->value : "",
                     .replaced = {},
                     .weighed = std::move(weighed)};
  }
  published_ = {.written = true,
                .version = 0,
                .text = {},
                .replaced = held ? describe(*held) : "",
                .weighed = std::move(weighed)};
  if (again) log_.info("{}: another save came between; now replacing {}", key, published_.replaced);
  const bool was_unanswered = std::exchange(is_unanswered_, true);
  const auto version = write(current ? &*current : nullptr);
  // An earlier attempt may be what came between.
  is_unanswered_ = was_unanswered && !version;
  if (!version) return std::nullopt;
  published_.version = *version;
  return published_;
}

/// As open_document(); tables whose packed form has the hash of ours are ours.
std::optional<Held> Publisher::open(const std::optional<KvEntry>& entry, const Document& ours) {
  return open_document(store_, keys_, ring_, entry, ours.config_name, [&](std::string_view parts, const Blob& blob) {
    prepare(ours.tables);
    return packed().blob.sha256 == blob.content() ? ours.tables : unpack_tables(parts, blob);
  });
}

/// Makes the text of `tables`, unless it is there already.
void Publisher::prepare(const std::vector<Table>& tables) {
  if (prepared_ == tables && !tables_.empty()) return;
  prepared_ = tables;
  tables_ = format_tables(tables);
  forget_packed();
}

void Publisher::forget_packed() {
  packed_.reset();
  sealed_.reset();
}

/// The tables that were prepared, compressed and cut into what the servers take.
const PackedTables& Publisher::packed() {
  if (!packed_) packed_ = pack_tables(tables_, value_limit_);
  return *packed_;
}

/// What of that is written.
const PackedTables& Publisher::stored_parts() {
  if (!ring_.seals()) {
    packed_ = cut_as_stored(store_, keys_, packed(), value_limit_);
    return *packed_;
  }
  if (!sealed_) {
    sealed_ = seal_tables(packed(), document_, ring_, value_limit_);
    sealed_from_.clear();
  }
  return *sealed_;
}

/// `text`, which is document_'s, as it is written: where it is sealed the same one for the same text, so that an
/// attempt that nobody answered is known again.
std::string Publisher::stored(const std::string& text, const std::optional<Blob>& parts) {
  if (!ring_.seals()) return text;
  if (text != sealed_from_) {
    sealed_text_ = ring_.seal_text(document_, text, parts, random_nonce());
    sealed_from_ = text;
  }
  return sealed_text_;
}

/// The new version; nothing where another save came first. Writes the document as it is, or one that refers to a blob.
std::optional<std::uint64_t> Publisher::write(const KvEntry* current) {
  const auto key = keys_.document(document_.config_name);
  const auto cas = current != nullptr ? current->modify_index : 0;
  const bool keep = current != nullptr && history_limit_ > 0;
  const auto history = keep ? keys_.history(document_.config_name, VersionId{.version = cas}) : std::string();
  for (;;) {
    try {
      std::vector<KvOperation> operations;
      if (whole_) text_ = stored(*whole_, {});
      if (!whole_ || text_.size() > value_limit_) {
        const auto& parts = stored_parts();
        auto apart = document_;
        apart.blob = packed().blob;
        text_ = stored(format_document(apart), parts.blob);
        operations = write_blob(store_, keys_, parts);
      }
      // First in the list: its ModifyIndex is the one that commit() reports.
      operations.insert(operations.begin(), {.verb = KvOperation::Verb::cas, .key = key, .value = text_, .index = cas});
      published_.text = text_;
      operations.push_back({.verb = KvOperation::Verb::check_not_exists, .key = keys_.freeze(), .value = {}});
      const auto together = text_.size() + (keep ? current->value.size() : 0);
      if (fits_transaction(together, value_limit_)) {
        if (keep) operations.push_back({.verb = KvOperation::Verb::set, .key = history, .value = current->value});
        return commit(operations, history);
      }
      // An entry of the history never changes, so writing it before the document is as good as together with it.
      if (keep) put_history(history, current->value);
      if (fits_transaction(text_.size(), value_limit_)) return commit(operations, {});
      refuse_frozen(store_, keys_);
      if (!store_.put(key, text_, cas)) return std::nullopt;
      const auto written = store_.get(key);
      return written && written->value == text_ ? written->modify_index : 0;
    } catch (const TooLarge& error) {
      const auto limit = error.limit().value_or(value_limit_ / 2);
      value_limit_ = std::min(limit, value_limit_ / 4 * 3);
      forget_packed();
      if (value_limit_ < min_value_limit) throw;
      log_.debug("{}; now {} bytes at a time", error.what(), value_limit_);
    }
  }
}

std::optional<std::uint64_t> Publisher::commit(const std::vector<KvOperation>& operations, const std::string& history) {
  try {
    const auto result = store_.commit(operations);
    if (!result.committed) log_.debug("not written: {}", result.refusal);
    return result.committed ? std::optional(result.index) : std::nullopt;
  } catch (const Denied& error) {
    // A policy of 2016 grants the documents alone. They are what matters; that no history is kept is worth a warning.
    if (history.empty()) throw;
    auto fewer = operations;
    std::erase_if(fewer, [&](const KvOperation& operation) { return operation.key == history; });
    const auto result = store_.commit(fewer);
    if (!result.committed) return std::nullopt;
    log_.warn("no history is kept: key_prefix \"{}\" {{ policy = \"write\" }} is missing from the token's policy",
              keys_.meta());
    return result.index;
  }
}

void Publisher::put_history(const std::string& key, const std::string& value) {
  if (key == refused_history_) return;
  try {
    store_.put(key, value, std::nullopt);
  } catch (const Unavailable&) {
    throw;
  } catch (const Error& error) {
    // Denied, or written when the servers took larger values: what is to be saved matters more.
    refused_history_ = key;
    log_.warn("no history is kept: {} ({})", error.what(), error.hint());
  }
}

}  // namespace proxysql_consul
