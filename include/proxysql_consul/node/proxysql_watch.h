// What a resident process sees of the local ProxySQL while nothing comes from Consul: that it is away or back, that it
// has started since, and that somebody loaded what is to be published.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/node/job.h"
#include "proxysql_consul/node/local_loads.h"
#include "proxysql_consul/proxysql/loads.h"

namespace proxysql_consul {

class ProxySqlWatch {
 public:
  /// Both must outlive the object.
  ProxySqlWatch(const Job& job, LocalLoads& loads);

  /// What a look brought that is to be done.
  struct Sight {
    bool comparing = false;   ///< of all with what Consul holds
    bool publishing = false;  ///< of what somebody loaded
  };
  /// To be called at least once in between_looks(); looks where it is time to. What fails is said, or in fatal().
  Sight look();
  std::chrono::milliseconds between_looks() const;

  bool is_away() const { return is_away_; }
  /// What it said last; nothing before the first answer.
  const std::optional<Signs>& signs() const { return signs_; }
  /// What is wrong with the settings for this ProxySQL.
  const std::optional<Error>& fatal() const { return fatal_; }

 private:
  std::optional<Signs> look_closer();
  void miss(const Error& error);
  void tell_absence(const Error& error);

  const Job& job_;
  Clock& clock_;
  Patience no_patience_;
  LocalProxySql proxysql_;
  LocalLoads& loads_;
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::steady_clock::time_point next_whole_look_{};
  std::optional<std::chrono::steady_clock::time_point> tell_absence_at_;  ///< if it lasts
  std::optional<Signs> signs_;
  std::optional<Error> fatal_;
  std::string said_;  ///< the last failure of this node's own files
  bool is_away_ = false;
};

}  // namespace proxysql_consul
