// A node for the tests of the whole program: a stand-in ProxySQL, the program's files, and runs of the program there
// with a Consul in memory. No process, no socket, no waiting.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proxysql_consul/model/state_json.h"
#include "proxysql_consul/node/settings.h"
#include "proxysql_consul/proxysql/admin_session.h"
#include "standin/standin_engine.h"
#include "support/fake_clock.h"
#include "support/fake_kv_store.h"
#include "support/process.h"

namespace proxysql_consul::testing {

using Texts = std::vector<std::string>;

inline const std::string prefix = "proxysql/";
inline const std::string meta = "proxysql-meta/";
inline const std::string servers_key = "proxysql/mysql_servers";
inline const std::string rules_key = "proxysql/mysql_query_rules";
inline const std::string users_key = "proxysql/mysql_users";

struct Ran {
  int status;
  std::string out;  ///< with times in it as "(N ms)"
  Texts err;        ///< lines, without the time
};

/// What a callback throws to kill a run: the program catches only what it knows, and nothing of it goes on from there.
struct Killed {};

class NodeUnderTest {
 public:
  NodeUnderTest(FakeConsul& consul, const TempDir& dir, std::string host, const std::string& more_settings = {},
                StandinVersion version = StandinVersion::v2_7);

  /// Writes the settings file anew; `more_settings` are members of a JSON object.
  void configure(const std::string& more_settings);

  Ran run(Texts words, const std::string& input = {});
  /// Runs update as a watch would.
  Ran update() { return run({"update"}, consul_.watch(prefix)); }

  void execute(const Texts& statements);
  /// Makes the servers of the runtime those of that hostgroup.
  void set_servers(const Texts& hosts);
  Texts servers();
  /// The statements of the program that changed something, by their first word.
  Texts writes();

  /// The name of its Consul agent.
  std::string agent() const { return "agent-of-" + host_; }
  std::string uuid_file() const { return base_ + ".uuid"; }
  std::string settings_file() const { return base_ + ".cnf"; }
  std::string state_file() const { return base_ + ".state"; }
  std::string uuid() const { return read_file(uuid_file()).substr(0, 36); }
  State state() const { return parse_state(read_file(state_file()), "state"); }

  StandinEngine engine;
  bool is_away = false;
  std::vector<AdminOptions> opened;
  std::string user;  ///< who runs the program
  std::chrono::seconds bound{0};
  std::vector<std::chrono::seconds> bounds;  ///< all of the last run, the first of them for reading the settings
  FakeClock clock;
  Environment::Variables environment;
  std::function<bool()> take_reload;
  std::optional<std::chrono::milliseconds> watchdog;
  std::vector<std::string> notified;          ///< what the service manager was told
  bool has_reader = true;                     ///< of what its runs write
  std::optional<std::size_t> terminal_width;  ///< of what its runs write to; nothing for a file

 private:
  FakeConsul& consul_;
  std::string host_;
  std::string base_;
};

/// Two nodes and their Consul.
class Run : public ::testing::Test {
 protected:
  FakeConsul consul;
  TempDir dir;
  NodeUnderTest a{consul, dir, "host-a"};
  NodeUnderTest b{consul, dir, "host-b"};

  /// A saves these servers; the version that this is.
  std::string save_from_a(const Texts& hosts);

  std::string version_of(const std::string& key) { return std::to_string(consul.entries.at(key).modify_index); }

  /// The servers of the document in Consul.
  Texts hosts_in_consul() const;

  Texts history() { return consul.keys_under(meta + "history/"); }
  Texts blobs() { return consul.keys_under(meta + "blob/"); }
};

}  // namespace proxysql_consul::testing
