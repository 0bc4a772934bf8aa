#include "proxysql_consul/node/status.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "proxysql_consul/base/columns.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/model/status_json.h"
#include "proxysql_consul/node/cluster.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds longest_pause_between_tries{10};

Colour colour_of(Standing standing) {
  switch (standing) {
    case Standing::ok: return Colour::green;
    case Standing::failed: return Colour::red;
    case Standing::gone: return Colour::faint;
    default: return Colour::yellow;
  }
}

std::string who(const Origin& origin) {
  return origin.by + (origin.by.empty() || origin.host.empty() ? "" : "@") + origin.host;
}

std::string verdict(const Convergence& now) {
  if (now.configurations.empty()) return "nothing is there: save first, or is consul_prefix another?";
  const auto live = now.live();
  const auto nodes = [](std::size_t count) { return std::to_string(count) + (count == 1 ? " node" : " nodes"); };
  if (now.converged) return "converged: " + nodes(live) + ", and each has what it accepts";
  if (live == 0) return "not converged: no live node has told anything";
  const auto lacking = static_cast<std::size_t>(std::count_if(now.nodes.begin(), now.nodes.end(), [](const auto& node) {
    return node.standing != Standing::gone && !node.has_all;
  }));
  return "not converged: " + std::to_string(lacking) + " of " + nodes(live) + " lack" + (lacking == 1 ? "s" : "") +
         " something";
}

/// What is new in `now`, a line each.
std::vector<std::string> news(const Convergence& before, const Convergence& now) {
  std::vector<std::string> lines;
  if (before.frozen.has_value() != now.frozen.has_value()) {
    lines.push_back(now.frozen ? describe(*now.frozen) : "the cluster is thawed");
  }
  for (const auto& current : now.configurations) {
    const auto old = std::find_if(before.configurations.begin(), before.configurations.end(),
                                  [&](const auto& one) { return one.name == current.name; });
    if (old != before.configurations.end() && old->version == current.version) continue;
    auto line = current.name + ": version " + std::to_string(current.version);
    if (!current.origin.host.empty()) line += " of " + printable(who(current.origin), 128);
    if (!current.origin.message.empty()) line += ": " + printable(current.origin.message);
    lines.push_back(std::move(line));
  }
  const auto names = names_of(now.nodes);
  for (std::size_t i = 0; i < now.nodes.size(); ++i) {
    const auto& node = now.nodes[i];
    const auto old =
        std::find_if(before.nodes.begin(), before.nodes.end(), [&](const auto& one) { return one.uuid == node.uuid; });
    if (old != before.nodes.end() && old->standing == node.standing && old->reason == node.reason) continue;
    auto line = names[i] + ": " + std::string(to_string(node.standing));
    if (!node.reason.empty()) line += ", " + node.reason;
    lines.push_back(std::move(line));
  }
  if (before.converged != now.converged || before.configurations.empty() != now.configurations.empty()) {
    lines.push_back(verdict(now));
  }
  return lines;
}

class Status {
 public:
  Status(const Job& job, const StatusOptions& options) : job_(job), options_(options), cluster_(job) {}

  ExitCode run() {
    auto now = converge(cluster_.keys(), cluster_.look(), job_.settings.keyring());
    auto& out = job_.context.out;
    const auto terminal = job_.terminal();
    const bool draws = options_.watch && terminal && !options_.json;
    out << (draws ? clear_screen : "") << shown(now, terminal) << std::flush;
    while (options_.watch && !job_.context.clock.stopping()) {
      auto then = now;
      try {
        cluster_.await_change(longest_pause_between_tries);
        now = converge(cluster_.keys(), cluster_.look(), job_.settings.keyring());
        is_away_ = false;
      } catch (const Unavailable& error) {
        if (!job_.context.has_reader()) break;
        if (!std::exchange(is_away_, true)) job_.log.warn("{}; tries on", error.what());
        job_.context.clock.pause(std::chrono::milliseconds(500));
        continue;
      }
      // Whoever read it has gone, which a write tells only when there is news.
      if (!out || !job_.context.has_reader()) break;
      if (draws) {
        out << clear_screen << shown(now, job_.terminal()) << std::flush;
      } else {
        append(then, now);
      }
    }
    return now.converged ? ExitCode::ok : ExitCode::differs;
  }

 private:
  static constexpr const char* clear_screen = "\x1b[H\x1b[2J";

