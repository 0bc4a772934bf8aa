// Random histories of nodes that keep something local, held against a model of their own: no step of the program
// changes a local cell or row, no save makes another node lose what one keeps local, and what is shared arrives.
// HISTORIES_SEED and HISTORIES_COUNT choose others than the usual; a failure prints its seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/model/document.h"
#include "support/effort.h"
#include "support/program_node.h"
#include "support/seeds.h"

namespace proxysql_consul::testing {
namespace {

struct Server {
  std::string weight;
  std::string comment;

  bool operator==(const Server&) const = default;
};

/// By "hostgroup/host".
using Servers = std::map<std::string, Server>;

std::string to_text(const Servers& servers) {
  std::string text;
  for (const auto& [key, server] : servers) text += key + "=" + server.weight + "'" + server.comment + "' ";
  return text;
}

/// What one node keeps local, as the setting spells it and as a reader of it would understand that.
struct Rule {
  std::string setting;
  std::function<bool(const std::string&, const Server&)> is_local;
  bool weight = false;
  bool comment = false;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"", [](const std::string&, const Server&) { return false; }},
      {R"("keep_local":{"mysql_servers":{"columns":["weight"],"rows":[{"hostgroup_id":"5-9"},{"comment":"mine*"}]}},)",
       [](const std::string& key, const Server& server) {
         return key.starts_with("9/") || server.comment.starts_with("mine");
       },
       true},
      {R"("keep_local":{"mysql_servers":{"columns":["weight","comment"]}},)",
       [](const std::string&, const Server&) { return false; }, true, true},
      {R"("keep_local":{"mysql_servers":{"rows":[{"hostname":"db[01]","weight":3}]}},)",
       [](const std::string& key, const Server& server) {
         return (key.ends_with("/db0") || key.ends_with("/db1")) && server.weight == "3";
       }},
  };
  return all;
}

const Server* in(const Servers& servers, const std::string& key) {
  const auto found = servers.find(key);
  return found == servers.end() ? nullptr : &found->second;
}

std::set<std::string> keys_of(const std::vector<const Servers*>& all) {
  std::set<std::string> keys;
  for (const auto* servers : all) {
    for (const auto& [key, server] : *servers) keys.insert(key);
  }
  return keys;
}

bool is_local(const Rule& rule, const std::string& key, const std::vector<const Servers*>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Servers* servers) {
    const auto* server = in(*servers, key);
    return server != nullptr && rule.is_local(key, *server);
  });
}

/// What `shared` says of what is shared and `own` of what is local.
Servers combined(const Rule& rule, const Servers& shared, const Servers& own) {
  const std::vector<const Servers*> seen = {&shared, &own};
  Servers made;
  for (const auto& key : keys_of({&shared, &own})) {
    const auto* there = in(shared, key);
    const auto* here = in(own, key);
    if (is_local(rule, key, seen)) {
      if (here != nullptr) made[key] = *here;
    } else if (there != nullptr) {
      made[key] = *there;
      if (here != nullptr && rule.weight) made[key].weight = here->weight;
      if (here != nullptr && rule.comment) made[key].comment = here->comment;
    }
  }
  return made;
}

class LocalHistory {
 public:
  explicit LocalHistory(unsigned long seed) : random_(seed) {
    for (const std::string name : {"a", "b", "c"}) {
      members_.push_back({name, std::make_unique<NodeUnderTest>(consul_, dir_, name)});
      choose_rule(members_.back());
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      auto& member = members_[pick(members_.size())];
      switch (pick(12)) {
        case 0: choose_rule(member); break;
        case 1: edit(member); break;
        case 2:
        case 3:
        case 4: load(member); break;
        case 5: restart(member); break;
        case 6:
        case 7:
        case 8: save(member); break;
        case 9: roll_back(member); break;
        default: receive(member); break;
      }
    }
    if (::testing::Test::HasFailure()) {
      for (const auto& line : story_) std::fprintf(stderr, "  %s\n", line.c_str());
    }
  }

 private:
  struct Member {
    std::string name;
    std::unique_ptr<NodeUnderTest> node;
    const Rule* rule = nullptr;
    const Rule* recorded = nullptr;  ///< under which what is recorded came to be
  };

  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  static Servers servers_in(Member& member, const std::string& table) {
    Servers servers;
    for (const auto& row :
         member.node->engine.execute("SELECT hostgroup_id, hostname, weight, comment FROM " + table).rows) {
      servers[std::string(row[0].value()) + "/" + std::string(row[1].value())] = {std::string(row[2].value()),
                                                                                  std::string(row[3].value())};
    }
    return servers;
  }

