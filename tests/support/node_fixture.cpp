#include "support/node_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace proxysql_consul::testing {
namespace {

using Json = nlohmann::json;

constexpr unsigned nobodys_port = 1;

void write_program(const std::string& path, const std::string& text) {
  write_file(path, "#!/bin/sh\n" + text);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

ProxySqlServerOptions server_options(const NodeOptions& options, const std::string& script) {
  return {.version = options.version,
          .with_socket = options.with_socket,
          .with_faults = options.with_faults,
          .consul_script = options.version == StandinVersion::v1_1 ? script : ""};
}

}  // namespace

Node::Node(NodeOptions options) : proxysql_(server_options(options, script())) {
  const auto password = std::string(secret) + "-of-the-operator";
  execute({"UPDATE global_variables SET variable_value='admin:admin;operator:" + password +
               "' WHERE variable_name='admin-admin_credentials'",
           "LOAD ADMIN VARIABLES TO RUNTIME", "SAVE ADMIN VARIABLES TO DISK"});
  Json settings = {{"uuid_file", uuid_file()},
                   {"consul_port", nobodys_port},
                   {"proxysql_admin_iface", proxysql_.host()},
                   {"proxysql_admin_port", proxysql_.port()},
                   {"proxysql_admin_username", "operator"},
                   {"proxysql_admin_password", password},
                   {"retry_seconds", 20}};
  if (!proxysql_.socket().empty()) settings["proxysql_admin_socket"] = proxysql_.socket();
  write_file(settings_file(), settings.dump(2));
  change_settings(options.settings);
  const std::string program = "'" PROXYSQL_CONSUL_PATH "' --config-file '" + settings_file() + "' ";
  write_program(script(), "exec " + program + "\"$@\"\n");
  // Appended in one write each, so that a reader never sees half a line.
  write_program(file("handler"), "echo begun >>'" + file("handler.begun") + "'\n" + "if [ -p '" + file("gate") +
                                     "' ]; then read -r go <'" + file("gate") + "'; fi\n" + program + "update >>'" +
                                     file("handler.output") + "' 2>&1\n" + "status=$?\necho $status >>'" +
                                     file("handler.ended") + "'\nexit $status\n");
}

Node::~Node() {
  if (gate_ >= 0) ::close(gate_);
}

void Node::connect_to(unsigned consul_port) {
  change_settings("{\"consul_port\":" + std::to_string(consul_port) + "}");
}

void Node::change_settings(std::string_view json) {
  auto settings = Json::parse(read_file(settings_file()));
  settings.merge_patch(Json::parse(json));
  write_file(settings_file() + ".new", settings.dump(2));
  // A handler can be reading them.
  std::filesystem::rename(settings_file() + ".new", settings_file());
}

void Node::execute(const std::vector<std::string>& statements) {
  for (const auto& statement : statements) query(statement);
}

std::vector<std::string> Node::statements(std::string_view head) {
  std::vector<std::string> found;
  if (proxysql_.is_real()) return found;
  for (const auto& row : rows("STANDIN LOG")) {
    if (row.at(0) && row[0]->starts_with(head)) found.emplace_back(*row[0]);
  }
  return found;
}

void Node::forget_statements() {
  if (!proxysql_.is_real()) query("STANDIN CLEAR");
}

ProcessOptions Node::command(const std::vector<std::string>& arguments, std::string input) const {
  ProcessOptions options;
  options.argv = {PROXYSQL_CONSUL_PATH, "--config-file", settings_file()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.clean_env = true;
  options.input = std::move(input);
  return options;
}

ProcessResult Node::run(const std::vector<std::string>& arguments, std::string input) const {
  auto result = run_process(command(arguments, std::move(input)));
  check_no_secret(result.out + result.err);
  return result;
}

std::string Node::watch_config(const std::vector<const Node*>& nodes) {
  Json watches = Json::array();
  for (const auto* node : nodes) {
    watches.push_back({{"type", "keyprefix"}, {"prefix", "proxysql/"}, {"args", {node->file("handler")}}});
  }
  return Json{{"watches", watches}}.dump();
}

void Node::put_gate() {
  if (::mkfifo(file("gate").c_str(), 0600) == 0) gate_ = ::open(file("gate").c_str(), O_RDWR | O_CLOEXEC);
  if (gate_ < 0) throw std::system_error(errno, std::generic_category(), file("gate"));
}

void Node::open_gate() {
  if (::write(gate_, "go\n", 3) != 3) throw std::system_error(errno, std::generic_category(), file("gate"));
}

std::size_t Node::begun() const {
  const auto text = read_file(file("handler.begun"));
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::vector<int> Node::handled() const {
  std::istringstream lines(read_file(file("handler.ended")));
  std::vector<int> statuses;
  for (int status = 0; lines >> status;) statuses.push_back(status);
  return statuses;
}

std::string Node::uuid() const {
  auto text = read_file(uuid_file());
  return text.substr(0, text.find('\n'));
}

bool Node::wait_until(const std::function<bool()>& predicate, std::chrono::milliseconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  pollfd changes{::inotify_init1(IN_CLOEXEC), POLLIN, 0};
  if (changes.fd < 0 ||
      ::inotify_add_watch(changes.fd, directory_.path().c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0) {
    throw std::system_error(errno, std::generic_category(), "watching " + directory_.path().string());
  }
  bool met = predicate();
  while (!met) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    if (::poll(&changes, 1, static_cast<int>(left.count())) < 1) continue;
    char events[4096];
    if (::read(changes.fd, events, sizeof events) < 0) break;
    met = predicate();
  }
  ::close(changes.fd);
  return met;
}

void check_no_secret(const std::string& output) {
  if (output.find(Node::secret) != std::string::npos) throw std::runtime_error("a secret was printed: " + output);
}

// The kernel completes the connections; nobody ever takes them.
SilentServer::SilentServer() : listener_(listen_on_loopback()) {}

SilentServer::~SilentServer() { ::close(listener_.descriptor); }

bool SilentServer::await_client(std::chrono::milliseconds limit) const {
  pollfd wanted{listener_.descriptor, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace proxysql_consul::testing
