#include "proxysql_consul/node/rollback.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/tally.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/apply_version.h"
#include "proxysql_consul/node/differ.h"
#include "proxysql_consul/node/keep.h"
#include "proxysql_consul/node/key_holders.h"
#include "proxysql_consul/node/own_cells.h"
#include "proxysql_consul/node/reading.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_rollback{10};

/// "rollback to 812 (alice@proxy-1: two more replicas)"
std::string message_of(const VersionId& id, const Document& document, const std::string& message) {
  const auto& origin = document.origin;
  auto who = "node " + printable(document.uuid, 36);
  if (!origin.host.empty()) who = (origin.by.empty() ? "" : origin.by + "@") + origin.host;
  return "rollback to " + to_string(id) + " (" + who + (origin.message.empty() ? "" : ": " + origin.message) + ")" +
         (message.empty() ? "" : "; " + message);
}

class Rollback {
 public:
  Rollback(const Job& job, const RollbackOptions& options)
      : job_(job),
        options_(options),
        configuration_(job.settings.catalogue.named(options.configuration)),
        name_(options.configuration),
        keys_(job.settings.keys()),
        ring_(job.settings.keyring()),
        patience_(job.begin(patience_of_rollback)),
        files_(job, options.dry_run),
        proxysql_(job, patience_),
        consul_(job.open_consul(job.settings.consul)),
        publisher_(*consul_, keys_, ring_, job.settings.catalogue.names(), patience_, job.log,
                   job.settings.history_limit),
        does_disk_wait_(does_disk_keep_own(job.settings, configuration_)) {}

  RolledBack run() {
    proxysql_.with_session([&](AdminSession&, const Inventory& inventory) {
      return select_configurations({name_}, job_.settings, inventory);
    });
    patience_.retry([&] { refuse_frozen(*consul_, keys_); });
    if (const auto why = who_could_not_open(job_, name_, files_.uuid())) throw Error(*why);
    choose();
    // Where Consul has it in the clear there is nothing to hide.
    const auto is_plain = [](const Version& one) { return one.is_current && !key_of_sealed(one.entry.value); };
    if (std::none_of(versions_.begin(), versions_.end(), is_plain)) {
      if (const auto why = who_seals(job_, files_.uuid())) throw Error(*why);
    }
    files_.state().observe(proxysql_.signs(files_.state().start).start);
    if (options_.dry_run) {
      preview();
      return {};
    }
    auto applied = apply_chosen();
    const auto published = publish();
    if (does_disk_wait_) bring_to_disk(applied, published);
    record(applied, published);
    say(applied, published);
    if (published.written) publisher_.tidy(name_);
    return {.status = applied.outcome == Outcome::applied ? ExitCode::ok : ExitCode::proxysql,
            .version = Target{.configuration = name_, .version = published.version}};
  }

 private:
  /// Finds the version, and makes of it the document that would be published.
  void choose() {
    auto versions = patience_.retry([&] { return list_versions(*consul_, keys_, name_); });
    const auto& version = named_version(versions, name_, options_.version, ExitCode::refused);
    if (version.is_current) {
      throw Error(ExitCode::refused, "version " + to_string(version.id) + " is the current one of " + name_,
                  "`pull --force " + name_ + "` applies it here once more");
    }
    id_ = version.id;
    for (const auto& one : versions) {
      if (one.is_current) seen_ = one.id.version;
    }
    versions_ = versions;
    auto held = patience_.retry([&] { return open_document(*consul_, keys_, ring_, version.entry, name_); });
    if (!held || !held->document) {
      throw Error(ExitCode::payload, name_ + ": version " + to_string(id_) +
                                         " cannot be read whole: " + (held ? held->problem : "it is empty"));
    }
    held_ = std::move(*held);
    document_ = *held_.document;
    proxysql_.with_session([&](AdminSession& session, const Inventory& inventory) {
      name_columns(session, inventory, configuration_, document_.tables, name_ + ": version " + to_string(id_));
    });
    document_.uuid = files_.uuid();
    document_.origin = {.host = job_.context.host,
                        .by = job_.context.user,
                        .proxysql_version = proxysql_.version(),
                        .saved_at = job_.now(),
                        .message = message_of(id_, *held_.document, options_.message)};
  }

