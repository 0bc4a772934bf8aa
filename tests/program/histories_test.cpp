// Random histories of three nodes and their Consul, held against a simple model: whatever happens, no version is lost
// or reverted unless somebody asked for it, no runtime is anything but a whole version or what its operator LOADed, and
// what is said with status 0 is true. HISTORIES_SEED and HISTORIES_COUNT choose others; a failure prints its seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "proxysql_consul/model/document.h"
#include "support/effort.h"
#include "support/fake_kv_store.h"
#include "support/process.h"
#include "support/program_node.h"
#include "support/seeds.h"

namespace proxysql_consul::testing {
namespace {

/// The servers, as "host/weight", sorted.
using Content = std::vector<std::string>;

/// A process that was killed: nothing catches it but the test.
struct Killed {};

Content content_of(const std::string& text) {
  Content content;
  for (const auto& table : parse_document(text).tables) {
    if (table.name != "mysql_servers") continue;
    for (const auto& row : table.rows) {
      const auto cell = [&](const char* column) { return std::string(row[table.find(column).value()].value()); };
      content.push_back(cell("hostname") + "/" + cell("weight"));
    }
  }
  std::sort(content.begin(), content.end());
  return content;
}

class History {
 public:
  explicit History(unsigned long seed) : random_(seed) {
    for (const std::string name : {"a", "b", "old"}) {
      const auto version = name == "old" ? StandinVersion::v1_1 : StandinVersion::v2_7;
      nodes_.push_back(
          {.node = std::make_unique<NodeUnderTest>(consul_, dir_, name, R"("history_limit":1000)", version),
           .tells_starts = name != "old"});
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      auto& node = nodes_[pick(nodes_.size())];
      node.node->clock.turn(std::chrono::seconds(pick(2) == 0 ? 1 : 60));
      do_something(node);
      for (auto& each : nodes_) expect_whole_runtime(each);
    }
    if (::testing::Test::HasFailure()) {
      for (const auto& line : story_) std::fprintf(stderr, "  %s\n", line.c_str());
    }
  }

 private:
  struct Member {
    std::unique_ptr<NodeUnderTest> node;
    bool tells_starts = true;
    std::set<Content> loaded = {{}};         ///< what its operator ever LOADed, or had on disk
    std::optional<std::uint64_t> base = {};  ///< the version from which its runtime comes, by what happened to it
  };

  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  void tell(const Member& member, const std::string& what) {
    const auto name = member.node.get() == nodes_[0].node.get()   ? "a"
                      : member.node.get() == nodes_[1].node.get() ? "b"
                                                                  : "old";
    story_.push_back(std::string(name) + ": " + what);
  }

  static Content content_in(NodeUnderTest& node, const std::string& table) {
    Content content;
    for (const auto& row : node.engine.execute("SELECT hostname, weight FROM " + table).rows) {
      content.push_back(std::string(row[0].value()).append("/").append(row[1].value()));
    }
    std::sort(content.begin(), content.end());
    return content;
  }

  static Content runtime_of(const Member& member) { return content_in(*member.node, "runtime_mysql_servers"); }
  static Content memory_of(const Member& member) { return content_in(*member.node, "mysql_servers"); }
  static Content disk_of(const Member& member) { return content_in(*member.node, "disk.mysql_servers"); }

  std::optional<std::uint64_t> current() const {
    const auto found = consul_.entries.find(servers_key);
    return found == consul_.entries.end() ? std::nullopt : std::optional(found->second.modify_index);
  }

  Content current_content() const { return content_of(consul_.value_of(servers_key)); }
  bool is_frozen() const { return consul_.entries.contains("proxysql/freeze"); }

  void do_something(Member& member) {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2: load_something(member); break;
      case 3: edit(member); break;
      case 4: restart(member); break;
      case 5: lose_state(member); break;
      case 6: freeze_or_thaw(); break;
      case 7: fill_or_free_disk(member); break;
      case 8:
      case 9:
      case 10: save(member); break;
      default: receive(member); break;
    }
  }

  /// Random rows in memory.
  void edit(Member& member) {
    const auto count = pick(6) == 0 ? 0 : 1 + pick(12);
    auto& engine = member.node->engine;
    engine.execute("DELETE FROM mysql_servers");
    for (std::size_t i = 0; i < count; ++i) {
      engine.execute("REPLACE INTO mysql_servers(hostgroup_id,hostname,weight) VALUES (1,'db" +
                     std::to_string(pick(16)) + "'," + std::to_string(1 + pick(3)) + ")");
    }
    tell(member, "edits memory to " + ::testing::PrintToString(memory_of(member)));
  }

  void load_something(Member& member) {
    edit(member);
    auto& engine = member.node->engine;
    engine.execute("LOAD MYSQL SERVERS TO RUNTIME");
    if (pick(2) == 0) engine.execute("SAVE MYSQL SERVERS TO DISK");
    tell(member, "LOADs it");
    member.loaded.insert(runtime_of(member));
  }

