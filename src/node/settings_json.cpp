#include "proxysql_consul/node/settings_json.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

using Json = nlohmann::json;

/// Where text stops being JSON.
struct Fault {
  std::size_t at;
  std::string expected;
  std::string hint;
};

bool is_number(std::string_view text) {
  const auto take_digits = [&] {
    const auto count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool has_zero = text.starts_with('0');
  const auto digits = take_digits();
  if (digits == 0 || (has_zero && digits > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

/// Finds the fault of a text that the parser refused. The parser's own words quote the text, and name only one of the
/// tokens that could stand there.
class FaultFinder {
 public:
  FaultFinder(std::string_view text, bool is_object) : text_(text), next_(is_object ? Next::object : Next::value) {}

  std::optional<Fault> find() {
    while (!fault_ && !(next_ == Next::nothing && at_ == text_.size())) step();
    return fault_;
  }

 private:
  enum class Next { object, value, value_or_end, key, key_or_end, colon, comma_or_end, nothing };

  void step() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    if (at_ == text_.size() && next_ == Next::nothing) return;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const bool is_close = !open_.empty() && c == open_.back();
    if (is_close && (next_ == Next::value_or_end || next_ == Next::key_or_end || next_ == Next::comma_or_end)) {
      open_.pop_back();
      ++at_;
      next_ = after_value();
    } else if (next_ == Next::comma_or_end && c == ',') {
      ++at_;
      next_ = open_.back() == '}' ? Next::key : Next::value;
      after_comma_ = true;
      return;
    } else if (next_ == Next::colon && c == ':') {
      ++at_;
      next_ = Next::value;
    } else if ((next_ == Next::key || next_ == Next::key_or_end) && c == '"') {
      skip_string();
      next_ = Next::colon;
    } else if (next_ == Next::object || next_ == Next::value || next_ == Next::value_or_end) {
      skip_value(c);
    } else {
      refuse(expected());
    }
    after_comma_ = false;
  }

  void skip_value(char c) {
    if (c == '{' || c == '[') {
      open_.push_back(c == '{' ? '}' : ']');
      ++at_;
      next_ = c == '{' ? Next::key_or_end : Next::value_or_end;
      return;
    }
    if (c == '"') {
      skip_string();
    } else {
      const auto word = text_.substr(at_, text_.find_first_of(" \t\r\n,:[]{}\"", at_) - at_);
      if (word != "true" && word != "false" && word != "null" && !is_number(word)) refuse(expected());
      at_ += word.size();
    }
    next_ = after_value();
  }

  void skip_string() {
    const auto begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return refuse("a closing '\"', or \\n and the like for control characters");
      if (c == '\\' && !skip_escape()) return refuse("an escape such as \\\\, \\n or \\u00e9");
      if (c == '"') {
        ++at_;
        if (!is_utf8(text_.substr(begin, at_ - begin))) {
          at_ = begin;
          refuse("a string in UTF-8");
        }
        return;
      }
    }
    refuse("a closing '\"'");
  }

  /// Ends on the escape's last character.
  bool skip_escape() {
    const auto escape = text_.substr(at_ + 1, 5);
    if (escape.empty()) return false;
    if (escape[0] == 'u') {
      const auto digits = escape.substr(1);
      if (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
        return false;
      at_ += 5;
      return true;
    }
    if (std::string_view("\"\\/bfnrt").find(escape[0]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  Next after_value() const { return open_.empty() ? Next::nothing : Next::comma_or_end; }

  std::string expected() const {
    switch (next_) {
      case Next::object: return "'{'";
      case Next::value: return "a value";
      case Next::value_or_end: return "a value or ']'";
      case Next::key: return "a key in double quotes";
      case Next::key_or_end: return "a key in double quotes or '}'";
      case Next::colon: return "':'";
      case Next::comma_or_end: return std::string("',' or '") + open_.back() + "'";
      case Next::nothing: break;
    }
    return "nothing more";
  }

  void refuse(const std::string& expected) {
    if (!fault_) fault_ = Fault{at_, expected + (at_ == text_.size() ? "; the text ends there" : ""), hint()};
  }

  std::string hint() const {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '/' || c == '#') return "JSON has no comments; a key _comment is for remarks";
    if (c == '\'') return "JSON has double quotes only";
    if (after_comma_ && (c == '}' || c == ']')) return std::string("no comma may stand before ") + c;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Next next_;
  bool after_comma_ = false;
  std::string open_;  ///< the closing bracket of each that is open
  std::optional<Fault> fault_;
};

/// "line 2, column 7", both from 1, the column in characters.
std::string place_of(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto in_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + std::count_if(in_line.begin(), in_line.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

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
    throw Error(ExitCode::settings, file + ": is empty: expected a JSON object, {} at least");
  }
  KeyCheck check(file);
  if (!Json::sax_parse(text, &check)) {
    const auto fault = FaultFinder(text, is_object).find();
    if (!fault) {
      throw Error(ExitCode::settings,
                  file + ": is no JSON: holds a number that is too large, or half a surrogate pair");
    }
    throw Error(ExitCode::settings,
                file + ": is no JSON: " + place_of(text, fault->at) + ": expected " + fault->expected, fault->hint);
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
  for (const auto& item : value) list.push_back(checked_nonempty(source, as_text(source, item)));
  return list;
}

}  // namespace proxysql_consul
