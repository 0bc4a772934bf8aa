#include "proxysql_consul/node/job.h"

#include "proxysql_consul/node/identity.h"
#include "proxysql_consul/proxysql/logged_session.h"

namespace proxysql_consul {
namespace {

// Over the time for waiting: for the work itself, with tables of any size.
constexpr std::chrono::seconds time_to_work{240};

}  // namespace

Patience Job::begin(std::chrono::seconds otherwise) const {
  const std::chrono::seconds limit(settings.retry_seconds.value_or(static_cast<int>(otherwise.count())));
  context.bound(time_to_work + limit);
  return {context.clock, log, limit, context.seed};
}

std::unique_ptr<KvStore> Job::open_consul(const ConsulOptions& options) const { return context.open_kv(options, log); }

NodeFiles::NodeFiles(const Job& job, bool dry_run, std::chrono::seconds lock_limit) : path_(job.settings.state_file) {
  if (!dry_run) {
    lock_.emplace(path_ + ".lock", lock_limit, job.context.clock);
    uuid_ = load_uuid(job.settings.uuid_file);
  } else {
    uuid_ = read_file(job.settings.uuid_file) ? load_uuid(job.settings.uuid_file) : "made by the first real run";
  }
  if (const auto text = read_file(path_)) state_ = parse_state(*text, path_);
}

void NodeFiles::write_state() { write_file(path_, format_state(state_)); }

void LocalProxySql::connect() {
  if (session_) return;
  session_ = log_statements(job_.context.open_admin(job_.settings.admin), job_.context.clock, job_.log);
  inventory_ = read_inventory(*session_);
}

}  // namespace proxysql_consul