  void preview() {
    auto& out = job_.context.out;
    out << format_difference(compare_here(job_, proxysql_, files_.state(), configuration_, id_, held_));
    // What would keep it from being applied is found before anything is written, and so here, too.
    const auto applied = apply(*held_.document, id_.version, held_.entry.value);
    for (const auto& notice : applied.notices) job_.log.info("{}: {}", name_, notice);
    for (const auto& warning : applied.warnings) job_.log.warn("{}: {}", name_, warning);
    const auto weighed = publisher_.preview(document_, weigh_it());
    for (const auto& warning : weighed.warnings) job_.log.warn("{}: {}", name_, warning);
    out << "-- " << name_ << ": " << (weighed.write ? "would be published as a new version" : "nothing to publish")
        << (weighed.changes.empty() ? "" : ", against Consul's: " + weighed.changes) << "\n";
  }

  /// What was loaded here and never saved would be gone otherwise.
  void keep_unsaved_loads() {
    std::erase_if(versions_, [&](const Version& version) {
      return !version.is_current && version.id != id_ && version.id.uuid != files_.uuid();
    });
    kept_ =
        keep_unsaved({.job = job_, .files = files_, .proxysql = proxysql_, .store = *consul_, .patience = patience_},
                     configuration_, versions_, seen_ > 0 ? seen_ : id_.version);
    if (kept_) {
      job_.log.warn("{}: what was loaded here was not saved: kept in the history as {}", name_, to_string(*kept_));
    }
  }

  /// Rows that the version has not go, and with them what is local of them.
  void remember_own() {
    if (does_disk_wait_) bring_own_to_disk(job_, proxysql_, configuration_);
    own_ = read_own(job_, proxysql_, files_.state(), configuration_);
  }

  Applied apply_chosen() {
    keep_unsaved_loads();
    remember_own();
    files_.state().mark_pending(name_);
    files_.write_state();
    // Before anything is loaded: whatever ends this run, the others see that it has not ended well.
    announce(job_, files_, proxysql_.version());
    Applied applied;
    try {
      applied = apply(*held_.document, id_.version, held_.entry.value, !does_disk_wait_);
    } catch (const Unavailable& error) {
      leave_marked(error);
    } catch (const Error& error) {
      // Before the LOAD or after it: Consul's version is compared with what is there now.
      take_back(error);
    }
    if (applied.refused) {
      take_back(Error(ExitCode::proxysql,
                      name_ + ": version " + to_string(id_) + " was not published: " + join(applied.warnings, "; ")));
    }
    return applied;
  }

  Applied apply(const Document& document, std::uint64_t version, const std::string& text, bool to_disk = true) {
    const Wanted wanted{.tables = document.tables, .from_memory = document.from_memory};
    auto applied = apply_version(job_, files_, proxysql_,
                                 {.configuration = configuration_,
                                  .wanted = wanted,
                                  .version = version,
                                  .sha256 = sha256_hex(text),
                                  .dry_run = options_.dry_run,
                                  .own = own_,
                                  .to_disk = to_disk});
    // Whether there is such a configuration was asked before.
    return applied.value_or(Applied());
  }

  /// From here on nothing brings back the rows that went, and what the disk keeps of them may go, too.
  void bring_to_disk(Applied& applied, const Published& published) {
    own_.clear();
    auto state = state_of(applied, published.version, published.text, applied.outcome);
    state.runtime_alone = true;
    files_.state().record(name_, std::move(state));
    files_.write_state();
    try {
      auto saved = apply(*held_.document, published.version, published.text);
      if (applied.loaded) saved.notices = std::move(applied.notices);
      applied = std::move(saved);
    } catch (const Error& error) {
      applied.outcome = Outcome::failed;
      applied.lacks = false;
      applied.warnings.push_back(std::string("at runtime, but not brought to disk: ") + error.what());
    }
  }

  Weigh weigh_it() const {
    return [this](const std::optional<Held>& theirs) {
      Weighed weighed{.write = true, .document = document_};
      if (!theirs) return weighed;
      if (!theirs->document) {
        weighed.warnings.push_back("replaces " + describe(*theirs) +
                                   ", which could not be read whole: " + theirs->problem);
        return weighed;
      }
      if (theirs->entry.modify_index != seen_) {
        weighed.warnings.push_back("replaces " + describe(*theirs) + ", which was saved in this very moment");
      }
      const auto& tables = theirs->document->tables;
      weighed.write = tables != document_.tables || theirs->document->from_memory != document_.from_memory;
      if (const auto counts = tally(tables, document_.tables)) weighed.changes = describe(*counts);
      return weighed;
    };
  }

  Published publish() {
    try {
      return publisher_.publish(document_, weigh_it());
    } catch (const Error& error) {
      return take_back(error);
    }
  }

