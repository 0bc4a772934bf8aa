// What applying a document comes to: from what is there and what is wanted to the statements between. Pure; apply
// carries it out, and a dry run prints it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/changes.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/table.h"

namespace proxysql_consul {

/// What a document says of a configuration, in the words of the local server.
struct Wanted {
  std::vector<Table> tables;
  bool from_memory = false;  ///< it speaks of inactive rows, too: one that it does not hold is to go
};

/// What ProxySQL holds; each with the tables of the schemas.
struct Layers {
  std::vector<Table> memory;
  std::optional<std::vector<Table>> runtime;  ///< as loaded; nothing where this ProxySQL has no runtime tables of it
  std::optional<std::vector<Table>> disk;     ///< nothing where nobody looked: a LOAD follows, or it does not matter
};

/// What a plan's statements do to one memory table.
struct Edit {
  std::size_t rows = 0;  ///< how many they write or delete
  Rows written;          ///< these, where they are few; none where they are many
};

struct ApplyPlan {
  std::vector<std::string> statements;  ///< to the memory tables, in their order
  std::vector<Edit> edits;              ///< what that is in each of them
  std::vector<Table> target;            ///< the memory tables after them
  bool load = false;                    ///< LOAD ... TO RUNTIME follows
  bool save = false;                    ///< SAVE ... TO DISK follows
  std::vector<std::string> notices;     ///< inactive rows that had to give way, for people
  /// Why nothing is done though the disk lacks it: what memory holds that nobody loaded, for people.
  std::vector<std::string> unloaded;

  bool does_something() const { return load || save || !statements.empty(); }
};

/// What is known of the memory and runtime tables beside their content.
struct Circumstances {
  bool interrupted = false;    ///< what memory holds may be the half of an earlier run, and nobody's edits
  bool loaded_before = false;  ///< this very document was applied or saved here before
  bool is_that_load = false;   ///< and nobody has loaded anything since
  bool to_disk = false;        ///< what is loaded is to be saved to disk
};

/// "LOAD MYSQL SERVERS TO RUNTIME"
std::string load_statement(const Configuration& configuration);
/// "SAVE MYSQL SERVERS TO DISK"
std::string save_statement(const Configuration& configuration);

/// The table of that name, which must be there.
const Table& table_named(const std::vector<Table>& tables, const std::string& name);

/// What of `wanted` is not in `tables` as runtime would show both, for people; at most `limit` lines a table. The first
/// three have the tables of `schemas`.
std::vector<std::string> missing_in(const std::vector<TableSchema>& schemas, const std::vector<Table>& wanted,
                                    const std::vector<Table>& tables, const Configuration& configuration, Match match,
                                    std::size_t limit);

/// The plan's statements for people, with secrets masked.
std::vector<std::string> shown_statements(const std::vector<TableSchema>& schemas, const Layers& layers,
                                          const ApplyPlan& plan);

/// What of `wanted` runtime is to hold, where something is local: the rest as it is in `runtime`, which is in shared
/// form, and, of what a LOAD leaves out for a local cell, in `memory`.
std::vector<Table> wanted_at_runtime(const Wanted& wanted, const Sharing& sharing, const std::vector<Table>& runtime,
                                     const std::vector<Table>& memory);

/// True where runtime holds what is wanted. What is on disk matters only then: otherwise it is written in any case.
/// `sharing` has seen what is wanted and memory, which a LOAD makes live; what is local at runtime is decided by
/// runtime, which is in shared form if anything is local, and what is wanted.
bool is_loaded(const Configuration& configuration, const std::vector<TableSchema>& schemas, const Layers& layers,
               const Wanted& wanted, const Circumstances& circumstances, const Sharing& sharing = {});

/// What has to be done so that memory, runtime and disk hold what is wanted. Where runtime holds it already, nothing is
/// loaded, and what an operator edited in memory stays. Inactive rows of memory that the document does not know stay
/// unless it speaks of them. What is local stays as it is in each layer. Throws Error{payload} where a row that is kept
/// cannot stand beside one that is wanted.
ApplyPlan plan_apply(const Configuration& configuration, const std::vector<TableSchema>& schemas, const Layers& layers,
                     const Wanted& wanted, const Circumstances& circumstances, const Sharing& sharing = {});

}  // namespace proxysql_consul
