#include "standin/standin_monitor.h"

#include <stdexcept>
#include <utility>

namespace proxysql_consul::testing {
namespace {

std::string at(const std::string& hostname, int port) {
  return joined({" hostname=", quoted(hostname), " AND port=", std::to_string(port)});
}

std::string is(const ServerAddress& server) {
  return joined({" WHERE hostgroup_id=", std::to_string(server.hostgroup), " AND", at(server.hostname, server.port)});
}

std::string name(const ServerAddress& server) {
  return joined(
      {server.hostname, ":", std::to_string(server.port), " of hostgroup ", std::to_string(server.hostgroup)});
}

}  // namespace

StandinMonitor::StandinMonitor(StandinLayers& layers, std::string servers)
    : layers_(layers), servers_(std::move(servers)), runtime_(layers.runtime_name(servers_)) {}

std::string StandinMonitor::pairs() const {
  const std::string protocol = servers_.substr(0, servers_.find('_'));
  std::string out;
  for (const char* kind : {"replication", "group_replication", "galera", "aws_aurora"}) {
    const std::string table = joined({protocol, "_", kind, "_hostgroups"});
    if (!layers_.has_table(table)) continue;
    std::string all;
    for (const char* column : {"writer", "backup_writer", "reader", "offline"}) {
      if (!layers_.has_column(table, joined({column, "_hostgroup"}))) continue;
      all += joined({all.empty() ? "" : " UNION ALL ", "SELECT writer_hostgroup AS id, ", column,
                     "_hostgroup AS h FROM ", layers_.runtime_name(table)});
    }
    out += joined({out.empty() ? "" : " UNION ALL ", "SELECT x.h AS a, y.h AS b FROM (", all, ") x JOIN (", all,
                   ") y ON x.id=y.id AND x.h<>y.h"});
  }
  return out;
}

bool StandinMonitor::is_there(const ServerAddress& server) {
  return !layers_.db().rows(joined({"SELECT 1 FROM ", runtime_, is(server)})).empty();
}

void StandinMonitor::copy(const ServerAddress& server, int hostgroup) {
  layers_.db().must(joined({"INSERT OR IGNORE INTO ", runtime_, " SELECT ",
                            layers_.column_list(servers_, {{"hostgroup_id", std::to_string(hostgroup)}}), " FROM ",
                            runtime_, is(server)}));
}

void StandinMonitor::remove(const ServerAddress& server) {
  layers_.db().must(joined({"DELETE FROM ", runtime_, is(server)}));
}

void StandinMonitor::set_status(const ServerAddress& server, const std::string& status) {
  if (!is_there(server)) throw std::runtime_error("no server " + name(server) + " at runtime");
  layers_.db().must(joined({"UPDATE ", runtime_, " SET status=", quoted(status), is(server)}));
}

void StandinMonitor::set_read_only(const std::string& hostname, int port, bool read_only) {
  const std::string groups = layers_.runtime_name(servers_.substr(0, servers_.find('_')) + "_replication_hostgroups");
  const bool also_reader = layers_.variable("mysql-monitor_writer_is_also_reader") != "false";
  bool found = false;
  for (const Row& row : layers_.db().rows("SELECT writer_hostgroup, reader_hostgroup FROM " + groups)) {
    const ServerAddress writer{std::stoi(row.at(0).value()), hostname, port};
    const ServerAddress reader{std::stoi(row.at(1).value()), hostname, port};
    found = found || is_there(writer) || is_there(reader);
    if (read_only && is_there(writer)) {
      copy(writer, reader.hostgroup);
      remove(writer);
    } else if (!read_only && is_there(reader)) {
      copy(reader, writer.hostgroup);
      if (!also_reader) remove(reader);
    }
  }
  if (!found) throw std::runtime_error("no server" + at(hostname, port) + " in a replication hostgroup");
}

void StandinMonitor::move(const ServerAddress& server, int hostgroup) {
  if (!is_there(server)) throw std::runtime_error("no server " + name(server) + " at runtime");
  const std::string to = std::to_string(hostgroup);
  if (layers_.db()
          .rows(joined({"SELECT 1 FROM (", pairs(), ") WHERE a=", std::to_string(server.hostgroup), " AND b=", to}))
          .empty()) {
    throw std::runtime_error("no monitor moves " + name(server) + " to " + to);
  }
  copy(server, hostgroup);
  remove(server);
}

void StandinMonitor::discover(const ServerAddress& server) {
  const std::string hostgroup = std::to_string(server.hostgroup);
  if (layers_.db().rows(joined({"SELECT 1 FROM (", pairs(), ") WHERE a=", hostgroup})).empty()) {
    throw std::runtime_error("no monitor discovers " + name(server));
  }
  layers_.db().must(joined({"INSERT OR IGNORE INTO ", runtime_, " (hostgroup_id,hostname,port) VALUES (", hostgroup,
                            ",", quoted(server.hostname), ",", std::to_string(server.port), ")"}));
  if (!layers_.has_table("mysql_aws_aurora_hostgroups")) return;
  layers_.db().must(joined({"UPDATE ", runtime_, " SET weight=(SELECT new_reader_weight FROM ",
                            layers_.runtime_name("mysql_aws_aurora_hostgroups"), " WHERE reader_hostgroup=", hostgroup,
                            ")", is(server), " AND hostgroup_id IN (SELECT reader_hostgroup FROM ",
                            layers_.runtime_name("mysql_aws_aurora_hostgroups"), ")"}));
}

}  // namespace proxysql_consul::testing
