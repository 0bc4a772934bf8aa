#include "proxysql_consul/node/await.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/node/cluster.h"

namespace proxysql_consul {
namespace {

/// One of those that are waited for.
struct Waited {
  std::string name;
  bool is_done = false;
  std::string why = {};  ///< it is not, for people
  bool has_failed = false;
};

/// What is waited for.
struct Goal {
  std::string what;               ///< "mysql_servers version 812"
  std::string done;               ///< of a node: "has it"
  std::vector<std::string> keys;  ///< that have to be looked at
  /// Why it cannot be reached any more; nothing while it can.
  std::function<std::optional<std::string>(const Picture&)> obstacle = {};
  std::function<std::vector<Waited>(const Convergence&)> nodes = {};
};

class Waiting {
 public:
  Waiting(const Job& job, Goal goal) : job_(job), goal_(std::move(goal)), cluster_(job) {}

  ExitCode run(std::chrono::seconds limit) {
    auto& clock = job_.context.clock;
    const auto until = clock.steady() + limit;
    for (;;) {
      const auto time_left = [&] { return std::chrono::duration_cast<std::chrono::seconds>(until - clock.steady()); };
      try {
        const auto& picture = cluster_.look_for(goal_.keys);
        nodes_ = goal_.nodes(converge(cluster_.keys(), picture, job_.settings.keyring()));
        if (const auto obstacle = goal_.obstacle(picture)) return give_up(*obstacle);
      } catch (const Unavailable& error) {
        // What is waited for may come about all the same.
        if (time_left().count() <= 0 || clock.stopping()) {
          return end("Consul did not answer in the end, " + std::string(error.what()));
        }
        clock.pause(std::chrono::milliseconds(500));
        continue;
      }
      tell();
      if (!nodes_.empty() && count() == nodes_.size()) {
        clear_line();
        job_.context.out << goal_.what << ": " << all_have() << std::endl;
        return ExitCode::ok;
      }
      const auto left = time_left();
      if (left.count() <= 0 || clock.stopping())
        return end("not everywhere after " + std::to_string(limit.count()) + " s");
      try {
        // Also who lives can change, and no record tells that.
        cluster_.await_change(std::min(left, std::chrono::seconds(5)));
      } catch (const Unavailable& error) {
        job_.log.debug("{}", error.what());
      }
    }
  }

 private:
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](const auto& n) { return n.is_done; }));
  }

  std::string so_many() const { return std::to_string(count()) + " of " + std::to_string(nodes_.size()); }

  std::string all_have() const {
    return nodes_.size() == 1 ? "the one live node " + goal_.done
                              : "all " + std::to_string(nodes_.size()) + " live nodes: each " + goal_.done;
  }

  /// A bar where somebody looks; elsewhere a line for what is new.
  void tell() {
    if (const auto terminal = job_.terminal()) {
      draw(*terminal);
      return;
    }
    auto& out = job_.context.out;
    for (const auto& node : nodes_) {
      if (node.is_done && told_.insert(node.name).second) {
        out << goal_.what << ": " << node.name << " " << goal_.done << " (" << so_many() << ")" << std::endl;
      } else if (node.has_failed && told_.insert(node.name + ": " + node.why).second) {
        out << goal_.what << ": " << node.name << ": " << node.why << std::endl;
      }
    }
  }

  void draw(const Terminal& terminal) {
    constexpr std::size_t length = 20;
    const auto full = nodes_.empty() ? 0 : count() * length / nodes_.size();
    std::string line = "[" + std::string(full, '#') + std::string(length - full, '.') + "] " + so_many() + " nodes";
    std::vector<std::string> missing;
    for (const auto& node : nodes_) {
      if (!node.is_done) missing.push_back(node.name + (node.has_failed ? " (failed)" : ""));
    }
    if (!missing.empty()) line += ", not " + join(missing);
    job_.context.out << "\r\x1b[K" << cut(line, terminal.width - 1) << std::flush;
    is_drawn_ = true;
  }

  void clear_line() {
    if (std::exchange(is_drawn_, false)) job_.context.out << "\r\x1b[K";
  }

  /// What was waited for will not come any more, so who lacked it says nothing.
  ExitCode give_up(const std::string& why) {
    clear_line();
    job_.context.out << std::flush;
    report(job_.log, Error(ExitCode::differs, goal_.what + ": " + why, "`proxysql-consul status` shows who has what"));
    return ExitCode::differs;
  }

  ExitCode end(const std::string& why) {
    clear_line();
    job_.context.out << std::flush;
    std::string words = goal_.what + ": " + why;
    if (nodes_.empty()) {
      words += "; no live node has told anything";
    } else {
      words += "; " + so_many() + " live nodes: each " + goal_.done;
    }
    for (const auto& node : nodes_) {
      if (!node.is_done) words.append("; ").append(node.name).append(": ").append(node.why);
    }
    report(job_.log, Error(ExitCode::differs, words, "`proxysql-consul status --watch` shows how it goes on"));
    return ExitCode::differs;
  }

  const Job& job_;
  Goal goal_;
  Cluster cluster_;
  std::vector<Waited> nodes_;
  std::set<std::string> told_;
  bool is_drawn_ = false;
};

