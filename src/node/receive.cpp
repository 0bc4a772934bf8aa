#include "proxysql_consul/node/receive.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/model/catalogue.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/apply_version.h"

namespace proxysql_consul {
namespace {

class Receiver {
 public:
  Receiver(const Job& job, Patience patience, const ReceiveOptions& options)
      : job_(job),
        options_(options),
        keys_(job.settings.keys()),
        ring_(job.settings.keyring()),
        patience_(patience),
        files_(job, options.dry_run),
        proxysql_(job, patience_) {}

  /// After the lock was taken: what is fetched before can be older than what another run applied meanwhile.
  std::vector<KvEntry> fetch() {
    return patience_.retry([&] { return consul().list(keys_.prefix()).entries; });
  }

  /// Tells the others that this node has seen the freeze and what came with it.
  void acknowledge_freeze(std::vector<KvEntry> entries) {
    if (options_.dry_run) return;
    files_.state().tell_frozen(true);
    for (const auto& decision : decide(std::move(entries), recipient_now(), files_.state())) {
      if (decision.verdict == Verdict::frozen) pass_over(decision, PassedOver::frozen);
    }
    files_.write_state();
    announce(job_, files_, {});
  }

  ExitCode run(std::vector<KvEntry> entries) {
    const auto recipient = recipient_now();
    auto worst = ExitCode::ok;
    for (const auto& name : missing_names(entries)) {
      report(job_.log, Error(ExitCode::payload, keys_.document(name) + ": Consul holds no such key",
                             "save it on the node that has it, or may this token not read it?"));
      worst = worst_of(worst, ExitCode::payload);
    }
    // So that the others know of it, and wait for it, from its first version on.
    if (files_.is_new()) files_.state().published = false;
    const auto starts = files_.state().start_number;
    if (may_apply(entries, recipient)) observe_start();
    const auto freeze = find_freeze(entries, keys_);
    files_.state().tell_frozen(freeze.has_value());
    const auto decisions = decide(std::move(entries), recipient, files_.state());
    for (const auto& decision : decisions) {
      if (job_.context.clock.stopping()) break;
      worst = worst_of(worst, handle(decision));
    }
    if (worst == ExitCode::ok && !did_something_ && !options_.quiet) say_why_nothing(decisions, freeze);
    if (!options_.dry_run) {
      files_.write_state();
      // After a start it may be another version, for which it has to be asked.
      const bool is_news = !files_.state().published || files_.state().start_number != starts;
      if (is_news) announce(job_, files_, proxysql_.version());
    }
    return worst;
  }

 private:
  Recipient recipient_now() const {
    return {.uuid = files_.uuid(),
            .host = job_.context.host,
            .keys = keys_,
            .catalogue = job_.settings.catalogue,
            .accept = options_.configurations.empty() ? job_.settings.accept : options_.configurations,
            .force = options_.force,
            .ring = ring_};
  }

  KvStore& consul() {
    if (!consul_) consul_ = open_consul(options_.stale);
    return *consul_;
  }

  std::unique_ptr<KvStore> open_consul(bool stale) const {
    auto to = job_.settings.consul;
    to.stale = stale;
    return job_.open_consul(to);
  }

  /// The configurations that were asked for by name and that Consul does not hold.
  std::vector<std::string> missing_names(const std::vector<KvEntry>& entries) const {
    auto names = options_.configurations;
    std::erase_if(names, [&](const std::string& name) {
      return std::any_of(entries.begin(), entries.end(),
                         [&](const KvEntry& entry) { return entry.key == keys_.document(name); });
    });
    return names;
  }

  void observe_start() {
    try {
      files_.state().observe(proxysql_.signs(files_.state().start).start);
    } catch (const Error& error) {
      // Each configuration says so itself, and is recorded as failed.
      job_.log.debug("start of ProxySQL unknown: {}", error.what());
    }
  }

