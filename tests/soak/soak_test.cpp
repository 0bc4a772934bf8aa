// Whatever fails, in whatever order, and whatever operators do meanwhile: each node's runtime is some whole version
// that was saved or that its operator LOADed, nothing that was acknowledged is lost, and once the faults end all nodes
// come to the same. SOAK_SEED chooses what happens, SOAK_ROUNDS or SOAK_SECONDS for how long: scripts/soak.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/files.h"
#include "soak/soak_cluster.h"
#include "support/effort.h"
#include "support/seeds.h"

namespace proxysql_consul::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t steps_a_round = 15;
/// Of the versions that were acknowledged so many are looked for: fewer than `history_limit` keeps, since others make
/// versions too.
constexpr std::size_t looked_for = 400;

class Soak {
 public:
  void run_round(unsigned long seed) {
    random_.seed(seed);
    tell("-- round of seed " + std::to_string(seed));
    for (std::size_t step = 0; step < steps_a_round && !::testing::Test::HasFailure(); ++step) {
      heal_some();
      const auto silent_before = silent_;
      if (pick(3) == 0) {
        make_a_fault();
      } else {
        let_an_operator_work();
      }
      ++steps_;
      expect_whole_runtimes();
      // Operators meet servers that are about to choose a leader; who looks afterwards waits for that.
      if (silent_ == silent_before) expect_nothing_lost();
    }
    if (!::testing::Test::HasFailure()) expect_convergence();
    if (::testing::Test::HasFailure()) explain();
  }

  std::string progress() const {
    return std::to_string(steps_) + " steps, " + std::to_string(faults_made_) + " faults, " +
           std::to_string(acknowledged_[0].size() + acknowledged_[1].size()) + " versions acknowledged, Consul asked " +
           std::to_string(asked_) + " times";
  }

 private:
  /// What is wrong with something, and how that is mended.
  struct Fault {
    std::string subject;
    std::size_t steps_left;
    std::function<void()> heal;
  };
  using Versions = std::map<std::uint64_t, bool>;  ///< number in Consul, and whether its content was looked at

  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  SoakNode& any_node() { return *cluster_.nodes[pick(cluster_.nodes.size())]; }
  void tell(const std::string& what) { story_.push_back(what); }
  static std::string name(const SoakNode& node) { return "node " + std::to_string(node.number); }
  static std::string proxysql_of(const SoakNode& node) { return "ProxySQL " + std::to_string(node.number); }

