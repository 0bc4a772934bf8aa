#include "proxysql_consul/node/job.h"

#include <array>
#include <ctime>

#include "proxysql_consul/node/identity.h"

namespace proxysql_consul {

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

NodeFiles::NodeFiles(const Job& job, bool dry_run, std::chrono::seconds patience) : path_(job.settings.state_file) {
  if (!dry_run) {
    lock_.emplace(path_ + ".lock", patience);
    uuid_ = load_uuid(job.settings.uuid_file);
  } else {
    uuid_ = read_file(job.settings.uuid_file) ? load_uuid(job.settings.uuid_file) : "made by the first real run";
  }
  if (const auto text = read_file(path_)) state_ = parse_state(*text, path_);
}

void NodeFiles::write_state() { write_file(path_, format_state(state_)); }

}  // namespace proxysql_consul
