#include "support/program_node.h"

#include <memory>
#include <regex>
#include <sstream>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/document.h"
#include "standin/standin_session.h"
#include "support/fake_agents.h"
#include "support/program_world.h"

namespace proxysql_consul::testing {

NodeUnderTest::NodeUnderTest(FakeConsul& consul, const TempDir& dir, std::string host, const std::string& more_settings,
                             StandinVersion version)
    : engine(version), consul_(consul), host_(std::move(host)), base_(dir.file(host_)) {
  engine.set_clock([this] { return std::chrono::system_clock::to_time_t(clock.now()); });
  consul_.agents[agent()] = true;
  configure(more_settings);
}

void NodeUnderTest::configure(const std::string& more_settings) {
  const bool has_retry = more_settings.find("retry_seconds") != std::string::npos;
  write_file(settings_file(), "{\"uuid_file\":\"" + uuid_file() + "\"" + (has_retry ? "" : ",\"retry_seconds\":1") +
                                  (more_settings.empty() ? "" : "," + more_settings) + "}");
}

Ran NodeUnderTest::run(Texts words, const std::string& input) {
  ProgramWorld world(clock, input);
  world.host = host_;
  world.user = user;
  world.environment = Environment(environment);
  world.take_reload = take_reload;
  world.watchdog = watchdog;
  world.notify = [&](const std::string& message) { notified.push_back(message); };
  world.terminal_width = [&] { return terminal_width; };
  world.has_reader = [&] { return has_reader; };
  world.open_admin = [&](const AdminOptions& options) -> std::unique_ptr<AdminSession> {
    opened.push_back(options);
    if (is_away) throw Unavailable(ExitCode::proxysql, describe(options) + ": away");
    return std::make_unique<StandinSession>(engine);
  };
  world.open_kv = [&](const ConsulOptions& options, spdlog::logger&) -> std::unique_ptr<KvStore> {
    consul_.opened.push_back(options);
    return std::make_unique<FakeKvStore>(consul_, options);
  };
  world.open_agents = [&](const ConsulOptions& options, spdlog::logger&) -> std::unique_ptr<Agents> {
    return std::make_unique<FakeAgents>(consul_, agent(), options);
  };
  clock.turn(std::chrono::seconds(1));
  bounds.clear();
  world.bound = [&](std::chrono::seconds limit) { bounds.push_back(bound = limit); };
  words.insert(words.begin(), "--config-file=" + base_ + ".cnf");
  Ran ran{.status = world.run(words), .out = {}, .err = {}};
  ran.out = std::regex_replace(world.out.str(), std::regex("\\([0-9]+ ms\\)"), "(N ms)");
  std::istringstream lines(world.err.str());
  for (std::string line; std::getline(lines, line);) {
    const std::string mark = "Z proxysql-consul: ";
    const auto at = line.find(mark);
    ran.err.push_back(at == std::string::npos ? line : line.substr(at + mark.size()));
  }
  return ran;
}

void NodeUnderTest::execute(const Texts& statements) {
  for (const auto& statement : statements) {
    const auto answer = engine.execute(statement);
    ASSERT_TRUE(answer.ok) << statement << ": " << answer.error;
  }
  engine.clear_log();
}

void NodeUnderTest::set_servers(const Texts& hosts) {
  Texts statements = {"DELETE FROM mysql_servers"};
  for (const auto& host : hosts) {
    statements.push_back("INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'" + host + "')");
  }
  statements.push_back("LOAD MYSQL SERVERS TO RUNTIME");
  execute(statements);
}

Texts NodeUnderTest::servers() {
  Texts hosts;
  for (const auto& row : engine.execute("SELECT hostname FROM runtime_mysql_servers ORDER BY 1").rows) {
    hosts.emplace_back(row[0].value());
  }
  return hosts;
}

Texts NodeUnderTest::writes() {
  Texts found;
  for (const auto& statement : engine.log()) {
    const auto word = statement.substr(0, statement.find(' '));
    if (word != "SELECT" && word != "PROXY_SELECT" && word != "PRAGMA" && word != "SHOW") found.push_back(word);
  }
  return found;
}

std::string Run::save_from_a(const Texts& hosts) {
  a.set_servers(hosts);
  EXPECT_EQ(a.run({"save", "mysql_servers"}).status, 0);
  return version_of(servers_key);
}

Texts Run::hosts_in_consul() const {
  Texts hosts;
  for (const auto& table : parse_document(consul.value_of(servers_key)).tables) {
    if (table.name != "mysql_servers") continue;
    const auto hostname = table.find("hostname").value();
    for (const auto& row : table.rows) hosts.emplace_back(row[hostname].value());
  }
  return hosts;
}

}  // namespace proxysql_consul::testing
