#include "proxysql_consul/node/differ.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/node/reading.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_comparing{10};

class Differ {
 public:
  Differ(const Job& job, const DiffOptions& options)
      : job_(job),
        options_(options),
        keys_(job.settings.keys()),
        patience_(job.begin(patience_of_comparing)),
        files_(job, true),
        proxysql_(job, patience_),
        consul_(job.open_consul(job.settings.consul)) {}

  ExitCode run() {
    const auto selected = proxysql_.with_session([&](AdminSession&, const Inventory& inventory) {
      return select_configurations(options_.configurations, job_.settings, inventory);
    });
    if (!selected.empty()) files_.state().observe(proxysql_.signs(files_.state().start).start);
    auto worst = ExitCode::ok;
    for (const auto* configuration : selected) {
      try {
        compare_one(*configuration);
      } catch (const Error& error) {
        report(job_.log, error, std::string(configuration->name));
        worst = worst_of(worst, error.code());
      }
    }
    if (worst == ExitCode::ok && (selected.empty() || has_nothing_to_compare_)) {
      job_.log.warn("nothing of this is under {} in Consul: save first, or is consul_prefix another?", keys_.prefix());
    }
    print(worst == ExitCode::ok && differing_.empty());
    const bool is_told = !differing_.empty() && !options_.exit_zero;
    return is_told ? worst_of(worst, ExitCode::differs) : worst;
  }

 private:
  void compare_one(const Configuration& configuration) {
    const std::string name(configuration.name);
    auto version = wanted_version(name);
    has_nothing_to_compare_ = has_nothing_to_compare_ && !version;
    if (!version) {
      if (!options_.configurations.empty()) {
        throw Error(ExitCode::payload, keys_.document(name) + ": Consul holds no such key",
                    "save it on the node that has it, or may this token not read it?");
      }
      job_.log.debug("{}: passed over: Consul holds none", name);
      return;
    }
    const auto held =
        patience_.retry([&] { return open_document(*consul_, keys_, job_.settings.keyring(), version->entry, name); });
    if (!held) throw Error(ExitCode::payload, "version " + to_string(version->id) + " is empty");
    auto compared = compare_here(job_, proxysql_, files_.state(), configuration, version->id, *held);
    if (!compared.comparison.is_same()) {
      differing_.push_back(std::move(*version));
      names_.push_back(name);
    }
    if (options_.json) {
      compared_.push_back(std::move(compared));
    } else {
      job_.context.out << format_difference(compared);
    }
  }

  std::optional<Version> wanted_version(const std::string& name) {
    if (!options_.version.empty()) {
      const auto versions = patience_.retry([&] { return list_versions(*consul_, keys_, name); });
      return named_version(versions, name, options_.version, ExitCode::payload);
    }
    auto entry = patience_.retry([&] { return consul_->get(keys_.document(name)); });
    if (!entry) return std::nullopt;
    return Version{.id = {.version = entry->modify_index}, .is_current = true, .entry = std::move(*entry)};
  }

  void print(bool same) const {
    auto& out = job_.context.out;
    if (options_.json) {
      out << format_differences_json(compared_, same);
    } else if (!names_.empty()) {
      say_resolution();
    }
  }

  void say_resolution() const {
    auto& out = job_.context.out;
    const auto& version = differing_.front();
    if (!version.is_current) {
      out << "`proxysql-consul rollback " << names_.front() << " " << to_string(version.id)
          << "` makes that version current again on every node\n";
      return;
    }
    std::vector<std::string> pulled;
    bool needs_force = false;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!job_.settings.accepts(names_[i])) continue;
      pulled.push_back(names_[i]);
      // What is recorded as here is passed over otherwise.
      const auto* counted = files_.state().counted(names_[i]);
      needs_force = needs_force || (counted != nullptr && counted->version == differing_[i].id.version);
    }
    if (!pulled.empty()) {
      out << "`proxysql-consul pull " << (needs_force ? "--force " : "") << join(pulled, " ")
          << "` takes Consul's version; ";
    }
    out << "`proxysql-consul save " << join(names_, " ") << "` replaces it by what is here\n";
  }

  const Job& job_;
  const DiffOptions& options_;
  Keys keys_;
  Patience patience_;
  NodeFiles files_;
  LocalProxySql proxysql_;
  std::unique_ptr<KvStore> consul_;
  std::vector<ListedDifference> compared_;
  bool has_nothing_to_compare_ = true;
  std::vector<std::string> names_;  ///< of those that differ
  std::vector<Version> differing_;  ///< from these
};

}  // namespace

ListedDifference compare_here(const Job& job, LocalProxySql& proxysql, const State& state,
                              const Configuration& configuration, const VersionId& id, const Held& there) {
  const std::string name(configuration.name);
  if (!there.document) throw Error(ExitCode::payload, "version " + to_string(id) + ": " + there.problem);
  const bool may_be_inactive = std::any_of(configuration.tables.begin(), configuration.tables.end(), has_inactive_rows);
  const auto* known = state.at_runtime(name);
  const bool is_known = known != nullptr && !known->load.empty() && tells_all_loads(configuration) &&
                        known->version == id.version && known->sha256 == sha256_hex(there.entry.value);
  auto comparison = proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
    auto reading = read_shared(session, inventory, configuration, job.settings, false);
    if (may_be_inactive && !reading.from_memory && !reading.memory) {
      reading.memory = read_layer(session, configuration, reading.schemas, job.settings);
    }
    const Local local{.configuration = reading.configuration,
                      .schemas = std::move(reading.schemas),
                      .tables = std::move(reading.tables),
                      .memory = std::move(reading.memory),
                      .as_loaded = reading.as_loaded,
                      .is_that_load = is_known && known->load == reading.load,
                      .scope = job.settings.scope,
                      .left_out = std::move(reading.left_out)};
    return compare(local, there.document->tables);
  });
  const auto version = "version " + to_string(id) + " of " + describe_origin(*there.document);
  return {.name = name, .id = id, .version = version, .comparison = std::move(comparison)};
}

ExitCode diff(const Job& job, const DiffOptions& options) {
  for (const auto& name : options.configurations) job.settings.catalogue.named(name);
  return Differ(job, options).run();
}

}  // namespace proxysql_consul