  ExitCode handle(const Decision& decision) {
    const auto& key = decision.entry.key;
    switch (decision.verdict) {
      case Verdict::foreign:
        job_.log.log(decision.is_misplaced ? spdlog::level::warn : news(), "{}: passed over: {}", printable(key, 100),
                     decision.reason);
        // Of a newer program, or one that other nodes' settings add: they would wait for this node.
        if (is_document_of(decision)) pass_over(decision, PassedOver::not_accepted);
        return ExitCode::ok;
      case Verdict::not_accepted:
        // Whoever names configurations knows that the others are passed over.
        if (!options_.configurations.empty()) return ExitCode::ok;
        job_.log.log(news(), "{}: passed over: {}", key, decision.reason);
        pass_over(decision, PassedOver::not_accepted);
        return ExitCode::ok;
      case Verdict::frozen:
        job_.log.debug("{}: passed over: {}", key, decision.reason);
        pass_over(decision, PassedOver::frozen);
        return ExitCode::ok;
      case Verdict::applied:
        job_.log.debug("{}: passed over: {}", key, decision.reason);
        files_.state().renumber(decision.configuration, decision.entry);
        return ExitCode::ok;
      case Verdict::unusable: return fail(decision, Error(ExitCode::payload, decision.reason));
      case Verdict::confirm:
      case Verdict::apply: break;
    }
    did_something_ = true;
    // What failed for good is not told only after what may have to wait.
    if (has_failed_ && !files_.state().published) announce(job_, files_, proxysql_.version());
    if (!decision.reason.empty()) job_.log.warn("{}: {}", key, decision.reason);
    try {
      if (decision.verdict == Verdict::confirm && is_superseded(decision)) {
        // Beside a save by hand what `follow` was just told is mostly that.
        job_.log.log(
            job_.following ? spdlog::level::debug : spdlog::level::warn,
            "{}: passed over: version {} is older than what came to this node before, and not what Consul holds", key,
            decision.entry.modify_index);
        return ExitCode::ok;
      }
      return apply_one(decision);
    } catch (const LoadedMeanwhile& error) {
      // No attempt that failed: it has not begun.
      job_.log.warn("{}: {}: begins anew", decision.configuration, error.what());
      return error.code();
    } catch (const Interrupted&) {
      throw;  // No attempt either.
    } catch (const Error& error) {
      return fail(decision, error);
    }
  }

  /// The level of what each delivery brings again.
  spdlog::level::level_enum news() const { return options_.quiet ? spdlog::level::debug : spdlog::level::info; }

  std::optional<std::string> only_over(const std::string& name) const {
    const auto found = options_.only_over.find(name);
    return found != options_.only_over.end() ? std::optional(found->second) : std::nullopt;
  }

  static bool is_document_of(const Decision& decision) {
    try {
      return !decision.configuration.empty() &&
             parse_document(decision.entry.value).config_name == decision.configuration;
    } catch (const Error&) {
      return false;
    }
  }

  void pass_over(const Decision& decision, PassedOver why) {
    files_.state().pass_over(decision.configuration, decision.entry.modify_index, why, job_.now());
  }

  void say_why_nothing(const std::vector<Decision>& decisions, const std::optional<Freeze>& freeze) const {
    const auto all = [&](Verdict verdict) {
      return std::all_of(decisions.begin(), decisions.end(), [&](const auto& d) { return d.verdict == verdict; });
    };
    const auto none = [&](Verdict verdict) {
      return std::none_of(decisions.begin(), decisions.end(), [&](const auto& d) { return d.verdict == verdict; });
    };
    auto& out = job_.context.out;
    out << (options_.dry_run ? "-- nothing to do: " : "nothing to do: ");
    if (freeze) {
      out << describe(*freeze) << " (`thaw` ends that)\n";
    } else if (all(Verdict::foreign)) {
      out << "Consul holds no configuration under " << keys_.prefix() << "\n";
    } else if (none(Verdict::applied)) {
      out << "this node accepts none of the configurations that came\n";
    } else {
      out << "what came was applied or saved here before (`pull --force` applies it again)\n";
    }
  }

  /// Two handlers can run for one key, the one with older data last; a Consul that was set up anew counts anew, though.
  bool is_superseded(const Decision& decision) {
    const auto current = patience_.retry([&] { return open_consul(false)->get(decision.entry.key); });
    return !current || current->modify_index != decision.entry.modify_index;
  }

  /// Parts never change, so any server's will do, and the leader is spared when all nodes ask at once.
  std::vector<Table> load_parts(const Document& document) {
    patience_.pause_shortly();
    try {
      return load_blob(*open_consul(true), keys_, ring_, document);
    } catch (const Error&) {
      return patience_.retry([&] { return load_blob(consul(), keys_, ring_, document); });
    }
  }