  /// Applies what Consul holds, and throws what went wrong with words on how this node stands. Returns where Consul
  /// holds the new version after all.
  Published take_back(const Error& error) {
    std::optional<Held> held;
    bool is_back = false;
    try {
      const auto entry = patience_.retry([&] { return consul_->get(keys_.document(name_)); });
      held = open_document(*consul_, keys_, ring_, entry, name_);
      if (held && is_ours(*held)) {
        return {.written = true,
                .version = held->entry.modify_index,
                .text = held->entry.value,
                .replaced = {},
                .weighed = {}};
      }
      if (held && held->document) {
        const auto applied = apply(*held->document, held->entry.modify_index, held->entry.value);
        record(state_of(applied, held->entry.modify_index, held->entry.value, Outcome::applied));
        is_back = true;
      }
    } catch (const Error& second) {
      job_.log.debug("{}: not taken back: {}", name_, second.what());
    }
    if (!is_back) leave_marked(error);
    throw Error(error.code(),
                error.what() + ("; " + describe(*held)) + " is applied here" +
                    (kept_ ? ", and what was loaded before is kept as " + to_string(*kept_) : " again"),
                error.hint());
  }

  /// A write that nobody answered may have been carried out.
  bool is_ours(const Held& held) const {
    if (!held.document) return false;
    const auto& origin = held.document->origin;
    return held.document->uuid == document_.uuid && origin.saved_at == document_.origin.saved_at &&
           origin.message == document_.origin.message;
  }

  [[noreturn]] void leave_marked(const Error& error) {
    const auto words =
        std::string(error.what()) + "; this ProxySQL may run version " + to_string(id_) + " of " + name_ +
        " now, which is not what Consul holds: `pull` takes Consul's, and so does the next update; or roll back again";
    files_.state().fail(name_, seen_, job_.now(), words, error.code());
    files_.write_state();
    announce(job_, files_, proxysql_.version());
    throw Error(error.code(), words, error.hint());
  }

  /// `whole` is the outcome where all of it was applied.
  ConfigurationState state_of(const Applied& applied, std::uint64_t version, const std::string& text,
                              Outcome whole) const {
    return {.version = version,
            .sha256 = sha256_hex(text),
            .content = job_.settings.keyring().content(text),
            .outcome = applied.outcome == Outcome::applied ? whole : applied.outcome,
            .at = job_.now(),
            .warnings = applied.warnings,
            .load = applied.load,
            .runtime_alone = applied.withheld,
            .lacks = applied.lacks,
            .passed_over = applied.passed_over};
  }

  void record(ConfigurationState state) {
    files_.count(name_, state.outcome);
    files_.state().record(name_, std::move(state));
    files_.write_state();
    announce(job_, files_, proxysql_.version());
  }

  void record(const Applied& applied, const Published& published) {
    files_.state().tell_frozen(false);
    const auto whole = published.written ? Outcome::saved : Outcome::applied;
    record(state_of(applied, published.version, published.text, whole));
  }

  void say(const Applied& applied, const Published& published) const {
    for (const auto& notice : applied.notices) job_.log.info("{}: {}", name_, notice);
    for (const auto& warning : applied.warnings) job_.log.warn("{}: {}", name_, warning);
    for (const auto& warning : published.weighed.warnings) job_.log.warn("{}: {}", name_, warning);
    auto& out = job_.context.out;
    out << name_ << ": version " << to_string(id_) << " of " << describe_origin(*held_.document)
        << (applied.outcome == Outcome::applied ? " is applied here" : " is applied here in part");
    if (!published.written) {
      out << "; nothing to publish, Consul holds the same as version " << published.version << std::endl;
      return;
    }
    out << ", and saved";
    if (published.version == 0) {
      out << ", and replaced by another save since";
    } else {
      out << " as version " << published.version;
    }
    if (!published.replaced.empty()) out << ", replacing " << published.replaced;
    if (!published.weighed.changes.empty()) out << ": " << published.weighed.changes;
    out << std::endl;
  }

  const Job& job_;
  const RollbackOptions& options_;
  const Configuration& configuration_;
  std::string name_;
  Keys keys_;
  Keyring ring_;
  Patience patience_;
  NodeFiles files_;
  LocalProxySql proxysql_;
  std::unique_ptr<KvStore> consul_;
  Publisher publisher_;
  VersionId id_;                   ///< the version that is to be current again
  Held held_;                      ///< its document
  Document document_;              ///< that, as it is published
  std::vector<Version> versions_;  ///< that there are
  std::optional<VersionId> kept_;  ///< what was loaded here and not saved
  std::vector<Table> own_;         ///< what this node had, where something of it is local
  bool does_disk_wait_;            ///< it keeps that until the version is published
  std::uint64_t seen_ = 0;         ///< the version that was current when it was chosen
};

}  // namespace

RolledBack rollback(const Job& job, const RollbackOptions& options) { return Rollback(job, options).run(); }

}  // namespace proxysql_consul
