#include "proxysql_consul/node/json_fault.h"

#include <algorithm>
#include <cstddef>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

/// "line 2, column 7", both from 1, the column in characters.
std::string place_of(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto in_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + std::count_if(in_line.begin(), in_line.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

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

class FaultFinder {
 public:
  FaultFinder(std::string_view text, bool is_object) : text_(text), next_(is_object ? Next::object : Next::value) {}

  std::optional<JsonFault> find() {
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
    if (fault_) return;
    const auto* end = at_ == text_.size() ? "; the text ends there" : "";
    fault_ = JsonFault{.place = place_of(text_, at_), .expected = expected + end, .hint = hint()};
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
  std::optional<JsonFault> fault_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text, bool is_object) {
  return FaultFinder(text, is_object).find();
}

}  // namespace proxysql_consul