  ExitCode apply_one(const Decision& decision) {
    const auto start = job_.context.clock.steady();
    const auto& document = decision.document;
    const auto& configuration = *job_.settings.catalogue.find(decision.configuration);
    const Wanted wanted{.tables = document.blob ? load_parts(document) : document.tables,
                        .from_memory = document.from_memory};
    const auto sha256 = sha256_hex(decision.entry.value);
    const auto applied = apply_version(job_, files_, proxysql_,
                                       {.configuration = configuration,
                                        .wanted = wanted,
                                        .version = decision.entry.modify_index,
                                        .sha256 = sha256,
                                        .dry_run = options_.dry_run,
                                        .only_over = only_over(decision.configuration)});
    if (!applied) {
      job_.log.info("{}: passed over: this ProxySQL {} has no such configuration", decision.entry.key,
                    proxysql_.version());
      pass_over(decision, PassedOver::not_here);
      return ExitCode::ok;
    }
    const auto version = std::to_string(decision.entry.modify_index);
    const auto what = decision.configuration + ": version " + version + " of " + describe_origin(document);
    for (const auto& notice : applied->notices) job_.log.info("{}: {}", decision.configuration, notice);
    for (const auto& warning : applied->warnings) job_.log.warn("{}: {}", decision.configuration, warning);
    if (options_.dry_run) {
      job_.context.out << "-- " << what << (applied->changed ? "\n" : ": nothing to do\n");
      for (const auto& statement : applied->statements) job_.context.out << statement << ";\n";
      return ExitCode::ok;
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(job_.context.clock.steady() - start);
    files_.count(decision.configuration, applied->outcome, took);
    files_.state().record(decision.configuration, {.version = decision.entry.modify_index,
                                                   .sha256 = sha256,
                                                   .content = ring_.content(decision.entry.value),
                                                   .outcome = applied->outcome,
                                                   .at = job_.now(),
                                                   .warnings = applied->warnings,
                                                   .load = applied->load,
                                                   .runtime_alone = applied->withheld,
                                                   .lacks = applied->lacks,
                                                   .passed_over = applied->passed_over});
    files_.write_state();
    job_.context.out << job_.stamp() << what << ": " << result_of(*applied) << " (" << took.count() << " ms)\n";
    return applied->outcome == Outcome::applied ? ExitCode::ok : ExitCode::proxysql;
  }

  const char* result_of(const Applied& applied) const {
    switch (applied.outcome) {
      case Outcome::partial: return "applied in part";
      case Outcome::failed: return "applied, but not on disk";
      default: break;
    }
    if (applied.loaded) return "applied";
    if (!applied.changed) return "unchanged, it was here already";
    return job_.settings.save_to_disk ? "runtime had it already, now disk has it too"
                                      : "runtime had it already, now memory has it too";
  }

  ExitCode fail(const Decision& decision, const Error& error) {
    did_something_ = true;
    report(job_.log, error, decision.entry.key);
    if (options_.dry_run || error.code() == ExitCode::settings) return error.code();
    try {
      files_.state().fail(decision.configuration, decision.entry.modify_index, job_.now(), error.what(), error.code());
      files_.count(decision.configuration, Outcome::failed);
      files_.write_state();
      has_failed_ = true;
    } catch (const Error& second) {
      report(job_.log, second);
    }
    return error.code();
  }

  const Job& job_;
  const ReceiveOptions& options_;
  Keys keys_;
  Keyring ring_;
  Patience patience_;
  NodeFiles files_;
  LocalProxySql proxysql_;
  std::unique_ptr<KvStore> consul_;
  bool did_something_ = false;
  bool has_failed_ = false;
};

/// Throws Error{usage} for a name that is not among the accepted ones.
void check_names(const Settings& settings, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    settings.catalogue.named(name);
    if (!settings.accepts(name)) {
      throw Error(ExitCode::usage, "this node does not accept " + name, "add it to \"accept\" in the settings");
    }
  }
}

}  // namespace

ExitCode receive(const Job& job, Patience patience, std::vector<KvEntry> entries, const ReceiveOptions& options) {
  // Who delivers asked a Consul that answers.
  job.seen->consul_up = true;
  job.seen->frozen = false;
  job.seen->note(job.settings.keys(), job.settings.catalogue, entries, false);
  return Receiver(job, patience, options).run(std::move(entries));
}

ExitCode pull(const Job& job, const ReceiveOptions& options) {
  check_names(job.settings, options.configurations);
  Receiver receiver(job, job.begin(receiving_patience), options);
  auto entries = receiver.fetch();
  if (const auto freeze = find_freeze(entries, job.settings.keys())) {
    receiver.acknowledge_freeze(std::move(entries));
    throw Error(ExitCode::refused, describe(*freeze), "`thaw` ends that; then pull again");
  }
  if (entries.empty()) {
    job.log.warn("nothing is under {} in Consul: save first, or is consul_prefix another?", job.settings.consul.prefix);
  }
  return receiver.run(std::move(entries));
}

}  // namespace proxysql_consul
