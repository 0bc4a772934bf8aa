// Random histories of nodes that keep something local, held against a model of their own: no step of the program
// changes a local cell or row, no save makes another node lose what one keeps local, and what is shared arrives. Runs
// are killed at any moment, and no rollback that is loses a local cell of the rows that it removed. HISTORIES_SEED and
// HISTORIES_COUNT choose others than the usual; a failure prints its seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
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

/// What is looked at of a row beside its key.
struct Cells {
  std::string number;
  std::string comment;

  bool operator==(const Cells&) const = default;
};

/// The rows of a table by their keys, with a slash between its columns.
using Content = std::map<std::string, Cells>;

std::string to_text(const Content& content) {
  std::string text;
  for (const auto& [key, cells] : content) text += key + "=" + cells.number + "'" + cells.comment + "' ";
  return text;
}

/// What one node keeps local, as the setting spells it and as a reader of it would understand that.
struct Rule {
  std::string setting;  ///< of the table
  std::function<bool(const std::string&, const Cells&)> is_local;
  bool number = false;
  bool comment = false;
};

bool never(const std::string&, const Cells&) { return false; }

/// What a history is about: one table of one configuration.
struct Subject {
  std::string name;  ///< of both
  std::string words;
  std::vector<std::string> key;
  std::string number;  ///< the column
  std::string query;   ///< of key, number and comment, up to the table's name
  std::string group = {};
  std::string columns;                  ///< of a row that is written
  std::vector<std::string> keys;        ///< of all rows that there can be, as SQL
  std::vector<std::string> conditions;  ///< for the same rows
  std::vector<Rule> rules;
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = {
      {.name = "mysql_servers",
       .words = "MYSQL SERVERS",
       .key = {"hostgroup_id", "hostname"},
       .number = "weight",
       .query = "SELECT hostgroup_id||'/'||hostname,weight,comment FROM ",
       .columns = "hostgroup_id,hostname",
       .keys = {"1,'db0'", "1,'db1'", "1,'db2'", "1,'db3'", "9,'db0'", "9,'db2'"},
       .conditions = {"hostgroup_id=1 AND hostname='db0'", "hostgroup_id=1 AND hostname='db1'",
                      "hostgroup_id=1 AND hostname='db2'", "hostgroup_id=1 AND hostname='db3'",
                      "hostgroup_id=9 AND hostname='db0'", "hostgroup_id=9 AND hostname='db2'"},
       .rules = {{"", never},
                 {R"({"columns":["weight"],"rows":[{"hostgroup_id":"5-9"},{"comment":"mine*"}]})",
                  [](const std::string& key, const Cells& cells) {
                    return key.starts_with("9/") || cells.comment.starts_with("mine");
                  },
                  true},
                 {R"({"columns":["weight","comment"]})", never, true, true},
                 {R"({"rows":[{"hostname":"db[01]","weight":3}]})",
                  [](const std::string& key, const Cells& cells) {
                    return (key.ends_with("/db0") || key.ends_with("/db1")) && cells.number == "3";
                  }}}},
      {.name = "mysql_query_rules",
       .words = "MYSQL QUERY RULES",
       .key = {"rule_id"},
       .number = "destination_hostgroup",
       .query = "SELECT rule_id,destination_hostgroup,comment FROM ",
       .columns = "active,rule_id",
       .keys = {"1,1", "1,2", "1,3", "1,10", "1,900", "1,901"},
       .conditions = {"rule_id=1", "rule_id=2", "rule_id=3", "rule_id=10", "rule_id=900", "rule_id=901"},
       .rules = {{"", never},
                 {R"({"columns":["destination_hostgroup"],"rows":[{"rule_id":"900-999"},{"comment":"mine*"}]})",
                  [](const std::string& key, const Cells& cells) {
                    return key.size() == 3 || cells.comment.starts_with("mine");
                  },
                  true},
                 {R"({"columns":["destination_hostgroup","comment"]})", never, true, true},
                 {R"({"rows":[{"rule_id":"[12]","destination_hostgroup":3}]})",
                  [](const std::string& key, const Cells& cells) {
                    return (key == "1" || key == "2") && cells.number == "3";
                  }}}},
      // Those whose names begin with f have no backend; the others are two rows at runtime.
      {.name = "mysql_users",
       .words = "MYSQL USERS",
       .key = {"username", "backend"},
       .number = "default_hostgroup",
       .query = "SELECT username||'/'||MAX(backend),default_hostgroup,comment FROM ",
       .group = " GROUP BY username",
       .columns = "password,active,frontend,username,backend",
       .keys = {"'p',1,1,'u0',1", "'p',1,1,'u1',1", "'p',1,1,'u2',1", "'p',1,1,'local-u',1", "'p',1,1,'f0',0",
                "'p',1,1,'f1',0"},
       .conditions = {"username='u0' AND backend=1", "username='u1' AND backend=1", "username='u2' AND backend=1",
                      "username='local-u' AND backend=1", "username='f0' AND backend=0", "username='f1' AND backend=0"},
       .rules = {{"", never},
                 {R"({"columns":["default_hostgroup"],"rows":[{"username":"local-*"},{"comment":"mine*"}]})",
                  [](const std::string& key, const Cells& cells) {
                    return key.starts_with("local-") || cells.comment.starts_with("mine");
                  },
                  true},
                 {R"({"columns":["default_hostgroup","comment"]})", never, true, true},
                 {R"({"rows":[{"backend":0,"default_hostgroup":3}]})",
                  [](const std::string& key, const Cells& cells) {
                    return key.starts_with("f") && cells.number == "3";
                  }}}},
  };
  return all;
}

