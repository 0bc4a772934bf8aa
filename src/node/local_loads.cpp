#include "proxysql_consul/node/local_loads.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/keep.h"
#include "proxysql_consul/node/share.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_keeping{10};

}  // namespace

LocalLoads::LocalLoads(const Job& job) : job_(job) {
  for (const auto& name : job.settings.publish) configurations_.push_back(job.settings.catalogue.find(name));
}

void LocalLoads::require_signs(const Signs& signs) const {
  for (const auto* configuration : configurations_) {
    if (signs.start && has_sign_of_loads(signs.loads, *configuration)) continue;
    throw Error(ExitCode::settings,
                "publish: this ProxySQL does not tell when somebody loads " + std::string(configuration->name),
                "leave it out, and let a scheduler run `save --if-current`");
  }
}

bool LocalLoads::may_find(LocalProxySql& proxysql) {
  if (empty()) return false;
  auto mark = proxysql.load_mark();
  return mark.empty() || std::exchange(mark_, mark) != mark;
}

void LocalLoads::look_up_bases(const Signs& signs) {
  auto state = NodeFiles(job_, true).state();
  state.observe(signs.start);
  const bool has_started = !start_ || !signs.start || !is_same_start(*start_, *signs.start);
  if (has_started) bases_.clear();
  start_ = signs.start;
  for (const auto* configuration : configurations_) {
    const auto* known = state.came_to_runtime(configuration->name);
    if (known != nullptr && !known->load.empty()) {
      bases_[configuration->name] = known->load;
    } else {
      bases_.try_emplace(configuration->name, load_of(signs.loads, *configuration));
    }
  }
}

bool LocalLoads::finds(const Signs& signs) {
  const auto look = [&] {
    found_.clear();
    for (const auto* configuration : configurations_) {
      auto load = load_of(signs.loads, *configuration);
      if (load.empty() || load == bases_[configuration->name] || load == refused_[configuration->name]) continue;
      found_[configuration->name] = std::move(load);
    }
    return !found_.empty();
  };
  const bool is_known_start = start_ && signs.start && is_same_start(*start_, *signs.start);
  if (is_known_start && !look()) return false;
  // A save by hand, or an update beside this one, may have brought it.
  look_up_bases(signs);
  return look();
}

ExitCode LocalLoads::publish() {
  auto worst = ExitCode::ok;
  for (auto& [name, load] : std::exchange(found_, {})) {
    const std::string text(name);
    if (const auto failure = publish_one(text)) {
      refused_[name] = load;
      tell_unpublished(text, load, *failure);
      worst = worst_of(worst, failure->code());
    } else {
      said_.erase(text);
      // Also where there was nothing to save, and so nothing to record.
      bases_[name] = load;
    }
    job_.context.bound(std::chrono::seconds(0));
  }
  return worst;
}

std::optional<Error> LocalLoads::publish_one(const std::string& name) {
  ShareOptions options;
  options.configurations = {name};
  options.how.if_current = true;
  options.message = "published by follow";
  options.quiet = true;
  try {
    const auto shared = share(job_, options);
    return shared.failures.empty() ? std::nullopt : std::optional(shared.failures.front());
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    return error;
  }
}

void LocalLoads::tell_unpublished(const std::string& name, const std::string& load, const Error& why) {
  // It is tried again with all else that fails, and then fails for the same reason.
  const auto now = load + " " + why.what();
  if (std::exchange(said_[name], now) != now) report(job_.log, why, name);
  try {
    record_unpublished(name, load, why.what());
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    auto& said = said_[name + "'s record"];
    if (std::exchange(said, error.what()) != error.what()) report(job_.log, error);
  }
}

/// The others see that this node holds something else than Consul.
void LocalLoads::record_unpublished(const std::string& name, const std::string& load, const std::string& why) {
  NodeFiles files(job_, false);
  files.state().observe(start_);
  // Another run has applied it meanwhile, and nobody else loaded it.
  if (const auto* known = files.state().at_runtime(name); known != nullptr && known->load == load) return;
  files.state().tell_unpublished(name, std::chrono::system_clock::to_time_t(job_.context.clock.now()));
  files.write_state();
  if (files.state().find(name) == nullptr) return;
  if (!files.state().tell_drift(name, "loaded here and not published: " + why, job_.now())) return;
  files.write_state();
  announce(job_, files, {});
}