std::string described(const std::vector<Target>& targets) {
  std::vector<std::string> words;
  for (const auto& target : targets)
    words.push_back(target.configuration + " version " + std::to_string(target.version));
  return join(words);
}

std::optional<std::string> superseded(const Keys& keys, const Keyring& ring, const std::vector<Target>& targets,
                                      const Picture& picture) {
  for (const auto& target : targets) {
    const auto key = keys.document(target.configuration);
    const auto found = std::find_if(picture.entries.begin(), picture.entries.end(),
                                    [&](const KvEntry& entry) { return entry.key == key; });
    if (found == picture.entries.end()) return target.configuration + " was removed from Consul meanwhile";
    if (found->modify_index == target.version) continue;
    std::string origin;
    try {
      origin = " of " + printable(ring.open(found->value).origin.host, 64);
    } catch (const Error&) {
      // Whose it is cannot be said then; that it is there can.
    }
    return "superseded by version " + std::to_string(found->modify_index) + origin;
  }
  return std::nullopt;
}

}  // namespace

ExitCode await_versions(const Job& job, const std::vector<Target>& targets, std::chrono::seconds limit) {
  if (targets.empty()) return ExitCode::ok;
  const auto keys = job.settings.keys();
  const auto ring = job.settings.keyring();
  Goal goal{.what = described(targets), .done = targets.size() == 1 ? "has it" : "has them", .keys = {}};
  for (const auto& target : targets) goal.keys.push_back(keys.document(target.configuration));
  // Whoever is frozen since is told apart from who has not seen a thaw.
  goal.keys.push_back(keys.freeze());
  goal.obstacle = [&](const Picture& picture) { return superseded(keys, ring, targets, picture); };
  goal.nodes = [](const Convergence& all) {
    const auto names = names_of(all.nodes);
    std::vector<Waited> nodes;
    for (std::size_t i = 0; i < all.nodes.size(); ++i) {
      const auto& node = all.nodes[i];
      if (node.standing == Standing::gone || node.is_exempt) continue;
      const bool has_failed = node.standing == Standing::failed || node.standing == Standing::partial;
      nodes.push_back({.name = names[i],
                       .is_done = node.has_all,
                       .why = std::string(to_string(node.standing)) + (node.reason.empty() ? "" : ", " + node.reason),
                       .has_failed = has_failed && !node.has_all});
    }
    return nodes;
  };
  return Waiting(job, std::move(goal)).run(limit);
}

ExitCode await_freeze(const Job& job, bool is_frozen, std::chrono::seconds limit) {
  Goal goal{.what = is_frozen ? "the freeze" : "the thaw",
            .done = is_frozen ? "has seen the freeze" : "has seen the thaw",
            .keys = {job.settings.keys().freeze()}};
  goal.obstacle = [is_frozen](const Picture& picture) -> std::optional<std::string> {
    if (picture.entries.empty() != is_frozen) return std::nullopt;
    if (is_frozen) return "somebody thawed meanwhile";
    return describe(parse_freeze(picture.entries.front().value)) + ", again";
  };
  goal.nodes = [is_frozen](const Convergence& all) {
    const auto names = names_of(all.nodes);
    std::vector<Waited> nodes;
    for (std::size_t i = 0; i < all.nodes.size(); ++i) {
      const auto& node = all.nodes[i];
      if (node.standing == Standing::gone) continue;
      const bool is_done = node.is_readable && node.record.frozen == is_frozen;
      nodes.push_back({.name = names[i], .is_done = is_done, .why = node.reason});
    }
    return nodes;
  };
  return Waiting(job, std::move(goal)).run(limit);
}

}  // namespace proxysql_consul
