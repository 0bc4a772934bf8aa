#include "proxysql_consul/node/drift.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/differ.h"
#include "proxysql_consul/node/receive.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_looking{10};

std::string describe(const Comparison& comparison) {
  std::string text;
  for (const auto& table : comparison.tables) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(table.changes.size()));
    text.append(table.changes.size() == 1 ? " row of " : " rows of ").append(table.schema.name);
  }
  return text;
}

}  // namespace

ExitCode DriftWatch::look(const Signs& signs) {
  auto worst = ExitCode::ok;
  if (job_.settings.drift == Drift::ignore || !signs.start) return worst;
  for (const auto& configuration : job_.settings.catalogue.all()) {
    if (!job_.settings.accepts(configuration.name)) continue;
    const auto& publish = job_.settings.publish;
    if (std::find(publish.begin(), publish.end(), configuration.name) != publish.end()) continue;
    try {
      worst = worst_of(worst, look_at(configuration, signs));
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      report(job_.log, error, std::string(configuration.name) + ": not compared with what was applied");
      worst = worst_of(worst, error.code());
    }
    job_.context.bound(std::chrono::seconds(0));
  }
  return worst;
}

bool DriftWatch::finds_failure() const {
  try {
    const auto state = NodeFiles(job_, true).state();
    const auto& accept = job_.settings.accept;
    return std::any_of(accept.begin(), accept.end(), [&](const auto& name) {
      const auto* known = state.find(name);
      return known != nullptr && known->outcome == Outcome::failed && !job_.seen->is_gone(name);
    });
  } catch (const Error&) {
    return false;  // Of the state, which the next delivery says.
  }
}

ExitCode DriftWatch::look_at(const Configuration& configuration, const Signs& signs) {
  const std::string name(configuration.name);
  const auto load = load_of(signs.loads, configuration);
  const auto tells = !load.empty() && tells_all_loads(configuration);
  auto patience = job_.begin(patience_of_looking);
  std::optional<NodeFiles> files(std::in_place, job_, false);
  files->state().observe(signs.start);
  const auto* known = files->state().at_runtime(name);
  if (known == nullptr || known->outcome == Outcome::partial) return ExitCode::ok;
  if (tells && !known->drifted && (load == known->load || load == same_[configuration.name])) return ExitCode::ok;
  const auto store = job_.open_consul(job_.settings.consul);
  const auto keys = job_.settings.keys();
  const auto ring = job_.settings.keyring();
  const auto held =
      patience.retry([&] { return open_document(*store, keys, ring, store->get(keys.document(name)), name); });
  // A newer version is on its way here.
  const bool is_it = held && held->document && held->entry.modify_index == known->version &&
                     sha256_hex(held->entry.value) == known->sha256;
  if (!is_it) return ExitCode::ok;
  LocalProxySql proxysql(job_, patience);
  const auto difference =
      compare_here(job_, proxysql, files->state(), configuration, {.version = known->version}, *held).comparison;
  if (difference.is_same()) same_[configuration.name] = load;
  const auto what =
      difference.is_same() ? std::string() : "runtime differs from what was applied: " + describe(difference);
  const bool is_news = files->state().tell_drift(name, what, job_.now());
  files->write_state();
  if (is_news) announce(job_, *files, proxysql.version());
  if (difference.is_same()) return ExitCode::ok;
  if (job_.settings.drift == Drift::warn) {
    if (is_news) job_.log.warn("{}: {}: `diff {}` shows it, `pull --force {}` mends it", name, what, name, name);
    return ExitCode::ok;
  }
  // Asked for after the document, and so no older than what it keeps from being applied.
  if (const auto freeze = patience.retry([&] { return store->get(keys.freeze()); })) {
    if (is_news) {
      job_.log.warn("{}: {}: applied again after the thaw: {}", name, what,
                    proxysql_consul::describe(parse_freeze(freeze->value)));
    }
    return ExitCode::ok;
  }
  job_.log.warn("{}: {}: applied again", name, what);
  files.reset();
  ReceiveOptions options;
  options.configurations = {name};
  options.force = true;
  options.quiet = true;
  return receive(job_, job_.begin(receiving_patience), {held->entry}, options);
}

}  // namespace proxysql_consul