  bool is_faulty(const std::string& subject) const {
    return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) { return fault.subject == subject; });
  }
  bool answers(const SoakNode& node) const { return !is_faulty(proxysql_of(node)); }
  bool reaches_consul(const SoakNode& node) const {
    return !silent_.contains(node.server) && !is_faulty("way of " + name(node));
  }

  // --- faults

  void add_fault(const std::string& subject, const std::string& what, std::function<void()> heal) {
    faults_.push_back({subject, 1 + pick(5), std::move(heal)});
    ++faults_made_;
    tell(subject + ": " + what);
  }

  void heal(Fault fault) {
    tell(fault.subject + ": healed");
    fault.heal();
  }

  void heal_some() {
    for (std::size_t i = 0; i < faults_.size();) {
      if (--faults_[i].steps_left > 0) {
        ++i;
        continue;
      }
      auto fault = std::move(faults_[i]);
      faults_.erase(faults_.begin() + static_cast<std::ptrdiff_t>(i));
      heal(std::move(fault));
    }
  }

  /// Mostly in the middle of a save or of what comes of it on the other nodes.
  void make_a_fault() {
    auto& saver = any_node();
    const auto table = pick(soak_tables.size());
    const std::vector<std::string> words = {"save", soak_tables[table].name};
    std::unique_ptr<Process> saving;
    if (pick(3) > 0 && answers(saver) && reaches_consul(saver)) {
      write_and_load(saver, table);
      offer(saver);
      saving = std::make_unique<Process>(limited(saver, words));
      saving->wait_for(std::chrono::milliseconds(pick(sanitized ? 2000 : 250)));
    }
    const auto kind = pick(10);
    if (kind == 0) {
      // What is acknowledged while a snapshot is restored may be gone with that.
      if (saving) note(saver, words, saving->wait());
      saving.reset();
      take_or_restore_a_snapshot();
    } else {
      let_fail(kind, any_node());
    }
    if (saving) note(saver, words, saving->wait(), "meanwhile");
  }

  void let_fail(std::size_t kind, SoakNode& node) {
    switch (kind) {
      case 1:
      case 2: return consul_fails();
      case 3:
      case 4: return kill_follow(node);
      case 5:
      case 6: return proxysql_fails(node);
      case 7: return disk_fails(node);
      case 8: return cut_off(node);
      default: return some_statement_fails(node);
    }
  }

  /// One server killed, mostly the leader; or one or two that say nothing more.
  void consul_fails() {
    if (is_faulty("Consul")) return;
    const auto first = pick(3) == 0 ? pick(3) : cluster_.leader();
    const auto kind = pick(4);
    silent_ = {first};
    if (kind == 3) silent_.insert((first + 1) % 3);
    if (kind < 2) {
      cluster_.servers[first]->stop();
    } else {
      for (const auto each : silent_) cluster_.servers[each]->halt();
    }
    add_fault("Consul",
              "server " + std::to_string(first + 1) +
                  (kind < 2    ? " is killed"
                   : kind == 2 ? " is silent"
                               : " and another are silent"),
              [this, first, kind] {
                if (kind < 2) {
                  cluster_.servers[first]->start();
                } else {
                  for (const auto each : silent_) cluster_.servers[each]->go_on();
                }
                silent_.clear();
              });
  }

  void kill_follow(SoakNode& node) {
    if (!node.follow || is_faulty("follow of " + name(node))) return;
    node.follow->kill(SIGKILL);
    node.follow->wait();
    node.follow.reset();
    add_fault("follow of " + name(node), "killed", [&node] { node.start_follow(); });
  }

  void proxysql_fails(SoakNode& node) {
    if (!answers(node)) return;
    const auto pid = node.node.proxysql().pid();
    if (pick(2) == 0) {
      ::kill(pid, SIGKILL);
      node.node.proxysql().stop();
      add_fault(proxysql_of(node), "killed", [&node] { node.node.proxysql().start(); });
    } else {
      ::kill(pid, SIGSTOP);
      add_fault(proxysql_of(node), "says nothing", [pid] { ::kill(pid, SIGCONT); });
    }
  }

  void disk_fails(SoakNode& node) {
    const auto subject = "disk of " + name(node);
    if (!answers(node) || is_faulty(subject)) return;
    const bool is_full = pick(2) == 0;
    node.node.query(is_full ? "STANDIN DISK FULL" : "STANDIN DISK READONLY");
    add_fault(subject, is_full ? "full" : "read-only", [this, &node] {
      // A ProxySQL that was started meanwhile has a sound one.
      if (answers(node)) node.node.query("STANDIN DISK OK");
    });
  }

  /// Between a node and its Consul nothing arrives any more.
  void cut_off(SoakNode& node) {
    const auto subject = "way of " + name(node);
    if (is_faulty(subject)) return;
    node.node.connect_to(nobody_.port());
    node.reload_follow();
    add_fault(subject, "leads nowhere", [this, &node] {
      cluster_.connect(node);
      node.reload_follow();
    });
  }

  /// What was acknowledged after the snapshot is forgotten with it.
  void take_or_restore_a_snapshot() {
    if (is_faulty("Consul")) return;
    const auto port = cluster_.servers[pick(3)]->http_port();
    if (snapshot_.empty() || pick(2) == 0) {
      // What other nodes publish by themselves was acknowledged to nobody.
      const auto acknowledged = acknowledged_;
      auto reply = http_request(port, "GET", "/v1/snapshot");
      if (reply.status != 200) return tell("no snapshot: " + reply.body);
      snapshot_ = std::move(reply.body);
      acknowledged_then_ = acknowledged;
      return tell("a snapshot is taken");
    }
    const auto reply = http_request(port, "PUT", "/v1/snapshot", snapshot_);
    tell("the snapshot is restored: " + std::to_string(reply.status) + " " + reply.body);
    // Whatever it answered: it may have been carried out.
    acknowledged_ = acknowledged_then_;
  }

  /// Of whoever comes next: follow, a handler, an operator.
  void some_statement_fails(SoakNode& node) {
    if (!answers(node)) return;
    if (pick(4) == 0) {
      const auto jump = pick(2) == 0 ? "3600" : "-3600";
      node.node.query("STANDIN CLOCK " + std::string(jump));
      return tell(proxysql_of(node) + ": its clock jumps by " + jump + " s");
    }
    const auto statement = std::to_string(1 + pick(40));
    const std::string fault = pick(2) == 0 ? "FAIL " + statement + " planned" : "DROP " + statement;
    node.node.query("STANDIN " + fault);
    tell(proxysql_of(node) + ": STANDIN " + fault);
  }

  // --- operators

  void let_an_operator_work() {
    auto& node = any_node();
    // With one that does not answer little can be done; now and then somebody tries.
    if ((!answers(node) || !reaches_consul(node)) && pick(6) != 0) return;
    const auto table = pick(soak_tables.size());
    const auto& configuration = soak_tables[table].name;
    switch (pick(12)) {
      case 0: write_and_load(node, table); return;
      case 1: run(node, {"rollback", configuration, "-1"}); return;
      case 2: freeze(node); return;
      case 3: run(node, {"pull"}); return;
      case 4:
        offer(node);
        run(node, {"save", configuration});
        return;
      case 5:
        write_and_load(node, table);
        offer(node);
        run(node, {"save", configuration, "--if-current", "--allow-shrink"});
        return;
      case 6: {
        write_and_load(node, 0);
        write_and_load(node, 1);
        offer(node);
        run(node, {"save", soak_tables[0].name, soak_tables[1].name});
        return;
      }
      case 7: save_on_two(node, any_node(), table); return;
      default:
        write_and_load(node, table);
        offer(node);
        run(node, {"save", configuration});
        return;
    }
  }

  /// All sessions of ProxySQL share its memory tables, so that an operator who writes while the program does LOADs a
  /// mixture of the two. Ours waits for the program's lock.
  void write_and_load(SoakNode& node, std::size_t number) {
    if (!answers(node)) return;
    const auto& table = soak_tables[number];
    node.node.query("STANDIN CLEAR");
    try {
      SystemClock clock;
      const FileLock lock(node.node.state_file() + ".lock", 10s, clock);
      const auto n = ++newest_;
      node.node.query("DELETE FROM " + table.name);
      for (std::size_t i = 1; i <= rows_of(n); ++i) node.node.query(row_of(table, i, n));
      node.loaded[number].insert(n);
      if (node.publishes && number == 0) offered_[0].insert(n);
      node.node.query("LOAD " + table.words + " TO RUNTIME");
      if (pick(2) == 0) node.node.query("SAVE " + table.words + " TO DISK");
      tell(name(node) + ": LOADs " + table.name + " " + std::to_string(n));
    } catch (const Locked& error) {
      tell(name(node) + ": " + error.what());
    }
  }

  /// What a save of this node may bring to the others.
  void offer(const SoakNode& node) {
    for (std::size_t i = 0; i < offered_.size(); ++i) {
      offered_[i].insert(node.loaded[i].begin(), node.loaded[i].end());
    }
  }

  void freeze(SoakNode& node) {
    if (is_faulty("freeze")) return;
    if (run(node, {"freeze", "--reason", "soak"}).exit_code != 0) return;
    add_fault("freeze", "by " + name(node), [this, &node] { run_to_its_end(node, {"thaw"}); });
  }

  void save_on_two(SoakNode& one, SoakNode& other, std::size_t table) {
    if (&one == &other) return;
    for (auto* node : {&one, &other}) {
      write_and_load(*node, table);
      offer(*node);
    }
    const std::vector<std::string> words = {"save", soak_tables[table].name};
    auto options = one.node.command(words);
    options.limit = patience;
    Process first(std::move(options));
    note(other, words, run_process(limited(other, words)));
    note(one, words, first.wait());
  }

  ProcessOptions limited(const SoakNode& node, const std::vector<std::string>& words) const {
    auto options = node.node.command(words);
    options.limit = patience;
    return options;
  }

  /// Runs a command, of which some end early, and some meet a failure.
  ProcessResult run(SoakNode& node, const std::vector<std::string>& words) {
    auto options = limited(node, words);
    const auto statement = std::to_string(1 + pick(30));
    const auto kind = pick(12);
    if (kind == 0) options.limit = std::chrono::milliseconds(1 + pick(sanitized ? 1500 : 150));
    if (kind == 1) {
      // The output goes through a pipe, for it must not meet the limit itself.
      std::string line = "(trap '' XFSZ; ulimit -f 0; exec";
      for (const auto& word : options.argv) line += " '" + word + "'";
      options.argv = {"/bin/sh", "-c", line + ") 2>&1 | cat"};
    }
    std::string fault;
    if (answers(node) && kind == 2) fault = "KILL " + statement;
    if (answers(node) && kind == 3) fault = "FAIL " + statement + " planned";
    if (answers(node) && kind == 4) fault = "DROP " + statement;
    if (answers(node) && kind == 5) fault = "EXIT " + statement;
    if (!fault.empty()) node.node.query("STANDIN " + fault);
    auto result = run_process(std::move(options));
    if (!fault.empty()) end_plan(node);
    note(node, words, result, kind == 1 ? "on a full disk" : fault);
    return result;
  }

  ProcessResult run_to_its_end(SoakNode& node, const std::vector<std::string>& words) {
    auto result = node.node.run(words);
    note(node, words, result);
    return result;
  }

  void end_plan(SoakNode& node) {
    try {
      node.node.query("STANDIN CLEAR");
    } catch (const Unavailable&) {
      node.node.proxysql().stop();
      node.node.proxysql().start();
      tell(proxysql_of(node) + ": ended, and started again");
    }
  }

  /// Whatever is said to be in Consul counts as acknowledged, also by a run that failed after that.
  void note(const SoakNode& node, const std::vector<std::string>& words, const ProcessResult& result,
            const std::string& how = {}) {
    check_no_secret(result.out + result.err);
    std::string line = name(node) + ":";
    for (const auto& word : words) line.append(" ").append(word);
    tell(line + " " + how + " -> " + std::to_string(result.exit_code) + " " + result.out + result.err);
    EXPECT_NE(result.exit_code, 1) << "an internal error";
    static const std::regex saved("(mysql_\\w+): [^\\n]*(?:saved as|holds it as|holds the same as) version ([0-9]+)");
    for (std::sregex_iterator at(result.out.begin(), result.out.end(), saved), end; at != end; ++at) {
      for (std::size_t i = 0; i < soak_tables.size(); ++i) {
        if (at->str(1) == soak_tables[i].name) acknowledged_[i].try_emplace(std::stoull(at->str(2)), false);
      }
    }
  }

  // --- what has to hold

  void expect_whole_runtimes() {
    for (auto& node : cluster_.nodes) {
      if (node->follow && node->follow->wait_for(0ms)) {
        const auto ended = node->follow->wait();
        // By a statement that kills whoever sends it.
        EXPECT_EQ(ended.signal, SIGKILL) << name(*node) << ": follow ended: " << ended.exit_code << ended.err;
        node->start_follow();
      }
      if (!answers(*node)) continue;
      for (std::size_t i = 0; i < soak_tables.size(); ++i) expect_whole_runtime(*node, i);
    }
  }

  void expect_whole_runtime(SoakNode& node, std::size_t table) {
    std::optional<unsigned long> n;
    std::string text;
    // A planned failure can meet this, too.
    for (int tries = 0; tries < 3; ++tries) {
      try {
        n = node.runtime(soak_tables[table]);
        if (!n) text = node.describe_runtime(soak_tables[table]);
        break;
      } catch (const Error& error) {
        ASSERT_LT(tries, 2) << error.what();
      }
    }
    ASSERT_TRUE(n) << name(node) << " has a mixture of " << soak_tables[table].name << ": " << text;
    EXPECT_TRUE(offered_[table].contains(*n) || node.loaded[table].contains(*n))
        << name(node) << " has " << soak_tables[table].name << ' ' << *n << ", which nobody saved";
  }

  /// A server that can answer; nothing where most are silent.
  std::optional<std::size_t> answering() const {
    if (silent_.size() > 1) return std::nullopt;
    return silent_.contains(0) ? 1 : 0;
  }

  void expect_nothing_lost() {
    const auto server = answering();
    if (!server) return;
    const auto store = cluster_.store(*server);
    for (std::size_t i = 0; i < soak_tables.size(); ++i) {
      try {
        expect_nothing_lost(*store, i);
      } catch (const Unavailable&) {
        // While the servers choose a leader none answers.
        if (!has_leader(*server)) return;
        expect_nothing_lost(*store, i);
      }
    }
  }

  /// After a while. Where one of three servers is away, and a snapshot was restored before, Consul 1.8 may find no
  /// leader until that one is back: then there is nobody to ask.
  bool has_leader(std::size_t server) {
    try {
      cluster_.servers[server]->await();
      return true;
    } catch (const std::runtime_error&) {
      if (!is_faulty("Consul")) throw;
      tell("Consul finds no leader");
      return false;
    }
  }

  void expect_nothing_lost(KvStore& store, std::size_t i) {
    const auto& table = soak_tables[i];
    // The current one first: once it is replaced it is in the history.
    const auto current = store.get("proxysql/" + table.name);
    const std::string history = "proxysql-meta/history/" + table.name + "/";
    const auto listed = store.keys(history);
    const std::set<std::string> kept(listed.begin(), listed.end());
    ++asked_;
    if (current) expect_whole(table, i, current->value);
    std::size_t looked = 0;
    for (auto at = acknowledged_[i].rbegin(); at != acknowledged_[i].rend() && looked < looked_for; ++at, ++looked) {
      const auto version = at->first;
      const bool is_current = current && current->modify_index == version;
      EXPECT_TRUE(is_current || kept.contains(history + std::to_string(version)))
          << table.name << ": version " << version << " was acknowledged, and is lost";
      if (at->second) continue;
      const auto old = is_current ? current : store.get(history + std::to_string(version));
      if (old) expect_whole(table, i, old->value);
      at->second = true;
    }
  }

  void expect_whole(const SoakTable& table, std::size_t i, const std::string& document) {
    const auto n = version_in(document, table);
    EXPECT_TRUE(n && offered_[i].contains(*n)) << "Consul holds what nobody saved: " << document;
  }

  void save_a_last_time(SoakNode& saver, std::size_t table) {
    write_and_load(saver, table);
    last_load_ = newest_;
    offer(saver);
    auto saved = run_to_its_end(saver, {"save", soak_tables[table].name});
    if (saved.exit_code == 8) {
      // A freeze that was killed comes late, with the server that it was sent to.
      EXPECT_EQ(run_to_its_end(saver, {"thaw"}).exit_code, 0);
      saved = run_to_its_end(saver, {"save", soak_tables[table].name});
    }
    EXPECT_EQ(saved.exit_code, 0) << saved.err;
  }

  bool is_last_load_in_consul(std::size_t table) {
    const auto entry = cluster_.store(0)->get("proxysql/" + soak_tables[table].name);
    return entry && last_load_ > 0 && version_in(entry->value, soak_tables[table]) == last_load_;
  }

  /// Once nothing fails any more, and after one last save, all nodes have the same without another command.
  void expect_convergence() {
    tell("-- all faults end");
    while (!faults_.empty()) {
      // Consul first, and whoever is to thaw has to reach it.
      auto found =
          std::find_if(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.subject != "freeze"; });
      if (found == faults_.end()) found = faults_.begin();
      auto fault = std::move(*found);
      faults_.erase(found);
      heal(std::move(fault));
    }
    for (auto& node : cluster_.nodes) {
      node->node.execute({"STANDIN CLEAR", "STANDIN DISK OK"});
      node->node.change_settings(R"({"retry_seconds":30})");
    }
    // Consul tries a watch that failed again after up to three minutes; told to reload, at once.
    for (auto& server : cluster_.servers) server->reload();
    auto& saver = any_node();
    EXPECT_EQ(run_to_its_end(saver, {"thaw"}).exit_code, 0);
    for (std::size_t i = 0; i < soak_tables.size(); ++i) {
      // A version that was on its way here may come between the LOAD and its save, and is what then is saved.
      last_load_ = 0;
      for (int tries = 0; tries < 5 && !is_last_load_in_consul(i); ++tries) save_a_last_time(saver, i);
    }
    for (std::size_t i = 0; i < soak_tables.size(); ++i) {
      const auto entry = cluster_.store(0)->get("proxysql/" + soak_tables[i].name);
      ASSERT_TRUE(entry);
      const auto wanted = version_in(entry->value, soak_tables[i]);
      ASSERT_TRUE(wanted);
      for (auto& node : cluster_.nodes) {
        const auto arrives = [&] { return node->runtime(soak_tables[i]) == wanted; };
        // Such a freeze can come later still, when it stops all of them.
        if (!node->node.wait_until(arrives, 20s)) run_to_its_end(saver, {"thaw"});
        EXPECT_TRUE(node->node.wait_until(arrives, 60s))
            << name(*node) << " does not come to " << soak_tables[i].name << ' ' << *wanted << ", it has "
            << node->describe_runtime(soak_tables[i]);
      }
      const auto waited = run_to_its_end(saver, {"save", soak_tables[i].name, "--wait=50"});
      EXPECT_EQ(waited.exit_code, 0) << waited.out << waited.err;
    }
    const auto status = run_to_its_end(saver, {"status"});
    EXPECT_EQ(status.exit_code, 0) << status.out << status.err;
    expect_whole_runtimes();
    expect_nothing_lost();
    for (auto& node : cluster_.nodes) node->node.change_settings(R"({"retry_seconds":3})");
  }

  void explain() {
    constexpr std::size_t last = 120;
    for (std::size_t i = story_.size() > last ? story_.size() - last : 0; i < story_.size(); ++i) {
      std::fprintf(stderr, "  %s\n", story_[i].c_str());
    }
    for (auto& node : cluster_.nodes) {
      auto said = node->follow ? node->follow->err() : node->node.handler_output();
      if (said.size() > 6000) said.erase(0, said.size() - 6000);
      std::fprintf(stderr, "--- %s says:\n%s\nstate: %s\n", name(*node).c_str(), said.c_str(),
                   node->node.state().c_str());
    }
  }

  /// Whoever waits for longer ends it, and hard.
  static constexpr std::chrono::milliseconds patience = sanitized ? 15s : 5s;

  std::mt19937_64 random_;
  SoakCluster cluster_;
  SilentServer nobody_;
  std::vector<Fault> faults_;
  std::set<std::size_t> silent_;  ///< the Consul servers that do not answer
  std::string snapshot_;
  unsigned long newest_ = 0;
  unsigned long last_load_ = 0;                                      ///< of save_a_last_time()
  std::array<std::set<unsigned long>, soak_tables.size()> offered_;  ///< all that a save may have brought to Consul
  std::array<Versions, soak_tables.size()> acknowledged_;
  std::array<Versions, soak_tables.size()> acknowledged_then_;  ///< when the snapshot was taken
  std::vector<std::string> story_;
  std::size_t steps_ = 0;
  std::size_t faults_made_ = 0;
  std::size_t asked_ = 0;
};

TEST(Soak, LosesNothingAndMixesNothingWhateverFails) {
  const auto seed = number_from_environment("SOAK_SEED", 1);
  const auto seconds = number_from_environment("SOAK_SECONDS", 0);
  const auto rounds = number_from_environment("SOAK_ROUNDS", sanitized ? 1 : 3);
  const auto begun = std::chrono::steady_clock::now();
  auto told = begun;
  Soak soak;
  for (unsigned long round = 0; !HasFailure(); ++round) {
    const auto now = std::chrono::steady_clock::now();
    if (seconds > 0 ? now - begun >= std::chrono::seconds(seconds) : round == rounds) break;
    if (round == 0 || now - told >= 60s) {
      std::printf("SOAK_SEED=%lu, round %lu: %s\n", seed, round + 1, soak.progress().c_str());
      std::fflush(stdout);
      told = now;
    }
    SCOPED_TRACE("SOAK_SEED=" + std::to_string(seed) + " SOAK_ROUNDS=" + std::to_string(round + 1));
    soak.run_round(seed + round);
  }
  std::printf("SOAK_SEED=%lu: %s\n", seed, soak.progress().c_str());
}

}  // namespace
}  // namespace proxysql_consul::testing
