#include "proxysql_consul/node/share.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/mask.h"
#include "proxysql_consul/model/monitor.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/key_holders.h"
#include "proxysql_consul/node/reading.h"
#include "proxysql_consul/proxysql/loads.h"
#include "proxysql_consul/proxysql/reader.h"
#include "proxysql_consul/proxysql/unloaded.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds default_patience{10};

/// What is saved, and what is said beside.
struct Saving {
  Reading reading;
  std::string unloaded = {};  ///< what memory holds that runtime does not, for people
};

class Save {
 public:
  Save(const Job& job, const ShareOptions& options)
      : job_(job),
        options_(options),
        keys_(job.settings.keys()),
        patience_(job.begin(default_patience)),
        files_(job, options.dry_run),
        proxysql_(job, patience_),
        consul_(job.open_consul(job.settings.consul)),
        publisher_(*consul_, keys_, job.settings.keyring(), job.settings.catalogue.names(), patience_, job.log,
                   job.settings.history_limit) {}

  ExitCode run() {
    const auto selected = proxysql_.with_session([&](AdminSession&, const Inventory& inventory) {
      return select_configurations(options_.configurations, job_.settings, inventory);
    });
    if (selected.empty()) {
      job_.context.out << "nothing to do: this ProxySQL " << proxysql_.version()
                       << " has none of the accepted configurations\n";
    } else {
      files_.state().observe(proxysql_.signs(files_.state().start).start);
    }
    // A scheduler's save mostly finds nothing to write, and so need not know.
    if (!options_.dry_run && !options_.how.if_current) patience_.retry([&] { refuse_frozen(*consul_, keys_); });
    auto worst = ExitCode::ok;
    for (const auto* configuration : selected) {
      try {
        save_one(*configuration);
      } catch (const Interrupted&) {
        throw;  // Whether Consul has it nobody knows, so nothing is recorded.
      } catch (const Error& error) {
        if (!options_.quiet) report(job_.log, error, std::string(configuration->name));
        failures_.push_back(error);
        worst = worst_of(worst, error.code());
      }
    }
    // A scheduler says the same again and again, to nobody, and asks for no more than it has to.
    if (options_.all && !options_.how.if_current) name_uncovered();
    if (options_.dry_run) return worst;
    files_.write_state();
    if (!files_.state().published) announce(job_, files_, proxysql_.version());
    for (const auto& name : written_) publisher_.tidy(name);
    return worst;
  }

  const std::vector<Target>& versions() const { return versions_; }
  const std::vector<Error>& failures() const { return failures_; }

 private:
  /// What of this ProxySQL no save takes, so that nobody believes that `--all` is all. A courtesy, as the record is.
  void name_uncovered() {
    try {
      const auto names = proxysql_.with_session(
          [&](AdminSession&, const Inventory& inventory) { return uncovered(inventory, job_.settings.catalogue); });
      if (!names.empty()) job_.log.info("not saved, since no configuration covers it: {}", join(names));
    } catch (const Error& error) {
      job_.log.warn("what no configuration covers is not known: {}", error.what());
    }
  }

  void save_one(const Configuration& configuration) {
    const std::string name(configuration.name);
    if (!options_.dry_run && is_current(configuration)) return;
    auto saving = proxysql_.with_session([&](AdminSession& session, const Inventory& inventory) {
      auto read_now = read(session, inventory, configuration);
      // In the same session, which no start outlives.
      files_.state().observe(proxysql_.signs_of_session(files_.state().start).start);
      return read_now;
    });
    auto& reading = saving.reading;
    const Document document{.config_name = name,
                            .uuid = files_.uuid(),
                            .tables = std::move(reading.tables),
                            .blob = {},
                            .from_memory = reading.from_memory,
                            .origin = {.host = job_.context.host,
                                       .by = job_.context.user,
                                       .proxysql_version = proxysql_.version(),
                                       .saved_at = job_.now(),
                                       .message = options_.message}};
    const auto* before = files_.state().find(name);
    const Holding ours{.configuration = reading.configuration,
                       .document = document,
                       .schemas = reading.schemas,
                       .memory = std::move(reading.memory),
                       .scope = job_.settings.scope,
                       .left_out = std::move(reading.left_out),
                       .passed_over = before != nullptr ? before->passed_over : std::vector<std::string>()};
    const Weigh weigh_ours = [&](const std::optional<Held>& theirs) {
      const auto* known = files_.state().find(name);
      const auto lost = known != nullptr && known->version > 0 ? Acquaintance::earlier_start : Acquaintance::none;
      const auto acquaintance =
          theirs ? acquaintance_with(theirs->entry, job_.settings.keyring(), files_.state(), name) : lost;
      auto weighed = weigh(ours, theirs, acquaintance, options_.how);
      if (weighed.write) guard_key(name, theirs, weighed);
      return weighed;
    };
    if (options_.dry_run) {
      show(name, preview(document, weigh_ours), saving);
      return;
    }
    const auto published = publisher_.publish(document, weigh_ours);
    if (published.version == 0 && !published.written) {
      for (const auto& notice : published.weighed.notices) job_.context.out << name << ": " << notice << std::endl;
      return;
    }
    versions_.push_back({.configuration = name, .version = published.version});
    if (published.written) {
      written_.push_back(name);
      files_.state().tell_frozen(false);
    }
    // Consul has it; that another user's state file cannot be written does not change that, but has to be known.
    say(name, published);
    if (!saving.unloaded.empty()) job_.log.warn("{}: {}", name, saving.unloaded);
    record(name, published, reading);
    if (published.written) files_.count(name, Outcome::saved);
    files_.write_state();
  }

