#include "proxysql_consul/node/job.h"

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/metrics.h"
#include "proxysql_consul/model/state_json.h"
#include "proxysql_consul/node/identity.h"
#include "proxysql_consul/node/watched_store.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/logged_session.h"
#include "proxysql_consul/proxysql/scope_check.h"

namespace proxysql_consul {
namespace {

// Over the time for waiting: for the work itself, with tables of any size.
constexpr std::chrono::seconds time_to_work{240};

/// `options`, with requests that end when the program is to stop, unless they say another time.
ConsulOptions stoppable(ConsulOptions options, Clock& clock) {
  if (!options.stopping) options.stopping = [&clock] { return clock.stopping(); };
  return options;
}

}  // namespace

Patience Job::begin(std::chrono::seconds otherwise) const {
  const std::chrono::seconds limit(settings.retry_seconds.value_or(static_cast<int>(otherwise.count())));
  context.bound(time_to_work + limit);
  return {context.clock, log, limit, context.seed};
}

std::unique_ptr<KvStore> Job::open_consul(const ConsulOptions& options) const {
  return watch_store(context.open_kv(stoppable(options, context.clock), log), settings.keys(), settings.catalogue,
                     *seen);
}

std::unique_ptr<Agents> Job::open_agents(const ConsulOptions& options) const {
  return context.open_agents(stoppable(options, context.clock), log);
}

std::optional<Terminal> Job::terminal() const {
  const auto width = context.terminal_width ? context.terminal_width() : std::nullopt;
  if (!width) return std::nullopt;
  // https://no-color.org: set, and not to nothing.
  return Terminal{.width = *width, .colours = context.environment("NO_COLOR").value_or("").empty()};
}

NodeFiles::NodeFiles(const Job& job, bool dry_run) : job_(job), path_(job.settings.state_file) {
  if (!dry_run) {
    // Whoever holds it may do so for all of its own time, and what is not waited for is lost.
    lock_.emplace(path_ + ".lock", time_to_work, job.context.clock);
    uuid_ = load_uuid(job.settings.uuid_file);
  } else {
    uuid_ = read_file(job.settings.uuid_file) ? load_uuid(job.settings.uuid_file) : "made by the first real run";
  }
  if (auto text = read_file(path_)) {
    state_ = parse_state(*text, path_);
    written_ = std::move(*text);
    is_new_ = false;
  }
  const auto& scope = job.settings.scope;
  state_.follow_settings(scope.exclude_variables, job.settings.save_to_disk, scope.digest + scope.added);
  state_.tell_keys(job.settings.keyring().ids());
}

void NodeFiles::write_state() {
  auto text = format_state(state_);
  if (text == written_) return;
  write_file(path_, text);
  written_ = std::move(text);
}

void NodeFiles::count(const std::string& configuration, Outcome outcome,
                      std::optional<std::chrono::milliseconds> took) {
  const auto now = std::chrono::system_clock::to_time_t(job_.context.clock.now());
  state_.count(configuration, outcome, now);
  if (took) state_.attempts[configuration].apply_milliseconds = took->count();
}

NodeFiles::~NodeFiles() {
  if (job_.settings.metrics_file.empty() || !lock_) return;
  try {
    write_metrics();
  } catch (const std::exception& error) {
    job_.log.warn("metrics could not be written: {}", error.what());
  }
}

void NodeFiles::write_metrics() {
  state_.seen.add(*job_.seen);
  write_public_file(job_.settings.metrics_file, format_metrics(state_, job_.settings.accept, PROXYSQL_CONSUL_VERSION));
  write_state();
}

void renew_metrics(const Job& job) {
  if (job.settings.metrics_file.empty()) return;
  try {
    const NodeFiles files(job, false);
  } catch (const Error& error) {
    job.log.warn("metrics could not be written: {}", error.what());
  }
}

Signs LocalProxySql::signs(const std::optional<Start>& known) {
  return with_connection([&] { return signs_of_session(known); });
}

Signs LocalProxySql::signs_of_session(const std::optional<Start>& known) {
  auto& link = *link_;
  Signs signs;
  if (link.start) {
    signs = {.loads = read_loads(*link.session), .start = std::move(link.start)};
    signs.start->is_carried = true;
    count_loads(*signs.start, signs.loads);
  } else {
    signs = read_signs(*link.session, job_.context.clock, known);
  }
  link.start = signs.start;
  return signs;
}

std::string LocalProxySql::load_mark() {
  return with_connection([&] { return read_load_mark(*link_->session); });
}

const std::string& LocalProxySql::version() {
  try {
    if (link_->session) take_inventory();
  } catch (const Error& error) {
    job_.log.debug("version of ProxySQL unknown: {}", error.what());
  }
  return link_->inventory.version;
}

void LocalProxySql::connect() {
  if (!link_->session) {
    link_->has_inventory = false;
    link_->start.reset();
    job_.seen->proxysql_up = false;
    link_->session = log_statements(job_.context.open_admin(job_.settings.admin), job_.context.clock, job_.log);
    job_.seen->proxysql_up = true;
  }
  // What is misspelt there is to be known before anything else is done.
  if (!job_.settings.scope.digest.empty()) take_inventory();
}

void LocalProxySql::take_inventory() {
  auto& link = *link_;
  if (link.has_inventory) return;
  auto inventory = read_inventory(*link.session);
  if (!inventory.tables.contains("mysql_servers")) {
    throw Error(ExitCode::proxysql, describe(job_.settings.admin) + ": sees no configuration there",
                "the user must be one of admin-admin_credentials, and not of admin-stats_credentials");
  }
  if (!job_.settings.scope.tables.empty()) {
    for (const auto& absent : check_scope(*link.session, inventory, job_.settings.catalogue, job_.settings.scope)) {
      // Nobody needs to hear it at each of many deliveries.
      if (job_.following) {
        job_.log.debug("{}", absent);
      } else {
        job_.log.info("{}", absent);
      }
    }
  }
  link.inventory = std::move(inventory);
  link.has_inventory = true;
}

}  // namespace proxysql_consul
