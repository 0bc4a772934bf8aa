#include "proxysql_consul/node/settings_catalogue.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/keys.h"
#include "proxysql_consul/node/settings_json.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_name = 64;

constexpr std::array members = {"name", "words", "tables", "variables", "exclude", "secrets", "local"};

void require_short(const Source& source, std::string_view text) {
  if (text.size() > max_name) source.refuse_text("must have at most " + std::to_string(max_name) + " characters", text);
}

/// One entry of the list.
class Entry {
 public:
  Entry(const Source& source, const Json& value) : source_(source), value_(value) {
    if (!value.is_object()) source.refuse("must be an object", value.is_string() ? "a string" : "something else");
    const std::vector<std::string> known(members.begin(), members.end());
    for (const auto& item : value.items()) {
      if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
      throw Error(ExitCode::settings,
                  source.file + ": " + source.key + ": unknown key \"" + printable(item.key(), max_name) + "\"",
                  did_you_mean(item.key(), known));
    }
  }

  Configuration read() const {
    const bool has_variables = value_.contains("variables");
    if (has_variables == value_.contains("tables")) {
      source_.refuse("must have tables or variables", has_variables ? "one with both" : "one with neither");
    }
    Configuration configuration{.name = name(), .words = words(), .tables = {}, .variables = {}, .accepted = false};
    if (has_variables) {
      refuse_member("local", "variables", "exclude");
      configuration.tables = {std::string(variables_table)};
      configuration.variables = variables();
      configuration.tells_runtime = false;
      configuration.local = of_this_prefix(configuration.variables);
    } else {
      refuse_member("exclude", "tables", "local");
      configuration.tables = tables();
      configuration.local = columns("local");
    }
    configuration.secrets = secret_patterns();
    for (const auto& secret : columns("secrets")) configuration.secrets.push_back(to_lower(secret));
    return configuration;
  }

 private:
  Source member(const char* key) const { return {source_.file, source_.key + "." + key}; }

  std::string text(const char* key) const {
    if (!value_.contains(key)) source_.refuse(std::string("must have ") + key, "one without");
    return as_text(member(key), value_.at(key));
  }

  std::vector<std::string> list(const char* key) const {
    return value_.contains(key) ? as_list(member(key), value_.at(key)) : std::vector<std::string>();
  }

  void refuse_member(const char* key, const char* other, const char* instead) const {
    if (!value_.contains(key)) return;
    source_.refuse(std::string("with ") + other + " must name what is a node's own under " + instead,
                   std::string("one with ") + key);
  }

  std::string name() const {
    auto name = text("name");
    require_short(member("name"), name);
    if (!is_name(name)) member("name").refuse_text("must be made of a-z, 0-9 and _", name);
    // That key of Consul stops all nodes.
    const Keys keys("proxysql/");
    if (keys.document(name) == keys.freeze()) member("name").refuse_text("must be another name", name);
    return name;
  }

  /// They become a part of a statement.
  std::string words() const {
    auto words = text("words");
    require_short(member("words"), words);
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const bool is_good = !words.empty() && is_letter(words.front()) && is_letter(words.back()) &&
                         words.find("  ") == std::string::npos &&
                         std::all_of(words.begin(), words.end(), [&](char c) { return is_letter(c) || c == ' '; });
    if (!is_good) member("words").refuse_text("must be words as in LOAD MYSQL USERS TO RUNTIME, of letters", words);
    std::transform(words.begin(), words.end(), words.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    for (const auto* word : {" TO ", " FROM "}) {
      if ((" " + words + " ").find(word) == std::string::npos) continue;
      member("words").refuse_text("must be the words of LOAD and SAVE up to their TO or FROM", words);
    }
    if (words.starts_with("LOAD ") || words.starts_with("SAVE ")) {
      member("words").refuse_text("must be the words behind LOAD or SAVE", words);
    }
    return words;
  }

  std::vector<std::string> tables() const {
    auto tables = list("tables");
    if (tables.empty()) member("tables").refuse("must name tables", "empty");
    std::set<std::string_view> seen;
    for (const auto& table : tables) {
      require_short(member("tables"), table);
      const bool is_good = is_name(table) && !table.starts_with("runtime_") && table != variables_table;
      if (!is_good) member("tables").refuse_text("must name tables of memory, of a-z, 0-9 and _", table);
      if (!seen.insert(table).second) member("tables").refuse_text("must name each table once", table);
    }
    return tables;
  }

  std::string variables() const {
    auto prefix = text("variables");
    const auto without_hyphen = std::string_view(prefix).substr(0, prefix.size() - 1);
    require_short(member("variables"), without_hyphen);
    const bool is_good = prefix.ends_with('-') && is_name(without_hyphen);
    if (!is_good) member("variables").refuse_text("must be what the names begin with, such as \"audit-\"", prefix);
    return prefix;
  }

  std::vector<std::string> of_this_prefix(const std::string& prefix) const {
    auto names = list("exclude");
    for (const auto& name : names) {
      if (!name.starts_with(prefix)) member("exclude").refuse_text("must name variables of " + prefix + "%", name);
    }
    return names;
  }

  std::vector<std::string> columns(const char* key) const {
    auto names = list(key);
    for (const auto& name : names) {
      auto text = to_lower(name);
      std::erase(text, '-');
      if (text.empty() || is_name(text)) continue;
      member(key).refuse_text("must be names", name);
    }
    return names;
  }

  const Source& source_;
  const Json& value_;
};

}  // namespace

Catalogue as_catalogue(const Source& source, const Json& value, std::vector<std::string>& notices) {
  if (!value.is_array()) source.refuse("must be a list of objects", value.is_object() ? "an object" : "something else");
  Catalogue catalogue;
  std::size_t number = 0;
  for (const auto& item : value) {
    auto key = source.key;
    key.append("[").append(std::to_string(number++)).append("]");
    const Source at{source.file, key};
    auto configuration = Entry(at, item).read();
    const auto name = configuration.name;
    const auto conflict = catalogue.conflict_with(configuration);
    if (!conflict.empty()) {
      std::string which = "\"";
      which.append(name).append("\", which ").append(conflict);
      at.refuse("must cover what no other does", which);
    }
    if (!catalogue.add(std::move(configuration))) {
      notices.emplace_back(at.file).append(": ").append(at.key).append(": ").append(name);
      notices.back().append(" is built in by now, and need not be named there");
    }
  }
  return catalogue;
}

}  // namespace proxysql_consul
