#include "proxysql_consul/node/apply_version.h"

#include <utility>

#include "proxysql_consul/node/own_cells.h"
#include "proxysql_consul/proxysql/loads.h"

namespace proxysql_consul {

std::optional<Applied> apply_version(const Job& job, NodeFiles& files, LocalProxySql& proxysql,
                                     const VersionToApply& version) {
  const std::string name(version.configuration.name);
  auto& state = files.state();
  const auto* known = state.find(name);
  // What was saved from memory was never loaded by that.
  const bool was_loaded = known != nullptr && !known->pending && known->outcome != Outcome::failed &&
                          (known->outcome != Outcome::saved || known->start != 0);
  const bool same = was_loaded && known->version == version.version && known->sha256 == version.sha256;
  const bool was_interrupted = known != nullptr && known->applying;
  auto own = version.own;
  if (own.empty() && known != nullptr && known->pending) {
    own = read_own(job, proxysql, state, version.configuration);
  }
  ApplyOptions how{.scope = job.settings.scope,
                   .save_to_disk = job.settings.save_to_disk && version.to_disk,
                   .dry_run = version.dry_run,
                   .circumstances = {.interrupted = was_interrupted, .loaded_before = same},
                   .known_load = same && tells_all_loads(version.configuration) ? known->load : std::string(),
                   .on_writing =
                       [&] {
                         state.mark_applying(name);
                         files.write_state();
                       },
                   .only_over = version.only_over,
                   .own = std::move(own)};
  Application application(version.configuration, version.wanted, std::move(how));
  try {
    return proxysql.with_session([&](AdminSession& session, const Inventory& inventory) {
      if (!inventory.has(version.configuration)) return std::optional<Applied>();
      auto applied = application.run(session, inventory);
      // What was loaded here is told apart from a start by what ProxySQL says of itself afterwards.
      if (applied.loaded && !version.dry_run) state.observe(proxysql.signs_of_session(state.start).start);
      return std::optional(std::move(applied));
    });
  } catch (const Unavailable& error) {
    throw Unavailable(error.code(), error.what() + application.left_behind(), error.hint());
  } catch (const Error&) {
    if (!application.is_writing() && !was_interrupted) state.clear_applying(name);
    throw;
  }
}

}  // namespace proxysql_consul
