#include "proxysql_consul/node/receive.h"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/proxysql/apply.h"

namespace proxysql_consul {
namespace {

class Receiver {
 public:
  Receiver(const Job& job, Patience patience, const ReceiveOptions& options)
      : job_(job), options_(options), keys_(job.settings.keys()), patience_(patience), proxysql_(job, patience_) {}

  KvStore& consul() {
    if (!consul_) {
      auto to = job_.settings.consul;
      to.stale = options_.stale;
      consul_ = job_.open_consul(to);
    }
    return *consul_;
  }

  std::vector<KvEntry> fetch() {
    return patience_.retry([&] { return consul().list(keys_.prefix()).entries; });
  }

  ExitCode run(std::vector<KvEntry> entries) {
    NodeFiles files(job_, options_.dry_run, lock_limit());
    const Recipient recipient{
        .uuid = files.uuid(),
        .host = job_.context.host,
        .keys = keys_,
        .accept = options_.configurations.empty() ? job_.settings.accept : options_.configurations,
        .force = options_.force};
    auto worst = ExitCode::ok;
    for (const auto& decision : decide(std::move(entries), recipient, files.state())) {
      worst = worst_of(worst, handle(decision, files));
    }
    if (!options_.dry_run && !files.state().published) announce(job_, files, proxysql_.version());
    return worst;
  }

 private:
  std::chrono::seconds lock_limit() const {
    return std::chrono::seconds(job_.settings.retry_seconds.value_or(receiving_patience.count()));
  }

  ExitCode handle(const Decision& decision, NodeFiles& files) {
    const auto& key = decision.entry.key;
    switch (decision.verdict) {
      case Verdict::foreign:
        job_.log.warn("{}: passed over: {}", printable(key, 100), decision.reason);
        return ExitCode::ok;
      case Verdict::not_accepted:
        // Whoever names configurations knows that the others are passed over.
        if (options_.configurations.empty()) job_.log.info("{}: passed over: {}", key, decision.reason);
        return ExitCode::ok;
      case Verdict::frozen: job_.log.info("{}: passed over: {}", key, decision.reason); return ExitCode::ok;
      case Verdict::own:
      case Verdict::applied: job_.log.debug("{}: passed over: {}", key, decision.reason); return ExitCode::ok;
      case Verdict::unusable: return fail(decision, files, Error(ExitCode::payload, decision.reason));
      case Verdict::confirm:
        if (is_superseded(decision)) {
          job_.log.warn("{}: passed over: version {} is older than what this node applied and Consul holds", key,
                        decision.entry.modify_index);
          return ExitCode::ok;
        }
        break;
      case Verdict::apply: break;
    }
    if (!decision.reason.empty()) job_.log.warn("{}: {}", key, decision.reason);
    try {
      return apply_one(decision, files);
    } catch (const Error& error) {
      return fail(decision, files, error);
    }
  }

  /// Two handlers can run for one key, and the one with the older data can come last. A Consul that was set up anew
  /// counts from the start, though: the older version then is the current one.
  bool is_superseded(const Decision& decision) {
    try {
      const auto current = consul().get(decision.entry.key);
      return current && current->modify_index > decision.entry.modify_index;
    } catch (const Error& error) {
      job_.log.warn("{}: applying version {}, older than the last one, unconfirmed: {}", decision.entry.key,
                    decision.entry.modify_index, error.what());
      return false;
    }
  }

  ExitCode apply_one(const Decision& decision, NodeFiles& files) {
    const auto start = job_.context.clock.steady();
    const auto& document = decision.document;
    const auto& configuration = *find_configuration(decision.configuration);
    const auto tables =
        document.blob ? patience_.retry([&] { return load_blob(consul(), keys_, *document.blob); }) : document.tables;
    const ApplyOptions how{.exclude_variables = job_.settings.exclude_variables,
                           .save_to_disk = job_.settings.save_to_disk,
                           .dry_run = options_.dry_run};
    const auto applied = proxysql_.with_session([&](AdminSession& session, const Inventory& inventory) {
      return apply(session, inventory, configuration, tables, how);
    });
    const auto version = std::to_string(decision.entry.modify_index);
    const auto what = decision.configuration + ": version " + version + " of " + describe_origin(document);
    for (const auto& warning : applied.warnings) job_.log.warn("{}: {}", decision.configuration, warning);
    if (options_.dry_run) {
      job_.context.out << "-- " << what << (applied.changed ? "\n" : ": nothing to do\n");
      for (const auto& statement : applied.statements) job_.context.out << statement << ";\n";
      return ExitCode::ok;
    }
    record(decision, files, applied.outcome, applied.warnings);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(job_.context.clock.steady() - start);
    const bool partial = applied.outcome == Outcome::partial;
    job_.context.out << what << ": "
                     << (partial           ? "applied in part"
                         : applied.changed ? "applied"
                                           : "unchanged, it was here already")
                     << " (" << took.count() << " ms)\n";
    return partial ? ExitCode::proxysql : ExitCode::ok;
  }

  void record(const Decision& decision, NodeFiles& files, Outcome outcome, std::vector<std::string> warnings) {
    files.state().record(decision.configuration, {.version = decision.entry.modify_index,
                                                  .sha256 = sha256_hex(decision.entry.value),
                                                  .outcome = outcome,
                                                  .at = job_.now(),
                                                  .warnings = std::move(warnings)});
    files.write_state();
  }

  ExitCode fail(const Decision& decision, NodeFiles& files, const Error& error) {
    report(job_.log, error, decision.entry.key);
    if (options_.dry_run || error.code() == ExitCode::settings) return error.code();
    // The version stays the one that is in the runtime.
    const auto* known = files.state().find(decision.configuration);
    auto state = known != nullptr ? *known : ConfigurationState{};
    state.outcome = Outcome::failed;
    state.at = job_.now();
    state.warnings = {error.what()};
    try {
      files.state().record(decision.configuration, std::move(state));
      files.write_state();
    } catch (const Error& second) {
      report(job_.log, second);
    }
    return error.code();
  }

  const Job& job_;
  const ReceiveOptions& options_;
  Keys keys_;
  Patience patience_;
  LocalProxySql proxysql_;
  std::unique_ptr<KvStore> consul_;
};

/// Throws Error{usage} for a name that is not among the accepted ones.
void check_names(const Settings& settings, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    named_configuration(name);
    if (std::find(settings.accept.begin(), settings.accept.end(), name) == settings.accept.end()) {
      throw Error(ExitCode::usage, "this node does not accept " + name, "add it to \"accept\" in the settings");
    }
  }
}

}  // namespace

ExitCode receive(const Job& job, Patience patience, std::vector<KvEntry> entries, const ReceiveOptions& options) {
  return Receiver(job, patience, options).run(std::move(entries));
}

ExitCode pull(const Job& job, const ReceiveOptions& options) {
  check_names(job.settings, options.configurations);
  Receiver receiver(job, job.begin(receiving_patience), options);
  auto entries = receiver.fetch();
  if (entries.empty()) {
    job.log.warn("nothing is under {} in Consul: save first, or is consul_prefix another?", job.settings.consul.prefix);
  }
  return receiver.run(std::move(entries));
}

}  // namespace proxysql_consul
