#include "proxysql_consul/node/freeze.h"

#include <optional>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/freeze.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_freezing{10};

Unavailable came_between(const std::string& key) {
  return {ExitCode::consul, key + ": somebody else set or removed it in this very moment"};
}

}  // namespace

ExitCode freeze(const Job& job, const std::string& reason) {
  auto patience = job.begin(patience_of_freezing);
  const auto store = job.open_consul(job.settings.consul);
  const auto key = job.settings.keys().freeze();
  const auto text =
      format_freeze({.reason = reason, .by = job.context.user, .host = job.context.host, .at = job.now()});
  bool may_be_written = false;
  patience.retry([&] {
    // Asked first, since a silent server would carry a write out whenever it goes on, also after a thaw.
    const auto held = store->get(key);
    if (!held) {
      may_be_written = true;
      if (store->put(key, text, 0)) return;
      throw came_between(key);
    }
    // A write that nobody answered may have been carried out.
    if (may_be_written && held->value == text) return;
    throw Error(ExitCode::refused, describe(parse_freeze(held->value)), "`thaw` ends that; it was not changed");
  });
  job.context.out << "frozen: " << printable(reason, 200) << "; nobody applies or saves until `proxysql-consul thaw`\n";
  return ExitCode::ok;
}

ExitCode thaw(const Job& job) {
  auto patience = job.begin(patience_of_freezing);
  const auto store = job.open_consul(job.settings.consul);
  const auto key = job.settings.keys().freeze();
  std::optional<KvEntry> removed;
  patience.retry([&] {
    const auto held = store->get(key);
    if (!held) return;
    removed = held;
    const auto result =
        store->commit({{.verb = KvOperation::Verb::remove_cas, .key = key, .value = {}, .index = held->modify_index}});
    if (!result.committed) throw came_between(key);
  });
  if (removed) {
    job.context.out << "thawed: was " << frozen_by(parse_freeze(removed->value))
                    << "; every node with a `follow` or a watch catches up by itself\n";
  } else {
    job.context.out << "nothing to do: the cluster is not frozen\n";
  }
  return ExitCode::ok;
}

}  // namespace proxysql_consul
