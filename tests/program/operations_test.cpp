// docs/operations.md, run: every command in it, on nodes with a Consul in memory, and what the page shows is what they
// print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "support/golden.h"
#include "support/key_files.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {
namespace {

constexpr std::string_view page_file = "docs/operations.md";

/// What the page says of one node's settings.
const std::string local_setting =
    R"("keep_local": {"mysql_servers": {"columns": ["weight", "status"], "rows": [{"hostgroup_id": "900-999"}]}})";

const std::string audit_setting =
    R"("configurations": [{"name": "audit_rules", "words": "AUDIT RULES", "tables": ["audit_rules"], "local": ["bind"]}])";

/// The words of a shell's command; only double quotes mean anything.
Texts words_of(const std::string& command) {
  Texts words;
  std::string word;
  bool is_quoted = false;
  for (const char c : command + " ") {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c != ' ' || is_quoted) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

/// Four machines, each with a ProxySQL, an agent and its watch.
class Site {
 public:
  Site() {
    consul.agents.clear();
    for (const std::string host : {"proxy-1", "proxy-2", "proxy-3"}) add(host);
    consul.on_wait = [this](std::chrono::milliseconds) {
      if (deliver()) return true;
      return false;
    };
  }

  NodeUnderTest& node(const std::string& host) {
    if (!nodes_.contains(host)) add(host);
    return *nodes_.at(host);
  }

  /// What has to happen beside the commands, as the page says it in a comment.
  void happen(const std::string& what) {
    static const std::map<std::string, std::function<void(Site&)>> events = {
        {"three servers",
         [](Site& site) {
           auto& first = site.node("proxy-1");
           first.set_servers({"db-1", "db-2", "db-3"});
           EXPECT_EQ(first.run({"save", "mysql_servers", "--message", "as it was"}).status, 0);
         }},
        {"proxy-3: ProxySQL is away", [](Site& site) { site.node("proxy-3").is_away = true; }},
        {"proxy-3: ProxySQL is back",
         [](Site& site) {
           site.node("proxy-3").is_away = false;
           site.node("proxy-3").engine.restart();
         }},
        {"proxy-3: ProxySQL lost its disk", [](Site& site) { site.node("proxy-3").engine.restart_with_disk(); }},
        {"proxy-3: keeps what is its own", [](Site& site) { site.node("proxy-3").configure(local_setting); }},
        {"proxy-3: keeps nothing any more", [](Site& site) { site.node("proxy-3").configure(""); }},
        {"proxy-5, proxy-6: ProxySQL has a plugin",
         [](Site& site) {
           for (const auto* host : {"proxy-5", "proxy-6"}) site.add(host, StandinVersion::plugin);
         }},
        {"proxy-5, proxy-6: the settings name it",
         [](Site& site) {
           for (const auto* host : {"proxy-5", "proxy-6"}) {
             site.node(host).configure(audit_setting + R"(,"accept":["mysql_servers","audit_rules"])");
           }
         }},
        {"proxy-2: its agent has left", [](Site& site) { site.consul.agents[site.node("proxy-2").agent()] = false; }},
    };
    if (what.find(" holds ") != std::string::npos) return give_keys(what);
    const auto found = events.find(what);
    ASSERT_NE(found, events.end()) << what;
    found->second(*this);
    settle();
  }

  /// What a terminal on that host shows of a command.
  std::string run(const std::string& host, const std::string& command, int status) {
    auto& there = node(host);
    turn_clocks();
    const auto ran = there.run(words_of(command));
    EXPECT_EQ(ran.status, status) << host << ": " << command << ::testing::PrintToString(ran.err);
    auto text = ran.out;
    for (const auto& line : ran.err) text += line + "\n";
    settle();
    return with_usual_paths(host, std::move(text));
  }

  FakeConsul consul;

 private:
  /// "proxy-1 holds a, b", "every node holds a, and takes what is plain". The others tell of theirs at once.
  void give_keys(std::string what) {
    const std::string plain = ", and takes what is plain";
    const bool takes_plain = what.ends_with(plain);
    if (takes_plain) what.erase(what.size() - plain.size());
    const std::string holds = " holds ";
    const auto at = what.find(holds);
    Texts ids;
    std::istringstream list(what.substr(at + holds.size()));
    for (std::string id; std::getline(list >> std::ws, id, ',');) ids.push_back(id);
    for (const auto& [host, there] : nodes_) {
      if (what.substr(0, at) != "every node" && what.substr(0, at) != host) continue;
      auto settings = takes_plain ? std::string("\"allow_plaintext\":true") : std::string();
      if (host == "proxy-5" || host == "proxy-6") {
        settings += (settings.empty() ? "" : ",") + audit_setting + R"(,"accept":["mysql_servers","audit_rules"])";
      }
      hold(*there, directory_, ids, settings);
      if (host != "proxy-1" && consul.agents[there->agent()]) there->run({"pull"});
    }
    settle();
  }

  void add(const std::string& host, StandinVersion version = StandinVersion::v2_7) {
    nodes_[host] = std::make_unique<NodeUnderTest>(consul, directory_, host, "", version);
    nodes_[host]->user = "alice";
    const auto number = host.back();
    write_file(nodes_[host]->uuid_file(), std::string(8, number) + "-0000-4000-8000-" + std::string(12, number) + "\n");
    consul.agents[nodes_[host]->agent()] = true;
    turn_clocks();
  }

  /// All clocks go alike.
  void turn_clocks() {
    auto latest = std::chrono::steady_clock::time_point();
    for (const auto& [host, there] : nodes_) latest = std::max(latest, there->clock.steady());
    for (const auto& [host, there] : nodes_) {
      there->clock.turn(std::chrono::duration_cast<std::chrono::milliseconds>(latest - there->clock.steady()));
      there->clock.turn(std::chrono::minutes(1));
    }
  }

  /// The watches of all nodes, one after the other. False where there was nothing new for any.
  bool deliver() {
    bool is_new = false;
    for (const auto& [host, there] : nodes_) {
      const auto found = consul.agents.find(there->agent());
      const bool lives = found != consul.agents.end() && found->second;
      auto now = consul.watch(prefix);
      // Where nothing was done by hand yet, the page shows how that is done.
      const bool is_set_up = host != "proxy-4" || std::filesystem::exists(there->state_file());
      if (!lives || !is_set_up || now == seen_[host]) continue;
      seen_[host] = std::move(now);
      is_new = true;
      const auto on_wait = std::exchange(consul.on_wait, {});
      there->update();
      consul.on_wait = on_wait;
    }
    return is_new;
  }

  void settle() {
    while (deliver()) {
    }
  }

  std::string with_usual_paths(const std::string& host, std::string text) const {
    const std::pair<std::string, std::string> usual[] = {
        {directory_.file(host) + ".cnf", "/etc/proxysql-consul.cnf"},
        {directory_.file(host) + ".uuid", "/var/lib/proxysql/proxysql-consul.uuid"},
        {directory_.file(host) + ".state", "/var/lib/proxysql/proxysql-consul.state"}};
    for (const auto& [from, to] : usual) {
      for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
        at += to.size();
      }
    }
    return text;
  }

  TempDir directory_;
  std::map<std::string, std::unique_ptr<NodeUnderTest>> nodes_;
  std::map<std::string, std::string> seen_;  ///< by each watch
};

/// The page, made anew: its words and commands as they are, and what the commands print.
std::string run_page(const std::string& page) {
  const std::string indent = "    ";
  Site site;
  std::istringstream lines(page);
  std::string made;
  int status = 0;
  std::size_t commands = 0;
  bool is_after_command = false;
  std::string blank;  ///< held back, since it may be within what a command printed
  for (std::string line; std::getline(lines, line);) {
    const auto prompt = line.find("$ proxysql-consul ");
    const auto admin = line.find(" admin> ");
    const bool is_indented = line.starts_with(indent);
    const bool is_prompt = is_indented && (prompt != std::string::npos || admin != std::string::npos);
    if (is_after_command && line.empty()) {
      blank = "\n";
      continue;
    }
    if (is_after_command && is_indented && !is_prompt) {
      blank.clear();
      continue;
    }
    made += std::exchange(blank, {}) + line + "\n";
    is_after_command = false;
    if (is_prompt && prompt != std::string::npos) {
      const auto host = line.substr(indent.size(), prompt - indent.size());
      const auto command = line.substr(prompt + std::string("$ proxysql-consul ").size());
      std::istringstream output(site.run(host, command, std::exchange(status, 0)));
      for (std::string text; std::getline(output, text);) made += (text.empty() ? "" : indent) + text + "\n";
      ++commands;
      is_after_command = true;
    } else if (is_prompt) {
      const auto host = line.substr(indent.size(), admin - indent.size());
      site.node(host).execute({line.substr(admin + std::string(" admin> ").size())});
    } else if (line.starts_with("<!-- ") && line.ends_with(" -->")) {
      const auto what = line.substr(5, line.size() - 9);
      if (what.starts_with("exits with ")) {
        status = what.back() - '0';
      } else {
        site.happen(what);
      }
    }
  }
  EXPECT_GT(commands, 20U);
  return made;
}

TEST(Operations, PageShowsWhatItsCommandsPrint) {
  const auto page = read_file(std::string(PROJECT_SOURCE_PATH "/") + std::string(page_file));
  EXPECT_THAT(page, ::testing::HasSubstr("    " + local_setting + "\n"));
  EXPECT_THAT(page, ::testing::HasSubstr("    " + audit_setting + "\n"));
  expect_file(page_file, run_page(page));
}

}  // namespace
}  // namespace proxysql_consul::testing
