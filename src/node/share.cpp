#include "proxysql_consul/node/share.h"

#include <algorithm>
#include <ostream>
#include <tuple>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/fit.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/model/mask.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/proxysql/reader.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds default_patience{10};
constexpr std::chrono::seconds default_lock_patience{60};  // an update of large tables can be in the way

std::chrono::seconds lock_limit(const Settings& settings) {
  return std::chrono::seconds(settings.retry_seconds.value_or(default_lock_patience.count()));
}

/// The configurations that `server` has, for people.
std::string names_on(const Inventory& inventory) {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue()) {
    if (inventory.has(configuration)) names.emplace_back(configuration.name);
  }
  return join(names);
}

std::vector<const Configuration*> select(const ShareOptions& options, const Settings& settings,
                                         const Inventory& inventory) {
  std::vector<const Configuration*> selected;
  if (options.all) {
    for (const auto& configuration : catalogue()) {
      const auto& accept = settings.accept;
      const bool accepted = std::find(accept.begin(), accept.end(), configuration.name) != accept.end();
      if (accepted && inventory.has(configuration)) selected.push_back(&configuration);
    }
    return selected;
  }
  for (const auto& name : options.configurations) {
    const auto* configuration = find_configuration(name);
    if (configuration == nullptr || !inventory.has(*configuration)) {
      throw Error(ExitCode::usage, "this ProxySQL " + inventory.version + " has no " + name,
                  "it has " + names_on(inventory));
    }
    if (std::find(selected.begin(), selected.end(), configuration) == selected.end()) selected.push_back(configuration);
  }
  return selected;
}

void refuse_nul(const std::vector<Table>& tables) {
  for (const auto& table : tables) {
    for (const auto& row : table.rows) {
      for (const auto& cell : row) {
        if (cell && cell->find('\0') != std::string::npos) {
          throw Error(ExitCode::payload,
                      "table " + table.name + " holds a NUL byte, which no other ProxySQL could store");
        }
      }
    }
  }
}

/// What is shared of a configuration, and the shapes of its tables.
std::pair<std::vector<Table>, std::vector<TableSchema>> read_shared(AdminSession& session, const Inventory& inventory,
                                                                    const Configuration& configuration, const Job& job,
                                                                    bool memory) {
  auto schemas = read_schemas(session, inventory, configuration);
  const bool runtime = !memory && inventory.has_runtime(configuration);
  if (!memory && !runtime) {
    job.log.info("{}: read from memory: ProxySQL {} has no runtime table of it", configuration.name, inventory.version);
  }
  auto tables = read_tables(session, inventory, configuration, schemas, runtime ? Layer::runtime : Layer::memory);
  for (auto& table : tables) table = shared_form(std::move(table), job.settings.exclude_variables);
  refuse_nul(tables);
  const bool has_users =
      std::any_of(tables.begin(), tables.end(), [](const Table& table) { return is_users_table(table.name); });
  if (has_users) refuse_admin_accounts(tables, read_admins(session, inventory));
  return {std::move(tables), std::move(schemas)};
}

class Save {
 public:
  Save(const Job& job, const ShareOptions& options)
      : job_(job),
        options_(options),
        keys_(job.settings.keys()),
        patience_(job.begin(default_patience)),
        proxysql_(job, patience_),
        files_(job, options.dry_run, lock_limit(job.settings)),
        consul_(job.open_consul(job.settings.consul)),
        publisher_(*consul_, keys_, patience_, job.log, job.settings.history_limit) {}

  ExitCode run() {
    const auto selected = proxysql_.with_session(
        [&](AdminSession&, const Inventory& inventory) { return select(options_, job_.settings, inventory); });
    if (!options_.dry_run) refuse_frozen();
    auto worst = ExitCode::ok;
    for (const auto* configuration : selected) {
      try {
        save_one(*configuration);
      } catch (const Error& error) {
        report(job_.log, error, std::string(configuration->name));
        worst = worst_of(worst, error.code());
      }
    }
    if (!options_.dry_run && !files_.state().published) announce(job_, files_, proxysql_.version());
    return worst;
  }

 private:
  void refuse_frozen() {
    const auto freeze = patience_.retry([&] { return consul_->get(keys_.freeze()); });
    if (!freeze) return;
    throw Error(ExitCode::refused, "the cluster is frozen: " + printable(freeze->value, 200),
                "thaw it, then save again");
  }

  void save_one(const Configuration& configuration) {
    Document document{
        .config_name = std::string(configuration.name), .uuid = files_.uuid(), .tables = {}, .blob = {}, .origin = {}};
    LocalView view{configuration, {}, job_.settings.exclude_variables};
    std::tie(document.tables, view.schemas) =
        proxysql_.with_session([&](AdminSession& session, const Inventory& inventory) {
          return read_shared(session, inventory, configuration, job_, options_.memory);
        });
    document.origin = {.host = job_.context.host,
                       .proxysql_version = proxysql_.version(),
                       .saved_at = job_.now(),
                       .message = options_.message};
    if (options_.dry_run) {
      for (auto& table : document.tables) table = masked(std::move(table));
      job_.context.out << "PUT " << keys_.document(configuration.name) << "\n" << format_document(document) << "\n";
      return;
    }
    std::size_t rows = 0;
    for (const auto& table : document.tables) rows += table.rows.size();
    const auto* state = files_.state().find(configuration.name);
    // What was applied in part must not come back as the whole.
    const bool is_whole = state != nullptr && state->outcome != Outcome::partial;
    const auto known = options_.if_current ? std::optional(is_whole ? state->version : 0) : std::nullopt;
    const auto published = publisher_.publish(std::move(document), view, options_.force, known);
    if (!published.written && !options_.message.empty()) {
      job_.log.info("{}: nothing changed, so the message is not kept", configuration.name);
    }
    files_.state().record(std::string(configuration.name), {.version = published.version,
                                                            .sha256 = sha256_hex(published.text),
                                                            .outcome = Outcome::saved,
                                                            .at = job_.now(),
                                                            .warnings = {}});
    // Consul has it; that another user's state file cannot be written does not change that, but has to be known.
    job_.context.out << configuration.name << ": ";
    if (published.version == 0) {
      job_.context.out << "saved, and replaced by another save since";
    } else {
      job_.context.out << (published.written ? "saved as version " : "unchanged, Consul holds it as version ")
                       << published.version;
    }
    if (published.written) job_.context.out << ", " << rows << " rows";
    if (!published.replaced.empty()) job_.context.out << ", replacing " << published.replaced;
    job_.context.out << std::endl;
    files_.write_state();
  }

  const Job& job_;
  const ShareOptions& options_;
  Keys keys_;
  Patience patience_;
  LocalProxySql proxysql_;
  NodeFiles files_;
  std::unique_ptr<KvStore> consul_;
  Publisher publisher_;
};

}  // namespace

ExitCode share(const Job& job, const ShareOptions& options) {
  for (const auto& name : options.configurations) named_configuration(name);
  return Save(job, options).run();
}

}  // namespace proxysql_consul
