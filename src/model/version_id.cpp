#include "proxysql_consul/model/version_id.h"

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

std::optional<std::uint64_t> to_count(std::string_view text) {
  const auto number = to_integer(text);
  const bool is_plain = number && *number >= 0 && std::to_string(*number) == text;
  return is_plain ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

}  // namespace

std::strong_ordering VersionId::operator<=>(const VersionId& other) const {
  if (const auto order = version <=> other.version; std::is_neq(order)) return order;
  if (is_saved() != other.is_saved()) return is_saved() ? std::strong_ordering::greater : std::strong_ordering::less;
  if (const auto order = uuid <=> other.uuid; std::is_neq(order)) return order;
  return number <=> other.number;
}

std::string to_string(const VersionId& id) {
  auto text = std::to_string(id.version);
  if (id.is_saved()) return text;
  text += "." + id.uuid;
  return id.number > 1 ? text + "." + std::to_string(id.number) : text;
}

std::optional<VersionId> parse_version_id(std::string_view text) {
  constexpr std::size_t uuid_size = 36;
  const auto dot = text.find('.');
  const auto version = to_count(text.substr(0, dot));
  if (!version) return std::nullopt;
  VersionId id{.version = *version};
  if (dot == std::string_view::npos) return id;
  auto rest = text.substr(dot + 1);
  id.uuid = rest.substr(0, uuid_size);
  const bool is_uuid =
      id.uuid.size() == uuid_size && id.uuid.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
  if (!is_uuid) return std::nullopt;
  rest.remove_prefix(uuid_size);
  if (rest.empty()) return id;
  const auto number = rest.starts_with('.') ? to_count(rest.substr(1)) : std::nullopt;
  if (!number || *number < 2) return std::nullopt;
  id.number = *number;
  return id;
}

}  // namespace proxysql_consul