  /// A version that others cannot open would leave them behind.
  void guard_key(const std::string& name, const std::optional<Held>& theirs, Weighed& weighed) const {
    auto why = who_could_not_open(job_, name, files_.uuid());
    // Where Consul has it in the clear there is nothing to hide.
    if (!why && !(theirs && theirs->document)) why = who_seals(job_, files_.uuid());
    if (!why) return;
    if (!options_.how.force || options_.how.if_current) {
      throw Error(why->code(), why->what(), why->hint() + "; a plain `save --force` saves all the same");
    }
    weighed.warnings.emplace_back(why->what());
  }

  /// For schedulers, which mostly find nothing changed: one small question to each server tells.
  bool is_current(const Configuration& configuration) {
    if (!options_.how.if_current || options_.how.force || options_.memory) return false;
    const auto* known = files_.state().at_runtime(configuration.name);
    if (known == nullptr || known->load.empty() || !tells_all_loads(configuration) ||
        known->outcome == Outcome::partial)
      return false;
    const auto load = proxysql_.with_session([&](AdminSession& session, const Inventory& inventory) {
      return load_of(read_loads(session, inventory), configuration);
    });
    if (load != known->load) return false;
    const auto current = patience_.retry([&] { return consul_->get(keys_.document(configuration.name)); });
    if (!current || !is_version(*known, *current, job_.settings.keyring())) return false;
    say_unchanged(std::string(configuration.name), current->modify_index);
    versions_.push_back({.configuration = std::string(configuration.name), .version = current->modify_index});
    return true;
  }

  Saving read(AdminSession& session, const Inventory& inventory, const Configuration& configuration) const {
    if (options_.memory || !inventory.has_runtime(configuration)) check_memory(inventory, configuration);
    Saving saving{.reading = read_shared(session, inventory, configuration, job_.settings, options_.memory)};
    const auto& reading = saving.reading;
    if (!reading.from_memory && !options_.how.if_current) {
      const auto loaded =
          reading.as_loaded ? reading.tables : settle_servers(reading.tables, *reading.memory, *reading.memory).tables;
      saving.unloaded = describe_unloaded(session, reading.configuration, reading.schemas, loaded, job_.settings.scope);
    }
    Sharing sharing(job_.settings.scope, reading.schemas);
    if (!sharing.has_local()) {
      refuse_unshareable(session, inventory, reading.tables);
      return saving;
    }
    sharing.see(reading.tables);
    refuse_unshareable(session, inventory, sharing.shared_rows(reading.tables));
    return saving;
  }

  static void refuse_unshareable(AdminSession& session, const Inventory& inventory, const std::vector<Table>& tables) {
    refuse_nul(tables);
    const bool has_users =
        std::any_of(tables.begin(), tables.end(), [](const Table& table) { return is_users_table(table.name); });
    if (has_users) refuse_admin_accounts(tables, read_admins(session, inventory));
  }

  void check_memory(const Inventory& inventory, const Configuration& configuration) const {
    const auto* known = files_.state().find(configuration.name);
    if (known != nullptr && known->applying) {
      throw Error(ExitCode::refused,
                  "the memory tables may hold half of a version that an update was writing when it ended",
                  "run `pull` first, which completes it");
    }
    if (!options_.memory) {
      job_.log.info("{}: read from memory: ProxySQL {} has no runtime table of it", configuration.name,
                    inventory.version);
    }
  }

  /// What a save would come to; the document as it was read where Consul does not answer.
  Weighed preview(const Document& document, const Weigh& weigh_ours) {
    try {
      auto weighed = publisher_.preview(document, weigh_ours);
      if (weighed.write || !options_.how.if_current) patience_.retry([&] { refuse_frozen(*consul_, keys_); });
      return weighed;
    } catch (const Unavailable& error) {
      return {.write = true,
              .document = document,
              .warnings = {std::string("not compared with what Consul holds: ") + error.what()}};
    }
  }