const Cells* in(const Content& content, const std::string& key) {
  const auto found = content.find(key);
  return found == content.end() ? nullptr : &found->second;
}

std::set<std::string> keys_of(const std::vector<const Content*>& all) {
  std::set<std::string> keys;
  for (const auto* content : all) {
    for (const auto& [key, cells] : *content) keys.insert(key);
  }
  return keys;
}

bool is_local(const Rule& rule, const std::string& key, const std::vector<const Content*>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Content* content) {
    const auto* cells = in(*content, key);
    return cells != nullptr && rule.is_local(key, *cells);
  });
}

/// What `shared` says of what is shared and `own` of what is local. What is local in `also` is so in them, too.
Content combined(const Rule& rule, const Content& shared, const Content& own, const Content& also = {}) {
  const std::vector<const Content*> seen = {&shared, &own, &also};
  Content made;
  for (const auto& key : keys_of({&shared, &own})) {
    const auto* there = in(shared, key);
    const auto* here = in(own, key);
    if (is_local(rule, key, seen)) {
      if (here != nullptr) made[key] = *here;
    } else if (there != nullptr) {
      made[key] = *there;
      if (here != nullptr && rule.number) made[key].number = here->number;
      if (here != nullptr && rule.comment) made[key].comment = here->comment;
    }
  }
  return made;
}

