#include "proxysql_consul/node/announce.h"

#include "proxysql_consul/model/node_record.h"

namespace proxysql_consul {

void announce(const Job& job, NodeFiles& files, const std::string& proxysql_version) {
  auto to = job.settings.consul;
  to.connect_timeout = std::chrono::seconds(1);
  to.total_timeout = std::chrono::seconds(3);
  try {
    const auto record = format_node_record(files.state(), job.context.host, proxysql_version);
    job.open_consul(to)->put(job.settings.keys().node(files.uuid()), record, std::nullopt);
    files.state().published = true;
    files.write_state();
  } catch (const Error& error) {
    job.log.warn("this node's record for the others could not be written: {}", error.what());
  }
}

}  // namespace proxysql_consul