  std::string shown(const Convergence& now, const std::optional<Terminal>& terminal) const {
    if (options_.json) return format_status_json(cluster_.keys().prefix(), now, options_.watch);
    const auto line = [&](const std::string& text, Colour colour) {
      return coloured(terminal ? cut(text, terminal->width) : text, colour, terminal) + "\n";
    };
    auto text = line(cluster_.keys().prefix() + " " + verdict(now), now.converged ? Colour::green : Colour::yellow);
    if (now.frozen) text += line(frozen_by(*now.frozen) + " (`thaw` ends that)", Colour::yellow);
    if (!now.configurations.empty()) text += "\n" + format_columns(configurations(now, terminal), terminal);
    if (!now.nodes.empty()) text += "\n" + format_columns(nodes(now), terminal);
    return text;
  }

  /// What stays as it is while nothing changes is for files; people rather read an age.
  std::string when(const Origin& origin, const std::optional<Terminal>& terminal) const {
    const auto saved = terminal ? parse_time(origin.saved_at) : std::nullopt;
    if (!saved) return origin.saved_at;
    return format_age(std::chrono::duration_cast<std::chrono::seconds>(job_.context.clock.now() - *saved));
  }

  Columns configurations(const Convergence& now, const std::optional<Terminal>& terminal) const {
    Columns columns{.titles = {{"CONFIGURATION"},
                               {"VERSION", true},
                               {"NODES", true},
                               {"ROWS", true},
                               {terminal ? "AGE" : "SAVED", terminal.has_value()},
                               {"BY"},
                               {"MESSAGE"}},
                    .rows = {}};
    const bool are_sealed =
        std::any_of(now.configurations.begin(), now.configurations.end(), [](const auto& one) { return one.key; });
    // Behind what is there anyway, and only where there is something to tell.
    if (are_sealed) columns.titles.push_back({"KEY"});
    for (const auto& one : now.configurations) {
      const auto nodes = std::to_string(one.have) + "/" + std::to_string(one.of);
      columns.rows.push_back({{one.name},
                              {std::to_string(one.version)},
                              {nodes, one.have == one.of ? Colour::green : Colour::yellow},
                              {rows_of(one)},
                              {when(one.origin, terminal)},
                              {who(one.origin)},
                              {one.origin.message}});
      if (are_sealed) columns.rows.back().push_back({one.key.value_or("(plain)")});
    }
    return columns;
  }

  /// Why the node stands as it does, and what it keeps out of all that.
  static std::string remarks(const NodeView& node) {
    if (node.record.keep_local.empty()) return node.reason;
    return node.reason + (node.reason.empty() ? "" : "; ") + "keeps local " +
           printable(join(node.record.keep_local, "; "));
  }

  static std::string rows_of(const SharedConfiguration& one) {
    if (one.rows) return std::to_string(*one.rows);
    return one.problem.empty() ? "many" : "?";
  }

  static Columns nodes(const Convergence& now) {
    Columns columns{.titles = {{"NODE"}, {"STATE"}, {"PROXYSQL"}, {"REASON"}}, .rows = {}};
    const bool hold_keys =
        std::any_of(now.nodes.begin(), now.nodes.end(), [](const auto& node) { return !node.record.keys.empty(); });
    if (hold_keys) columns.titles.insert(columns.titles.end() - 1, {"KEYS"});
    const auto names = names_of(now.nodes);
    for (std::size_t i = 0; i < now.nodes.size(); ++i) {
      const auto& node = now.nodes[i];
      const auto& version = node.record.proxysql_version;
      columns.rows.push_back({{names[i]},
                              {std::string(to_string(node.standing)), colour_of(node.standing)},
                              // What follows is of whoever built it.
                              {version.substr(0, version.find('-'))},
                              {remarks(node)}});
      auto& row = columns.rows.back();
      if (hold_keys) row.insert(row.end() - 1, {join(node.record.keys)});
    }
    return columns;
  }

  void append(const Convergence& then, const Convergence& now) const {
    auto& out = job_.context.out;
    const auto lines = news(then, now);
    if (options_.json) {
      if (!lines.empty()) out << format_status_json(cluster_.keys().prefix(), now, true);
    } else {
      for (const auto& line : lines) out << job_.now() << " " << printable(line, 1000) << "\n";
    }
    out << std::flush;
  }

  const Job& job_;
  const StatusOptions& options_;
  bool is_away_ = false;  ///< Consul is
  Cluster cluster_;
};

}  // namespace

ExitCode status(const Job& job, const StatusOptions& options) { return Status(job, options).run(); }

}  // namespace proxysql_consul
