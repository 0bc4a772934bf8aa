// Bringing one document into the local ProxySQL, so that no moment and no failure leaves a mixture at runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/scope.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/model/table.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/apply_plan.h"
#include "proxysql_consul/proxysql/inventory.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {

struct ApplyOptions {
  Scope scope = {};
  bool save_to_disk = true;
  bool dry_run = false;                   ///< read only; the statements are in Applied::statements
  Circumstances circumstances = {};       ///< what earlier runs left
  std::string known_load = {};            ///< load_of() when this very document was loaded before
  std::function<void()> on_writing = {};  ///< called before the first write
  /// load_of() of what alone may be written over; nothing where all may.
  std::optional<std::string> only_over = {};
  /// Memory as it was once, in shared form: what it held in local columns of rows that went since, comes back with
  /// them.
  std::vector<Table> own = {};
};

struct Applied {
  Outcome outcome = Outcome::applied;         ///< applied; partial; failed: at runtime, but not on disk
  bool changed = false;                       ///< false: it was there already, and nothing was written
  bool loaded = false;                        ///< false: runtime had it already
  bool lacks = false;                         ///< partial for nothing but columns and tables that this ProxySQL lacks
  bool refused = false;                       ///< ProxySQL did not take all of it
  bool withheld = false;                      ///< from memory and disk, for what somebody edited
  std::vector<std::string> warnings;          ///< what is missing, where partial or failed
  std::vector<std::string> notices;           ///< what else an operator should know
  std::vector<std::string> statements;        ///< of a dry run, secrets masked
  std::string load;                           ///< load_of() of what runtime holds now
  std::vector<std::string> passed_over = {};  ///< passed_over() of the document
};

/// One document on its way into ProxySQL. After Unavailable run() may be called again, on a new session.
class Application {
 public:
  /// `document` and its configuration must outlive the object.
  Application(const Configuration& configuration, const Wanted& document, ApplyOptions options)
      : known_(configuration), document_(document), options_(std::move(options)) {}

  /// Makes memory, runtime and disk hold the document. Throws Error{payload} where it fits no table here, and
  /// Error{proxysql} where a statement failed before the LOAD: then runtime is untouched and memory as it was before
  /// the first call, or the message says that it is not. Throws LoadedMeanwhile where there was a LOAD since
  /// `only_over`: that is not lost, and memory is as with an Error.
  Applied run(AdminSession& session, const Inventory& inventory);

  /// How memory stands after the last Unavailable, as the end of its message; "" where nothing was written.
  std::string left_behind() const;
  /// True while memory may hold a part of the document.
  bool is_writing() const { return is_writing_; }

 private:
  std::vector<Table> read(AdminSession& session, Layer layer, const std::vector<Table>& like) const;
  std::vector<Table> read_disk(AdminSession& session, const std::vector<Table>& memory) const;
  void settle(RuntimeTables& runtime, const std::vector<Table>& memory) const;
  void fit_document(AdminSession& session, const Inventory& inventory, const std::vector<Table>& memory,
                    const std::optional<RuntimeTables>& runtime, Applied& result);
  void command(AdminSession& session, const std::string& statement) const;
  void write(AdminSession& session, const Inventory& inventory, const ApplyPlan& plan);
  void require_known_load(AdminSession& session, const Inventory& inventory) const;
  bool holds_what_was_written(AdminSession& session, const ApplyPlan& plan) const;
  void verify_memory(AdminSession& session, const std::vector<Table>& target) const;
  std::string put_back(AdminSession& session);
  void verify_runtime(AdminSession& session, const Inventory& inventory, const std::vector<Table>& target,
                      Applied& result) const;
  void save(AdminSession& session, Applied& result) const;
  void verify_disk(AdminSession& session, Applied& result) const;

  const Configuration& known_;
  Configuration configuration_;  ///< the same as this server has it
  const Wanted& document_;
  ApplyOptions options_;
  std::vector<TableSchema> schemas_;
  std::vector<TableSchema> carried_along_;    ///< the tables of which the document does not say all
  Wanted wanted_;                             ///< the document in the words of this server
  Sharing sharing_;                           ///< what of it, and of memory, is local
  std::optional<std::vector<Table>> before_;  ///< memory before the first write
  std::uint64_t writes_ = 0;                  ///< RowCounts::writes when memory was read
  bool is_writing_ = false;                   ///< writing has begun, and not ended in a LOAD
};

}  // namespace proxysql_consul
