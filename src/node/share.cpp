// save: from the local ProxySQL to Consul.
#include <algorithm>
#include <ostream>
#include <tuple>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/decide.h"
#include "proxysql_consul/model/forms.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds default_patience{10};
constexpr std::chrono::seconds default_lock_patience{60};  // an update of large tables can be in the way

std::chrono::seconds lock_limit(const Settings& settings) {
  return std::chrono::seconds(settings.retry_seconds.value_or(default_lock_patience.count()));
}

/// The configurations that `server` has, for people.
std::string names_on(const Server& server) {
  std::vector<std::string> names;
  for (const auto& configuration : catalogue()) {
    if (server.has(configuration)) names.emplace_back(configuration.name);
  }
  return join(names);
}

std::vector<const Configuration*> select(const SaveOptions& options, const Settings& settings, const Server& server) {
  std::vector<const Configuration*> selected;
  if (options.all) {
    for (const auto& configuration : catalogue()) {
      const auto& accept = settings.accept;
      const bool accepted = std::find(accept.begin(), accept.end(), configuration.name) != accept.end();
      if (accepted && server.has(configuration)) selected.push_back(&configuration);
    }
    return selected;
  }
  for (const auto& name : options.configurations) {
    const auto* configuration = find_configuration(name);
    if (configuration == nullptr || !server.has(*configuration)) {
      throw Error(ExitCode::usage, "this ProxySQL " + server.version + " has no " + name, "it has " + names_on(server));
    }
    if (std::find(selected.begin(), selected.end(), configuration) == selected.end()) selected.push_back(configuration);
  }
  return selected;
}

void check_names(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (find_configuration(name) != nullptr) continue;
    const auto suggestion = did_you_mean(name, configuration_names());
    throw Error(ExitCode::usage, "no configuration is called " + printable(name, 64),
                suggestion.empty() ? "there are " + join(configuration_names()) : suggestion);
  }
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
std::pair<std::vector<Table>, std::vector<TableSchema>> read_shared(AdminSession& session, const Server& server,
                                                                    const Configuration& configuration, const Job& job,
                                                                    bool memory) {
  auto schemas = read_schemas(session, server, configuration);
  const bool runtime = !memory && server.has_runtime(configuration);
  if (!memory && !runtime) {
    job.log.info("{}: read from memory: ProxySQL {} has no runtime table of it", configuration.name, server.version);
  }
  auto tables = read_tables(session, server, configuration, schemas, runtime ? Layer::runtime : Layer::memory);
  for (auto& table : tables) table = shared_form(std::move(table), job.settings.exclude_variables);
  refuse_nul(tables);
  const bool has_users =
      std::any_of(tables.begin(), tables.end(), [](const Table& table) { return is_users_table(table.name); });
  if (has_users) refuse_admin_accounts(tables, read_admins(session, server));
  return {std::move(tables), std::move(schemas)};
}

Document masked(Document document) {
  for (auto& table : document.tables) {
    const auto name = table.find("variable_name");
    for (auto& row : table.rows) {
      const auto variable = name ? row[*name].value_or("") : std::string();
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] && !row[i]->empty() && is_secret(table.name, table.columns[i], variable, *row[i])) row[i] = "***";
      }
    }
  }
  return document;
}

class Save {
 public:
  Save(const Job& job, const SaveOptions& options)
      : job_(job),
        options_(options),
        limit_(job.settings.retry_seconds.value_or(default_patience.count())),
        patience_(job, limit_),
        proxysql_(job, patience_),
        files_(job, options.dry_run, lock_limit(job.settings)),
        consul_(job.context.open_kv(job.settings.consul)),
        publisher_(job, patience_, *consul_) {}

  ExitCode run() {
    const auto selected = proxysql_.with_session(
        [&](AdminSession&, const Server& server) { return select(options_, job_.settings, server); });
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
    return worst;
  }

 private:
  void refuse_frozen() {
    const auto freeze = patience_.retry([&] { return consul_->get(job_.settings.prefix + "freeze"); });
    if (!freeze) return;
    throw Error(ExitCode::refused, "the cluster is frozen: " + printable(freeze->value, 200),
                "thaw it, then save again");
  }

  void save_one(const Configuration& configuration) {
    Document document{
        .config_name = std::string(configuration.name), .uuid = files_.uuid(), .tables = {}, .blob = {}, .origin = {}};
    LocalView view{configuration, {}, job_.settings.exclude_variables};
    std::tie(document.tables, view.schemas) = proxysql_.with_session([&](AdminSession& session, const Server& server) {
      return read_shared(session, server, configuration, job_, options_.memory);
    });
    document.origin = {.host = job_.context.host,
                       .proxysql_version = proxysql_.version(),
                       .saved_at = format_time(job_.context.now()),
                       .message = options_.message};
    if (options_.dry_run) {
      job_.context.out << "PUT " << job_.settings.key_of(configuration.name) << "\n"
                       << format_document(masked(std::move(document))) << "\n";
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
                                                            .at = format_time(job_.context.now()),
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
  const SaveOptions& options_;
  std::chrono::seconds limit_;
  Patience patience_;
  LocalProxySql proxysql_;
  NodeFiles files_;
  std::unique_ptr<KvStore> consul_;
  Publisher publisher_;
};

}  // namespace

ExitCode save(const Job& job, const SaveOptions& options) {
  check_names(options.configurations);
  return Save(job, options).run();
}

}  // namespace proxysql_consul
