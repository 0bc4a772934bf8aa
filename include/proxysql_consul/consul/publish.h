// Writing one document to Consul so that no other save is lost: compare-and-set, with the history.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/keys.h"

namespace proxysql_consul {

/// What came of writing a document.
struct Published {
  bool written = false;       ///< false: Consul held equal tables already
  std::uint64_t version = 0;  ///< 0: written, and replaced by another save before its number could be read
  std::string text;           ///< the document as Consul holds it
  std::string replaced;       ///< which version of whose was replaced, for people; empty for a first one
};

/// The saving node's own tables, through which Consul's document is seen.
struct LocalView {
  const Configuration& configuration;
  std::vector<TableSchema> schemas;
  std::vector<std::string> excluded_variables;
};

class Publisher {
 public:
  /// All that is referred to must outlive the object.
  Publisher(KvStore& store, const Keys& keys, Patience& patience, spdlog::logger& log, int history_limit)
      : store_(store), keys_(keys), patience_(patience), log_(log), history_limit_(history_limit) {}

  /// Writes `document` unless Consul holds the same already as far as `view` shows (`force`: all the same). With
  /// `known`, refuses when Consul's version is not that one. Throws Error{consul}, and Error{refused}.
  Published publish(Document document, const LocalView& view, bool force, const std::optional<std::uint64_t>& known);

 private:
  std::optional<Published> attempt(const LocalView& view, bool force, const std::optional<std::uint64_t>& known,
                                   bool again);
  Comparison compare_with(const KvEntry& current, const LocalView& view);
  std::optional<std::uint64_t> write(const KvEntry* current);
  std::optional<std::uint64_t> commit(const std::vector<KvOperation>& operations, const std::string& history);
  void put_history(const std::string& key, const std::string& value);
  void tidy();

  KvStore& store_;
  const Keys& keys_;
  Patience& patience_;
  spdlog::logger& log_;
  int history_limit_;
  Document document_;
  std::string whole_;            ///< the document with its tables in it
  std::string text_;             ///< what was written last
  std::string replaced_;         ///< what that was to replace, for people
  bool is_unanswered_ = false;   ///< that was sent, and nobody knows whether it was carried out
  std::string refused_history_;  ///< the history's key that Consul did not take
  /// The largest value that the servers take; lowered when they refuse one.
  std::size_t value_limit_ = std::size_t{512} * 1024;
};

}  // namespace proxysql_consul