  void show(const std::string& name, Weighed weighed, const Saving& saving) const {
    say_remarks(name, weighed);
    if (!saving.unloaded.empty()) job_.log.warn("{}: {}", name, saving.unloaded);
    auto& out = job_.context.out;
    const bool is_first = weighed.changes.empty();
    if (!weighed.write) {
      out << "-- " << name << (is_first ? ": nothing to do\n" : ": nothing to do, Consul holds it\n");
      return;
    }
    TableSchema schema{.name = {}, .columns = {}, .secrets = saving.reading.configuration.secrets};
    for (auto& table : weighed.document.tables) {
      schema.name = table.name;
      table = masked(schema, std::move(table));
    }
    if (!is_first) out << "-- " << name << ": " << weighed.changes << "\n";
    out << "PUT " << keys_.document(name) << "\n" << format_document(weighed.document) << "\n";
  }

  void say_remarks(const std::string& name, const Weighed& weighed) const {
    for (const auto& warning : weighed.warnings) job_.log.warn("{}: {}", name, warning);
    for (const auto& notice : weighed.notices) job_.log.info("{}: {}", name, notice);
  }

  void say(const std::string& name, const Published& published) const {
    say_remarks(name, published.weighed);
    if (!published.written) {
      // Of a message that nobody gave nobody has to be told.
      if (!options_.message.empty() && !job_.following)
        job_.log.info("{}: nothing changed, so the message is not kept", name);
      say_unchanged(name, published.version);
      return;
    }
    std::size_t rows = 0;
    for (const auto& table : published.weighed.document.tables) rows += table.rows.size();
    auto& out = job_.context.out;
    out << job_.stamp() << name << ": ";
    if (published.version == 0) {
      out << "saved, and replaced by another save since";
    } else {
      out << "saved as version " << published.version;
    }
    out << ", " << rows << (rows == 1 ? " row" : " rows");
    if (!published.replaced.empty()) out << ", replacing " << published.replaced;
    if (!published.weighed.changes.empty()) out << ": " << published.weighed.changes;
    out << std::endl;
  }

  void say_unchanged(const std::string& name, std::uint64_t version) const {
    job_.context.out << job_.stamp() << name << ": unchanged, Consul holds it as version " << version << std::endl;
  }

  /// What was read from memory beside runtime says nothing of what ProxySQL runs with.
  void record(const std::string& name, const Published& published, const Reading& reading) {
    const bool of_runtime = !reading.from_memory;
    const auto* known = files_.state().find(name);
    ConfigurationState state{.version = published.version,
                             .sha256 = sha256_hex(published.text),
                             .content = job_.settings.keyring().content(published.text),
                             .outcome = Outcome::saved,
                             .at = job_.now(),
                             .warnings = {},
                             .load = reading.load,
                             .applying = known != nullptr && known->applying,
                             // What memory lacks then, whoever completes it has to look for on disk.
                             .pending = known != nullptr && known->applying && known->pending,
                             .passed_over = published.weighed.passed_over};
    if (!published.written) {
      if (!of_runtime) return;
      const bool is_known =
          known != nullptr && !known->pending && known->version == state.version && known->sha256 == state.sha256;
      // It is here; who brought it, and what this ProxySQL lacks of it, does not change by that.
      state.outcome = published.weighed.lost.empty() ? Outcome::applied : Outcome::partial;
      state.warnings = published.weighed.lost;
      state.lacks = !published.weighed.lost.empty();
      // Not on disk, or interrupted: for the next update to mend.
      if (is_known && known->outcome == Outcome::failed) return;
      state.runtime_alone = !is_known || known->runtime_alone || known->start != files_.state().start_number;
      if (is_known && !known->drifted) {
        state.outcome = known->outcome;
        state.warnings = known->warnings;
        state.lacks = known->lacks;
      }
    }
    files_.state().record(name, std::move(state));
    if (!of_runtime) files_.state().forget_start(name);
  }

  const Job& job_;
  const ShareOptions& options_;
  Keys keys_;
  Patience patience_;
  NodeFiles files_;
  LocalProxySql proxysql_;
  std::unique_ptr<KvStore> consul_;
  Publisher publisher_;
  std::vector<std::string> written_;  ///< the configurations that were
  std::vector<Target> versions_;
  std::vector<Error> failures_;
};

}  // namespace

Shared share(const Job& job, const ShareOptions& options) {
  for (const auto& name : options.configurations) job.settings.catalogue.named(name);
  Save save(job, options);
  const auto status = save.run();
  return {.failures = save.failures(), .status = status, .versions = save.versions()};
}

}  // namespace proxysql_consul
