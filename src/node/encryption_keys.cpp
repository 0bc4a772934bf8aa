#include "proxysql_consul/node/encryption_keys.h"

#include <algorithm>
#include <utility>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"

namespace proxysql_consul {
namespace {

constexpr auto blanks = " \t\r";
constexpr auto how_to_make_one = "`echo \"$(date +%Y-%m):$(consul keygen)\"` makes such a line";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Says no word of what stands in the line, which may be a secret in the wrong place.
SealingKey parse_line(std::string_view line, const std::string& where) {
  const auto colon = line.find(':');
  const auto id = trimmed(line.substr(0, colon));
  if (colon == std::string_view::npos || !is_key_id(id)) {
    throw Error(ExitCode::settings,
                where + "must be a key's id (letters, digits, '.', '_' or '-'), a colon, and the key", how_to_make_one);
  }
  auto secret = from_base64(trimmed(line.substr(colon + 1)));
  if (!secret || secret->size() != seal_key_bytes) {
    throw Error(ExitCode::settings, where + "the key must be " + std::to_string(seal_key_bytes) + " bytes in base64",
                how_to_make_one);
  }
  return {.id = std::string(id), .secret = std::move(*secret)};
}

}  // namespace

std::vector<SealingKey> parse_encryption_keys(std::string_view text, const std::string& file) {
  std::vector<SealingKey> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto where = file + ": line " + std::to_string(number) + ": ";
    auto key = parse_line(line, where);
    if (std::any_of(keys.begin(), keys.end(), [&](const SealingKey& other) { return other.id == key.id; })) {
      throw Error(ExitCode::settings, where + "key " + key.id + " stands there already",
                  "an id names one key for ever");
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty()) throw Error(ExitCode::settings, file + ": holds no key", how_to_make_one);
  return keys;
}

}  // namespace proxysql_consul
