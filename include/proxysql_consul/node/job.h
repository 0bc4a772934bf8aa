// What a command works with, and how it opens this node's two servers and files.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxysql_consul/base/columns.h"
#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/consul/kv_store.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/node/context.h"
#include "proxysql_consul/node/settings.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "proxysql_consul/proxysql/inventory.h"
#include "proxysql_consul/proxysql/loads.h"

namespace proxysql_consul {

/// A session on the admin port, and what was asked in it that holds for as long as it lives: no start of ProxySQL
/// leaves a session open.
struct AdminLink {
  std::unique_ptr<AdminSession> session;
  Inventory inventory;  ///< of the last session
  bool has_inventory = false;
  std::optional<Start> start;
};

struct Job {
  const Context& context;
  const Settings& settings;
  spdlog::logger& log;
  std::function<Settings()> load_settings = {};  ///< those of this run, read anew
  bool following = false;                        ///< a resident process does it
  /// What the two servers show on the way.
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  /// The session that all of a resident process goes on with; nothing where each opens its own.
  std::shared_ptr<AdminLink> link = {};

  /// The time that work which begins now has for waiting: `retry_seconds`, or `otherwise` where the settings name none.
  /// Bounds the work as a whole, too.
  Patience begin(std::chrono::seconds otherwise) const;
  std::unique_ptr<KvStore> open_consul(const ConsulOptions& options) const;
  std::unique_ptr<Agents> open_agents(const ConsulOptions& options) const;
  /// What people look at; nothing where the output goes elsewhere.
  std::optional<Terminal> terminal() const;
  std::string now() const { return format_time(context.clock.now()); }
  /// What a line of output begins with: the time, where a resident process writes lines that are read later.
  std::string stamp() const { return following ? now() + " " : ""; }
};

/// This node's files. Locked while the object lives, unless it is for a dry run, which makes and changes nothing.
class NodeFiles {
 public:
  /// Waits for the lock for as long as a run may last. `job` must outlive the object.
  NodeFiles(const Job& job, bool dry_run);
  /// Leaves the metrics of all that was done and seen, if the settings name a file for them. What fails there is a
  /// warning.
  ~NodeFiles();
  NodeFiles(const NodeFiles&) = delete;
  NodeFiles& operator=(const NodeFiles&) = delete;

  const std::string& uuid() const { return uuid_; }
  /// True in the first run of a node: nothing is recorded yet.
  bool is_new() const { return is_new_; }
  State& state() { return state_; }
  const State& state() const { return state_; }
  /// Where something changed since the last time.
  void write_state();
  /// One more attempt on the configuration has ended so; an apply took so long.
  void count(const std::string& configuration, Outcome outcome, std::optional<std::chrono::milliseconds> took = {});

 private:
  void write_metrics();

  const Job& job_;
  std::string path_;
  std::string written_;
  bool is_new_ = true;
  std::optional<FileLock> lock_;
  std::string uuid_;
  State state_;
};

/// Writes the metrics anew from the state and what was seen since, where the settings name a file for them. What fails
/// is a warning.
void renew_metrics(const Job& job);

/// The local ProxySQL, connected when it is first needed and again after the connection broke.
class LocalProxySql {
 public:
  LocalProxySql(const Job& job, Patience& patience)
      : job_(job), patience_(patience), link_(job.link ? job.link : std::make_shared<AdminLink>()) {}

  /// Calls `use(session, inventory)`, from its start again on a new connection where it throws Unavailable, for as long
  /// as the patience lasts.
  template <typename Use>
  auto with_session(Use use) {
    return with_connection([&] {
      take_inventory();
      return use(*link_->session, std::as_const(link_->inventory));
    });
  }

  /// "" where it is not connected.
  const std::string& version();

  /// What it says of its LOADs and of its start. `known` is one that was seen before: where it still is that one, which
  /// its LOADs show, ProxySQL is asked less. Throws as with_session().
  Signs signs(const std::optional<Start>& known = {});
  /// The same within with_session(), of that very session.
  Signs signs_of_session(const std::optional<Start>& known = {});
  /// As read_load_mark(). Throws as with_session().
  std::string load_mark();

 private:
  template <typename Use>
  auto with_connection(Use use) {
    const auto attempt = [&] {
      try {
        connect();
        return use();
      } catch (const Unavailable&) {
        job_.seen->proxysql_up = false;
        link_->session.reset();
        throw;
      }
    };
    return patience_.retry([&] {
      // That a session of before has ended says nothing about ProxySQL now.
      if (std::exchange(is_of_before_, false) && link_->session) {
        try {
          return attempt();
        } catch (const Unavailable& error) {
          job_.log.debug("{}: on a new connection", error.what());
        }
      }
      return attempt();
    });
  }
  void connect();
  /// What tables there are; not asked where nothing is to be read.
  void take_inventory();

  const Job& job_;
  Patience& patience_;
  std::shared_ptr<AdminLink> link_;
  bool is_of_before_ = true;  ///< whatever is linked
};

}  // namespace proxysql_consul