/// The others see that this node does not come to the version, and why.
void LocalLoads::record_unkept(const std::string& name, std::uint64_t version, const Error& why) {
  try {
    NodeFiles files(job_, false);
    files.state().fail(name, version, job_.now(), "what was loaded here cannot be kept: " + std::string(why.what()),
                       why.code());
    files.write_state();
    announce(job_, files, {});
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    report(job_.log, error);
  }
}

LocalLoads::Kept LocalLoads::keep_overtaken(std::vector<KvEntry>& entries) {
  Kept kept;
  const auto keys = job_.settings.keys();
  for (const auto* configuration : configurations_) {
    const std::string name(configuration->name);
    if (!job_.settings.accepts(name)) continue;
    const auto entry =
        std::find_if(entries.begin(), entries.end(), [&](const KvEntry& e) { return e.key == keys.document(name); });
    if (entry == entries.end()) continue;
    try {
      if (auto load = keep_one(*configuration, *entry)) {
        kept.loads[name] = std::move(*load);
      } else {
        entries.erase(entry);
      }
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      report(job_.log, error, name + ": what was loaded here cannot be kept, so nothing is applied over it");
      kept.status = worst_of(kept.status, error.code());
      record_unkept(name, entry->modify_index, error);
      entries.erase(entry);
    }
  }
  job_.context.bound(std::chrono::seconds(0));
  return kept;
}

LocalLoads::Kept LocalLoads::keep_nothing() const {
  Kept kept;
  for (const auto* configuration : configurations_) kept.loads[std::string(configuration->name)] = "unknown";
  return kept;
}

/// True where nobody loaded it: ProxySQL has started since this node last saved or applied the configuration, and holds
/// what it started with.
bool LocalLoads::has_started(const std::string& name, const State& state, const Signs& signs,
                             const std::string& load) const {
  const auto* known = state.find(name);
  if (known == nullptr || known->start == 0 || known->start == state.start_number) return false;
  const auto base = bases_.find(name);
  const bool is_known_start = start_ && signs.start && is_same_start(*start_, *signs.start);
  return !is_known_start || base == bases_.end() || base->second == load;
}

std::optional<std::string> LocalLoads::keep_one(const Configuration& configuration, const KvEntry& entry) {
  const std::string name(configuration.name);
  const auto keys = job_.settings.keys();
  auto patience = job_.begin(patience_of_keeping);
  NodeFiles files(job_, true);
  LocalProxySql proxysql(job_, patience);
  // Before anything of it is read, so that what is loaded from here on is not taken for kept.
  const auto signs = proxysql.signs(files.state().start);
  files.state().observe(signs.start);
  auto load = load_of(signs.loads, configuration);
  const bool tells_loads = !load.empty() && tells_all_loads(configuration);
  if (const auto* came = files.state().came_to_runtime(name); came != nullptr && !came->load.empty()) {
    const bool is_it = is_version(*came, entry, job_.settings.keyring());
    // Somebody loaded something else since, which is to be published, and nothing overtakes it.
    if (is_it && tells_loads && came->load != load) return std::nullopt;
    if (is_it && files.state().counted(name) != nullptr) return came->load;
    if (tells_loads && came->load == load) return load;
  }
  const auto store = job_.open_consul(job_.settings.consul);
  auto versions = patience.retry([&] { return list_versions(*store, keys, name); });
  const auto* known = files.state().find(name);
  std::erase_if(versions, [&](const Version& version) {
    return version.id.version != entry.modify_index && version.id.uuid != files.uuid() &&
           (known == nullptr || version.id.version != known->version);
  });
  const auto id =
      keep_unsaved({.job = job_, .files = files, .proxysql = proxysql, .store = *store, .patience = patience},
                   configuration, versions, entry.modify_index);
  if (id && has_started(name, files.state(), signs, load)) {
    job_.log.warn("{}: ProxySQL holds something else than version {}, which goes over it: kept in the history as {}",
                  name, entry.modify_index, to_string(*id));
  } else if (id) {
    job_.log.warn("{}: what was loaded here was overtaken by version {}: kept in the history as {}", name,
                  entry.modify_index, to_string(*id));
  }
  return load;
}

}  // namespace proxysql_consul
