#include "proxysql_consul/model/soundness.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

/// As many are named, and the others counted.
constexpr std::size_t most_named = 5;

/// What decides whether a rule is for a query.
constexpr std::array matching = {
    std::string_view{"flagIN"},        std::string_view{"username"},     std::string_view{"schemaname"},
    std::string_view{"database"},      std::string_view{"client_addr"},  std::string_view{"proxy_addr"},
    std::string_view{"proxy_port"},    std::string_view{"digest"},       std::string_view{"match_digest"},
    std::string_view{"match_pattern"}, std::string_view{"re_modifiers"}, std::string_view{"negate_match_pattern"},
};

using Hostgroups = std::set<std::string>;
/// Who names a hostgroup, in the order of the tables.
using Namers = std::map<std::string, std::vector<std::string>>;

std::string named(const std::vector<std::string>& all, std::string_view separator = ", ") {
  if (all.size() <= most_named) return join(all, separator);
  const std::vector<std::string> first(all.begin(), all.begin() + most_named);
  return join(first, separator) + std::string(separator) + std::to_string(all.size() - most_named) + " more";
}

/// A row with its cells by their columns' names.
struct Reader {
  const Table& table;
  RowView row;

  /// Nothing where there is no such column, or it is NULL.
  std::optional<std::string> text(std::string_view column) const {
    const auto position = table.find(column);
    const auto cell = position ? row.at(*position) : CellView();
    return cell ? std::optional<std::string>(*cell) : std::nullopt;
  }
  /// Runtime has nothing else, but for tables that were read from memory.
  bool is_active() const { return text("active").value_or("1") == "1"; }
};

class Examination {
 public:
  Examination(std::string_view protocol, const std::vector<Table>& tables) : protocol_(protocol) {
    for (const auto& table : tables) {
      if (table.name == protocol_ + "_servers") {
        note_servers(table);
      } else if (table.name == protocol_ + "_query_rules") {
        note_rules(table);
      } else if (table.name == protocol_ + "_query_rules_fast_routing") {
        note_fast_routes(table);
      } else if (table.name == protocol_ + "_users") {
        note_users(table);
      } else if (table.name.ends_with("_hostgroups")) {
        note_group(table);
      }
    }
    fill_groups();
  }

  Findings findings() const {
    return {without_servers("rule_hostgroups", "rules", named_by_rules_),
            without_servers("user_hostgroups", "users", named_by_users_), unused(), doubled()};
  }

 private:
  void note_servers(const Table& table) {
    for (const auto& row : table.rows) {
      if (auto hostgroup = Reader{table, row}.text("hostgroup_id")) with_servers_.insert(std::move(*hostgroup));
    }
  }

  void note_rules(const Table& table) {
    for (const auto& row : table.rows) {
      const Reader rule{table, row};
      if (!rule.is_active()) continue;
      const auto name = "rule " + rule.text("rule_id").value_or("?");
      for (const auto* column : {"destination_hostgroup", "mirror_hostgroup"}) {
        const auto hostgroup = rule.text(column);
        // -1 is how some versions write "none".
        if (hostgroup && !hostgroup->starts_with("-")) named_by_rules_[*hostgroup].push_back(name);
      }
      note_match(rule, name);
    }
  }

  void note_match(const Reader& rule, const std::string& name) {
    std::vector<std::optional<std::string>> match;
    for (const auto column : matching) match.push_back(rule.text(column));
    const auto flag_out = rule.text("flagOUT");
    const bool ends_it = rule.text("apply") == "1" || (flag_out && flag_out != rule.text("flagIN"));
    const auto [first, is_new] = matches_.try_emplace(std::move(match), First{name, ends_it});
    if (is_new) return;
    doubled_.push_back(first->second.name + " and " + name +
                       (first->second.ends_it ? ", which is never reached" : ", which both act"));
  }

  void note_fast_routes(const Table& table) {
    for (const auto& row : table.rows) {
      const Reader route{table, row};
      const auto hostgroup = route.text("destination_hostgroup");
      if (hostgroup) named_by_rules_[*hostgroup].push_back("fast route of " + route.text("username").value_or("?"));
    }
  }

  void note_users(const Table& table) {
    for (const auto& row : table.rows) {
      const Reader user{table, row};
      const auto hostgroup = user.text("default_hostgroup");
      if (!hostgroup || !user.is_active()) continue;
      auto& names = named_by_users_[*hostgroup];
      const auto name = "user " + user.text("username").value_or("?");
      // Runtime shows a user twice, as a frontend's and as a backend's.
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }

  void note_group(const Table& table) {
    for (const auto& row : table.rows) {
      Hostgroups group;
      for (const auto& column : table.columns) {
        const auto hostgroup = Reader{table, row}.text(column);
        if (hostgroup && column.ends_with("_hostgroup")) group.insert(*hostgroup);
      }
      groups_.push_back(std::move(group));
    }
  }

  /// A monitor moves servers between the hostgroups of a group, so all of them have those of any.
  void fill_groups() {
    for (const auto& group : groups_) {
      const bool has_some =
          std::any_of(group.begin(), group.end(), [&](const auto& one) { return with_servers_.contains(one); });
      if (has_some) filled_.insert(group.begin(), group.end());
      grouped_.insert(group.begin(), group.end());
    }
    filled_.insert(with_servers_.begin(), with_servers_.end());
  }

  Finding finding(const char* check, const std::string& good, const std::string& bad, const char* hint) const {
    const auto name = protocol_ + "_" + check;
    if (bad.empty()) return {.gravity = Gravity::ok, .check = name, .message = good};
    return {.gravity = Gravity::warning, .check = name, .message = bad, .hint = hint};
  }

  Finding without_servers(const char* check, const std::string& who, const Namers& namers) const {
    std::vector<std::string> empty;
    for (const auto& [hostgroup, names] : namers) {
      if (!filled_.contains(hostgroup)) empty.push_back("hostgroup " + hostgroup + " of " + named(names));
    }
    return finding(check, "every hostgroup that " + who + " name has servers",
                   empty.empty() ? "" : "no servers in " + named(empty, "; "),
                   "queries that are sent there wait, and fail: add servers, or name another hostgroup");
  }

  Finding unused() const {
    std::vector<std::string> unused;
    for (const auto& hostgroup : with_servers_) {
      const bool is_named = named_by_rules_.contains(hostgroup) || named_by_users_.contains(hostgroup);
      if (!is_named && !grouped_.contains(hostgroup)) unused.push_back(hostgroup);
    }
    return finding("unused_servers", "every server is in a hostgroup that a rule, a user or a group of them names",
                   unused.empty() ? "" : "no rule, user or group of hostgroups leads to hostgroup " + named(unused),
                   "unless queries name it in a comment, its servers get none");
  }

  Finding doubled() const {
    return finding("doubled_rules", "no two rules match the same queries",
                   doubled_.empty() ? "" : "the same queries are matched by " + named(doubled_, "; "),
                   "remove one of the two, or let them differ");
  }

  struct First {
    std::string name;
    bool ends_it;
  };

  std::string protocol_;
  Hostgroups with_servers_;  ///< as configured
  Hostgroups filled_;        ///< and those that a monitor can fill
  Hostgroups grouped_;
  std::vector<Hostgroups> groups_;
  Namers named_by_rules_;
  Namers named_by_users_;
  std::map<std::vector<std::optional<std::string>>, First> matches_;
  std::vector<std::string> doubled_;
};

}  // namespace

Findings examine_configuration(std::string_view protocol, const std::vector<Table>& tables) {
  return Examination(protocol, tables).findings();
}

}  // namespace proxysql_consul
