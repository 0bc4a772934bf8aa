#include "proxysql_consul/node/settings_json.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/node/json_fault.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

/// Hears of each key while the text is read: afterwards only the last of two is left. The parser's own way to be heard
/// of looks through all of an object or list when a part of it ends.
class KeyCheck : public nlohmann::json_sax<Json> {
 public:
  explicit KeyCheck(const std::string& file) : file_(file) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool start_object(std::size_t) override {
    objects_.emplace_back();
    return true;
  }
  bool end_object() override {
    objects_.pop_back();
    return true;
  }
  bool key(std::string& name) override {
    auto& object = objects_.back();
    object.key = name;
    if (!object.keys.insert(name).second) {
      throw Error(ExitCode::settings, file_ + ": " + printable(path()) + ": must stand once, stands twice");
    }
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  struct Object {
    std::set<std::string> keys;
    std::string key;  ///< the last one
  };

  std::string path() const {
    std::vector<std::string> steps;
    for (const auto& object : objects_) steps.push_back(printable(object.key, 64));
    return join(steps, ".");
  }

  const std::string& file_;
  std::vector<Object> objects_;
};

std::string type_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "a boolean";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "an object";
}

[[noreturn]] void refuse(const Source& source, const std::string& rule, const Json& value) {
  if (value.is_string()) source.refuse_text(rule, value.get_ref<const std::string&>());
  source.refuse(rule, source.is_secret() || value.is_structured() ? type_of(value) : value.dump());
}

void skip_byte_order_mark(std::string_view& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
}

Json parse(std::string_view text, const std::string& file, bool is_object) {
  skip_byte_order_mark(text);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    throw Error(ExitCode::settings,
                file + ": is empty: expected " + (is_object ? "a JSON object, {} at least" : "a JSON value"));
  }
  KeyCheck check(file);
  if (!Json::sax_parse(text, &check)) {
    const auto fault = find_json_fault(text, is_object);
    if (!fault) {
      throw Error(ExitCode::settings,
                  file + ": is no JSON: holds a number that is too large, or half a surrogate pair");
    }
    throw Error(ExitCode::settings, file + ": is no JSON: " + fault->place + ": expected " + fault->expected,
                fault->hint);
  }
  return Json::parse(text);
}

}  // namespace

Json parse_settings_json(std::string_view text, const std::string& file) {
  auto json = parse(text, file, true);
  if (!json.is_object()) throw Error(ExitCode::settings, file + ": must be a JSON object, is " + type_of(json));
  return json;
}

Json parse_settings_value(std::string_view text, const std::string& file) { return parse(text, file, false); }

bool is_json_object(std::string_view text) { return Json::parse(text, nullptr, false).is_object(); }

std::string as_text(const Source& source, const Json& value) {
  if (!value.is_string()) refuse(source, "must be a string", value);
  return checked_text(source, value.get<std::string>());
}

std::string as_nonempty(const Source& source, const Json& value) {
  return checked_nonempty(source, as_text(source, value));
}

std::string as_path(const Source& source, const Json& value) { return checked_path(source, as_text(source, value)); }

std::string as_path_or_none(const Source& source, const Json& value) {
  auto path = as_text(source, value);
  return path.empty() ? path : checked_path(source, std::move(path));
}

std::string as_host(const Source& source, const Json& value) { return checked_host(source, as_text(source, value)); }

std::string as_host_or_none(const Source& source, const Json& value) {
  auto host = as_text(source, value);
  return host.empty() ? host : checked_host(source, std::move(host));
}

bool as_bool(const Source& source, const Json& value) {
  if (!value.is_boolean()) refuse(source, "must be true or false", value);
  return value.get<bool>();
}

long long as_number(const Source& source, const Json& value, long long low, long long high, const char* what) {
  if (value.is_string()) return checked_number(source, value.get_ref<const std::string&>(), low, high, what);
  const auto number = value.is_number_integer() ? value.get<long long>() : low - 1;
  if (number < low || number > high) refuse(source, range_rule(what, low, high), value);
  return number;
}

unsigned as_port(const Source& source, const Json& value) {
  return static_cast<unsigned>(as_number(source, value, 1, max_port, "a port"));
}

std::vector<std::string> as_list(const Source& source, const Json& value) {
  if (!value.is_array()) refuse(source, "must be a list of strings", value);
  std::vector<std::string> list;
  for (const auto& item : value) list.push_back(as_nonempty(source, item));
  return list;
}

std::vector<std::string> as_patterns(const Source& source, const Json& value) {
  auto patterns = as_list(source, value);
  for (const auto& pattern : patterns) require_whole_pattern(source, pattern);
  return patterns;
}

}  // namespace proxysql_consul
