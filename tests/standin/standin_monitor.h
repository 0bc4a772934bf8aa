// What ProxySQL's monitors do to the servers at runtime, until the next LOAD undoes it.
#pragma once

#include <string>

#include "standin/standin_layers.h"

namespace proxysql_consul::testing {

struct ServerAddress {
  int hostgroup = 0;
  std::string hostname;
  int port = 3306;
};

/// All of them throw std::runtime_error where no monitor does such a thing: no such server, or hostgroups that no row
/// of a table of hostgroups has together.
class StandinMonitor {
 public:
  /// `servers` is mysql_servers, or pgsql_servers where the version has it. The layers must outlive it.
  StandinMonitor(StandinLayers& layers, std::string servers);

  void set_status(const ServerAddress& server, const std::string& status);
  /// What a monitor of replication does with what a server says of itself: read-only servers go to the reader
  /// hostgroup; others come to the writer hostgroup, and stay readers too unless mysql-monitor_writer_is_also_reader
  /// says no.
  void set_read_only(const std::string& hostname, int port, bool read_only);
  /// To another hostgroup of the same group, as the monitors of Galera, group replication and Aurora do.
  void move(const ServerAddress& server, int hostgroup);
  /// Adds a server that nobody configured.
  void discover(const ServerAddress& server);

 private:
  /// Every pair of hostgroups of one group: SELECT of columns a and b.
  std::string pairs() const;
  bool is_there(const ServerAddress& server);
  void copy(const ServerAddress& server, int hostgroup);
  void remove(const ServerAddress& server);

  StandinLayers& layers_;
  std::string servers_;
  std::string runtime_;
};

}  // namespace proxysql_consul::testing
