#include "proxysql_consul/base/text.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace proxysql_consul {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

/// A shorter word with a letter changed is like the end of almost anything.
constexpr std::size_t shortest_guessed_tail = 4;

/// The only one of `known` with an end after '_' that is at most `distance` letters from `word`; of several, the only
/// one for MySQL, which is what most people have in mind.
const std::string* with_tail(std::string_view word, const std::vector<std::string>& known, std::size_t distance) {
  std::vector<const std::string*> all;
  std::vector<const std::string*> mysql;
  for (const auto& candidate : known) {
    const auto lower = to_lower(candidate);
    bool is_tail = false;
    for (auto at = lower.find('_'); at != std::string::npos; at = lower.find('_', at + 1)) {
      const auto tail = lower.substr(at + 1);
      const bool may_be_near = word.size() <= tail.size() + distance;
      is_tail = is_tail || (may_be_near && edit_distance(word, tail) <= distance);
    }
    if (!is_tail || word.empty()) continue;
    all.push_back(&candidate);
    if (lower.starts_with("mysql_")) mysql.push_back(&candidate);
  }
  const auto& of = all.size() > 1 ? mysql : all;
  return of.size() == 1 ? of.front() : nullptr;
}

}  // namespace

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string joined;
  for (const auto& word : words) {
    if (!joined.empty()) joined += separator;
    joined += word;
  }
  return joined;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto wanted = to_lower(word);
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 2) + 1;
  for (const auto& candidate : known) {
    // What is twice as long as a word is nothing like it, whatever stands there.
    if (wanted.size() >= 2 * candidate.size()) continue;
    const auto distance = edit_distance(wanted, to_lower(candidate));
    if (distance < best_distance && distance < candidate.size()) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) best = with_tail(wanted, known, 0);
  if (best == nullptr && wanted.size() >= shortest_guessed_tail) best = with_tail(wanted, known, 1);
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto meant = nearest(word, known);
  return meant ? "did you mean '" + *meant + "'?" : std::string();
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown(text.substr(0, limit));
  if (text.size() > limit && is_utf8(text)) {
    while (!is_utf8(shown)) shown.pop_back();
  }
  const bool is_text = is_utf8(shown);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    // A terminal takes U+0080 to U+009F for commands, as it does the bytes below the blank.
    const bool is_c1 = byte == 0xC2 && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || (is_text && is_c1)) shown[i] = ' ';
    if (is_text && is_c1) shown[i + 1] = ' ';
    if (!is_text && byte >= 0x80) shown[i] = '?';
  }
  if (text.size() > limit) shown += "...";
  return shown;
}

std::string without_literals(std::string_view text) {
  std::string shown;
  bool inside = false;
  for (const char c : text) {
    if (c == '\'') {
      inside = !inside;
      shown += inside ? "'***'" : "";
    } else if (!inside) {
      shown += c;
    }
  }
  return shown;
}

std::string without_echo(std::string_view text, const std::vector<std::string_view>& sent) {
  constexpr std::size_t least = 16;
  const auto plain = [](std::string_view quoted) {
    std::string bytes(quoted);
    std::erase(bytes, '\\');
    return bytes;
  };
  std::vector<std::string> known;
  for (const auto one : sent) known.push_back(plain(one));
  const auto unquoted = plain(text);
  std::string shown;
  bool has_echo = false;
  for (std::string_view rest = unquoted; !rest.empty();) {
    std::size_t longest = 0;
    for (const std::string_view one : known) {
      if (rest.size() < least) break;
      const auto at = one.find(rest.substr(0, least));
      if (at == std::string_view::npos) continue;
      const auto end =
          std::mismatch(rest.begin(), rest.end(), one.begin() + static_cast<std::ptrdiff_t>(at), one.end());
      longest = std::max(longest, static_cast<std::size_t>(end.first - rest.begin()));
    }
    has_echo = has_echo || longest > 0;
    shown += longest > 0 ? "***" : rest.substr(0, 1);
    rest.remove_prefix(std::max(longest, std::size_t{1}));
  }
  return has_echo ? shown : std::string(text);
}

std::optional<long long> to_integer(std::string_view text) {
  long long value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    const unsigned char lead = *at++;
    if (lead < 0x80) continue;
    unsigned following = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      following = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      following = 2;
      if (lead == 0xE0) low = 0xA0;   // shorter forms exist
      if (lead == 0xED) high = 0x9F;  // surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      following = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
    } else {
      return false;
    }
    for (; following > 0; --following) {
      if (at == end || *at < low || *at > high) return false;
      ++at;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

}  // namespace proxysql_consul
