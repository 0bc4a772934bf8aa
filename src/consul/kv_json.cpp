#include "proxysql_consul/consul/kv_json.h"

#include <nlohmann/json.hpp>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

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
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) refuse_entry(text.empty() ? "nothing came" : "is no JSON, or was cut short");
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
  const auto json = Json::parse(text, nullptr, false);
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
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> keys;
  for (const auto& key : json) {
    if (!key.is_string()) return std::nullopt;
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

}  // namespace proxysql_consul