  static Servers memory_of(Member& member) { return servers_in(member, "mysql_servers"); }
  static Servers runtime_of(Member& member) { return servers_in(member, "runtime_mysql_servers"); }

  static Servers servers_of(const std::string& document) {
    Servers servers;
    if (document.empty()) return servers;
    for (const auto& table : parse_document(document).tables) {
      if (table.name != "mysql_servers") continue;
      for (const auto& row : table.rows) {
        const auto cell = [&](const char* column) { return std::string(row[table.find(column).value()].value()); };
        servers[cell("hostgroup_id") + "/" + cell("hostname")] = {cell("weight"), cell("comment")};
      }
    }
    return servers;
  }

  std::string current() { return consul_.value_of(servers_key); }

  void tell(const Member& member, const std::string& what) { story_.push_back(member.name + ": " + what); }

  void choose_rule(Member& member) {
    const auto* rule = &rules()[pick(rules().size())];
    member.rule = rule;
    member.node->configure(rule->setting + R"("history_limit":1000)");
    tell(member, "keeps " + rule->setting);
  }

  void edit(Member& member) {
    auto& engine = member.node->engine;
    const auto count = 1 + pick(3);
    for (std::size_t i = 0; i < count; ++i) {
      const auto key =
          "hostgroup_id=" + std::string(pick(3) == 0 ? "9" : "1") + " AND hostname='db" + std::to_string(pick(4)) + "'";
      const std::vector<std::string> comments = {"", "x", "mine", "mine too"};
      switch (pick(4)) {
        case 0: engine.execute("DELETE FROM mysql_servers WHERE " + key); break;
        default:
          engine.execute("REPLACE INTO mysql_servers(hostgroup_id,hostname,weight,comment) VALUES (" +
                         std::string(pick(3) == 0 ? "9" : "1") + ",'db" + std::to_string(pick(4)) + "'," +
                         std::to_string(1 + pick(4)) + ",'" + comments[pick(comments.size())] + "')");
      }
    }
    tell(member, "edits memory to " + to_text(memory_of(member)));
  }

  void load(Member& member) {
    edit(member);
    member.node->execute({"LOAD MYSQL SERVERS TO RUNTIME"});
    if (pick(2) == 0) member.node->execute({"SAVE MYSQL SERVERS TO DISK"});
    tell(member, "LOADs it");
  }

  void restart(Member& member) {
    member.node->clock.turn(std::chrono::minutes(1));
    if (pick(2) == 0) {
      member.node->engine.restart();
    } else {
      member.node->engine.restart_with_disk();
    }
    tell(member, "restarts with " + to_text(runtime_of(member)));
  }

  /// Runs the program; whatever comes of it, what is local stays. `done` are the documents besides `documents` that
  /// were applied or saved where the status is 0.
  Ran run_program(Member& member, const Texts& words, std::vector<const Servers*> documents,
                  const std::string& input = {}, const std::vector<const Servers*>& done = {}) {
    const auto memory = memory_of(member);
    const auto runtime = runtime_of(member);
    if (pick(8) == 0) member.node->engine.fail_statement(1 + pick(40), "no");
    if (pick(8) == 0) member.node->engine.plan(1 + pick(40), Fault::drop);
    member.node->clock.turn(std::chrono::seconds(1));
    auto ran = member.node->run(words, input);
    member.node->engine.execute("STANDIN CLEAR");
    std::string line;
    for (const auto& word : words) line += word + " ";
    line += "-> " + std::to_string(ran.status) + " " + ran.out;
    for (const auto& said : ran.err) line += "      " + said + "\n";
    tell(member,
         line + "      runtime " + to_text(runtime_of(member)) + "\n      Consul " + to_text(servers_of(current())));
    if (ran.status == 0) documents.insert(documents.end(), done.begin(), done.end());
    expect_local_untouched(*member.rule, documents, memory, memory, memory_of(member));
    expect_local_untouched(*member.rule, documents, runtime, memory, runtime_of(member));
    return ran;
  }

