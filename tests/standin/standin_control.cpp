// The statements of the stand-in alone, by which tests of other processes turn it.
#include <istream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "standin/standin_admin.h"
#include "standin/standin_engine.h"

namespace proxysql_consul::testing {

Answer StandinEngine::control(std::string_view command) {
  std::istringstream words{std::string(command)};
  std::string standin;
  std::string verb;
  words >> standin >> verb;
  verb = upper(verb);
  Answer answer;
  if (verb == "LOG") {
    answer.has_result_set = true;
    answer.columns = {"statement"};
    for (const std::string& statement : log_) answer.rows.push_back({statement});
    return answer;
  }
  if (verb == "CLEAR") {
    log_.clear();
    planned_.clear();
    return answer;
  }
  try {
    if (control_plan(verb, words) || control_world(verb, words) || control_monitor(verb, words)) return answer;
  } catch (const std::runtime_error& error) {
    return failed(error.what());
  }
  return failed("near \"STANDIN\": syntax error");
}

bool StandinEngine::control_plan(const std::string& verb, std::istream& words) {
  static const std::map<std::string, Fault> faults = {{"FAIL", Fault::fail},
                                                      {"DROP", Fault::drop},
                                                      {"EXIT", Fault::exit},
                                                      {"HANG", Fault::hang},
                                                      {"KILL", Fault::kill}};
  const auto fault = faults.find(verb);
  std::size_t n = 0;
  if (fault == faults.end() || !(words >> n) || n == 0) return false;
  std::string text;
  std::getline(words >> std::ws, text);
  planned_[count_ + n] = {fault->second, text};
  return true;
}

bool StandinEngine::control_world(const std::string& verb, std::istream& words) {
  static const std::map<std::string, DiskState> disks = {{"OK", DiskState::writable},
                                                         {"FULL", DiskState::full},
                                                         {"LOSING", DiskState::losing},
                                                         {"READONLY", DiskState::read_only}};
  if (verb == "CLOCK") {
    std::int64_t seconds = 0;
    if (!(words >> seconds)) return false;
    host_.clock.turn(seconds);
    return true;
  }
  if (verb != "DISK" && verb != "RESTART") return false;
  std::string word;
  words >> word;
  word = upper(word);
  if (verb == "DISK") {
    const auto disk = disks.find(word);
    if (disk == disks.end()) return false;
    host_.disk = disk->second;
    return true;
  }
  std::string path;
  if (word == "FROM" && !std::getline(words >> std::ws, path)) return false;
  if (word == "FROM" || word == "EMPTY") admin_->layers().replace_disk(path);
  begin(false);
  return true;
}

bool StandinEngine::control_monitor(const std::string& verb, std::istream& words) {
  ServerAddress server;
  if (verb != "READONLY" && !(words >> server.hostgroup)) return false;
  if (!(words >> server.hostname >> server.port)) return false;
  std::function<void(StandinMonitor&)> act;
  if (verb == "STATUS") {
    std::string status;
    if (!(words >> status)) return false;
    act = [=](StandinMonitor& monitor) { monitor.set_status(server, upper(status)); };
  } else if (verb == "READONLY") {
    int read_only = 0;
    if (!(words >> read_only)) return false;
    act = [=](StandinMonitor& monitor) { monitor.set_read_only(server.hostname, server.port, read_only != 0); };
  } else if (verb == "MOVE") {
    int to = 0;
    if (!(words >> to)) return false;
    act = [=](StandinMonitor& monitor) { monitor.move(server, to); };
  } else if (verb == "DISCOVER") {
    act = [=](StandinMonitor& monitor) { monitor.discover(server); };
  } else {
    return false;
  }
  std::string protocol;
  words >> protocol;
  admin_->monitor(upper(protocol) == "PGSQL" ? "pgsql_servers" : "mysql_servers", verb == "MOVE", act);
  return true;
}

}  // namespace proxysql_consul::testing
