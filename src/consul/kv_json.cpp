#include "proxysql_consul/consul/kv_json.h"

#include <nlohmann/json.hpp>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

/// Of the string that begins at that quote; nothing where it does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const auto is_escaped = [&](std::size_t quote) {
    const auto before = text.find_last_not_of('\\', quote - 1);
    return (quote - before) % 2 == 0;
  };
  do {
    at = text.find('"', at + 1);
  } while (at != std::string_view::npos && is_escaped(at));
  return at;
}

/// A tree of JSON takes many times its text, which only a hostile Consul makes so large or so deep.
bool is_within_bounds(std::string_view text) {
  constexpr std::size_t most_levels = 16;
  constexpr std::size_t most_values = 2'000'000;
  std::size_t values = 0;
  std::size_t level = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') at = end_of_string(text, at);
    // It was cut short, which the parser tells.
    if (at == std::string_view::npos) break;
    if (c == '[' || c == '{') ++level;
    if ((c == ']' || c == '}') && level > 0) --level;
    if (c == '[' || c == '{' || c == ',') ++values;
    if (values > most_values || level > most_levels) return false;
  }
  return true;
}

Json parse_bounded(std::string_view text) {
  return is_within_bounds(text) ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
}

[[noreturn]] void refuse_entry(const std::string& what) {
  throw Error(ExitCode::payload, "watch data: " + what,
              "expected the JSON of a Consul watch of type keyprefix or key, or of /v1/kv/<prefix>?recurse");
}

KvEntry entry_from_json(const Json& json) {
  if (!json.is_object()) refuse_entry("an entry is no object");
  const auto key = json.find("Key");
  if (key == json.end() || !key->is_string()) refuse_entry("an entry has no \"Key\"");
  KvEntry entry;
  entry.key = key->get<std::string>();
  const auto index = json.find("ModifyIndex");
  if (index == json.end() || !index->is_number_unsigned()) {
    entry.problem = "has no ModifyIndex";
    return entry;
  }
  entry.modify_index = index->get<std::uint64_t>();
  const auto value = json.find("Value");
  if (value == json.end() || value->is_null()) return entry;
  if (!value->is_string()) {
    entry.problem = "its Value is no string";
  } else if (auto bytes = from_base64(value->get_ref<const std::string&>())) {
    entry.value = std::move(*bytes);
  } else {
    entry.problem = "its Value is no base64";
  }
  return entry;
}

const char* verb_name(KvOperation::Verb verb) {
  switch (verb) {
    case KvOperation::Verb::set: return "set";
    case KvOperation::Verb::cas: return "cas";
    case KvOperation::Verb::check_index: return "check-index";
    case KvOperation::Verb::check_not_exists: return "check-not-exists";
    case KvOperation::Verb::remove: return "delete";
    case KvOperation::Verb::remove_cas: return "delete-cas";
  }
  return "";
}

}  // namespace

std::vector<KvEntry> parse_kv_entries(std::string_view text) {
  const auto json = parse_bounded(text);
  if (json.is_discarded())
    refuse_entry(text.empty() ? "nothing came" : "is no JSON, was cut short, or holds more than any Consul sends");
  std::vector<KvEntry> entries;
  if (json.is_null()) return entries;
  if (json.is_object()) {
    entries.push_back(entry_from_json(json));
    return entries;
  }
  if (!json.is_array()) refuse_entry("is neither array nor object");
  for (const auto& item : json) entries.push_back(entry_from_json(item));
  return entries;
}

std::string format_transaction(const std::vector<KvOperation>& operations) {
  auto json = Json::array();
  for (const auto& operation : operations) {
    Json kv = {{"Verb", verb_name(operation.verb)}, {"Key", operation.key}};
    if (operation.verb == KvOperation::Verb::set || operation.verb == KvOperation::Verb::cas) {
      kv["Value"] = to_base64(operation.value);
    }
    if (operation.verb != KvOperation::Verb::set && operation.verb != KvOperation::Verb::remove) {
      kv["Index"] = operation.index;
    }
    json.push_back(Json::object({{"KV", std::move(kv)}}));
  }
  return json.dump();
}

std::optional<KvCommit> parse_commit(std::string_view text) {
  const auto json = parse_bounded(text);
  if (!json.is_object()) return std::nullopt;
  KvCommit commit;
  const auto errors = json.find("Errors");
  if (errors != json.end() && errors->is_array() && !errors->empty()) {
    for (const auto& error : *errors) {
      if (!commit.refusal.empty()) commit.refusal += "; ";
      const auto what = error.is_object() ? error.find("What") : error.end();
      commit.refusal += what != error.end() && what->is_string() ? what->get<std::string>() : "no reason given";
    }
    commit.refusal = printable(commit.refusal.empty() ? "no reason given" : commit.refusal);
    return commit;
  }
  const auto results = json.find("Results");
  if (results == json.end() || !results->is_array()) return std::nullopt;
  commit.committed = true;
  if (!results->empty()) {
    const auto pointer = Json::json_pointer("/0/KV/ModifyIndex");
    if (results->contains(pointer) && (*results)[pointer].is_number_unsigned()) {
      commit.index = (*results)[pointer].get<std::uint64_t>();
    }
  }
  return commit;
}

std::optional<std::size_t> parse_size_limit(std::string_view text) {
  // "Request body(600000 bytes) too large, max size: 524288 bytes.", and of a transaction
  // "Value for key "k" is too large (9000 > 8192 bytes)".
  for (const std::string_view mark : {"max size: ", " > "}) {
    const auto at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    const auto digits = text.substr(at + mark.size());
    const auto limit = to_integer(digits.substr(0, digits.find_first_not_of("0123456789")));
    if (limit && *limit > 0) return static_cast<std::size_t>(*limit);
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> parse_keys(std::string_view text) {
  const auto json = parse_bounded(text);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> keys;
  for (const auto& key : json) {
    if (!key.is_string()) return std::nullopt;
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

}  // namespace proxysql_consul