  /// What was `before` is so after, or as it is in `or_this`, memory, which a LOAD may have brought.
  static void expect_local_untouched(const Rule& rule, std::vector<const Servers*> seen, const Servers& before,
                                     const Servers& or_this, const Servers& after) {
    seen.push_back(&or_this);
    const auto is_same = [](const Server* one, const Server* other) {
      return (one == nullptr) == (other == nullptr) && (one == nullptr || *one == *other);
    };
    for (const auto& key : keys_of({&before, &or_this, &after})) {
      const auto* now = in(after, key);
      if (is_local(rule, key, seen)) {
        EXPECT_TRUE(is_same(now, in(before, key)) || is_same(now, in(or_this, key))) << "a local row changed: " << key;
      } else if (now != nullptr && in(before, key) != nullptr) {
        const auto* edited = in(or_this, key);
        const auto kept = [&](std::string Server::*cell) {
          // What is not in memory goes, and comes back as the document has it.
          return now->*cell == in(before, key)->*cell || edited == nullptr || now->*cell == edited->*cell;
        };
        EXPECT_TRUE(!rule.weight || kept(&Server::weight)) << "a local weight changed: " << key;
        EXPECT_TRUE(!rule.comment || kept(&Server::comment)) << "a local comment changed: " << key;
      }
    }
  }

  void save(Member& member) {
    const std::vector<Texts> choices = {
        {}, {"--if-current"}, {"--if-current", "--allow-shrink"}, {"--force"}, {"--source=memory"}};
    Texts words = {"save", "mysql_servers"};
    const auto& choice = choices[pick(choices.size())];
    words.insert(words.end(), choice.begin(), choice.end());
    const auto before = servers_of(current());
    const bool was_there = !current().empty();
    const auto source = choice == Texts{"--source=memory"} ? memory_of(member) : runtime_of(member);
    const auto wanted = combined(*member.rule, source, before);
    const auto ran = run_program(member, words, {&before});
    const auto after = servers_of(current());
    EXPECT_TRUE(after == before || after == wanted)
        << "Consul's document is neither as it was nor what this node may make of it: " << to_text(wanted);
    if (ran.status == 0 && (was_there || !current().empty())) {
      EXPECT_EQ(to_text(after), to_text(wanted)) << "said 0";
      member.recorded = member.rule;
    }
  }

  void receive(Member& member) {
    const auto document = servers_of(current());
    const auto memory = memory_of(member);
    const auto runtime = runtime_of(member);
    const auto choice = pick(3);
    const auto ran = choice == 0
                         ? run_program(member, {"update"}, {&document}, consul_.watch(prefix))
                         : run_program(member, choice == 1 ? Texts{"pull"} : Texts{"pull", "--force"}, {&document});
    if (ran.status != 0 || current().empty()) return;
    const bool says_it_is_here = ran.out.find("mysql_servers: version") != std::string::npos;
    if ((member.recorded != nullptr && member.recorded != member.rule) || choice == 2) {
      EXPECT_TRUE(says_it_is_here) << "what counted under other settings counts no more";
    }
    member.recorded = member.rule;
    if (!says_it_is_here) return;
    const auto now = runtime_of(member);
    const bool was_loaded = ran.out.find(": applied (N ms)") != std::string::npos;
    EXPECT_EQ(to_text(now), to_text(combined(*member.rule, document, was_loaded ? memory : runtime)));
  }

  void roll_back(Member& member) {
    const auto keys = consul_.keys_under(meta + "history/mysql_servers/");
    if (keys.empty()) return;
    const auto& key = keys[pick(keys.size())];
    const auto chosen = servers_of(consul_.value_of(key));
    const auto ran =
        run_program(member, {"rollback", "mysql_servers", key.substr(key.rfind('/') + 1)}, {}, {}, {&chosen});
    if (ran.status == 0) {
      EXPECT_EQ(to_text(servers_of(current())), to_text(chosen));
      member.recorded = member.rule;
    }
  }

  std::mt19937_64 random_;
  FakeConsul consul_;
  TempDir dir_{memory_directory()};
  std::vector<Member> members_;
  Texts story_;
};

/// A part of the seeds each, so that they can run side by side.
class LocalHistories : public ::testing::TestWithParam<unsigned long> {};

constexpr unsigned long parts = 4;

INSTANTIATE_TEST_SUITE_P(Parts, LocalHistories, ::testing::Range(0UL, parts));

TEST_P(LocalHistories, ChangeNothingThatIsLocalAndLoseNothingThatIsShared) {
  constexpr unsigned long usual = sanitized ? 40 : 600;
  run_seeds(GetParam(), parts, usual, [](unsigned long seed) { LocalHistory(seed).run(15); });
}

}  // namespace
}  // namespace proxysql_consul::testing
