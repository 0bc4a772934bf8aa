#include "proxysql_consul/node/keep.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/weigh.h"
#include "proxysql_consul/node/differ.h"
#include "proxysql_consul/node/key_holders.h"
#include "proxysql_consul/node/reading.h"

namespace proxysql_consul {

std::optional<VersionId> keep_unsaved(const Keeping& with, const Configuration& configuration,
                                      const std::vector<Version>& versions, std::uint64_t overtaken_by) {
  const std::string name(configuration.name);
  const auto keys = with.job.settings.keys();
  const auto ring = with.job.settings.keyring();
  const auto* known = with.files.state().find(name);
  // What is to be published is worth keeping even where this node never came to save or apply it.
  const auto& publish = with.job.settings.publish;
  const bool is_unknown = known == nullptr || known->version == 0;
  const bool is_published = with.job.following && std::find(publish.begin(), publish.end(), name) != publish.end();
  if (is_unknown && !is_published) return std::nullopt;
  std::optional<Held> current;
  for (const auto& version : versions) {
    auto held = with.patience.retry([&] { return open_document(with.store, keys, ring, version.entry, name); });
    if (!held || !held->document) continue;
    const auto compared =
        compare_here(with.job, with.proxysql, with.files.state(), configuration, version.id, *held).comparison;
    if (compared.is_same()) return std::nullopt;
    if (version.is_current) current = std::move(held);
  }
  auto reading = with.proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
    return read_shared(session, inventory, configuration, with.job.settings, false);
  });
  // A new ProxySQL has nothing that anybody made.
  const bool is_empty =
      std::all_of(reading.tables.begin(), reading.tables.end(), [](const Table& table) { return table.rows.empty(); });
  if (is_unknown && is_empty) return std::nullopt;
  Document document{.config_name = name,
                    .uuid = with.files.uuid(),
                    .tables = std::move(reading.tables),
                    .blob = {},
                    .from_memory = reading.from_memory,
                    .origin = {.host = with.job.context.host,
                               .by = with.job.context.user,
                               .proxysql_version = with.proxysql.version(),
                               .saved_at = with.job.now(),
                               .message = "overtaken by version " + std::to_string(overtaken_by)}};
  if (with.job.settings.scope.is_about(configuration.tables)) {
    // Whoever rolls back to it must not get what is this node's own.
    const Holding ours{.configuration = reading.configuration,
                       .document = document,
                       .schemas = std::move(reading.schemas),
                       .memory = {},
                       .scope = with.job.settings.scope,
                       .left_out = std::move(reading.left_out)};
    document.tables = weigh(ours, current, Acquaintance::whole, {.force = true}).document.tables;
  }
  // What Consul has in the clear is nothing to hide.
  if (const auto why = current ? std::nullopt : who_seals(with.job, with.files.uuid())) throw Error(*why);
  return with.patience.retry([&] { return keep_in_history(with.store, keys, ring, document, overtaken_by); });
}

}  // namespace proxysql_consul
