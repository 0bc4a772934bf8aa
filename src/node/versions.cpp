#include "proxysql_consul/node/versions.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/consul/history.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/model/version_list.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_showing{10};

std::size_t rows_of(const std::vector<Table>& tables) {
  std::size_t rows = 0;
  for (const auto& table : tables) rows += table.rows.size();
  return rows;
}

/// From the oldest to the newest, so that no more than two are held at a time.
std::vector<ListedVersion> listed(KvStore& store, Patience& patience, const Job& job, const std::string& configuration,
                                  const std::vector<Version>& versions) {
  const auto keys = job.settings.keys();
  const auto ring = job.settings.keyring();
  std::vector<ListedVersion> list;
  std::optional<std::vector<Table>> before;
  for (auto left = versions.size(); left > 0; --left) {
    const auto& version = versions[left - 1];
    ListedVersion entry{.id = version.id, .is_current = version.is_current};
    auto held = patience.retry([&] { return open_document(store, keys, ring, version.entry, configuration); });
    std::optional<std::vector<Table>> tables;
    if (held && held->document) {
      entry.uuid = held->document->uuid;
      entry.origin = held->document->origin;
      tables = std::move(held->document->tables);
      entry.rows = rows_of(*tables);
      if (before) entry.counts = tally(*before, *tables);
    } else {
      job.log.warn("{}: version {} cannot be read whole: {}", configuration, to_string(version.id),
                   held ? held->problem : "it is empty");
    }
    if (version.id.is_saved()) before = std::move(tables);
    list.push_back(std::move(entry));
  }
  std::reverse(list.begin(), list.end());
  return list;
}

}  // namespace

ExitCode show_versions(const Job& job, const std::string& configuration, bool json) {
  auto patience = job.begin(patience_of_showing);
  const auto store = job.open_consul(job.settings.consul);
  const auto keys = job.settings.keys();
  const auto versions = patience.retry([&] { return list_versions(*store, keys, configuration); });
  const auto list = listed(*store, patience, job, configuration, versions);
  if (json) {
    job.context.out << format_versions_json(configuration, list);
  } else if (!list.empty()) {
    job.context.out << format_versions(list, job.terminal());
  }
  if (!list.empty()) return ExitCode::ok;
  report(job.log, Error(ExitCode::payload, keys.document(configuration) + ": Consul holds no version",
                        "save it on the node that has it, or may this token not read it?"));
  return ExitCode::payload;
}

}  // namespace proxysql_consul
