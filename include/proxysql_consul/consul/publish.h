// Writing one document to Consul so that no other save is lost: compare-and-set, with the history.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/model/weigh.h"

namespace proxysql_consul {

/// What came of writing a document.
struct Published {
  bool written = false;  ///< false: there was nothing to write
  /// 0 where it was written, and replaced by another save before its number could be read; and where Consul holds none.
  std::uint64_t version = 0;
  std::string text;      ///< the document as Consul holds it
  std::string replaced;  ///< which version of whose was replaced, for people; empty for a first one
  Weighed weighed;       ///< what was decided on what Consul held
};

/// Decides on what Consul holds; asked anew whenever another save came between. May throw to refuse.
using Weigh = std::function<Weighed(const std::optional<Held>&)>;

/// Makes tables of what load_packed() gave, as unpack_tables() does.
using Unpack = std::function<std::vector<Table>(std::string_view packed, const Blob& blob)>;

/// `entry`, which is of `configuration`, with its tables, or why it cannot be read whole; nothing where it holds no
/// value that could be lost. Throws what KvStore throws.
std::optional<Held> open_document(KvStore& store, const Keys& keys, const Keyring& ring,
                                  const std::optional<KvEntry>& entry, const std::string& configuration,
                                  const Unpack& unpack = unpack_tables);

/// Throws Error{refused} while the cluster is frozen, and what KvStore throws.
void refuse_frozen(KvStore& store, const Keys& keys);

class Publisher {
 public:
  /// All that is referred to must outlive the object. `names` are those of all configurations.
  Publisher(KvStore& store, const Keys& keys, Keyring ring, std::vector<std::string> names, Patience& patience,
            spdlog::logger& log, int history_limit)
      : store_(store),
        keys_(keys),
        ring_(std::move(ring)),
        patience_(patience),
        log_(log),
        history_limit_(history_limit),
        names_(std::move(names)) {}

  /// Writes what `weigh` makes of `ours`, unless it finds nothing to write, or the cluster is frozen. Throws
  /// Error{consul}, Error{refused}, and what `weigh` throws.
  Published publish(const Document& ours, const Weigh& weigh);

  /// What publish() would do now; writes nothing.
  Weighed preview(const Document& ours, const Weigh& weigh);

  /// Trims the history of what was published, and collects blobs that nobody refers to. What fails is left to the next
  /// save.
  void tidy(const std::string& configuration);

 private:
  std::optional<Published> attempt(const Document& ours, const Weigh& weigh, bool again);
  std::optional<Held> open(const std::optional<KvEntry>& entry, const Document& ours);
  void prepare(const std::vector<Table>& tables);
  const PackedTables& packed();
  const PackedTables& stored_parts();
  std::string stored(const std::string& text, const std::optional<Blob>& parts);
  void forget_packed();
  /// True where the document has no room for its tables.
  bool is_for_a_blob() const { return tables_.size() > value_limit_; }
  std::optional<std::uint64_t> write(const KvEntry* current);
  std::optional<std::uint64_t> commit(const std::vector<KvOperation>& operations, const std::string& history);
  void put_history(const std::string& key, const std::string& value);

  KvStore& store_;
  const Keys& keys_;
  Keyring ring_;
  Patience& patience_;
  spdlog::logger& log_;
  int history_limit_;
  std::vector<std::string> names_;
  Document document_;
  std::vector<Table> prepared_;         ///< the tables that the next two were made of
  std::string tables_;                  ///< as text
  std::optional<PackedTables> packed_;  ///< compressed, where that was asked for
  std::optional<PackedTables> sealed_;  ///< that, sealed
  std::optional<std::string> whole_;    ///< the document with its tables in it, where it has room for them
  std::string sealed_from_;             ///< the text that the next one was made of
  std::string sealed_text_;
  std::string text_;             ///< what was written last
  Published published_;          ///< what will have come of that
  bool is_unanswered_ = false;   ///< that was sent, and nobody knows whether it was carried out
  std::string refused_history_;  ///< the history's key that Consul did not take
  /// The largest value that the servers take; lowered when they refuse one.
  std::size_t value_limit_ = default_value_limit;
};

}  // namespace proxysql_consul
