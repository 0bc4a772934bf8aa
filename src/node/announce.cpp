#include "proxysql_consul/node/announce.h"

#include "proxysql_consul/model/node_record.h"
#include "proxysql_consul/model/scope.h"

namespace proxysql_consul {

namespace {

constexpr std::chrono::seconds time_for_last_words{1};

/// The name by which Consul knows this node. A record without it is better than none.
std::string name_in_catalog(const Job& job, const ConsulOptions& to) {
  try {
    const auto self = job.open_agents(to)->self();
    if (!self) return {};
    // The catalog of another data centre does not know this agent, which would look like one that has left.
    const bool is_elsewhere = !to.datacenter.empty() && self->datacenter != to.datacenter;
    return is_elsewhere ? std::string() : self->node;
  } catch (const Error& error) {
    job.log.debug("the agent's name is unknown: {}", error.what());
    return {};
  }
}

/// Names the record that it replaces, so that a write that was given up, and arrives when a silent server wakes up,
/// does not undo a newer one. The index is that of the last one known, and then the new one's.
std::uint64_t write_record(KvStore& store, const std::string& key, const std::string& text, std::uint64_t index) {
  constexpr int attempts = 3;
  KvCommit result;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    result = store.commit({{.verb = KvOperation::Verb::cas, .key = key, .value = text, .index = index}});
    if (result.committed) return result.index;
    const auto entry = store.get(key);
    index = entry ? entry->modify_index : 0;
  }
  throw Error(ExitCode::consul, key + ": " + result.refusal);
}

}  // namespace

void announce(const Job& job, NodeFiles& files, const std::string& proxysql_version) {
  files.state().tell_proxysql_version(proxysql_version);
  auto& clock = job.context.clock;
  // What a resident process says at its end is all that there is to say, and nobody waits long for that.
  if (files.state().published || (clock.stopping() && files.state().following)) return;
  auto to = job.settings.consul;
  to.connect_timeout = std::chrono::seconds(1);
  to.total_timeout = std::chrono::seconds(3);
  if (clock.stopping()) {
    to.stopping = [&clock, until = clock.steady() + time_for_last_words] { return clock.steady() >= until; };
  }
  try {
    auto record = record_of(files.state());
    record.uuid = files.uuid();
    record.host = job.context.host;
    record.consul_node = name_in_catalog(job, to);
    record.keep_local = describe(job.settings.scope);
    record.program_version = PROXYSQL_CONSUL_VERSION;
    auto& index = files.state().record_index;
    index =
        write_record(*job.open_consul(to), job.settings.keys().node(files.uuid()), format_node_record(record), index);
    files.state().published = true;
    files.write_state();
  } catch (const Error& error) {
    if (clock.stopping() && files.state().following) return;
    job.log.warn("this node's record for the others could not be written: {}", error.what());
  }
}

void look_at_record(const Job& job, KvStore& store) {
  try {
    const NodeFiles known(job, true);
    const auto entry = store.get(job.settings.keys().node(known.uuid()));
    if (entry && entry->modify_index == known.state().record_index) return;
    NodeFiles files(job, false);
    files.state().published = false;
    files.write_state();
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    job.log.debug("this node's record was not looked at: {}", error.what());
  }
}

}  // namespace proxysql_consul
