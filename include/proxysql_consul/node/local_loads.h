// What somebody LOADs on this node, for the settings' `publish`: seen, saved, and kept where another node's version
// overtakes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/node/job.h"
#include "proxysql_consul/proxysql/loads.h"

namespace proxysql_consul {

class LocalLoads {
 public:
  /// `job` must outlive the object.
  explicit LocalLoads(const Job& job);

  /// True where nothing is to be published.
  bool empty() const { return configurations_.empty(); }

  /// Throws Error{settings} that names a configuration whose LOADs `signs` do not tell.
  void require_signs(const Signs& signs) const;

  /// True where finds() may find more than the last time, by the smallest question that there is. Throws as
  /// LocalProxySql::with_session().
  bool may_find(LocalProxySql& proxysql);

  /// True where somebody loaded one of them since what this node last saved or applied, and that was not refused yet.
  /// What a start of ProxySQL brought was not loaded by anybody.
  bool finds(const Signs& signs);

  /// Saves what finds() found, as by `save --if-current`. What is refused is not tried again before forget_refusals(),
  /// or another LOAD.
  ExitCode publish();
  void forget_refusals() {
    refused_.clear();
    mark_.clear();
  }

  /// What may be applied over, and what failed.
  struct Kept {
    std::map<std::string, std::string> loads = {};  ///< by configuration load_of() of what is kept
    ExitCode status = ExitCode::ok;
  };
  /// Keeps in the history what `entries` are about to be applied over, and leaves out of them what cannot be kept: each
  /// is reported. Leaves out as well the version that somebody loaded something else over since. What is loaded later
  /// than the result says is not kept yet.
  Kept keep_overtaken(std::vector<KvEntry>& entries);
  /// Where nobody could look: then nothing may be applied over.
  Kept keep_nothing() const;

 private:
  /// What was loaded when this node last saved or applied it, or when it was first seen since ProxySQL's start.
  void look_up_bases(const Signs& signs);
  /// What failed.
  std::optional<Error> publish_one(const std::string& name);
  /// Says it, and tells the others, where that is news.
  void tell_unpublished(const std::string& name, const std::string& load, const Error& why);
  void record_unpublished(const std::string& name, const std::string& load, const std::string& why);
  void record_unkept(const std::string& name, std::uint64_t version, const Error& why);
  bool has_started(const std::string& name, const State& state, const Signs& signs, const std::string& load) const;
  /// load_of() of what needs no more keeping; nothing where the entry is not to be applied over what somebody loaded.
  std::optional<std::string> keep_one(const Configuration& configuration, const KvEntry& entry);

  const Job& job_;
  std::vector<const Configuration*> configurations_;
  std::string mark_;                                 ///< of the last may_find()
  std::map<std::string_view, std::string> bases_;    ///< load_of() of each
  std::optional<Start> start_;                       ///< for which these are
  std::map<std::string_view, std::string> found_;    ///< load_of() of what was found
  std::map<std::string_view, std::string> refused_;  ///< load_of() of what was
  std::map<std::string, std::string> said_;          ///< of each what was said of its failing, and of which load
};

}  // namespace proxysql_consul