  void restart(Member& member) {
    auto& engine = member.node->engine;
    const auto kind = pick(3);
    if (kind == 0 && member.tells_starts) {
      engine.execute("PROXYSQL RESTART");
    } else if (kind == 1) {
      engine.restart_with_disk();
    } else {
      engine.restart();
    }
    tell(member, "restarts with " + ::testing::PrintToString(runtime_of(member)));
    member.loaded.insert(runtime_of(member));
    member.base.reset();
  }

  void lose_state(Member& member) {
    std::filesystem::remove(member.node->state_file());
    tell(member, "loses its state");
  }

  void freeze_or_thaw() {
    if (is_frozen()) {
      consul_.entries.erase("proxysql/freeze");
    } else if (pick(3) == 0) {
      consul_.set("proxysql/freeze", "why");
    }
  }

  void fill_or_free_disk(Member& member) {
    member.node->engine.set_disk(pick(3) == 0 ? DiskState::full : DiskState::writable);
  }

  /// Something that goes wrong while the program runs, sometimes.
  void plan_trouble(Member& member) {
    auto& node = *member.node;
    switch (pick(12)) {
      case 0: consul_.fail_on(1 + pick(6), FakeConsul::Failure::away); break;
      case 1: consul_.fail_on(1 + pick(6), FakeConsul::Failure::lost_answer); break;
      case 2: node.engine.plan(1 + pick(40), Fault::drop); break;
      case 3: node.engine.fail_statement(1 + pick(40), "no"); break;
      case 4: {
        auto left = std::make_shared<std::size_t>(pick(45));
        node.engine.on_statement([left](std::string_view) {
          if ((*left)-- == 0) throw Killed();
        });
        break;
      }
      case 5: {
        auto left = std::make_shared<std::size_t>(pick(8));
        consul_.on_call = [left](const std::string&) {
          if ((*left)-- == 0) throw Killed();
        };
        break;
      }
      default: break;
    }
  }

  /// Nothing where it was killed.
  std::optional<Ran> run_program(Member& member, const Texts& words, const std::string& input = {}) {
    plan_trouble(member);
    std::optional<Ran> ran;
    try {
      ran = member.node->run(words, input);
    } catch (const Killed&) {
      ran.reset();
    }
    member.node->engine.on_statement({});
    member.node->engine.execute("STANDIN CLEAR");
    consul_.on_call = {};
    consul_.planned.clear();
    if (current() != noted_) {
      noted_ = current();
      versions_.insert(current_content());
    }
    std::string said = ran ? std::to_string(ran->status) + " " + ran->out : "killed\n";
    for (const auto& line : ran ? ran->err : Texts()) said += "      " + line + "\n";
    std::string line;
    for (const auto& word : words) line += word + " ";
    tell(member, line + "-> " + said);
    return ran;
  }

  void note_base(Member& member) {
    if (current() && runtime_of(member) == current_content()) member.base = current();
  }

