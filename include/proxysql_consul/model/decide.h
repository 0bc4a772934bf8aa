// Deciding, without doing: which of the entries that Consul delivered are to be applied, and what a document means for
// the tables that the local server has. Pure, so that every rule can be tested with text alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/consul/kv_json.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// The node for which is decided.
struct Node {
  std::string uuid;
  std::string host;
  std::string prefix;               ///< of the keys, "proxysql/"
  std::vector<std::string> accept;  ///< configurations that it applies
  bool force = false;               ///< apply also what is its own or applied already
};

enum class Verdict {
  apply,
  confirm,       ///< apply, unless Consul has a newer version by now: an older one than this was applied already
  frozen,        ///< the cluster is frozen
  not_accepted,  ///< the node's settings leave it out
  foreign,       ///< no such configuration
  own,           ///< saved by this node
  applied,       ///< this very version was applied before
  unusable,      ///< the document cannot be used
};

struct Decision {
  Verdict verdict = Verdict::apply;
  std::string configuration;
  KvEntry entry;
  Document document;   ///< of apply and confirm
  std::string reason;  ///< for people: why it is unusable; for apply, a warning or nothing
};

/// Decides entry by entry; one that is bad does not affect the others. The key of the prefix itself is no entry.
/// CONSUL_INDEX plays no part: it names one key, and a watch delivers several changes at once.
std::vector<Decision> decide(std::vector<KvEntry> entries, const Node& node, const State& state);

/// A document in the words of the local server.
struct Fitted {
  std::vector<Table> tables;          ///< with all columns of the local tables, in shared form
  std::vector<std::string> warnings;  ///< what the local server has no place for, once each; then it is partial
};

/// Maps `tables` to the local tables by name (by position for documents of 2016). `schemas` are those of the
/// configuration's tables that the server has; `known_variables` the names it knows. Throws Error{payload} for rows
/// that fit no table: of another width without column names, without a column that has no default, two for one key.
Fitted fit(const Configuration& configuration, const std::vector<Table>& tables,
           const std::vector<TableSchema>& schemas, const std::vector<std::string>& known_variables,
           const std::vector<std::string>& excluded_variables);

/// What a document in Consul is to a node that would save.
struct Comparison {
  bool same = false;              ///< seen through the node's tables and settings it holds what the node holds
  std::vector<std::string> lost;  ///< what it holds beyond that, and would be lost when it is replaced
};

/// Compares `theirs` with `ours` in the words of the local server, so that nodes whose versions or exclusions differ do
/// not replace each other's documents for ever. Throws as fit().
Comparison compare(const Configuration& configuration, const std::vector<Table>& theirs, const std::vector<Table>& ours,
                   const std::vector<TableSchema>& schemas, const std::vector<std::string>& excluded_variables);

/// Throws Error{payload} where an account of `tables` is named like one of `admins`: it would break their login.
void refuse_admin_accounts(const std::vector<Table>& tables, const std::vector<std::string>& admins);

/// What of `wanted` is not so in `actual`, for people, a line each and without values: at most `limit` lines, the last
/// of which counts the rest. Both in runtime form. `only_wanted`: rows beyond those wanted do not matter.
std::vector<std::string> differences(const TableSchema& schema, const Table& wanted, const Table& actual,
                                     bool only_wanted, std::size_t limit = 5);

}  // namespace proxysql_consul