class LocalHistory {
 public:
  explicit LocalHistory(unsigned long seed) : random_(seed), subject_(subjects()[seed % subjects().size()]) {
    for (const std::string name : {"a", "b", "c"}) {
      members_.push_back({name, std::make_unique<NodeUnderTest>(consul_, dir_, name)});
      choose_rule(members_.back());
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      auto& member = members_[pick(members_.size())];
      switch (pick(13)) {
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
        case 10: roll_back_what_is_its_own(member); break;
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
    bool has_loaded = false;         ///< the last run did, be it in an attempt that did not come to its end
    Content away = {};               ///< the rows that a rollback removed which has not ended
  };

  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  Content content_in(Member& member, const std::string& table) const {
    Content content;
    for (const auto& row : member.node->engine.execute(subject_.query + table + subject_.group).rows) {
      content[std::string(row[0].value())] = {std::string(row[1].value()), std::string(row[2].value())};
    }
    return content;
  }

  Content memory_of(Member& member) const { return content_in(member, subject_.name); }
  Content runtime_of(Member& member) const { return content_in(member, "runtime_" + subject_.name); }

  Content content_of(const std::string& document) const {
    Content content;
    if (document.empty()) return content;
    for (const auto& table : parse_document(document).tables) {
      if (table.name != subject_.name) continue;
      for (const auto& row : table.rows) {
        const auto cell = [&](const std::string& column) {
          return std::string(row[table.find(column).value()].value());
        };
        std::string key;
        for (const auto& column : subject_.key) key.append(key.empty() ? "" : "/").append(cell(column));
        content[key] = {cell(subject_.number), cell("comment")};
      }
    }
    return content;
  }

  std::string current() { return consul_.value_of(prefix + subject_.name); }

  void tell(const Member& member, const std::string& what) { story_.push_back(member.name + ": " + what); }

  void choose_rule(Member& member) {
    const auto* rule = &subject_.rules[pick(subject_.rules.size())];
    // What was not local then nobody has kept.
    if (rule != member.rule) member.away.clear();
    member.rule = rule;
    const auto setting =
        rule->setting.empty() ? std::string() : R"("keep_local":{")" + subject_.name + "\":" + rule->setting + "},";
    member.node->configure(setting + R"("history_limit":1000)");
    tell(member, "keeps " + setting);
  }

  void edit(Member& member) {
    auto& engine = member.node->engine;
    const auto count = 1 + pick(3);
    for (std::size_t i = 0; i < count; ++i) {
      const auto which = pick(subject_.keys.size());
      const std::vector<std::string> comments = {"", "x", "mine", "mine too"};
      if (pick(4) == 0) {
        engine.execute("DELETE FROM " + subject_.name + " WHERE " + subject_.conditions[which]);
      } else {
        engine.execute("REPLACE INTO " + subject_.name + "(" + subject_.columns + "," + subject_.number +
                       ",comment) VALUES (" + subject_.keys[which] + "," + std::to_string(1 + pick(4)) + ",'" +
                       comments[pick(comments.size())] + "')");
      }
    }
    tell(member, "edits memory to " + to_text(memory_of(member)));
  }

  void load(Member& member) {
    edit(member);
    member.node->execute({"LOAD " + subject_.words + " TO RUNTIME"});
    const bool saves = pick(2) == 0;
    if (saves) member.node->execute({"SAVE " + subject_.words + " TO DISK"});
    // What memory has not goes from disk, too, by whoever says so.
    if (saves) member.away.clear();
    tell(member, saves ? "LOADs it, and SAVEs it to disk" : "LOADs it");
  }

  void restart(Member& member) {
    member.node->clock.turn(std::chrono::minutes(1));
    if (pick(2) == 0) {
      member.node->engine.restart();
    } else {
      member.node->engine.restart_with_disk();
      member.away.clear();
    }
    tell(member, "restarts with " + to_text(runtime_of(member)));
  }

  /// Runs the program; whatever comes of it, what is local stays. `done` are the documents besides `documents` that
  /// were applied or saved where the status is 0.
  Ran run_program(Member& member, const Texts& words, std::vector<const Content*> documents,
                  const std::string& input = {}, const std::vector<const Content*>& done = {}) {
    const auto memory = memory_of(member);
    const auto runtime = runtime_of(member);
    const bool fails = pick(8) == 0;
    if (fails) member.node->engine.fail_statement(1 + pick(40), "no");
    if (pick(8) == 0) member.node->engine.plan(1 + pick(40), Fault::drop);
    member.node->clock.turn(std::chrono::seconds(1));
    member.node->engine.clear_log();
    auto ran = run_or_kill(member, words, input);
    const auto writes = member.node->writes();
    member.has_loaded = std::find(writes.begin(), writes.end(), "LOAD") != writes.end();
    member.node->engine.execute("STANDIN CLEAR");
    std::string line;
    for (const auto& word : words) line += word + " ";
    line += "-> " + std::to_string(ran.status) + " " + ran.out;
    for (const auto& said : ran.err) line += "      " + said + "\n";
    tell(member,
         line + "      runtime " + to_text(runtime_of(member)) + "\n      Consul " + to_text(content_of(current())));
    if (ran.status == 0) documents.insert(documents.end(), done.begin(), done.end());
    // One that was killed may have recorded something, and so does a rollback that is taken back.
    if (ran.status == -1 || (ran.status != 0 && words.front() == "rollback")) member.recorded = nullptr;
    expect_local_untouched(*member.rule, documents, memory, memory, memory_of(member));
    expect_local_untouched(*member.rule, documents, runtime, memory, runtime_of(member));
    // What is refused may be what brings local cells to disk, which is a warning, and no reason to stop.
    note_away(member, words.front() == "rollback" && !fails ? memory : Content());
    return ran;
  }

  /// The status of a run that is killed is -1.
  Ran run_or_kill(Member& member, const Texts& words, const std::string& input) {
    auto left = pick(words.front() == "rollback" ? 2 : 6) == 0 ? 1 + pick(60) : 0;
    const auto count_down = [&left] {
      if (left > 0 && --left == 0) throw Killed();
    };
    member.node->engine.on_statement([&](std::string_view) { count_down(); });
    consul_.on_call = [&](const std::string&) { count_down(); };
    Ran ran{.status = -1, .out = {}, .err = {}};
    try {
      ran = member.node->run(words, input);
    } catch (const Killed&) {
      ran.out = "killed\n";
    }
    member.node->engine.on_statement(nullptr);
    consul_.on_call = nullptr;
    return ran;
  }

  bool is_pending(Member& member) const {
    if (read_file(member.node->state_file()).empty()) return false;
    const auto state = member.node->state();
    const auto* known = state.find(subject_.name);
    return known != nullptr && known->pending;
  }

  /// A rollback that has not ended owes the local cells of those rows of `memory` that are in Consul's document, and
  /// not there any more: they are on disk, whatever was saved to it.
  void note_away(Member& member, const Content& memory) {
    if (!is_pending(member)) {
      member.away.clear();
      return;
    }
    const auto now = memory_of(member);
    for (const auto& [key, cells] : memory) {
      if (in(now, key) == nullptr) member.away[key] = cells;
    }
    const auto document = content_of(current());
    std::erase_if(member.away, [&](const auto& row) { return in(document, row.first) == nullptr; });
    const auto disk = content_in(member, "disk." + subject_.name);
    for (const auto& [key, cells] : member.away) {
      const auto* kept = in(disk, key);
      if (in(now, key) != nullptr || member.rule->is_local(key, cells)) continue;
      if (!member.rule->number && !member.rule->comment) continue;
      ASSERT_NE(kept, nullptr) << "a row is gone with its local cells: " << key;
      EXPECT_TRUE(!member.rule->number || kept->number == cells.number) << "a local number is gone: " << key;
      EXPECT_TRUE(!member.rule->comment || kept->comment == cells.comment) << "a local comment is gone: " << key;
    }
  }

  /// What was `before` is so after, or as it is in `or_this`, memory, which a LOAD may have brought.
  static void expect_local_untouched(const Rule& rule, std::vector<const Content*> seen, const Content& before,
                                     const Content& or_this, const Content& after) {
    seen.push_back(&or_this);
    const auto is_same = [](const Cells* one, const Cells* other) {
      return (one == nullptr) == (other == nullptr) && (one == nullptr || *one == *other);
    };
    for (const auto& key : keys_of({&before, &or_this, &after})) {
      const auto* now = in(after, key);
      if (is_local(rule, key, seen)) {
        EXPECT_TRUE(is_same(now, in(before, key)) || is_same(now, in(or_this, key))) << "a local row changed: " << key;
      } else if (now != nullptr && in(before, key) != nullptr) {
        const auto* edited = in(or_this, key);
        const auto kept = [&](std::string Cells::*cell) {
          // What is not in memory goes, and comes back as the document has it.
          return edited == nullptr || now->*cell == in(before, key)->*cell || now->*cell == edited->*cell;
        };
        EXPECT_TRUE(!rule.number || kept(&Cells::number)) << "a local number changed: " << key;
        EXPECT_TRUE(!rule.comment || kept(&Cells::comment)) << "a local comment changed: " << key;
      }
    }
  }

  void save(Member& member) {
    const std::vector<Texts> choices = {
        {}, {"--if-current"}, {"--if-current", "--allow-shrink"}, {"--force"}, {"--source=memory"}};
    Texts words = {"save", subject_.name};
    const auto& choice = choices[pick(choices.size())];
    words.insert(words.end(), choice.begin(), choice.end());
    const auto before = content_of(current());
    const bool was_there = !current().empty();
    const auto source = choice == Texts{"--source=memory"} ? memory_of(member) : runtime_of(member);
    const auto wanted = combined(*member.rule, source, before);
    const auto ran = run_program(member, words, {&before});
    const auto after = content_of(current());
    EXPECT_TRUE(after == before || after == wanted)
        << "Consul's document is neither as it was nor what this node may make of it: " << to_text(wanted);
    if (ran.status == 0 && (was_there || !current().empty())) {
      EXPECT_EQ(to_text(after), to_text(wanted)) << "said 0";
      member.recorded = member.rule;
    }
  }

  void receive(Member& member) {
    const auto document = content_of(current());
    const auto memory = memory_of(member);
    const auto runtime = runtime_of(member);
    const auto disk = is_pending(member) ? content_in(member, "disk." + subject_.name) : Content();
    const auto choice = pick(3);
    const auto ran = choice == 0
                         ? run_program(member, {"update"}, {&document}, consul_.watch(prefix))
                         : run_program(member, choice == 1 ? Texts{"pull"} : Texts{"pull", "--force"}, {&document});
    if (ran.status != 0 || current().empty()) return;
    const bool says_it_is_here = ran.out.find(subject_.name + ": version") != std::string::npos;
    if ((member.recorded != nullptr && member.recorded != member.rule) || choice == 2) {
      EXPECT_TRUE(says_it_is_here) << "what counted under other settings counts no more";
    }
    member.recorded = member.rule;
    if (!says_it_is_here) return;
    const auto now = runtime_of(member);
    const bool was_loaded = member.has_loaded;
    auto wanted = combined(*member.rule, document, was_loaded ? memory : runtime, runtime);
    for (auto& [key, cells] : wanted) {
      const auto* kept = in(disk, key);
      if (kept == nullptr || in(was_loaded ? memory : runtime, key) != nullptr) continue;
      if (member.rule->number) cells.number = kept->number;
      if (member.rule->comment) cells.comment = kept->comment;
    }
    EXPECT_EQ(to_text(now), to_text(wanted));
  }

  /// A rollback on a node that has something of its own in rows that may go.
  void roll_back_what_is_its_own(Member& member) {
    auto& giver = members_[pick(members_.size())];
    for (int version = 0; version < 2; ++version) {
      load(giver);
      save(giver);
    }
    receive(member);
    const auto number = std::to_string(1 + pick(4));
    member.node->execute({"UPDATE " + subject_.name + " SET " + subject_.number + "=" + number,
                          "LOAD " + subject_.words + " TO RUNTIME"});
    tell(member, "LOADs " + number + " everywhere");
    roll_back(member);
  }

  void roll_back(Member& member) {
    const auto keys = consul_.keys_under(meta + "history/" + subject_.name + "/");
    if (keys.empty()) return;
    const auto& key = keys[pick(keys.size())];
    const auto chosen = content_of(consul_.value_of(key));
    const auto ran =
        run_program(member, {"rollback", subject_.name, key.substr(key.rfind('/') + 1)}, {}, {}, {&chosen});
    if (ran.status == 0) {
      EXPECT_EQ(to_text(content_of(current())), to_text(chosen));
      member.recorded = member.rule;
    }
    if (is_pending(member) && pick(2) == 0) receive(member);
  }

  std::mt19937_64 random_;
  const Subject& subject_;
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