  void save(Member& member) {
    constexpr std::array<std::array<const char*, 2>, 6> choices = {{{"", ""},
                                                                    {"--if-current", ""},
                                                                    {"--if-current", ""},
                                                                    {"--if-current", "--allow-shrink"},
                                                                    {"--force", ""},
                                                                    {"--source=memory", ""}}};
    Texts words = {"save", "mysql_servers"};
    for (const std::string word : choices[pick(choices.size())]) {
      if (!word.empty()) words.push_back(word);
    }
    const auto has = [&](const std::string& word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const auto source = has("--source=memory") ? memory_of(member) : runtime_of(member);
    const auto before = current();
    const auto before_text = consul_.value_of(servers_key);
    const bool frozen = is_frozen();
    const auto runtime = runtime_of(member);
    const auto ran = run_program(member, words);
    EXPECT_EQ(runtime_of(member), runtime) << "a save changed the runtime";
    if (current() != before) {
      EXPECT_FALSE(frozen) << "saved while frozen";
      EXPECT_EQ(current_content(), source) << "Consul has what this node did not hold";
      if (before) expect_replaced_rightly(member, *before, before_text, source, words);
      if (runtime == source) member.base = current();
    }
    if (ran && ran->status == 0 && !current()) {
      EXPECT_THAT(ran->out, ::testing::HasSubstr("not saved: all its tables are empty"));
      EXPECT_EQ(source, Content());
    } else if (ran && ran->status == 0) {
      EXPECT_EQ(current_content(), source) << "said 0, and Consul does not hold it";
      EXPECT_TRUE(ran->out.find("saved as version " + std::to_string(*current())) != std::string::npos ||
                  ran->out.find("unchanged, Consul holds it as version " + std::to_string(*current())) !=
                      std::string::npos)
          << ran->out;
    }
    note_base(member);
  }

  void expect_replaced_rightly(Member& member, std::uint64_t before, const std::string& before_text,
                               const Content& source, const Texts& words) {
    const auto kept = consul_.value_of(meta + "history/mysql_servers/" + std::to_string(before));
    EXPECT_EQ(kept, before_text) << "the version that was replaced is lost";
    const auto old = content_of(before_text);
    const auto has = [&](const std::string& word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (!has("--if-current") || old == source) return;
    EXPECT_TRUE(member.tells_starts) << "it cannot know";
    EXPECT_EQ(member.base, before) << "replaced a version that its runtime does not come from";
    if (has("--allow-shrink")) return;
    EXPECT_TRUE(!source.empty() || old.empty()) << "emptied";
    std::set<std::string> hosts;
    for (const auto& server : source) hosts.insert(server.substr(0, server.find('/')));
    const auto gone = std::count_if(old.begin(), old.end(), [&](const std::string& server) {
      return !hosts.contains(server.substr(0, server.find('/')));
    });
    EXPECT_TRUE(old.size() < 10 || static_cast<std::size_t>(gone) * 2 <= old.size()) << "shrunk";
  }

  void receive(Member& member) {
    const auto choice = pick(4);
    const auto before = current();
    const auto before_text = consul_.value_of(servers_key);
    const bool frozen = is_frozen();
    const auto runtime = runtime_of(member);
    std::optional<Ran> ran;
    if (choice == 0) {
      ran = run_program(member, {"update"}, watch());
    } else if (choice == 1) {
      ran = run_program(member, {"update"}, old_watch());
    } else {
      ran = run_program(member, choice == 2 ? Texts{"pull"} : Texts{"pull", "--force"});
    }
    EXPECT_EQ(current(), before) << "a receiver wrote to Consul";
    EXPECT_EQ(consul_.value_of(servers_key), before_text);
    if (frozen && choice != 1) {
      EXPECT_EQ(runtime_of(member), runtime) << "applied while frozen";
      if (ran && choice > 1) {
        EXPECT_NE(ran->status, 0);
      }
    }
    if (ran && ran->status == 0 && before) {
      const bool says_it_is_here = ran->out.find(": applied (") != std::string::npos ||
                                   ran->out.find("it was here already") != std::string::npos ||
                                   ran->out.find("runtime had it already") != std::string::npos;
      if (says_it_is_here) {
        EXPECT_EQ(runtime_of(member), content_named_in(ran->out)) << "said that it is at runtime";
        EXPECT_EQ(disk_of(member), content_named_in(ran->out)) << "said nothing of the disk";
        // An old delivery is taken for news only by a node that has lost its record.
        EXPECT_TRUE(choice == 1 || content_named_in(ran->out) == current_content()) << ran->out;
      }
      if (choice == 3 && !frozen) {
        EXPECT_TRUE(says_it_is_here) << ran->out;
      }
    }
    note_base(member);
    if (choice == 0 && before && !frozen) last_watch_ = watch();
  }

  /// Of the version that "mysql_servers: version 7 of ..." names.
  Content content_named_in(const std::string& out) const {
    const std::string mark = "mysql_servers: version ";
    const auto number = out.substr(out.find(mark) + mark.size());
    const auto version = number.substr(0, number.find(' '));
    const auto& old = consul_.value_of(meta + "history/mysql_servers/" + version);
    return content_of(old.empty() ? consul_.value_of(servers_key) : old);
  }

  std::string watch() { return consul_.watch(prefix); }
  std::string old_watch() {
    if (last_watch_.empty()) last_watch_ = watch();
    return last_watch_;
  }

  void expect_whole_runtime(Member& member) {
    const auto runtime = runtime_of(member);
    EXPECT_TRUE(versions_.contains(runtime) || member.loaded.contains(runtime)) << "runtime is a mixture";
  }

  std::mt19937_64 random_;
  FakeConsul consul_;
  TempDir dir_{memory_directory()};
  std::vector<Member> nodes_;
  std::set<Content> versions_;  ///< all that Consul ever held
  std::optional<std::uint64_t> noted_;
  std::string last_watch_;
  Texts story_;
};

/// A part of the seeds each, so that they can run side by side.
class Histories : public ::testing::TestWithParam<unsigned long> {};

constexpr unsigned long parts = 8;

INSTANTIATE_TEST_SUITE_P(Parts, Histories, ::testing::Range(0UL, parts));

TEST_P(Histories, LoseNothingAndPretendNothing) {
  constexpr unsigned long usual = sanitized ? 64 : 2000;
  run_seeds(GetParam(), parts, usual, [](unsigned long seed) { History(seed).run(12); });
}

}  // namespace
}  // namespace proxysql_consul::testing
