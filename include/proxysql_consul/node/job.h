// What save and update share: this node's identity and state, its ProxySQL and its Consul.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {

/// "2026-11-22T18:00:00Z"
std::string format_time(std::chrono::system_clock::time_point time);

/// This node's files. Locked while the object lives, unless it is for a dry run, which makes and changes nothing.
class NodeFiles {
 public:
  NodeFiles(const Job& job, bool dry_run, std::chrono::seconds patience);

  const std::string& uuid() const { return uuid_; }
  State& state() { return state_; }
  void write_state();

 private:
  std::string path_;
  std::optional<FileLock> lock_;
  std::string uuid_;
  State state_;
};

/// The local ProxySQL, connected when it is first needed and again after the connection broke.
class LocalProxySql {
 public:
  LocalProxySql(const Job& job, Patience& patience) : job_(job), patience_(patience) {}

  /// Calls `use(session, server)`, from its start again on a new connection where it throws Unavailable, for as long as
  /// the patience lasts.
  template <typename Use>
  auto with_session(Use use) {
    return patience_.retry([&] {
      try {
        if (!session_) {
          session_ = job_.context.open_admin(job_.settings.admin);
          server_ = read_server(*session_);
        }
        return use(*session_, std::as_const(server_));
      } catch (const Unavailable&) {
        session_.reset();
        throw;
      }
    });
  }

  const std::string& version() const { return server_.version; }

 private:
  const Job& job_;
  Patience& patience_;
  std::unique_ptr<AdminSession> session_;
  Server server_;
};

}  // namespace proxysql_consul
