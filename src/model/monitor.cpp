#include "proxysql_consul/model/monitor.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/catalogue.h"

namespace proxysql_consul {
namespace {

/// The hostgroups of one row, between which a monitor moves servers.
struct Group {
  std::set<std::string> hostgroups;
  bool discovers = false;  ///< its monitor adds servers that nobody named
};

using Server = std::pair<std::string, std::string>;  // host and port

std::vector<Group> groups_in(const std::vector<Table>& tables) {
  std::vector<Group> groups;
  for (const auto& table : tables) {
    if (!table.name.ends_with("_hostgroups")) continue;
    for (const auto& row : table.rows) {
      Group group{.hostgroups = {},
                  .discovers = table.name.find("replication_hostgroups") == std::string::npos ||
                               table.name.find("group_replication") != std::string::npos};
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!table.columns[i].ends_with("_hostgroup")) continue;
        if (const auto hostgroup = row[i]) group.hostgroups.emplace(*hostgroup);
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

/// Where the columns stand that tell a server and its place.
struct ServerColumns {
  std::size_t hostgroup;
  std::size_t hostname;
  std::size_t port;
  std::optional<std::size_t> status;
};

std::optional<ServerColumns> columns_of(const Table& table) {
  const auto hostgroup = table.find("hostgroup_id");
  const auto hostname = table.find("hostname");
  const auto port = table.find("port");
  if (!hostgroup || !hostname || !port) return std::nullopt;
  return ServerColumns{*hostgroup, *hostname, *port, table.find("status")};
}

class Settling {
 public:
  Settling(const ServerColumns& columns, const Table* reference, const Table* memory)
      : at_(columns), reference_(reference), memory_(memory) {}

  void run(Table& runtime, const Group& group, std::vector<std::string>& moved) const {
    auto here = servers_in(&runtime, group);
    const auto there = servers_in(reference_, group);
    std::set<Server> settled;
    std::vector<Row> rows;
    for (const auto& [server, places] : here) {
      if (const auto wanted = there.find(server); wanted != there.end()) {
        if (!differs_in_place_alone(places, wanted->second)) continue;
        settled.insert(server);
        rows.insert(rows.end(), wanted->second.begin(), wanted->second.end());
        moved.push_back("server " + name_of(server) + ": its place is hostgroup " + hostgroups_of(wanted->second) +
                        ", a monitor has it in " + hostgroups_of(places));
      } else if (group.discovers && !is_named(reference_, server) && !is_named(memory_, server)) {
        settled.insert(server);
        moved.push_back("server " + name_of(server) + ": a monitor has added it to hostgroup " + hostgroups_of(places));
      }
    }
    if (settled.empty()) return;
    runtime.rows.erase_if([&](const RowView& row) { return is_in(group, row) && settled.contains(server_of(row)); });
    for (const auto& row : rows) runtime.rows.push_back(row);
  }

 private:
  Server server_of(const RowView& row) const {
    return {std::string(row[at_.hostname].value_or("")), std::string(row[at_.port].value_or(""))};
  }

  bool is_in(const Group& group, const RowView& row) const {
    return group.hostgroups.contains(std::string(row[at_.hostgroup].value_or("")));
  }

  static std::string name_of(const Server& server) {
    return printable(server.first, 64) + ":" + printable(server.second, 8);
  }

  /// In whatever hostgroup.
  bool is_named(const Table* table, const Server& server) const {
    return table != nullptr && std::any_of(table->rows.begin(), table->rows.end(),
                                           [&](const RowView& row) { return server_of(row) == server; });
  }

  std::string hostgroups_of(const std::vector<Row>& rows) const {
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row[at_.hostgroup].value_or("NULL"));
    return join(names, " and ");
  }

  std::map<Server, std::vector<Row>> servers_in(const Table* table, const Group& group) const {
    std::map<Server, std::vector<Row>> servers;
    if (table == nullptr) return servers;
    for (const auto& row : table->rows) {
      if (is_in(group, row)) servers[server_of(row)].push_back(row);
    }
    return servers;
  }

  /// A row without its place, and without the status, which a monitor changes with it.
  Row rest_of(Row row) const {
    row[at_.hostgroup] = std::nullopt;
    if (at_.status && row[*at_.status] != "OFFLINE_SOFT") row[*at_.status] = std::nullopt;
    return row;
  }

  bool differs_in_place_alone(const std::vector<Row>& here, const std::vector<Row>& there) const {
    std::set<std::string> places;
    std::set<std::string> wanted;
    std::set<Row> rests;
    for (const auto& row : here) places.insert(row[at_.hostgroup].value_or(""));
    for (const auto& row : there) {
      wanted.insert(row[at_.hostgroup].value_or(""));
      rests.insert(rest_of(row));
    }
    return places != wanted &&
           std::all_of(here.begin(), here.end(), [&](const Row& row) { return rests.contains(rest_of(row)); });
  }

  ServerColumns at_;
  const Table* reference_;
  const Table* memory_;
};

}  // namespace

Settled settle_servers(std::vector<Table> runtime, const std::vector<Table>& reference,
                       const std::vector<Table>& memory) {
  Settled settled;
  const auto groups = groups_in(runtime);
  for (auto& table : runtime) {
    const auto columns = columns_of(table);
    if (!is_servers_table(table.name) || !columns) continue;
    const Settling settling(*columns, find_table(reference, table.name), find_table(memory, table.name));
    for (const auto& group : groups) settling.run(table, group, settled.moved);
  }
  settled.tables = std::move(runtime);
  return settled;
}

}  // namespace proxysql_consul
