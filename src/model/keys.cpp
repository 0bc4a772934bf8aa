#include "proxysql_consul/model/keys.h"

#include <utility>

namespace proxysql_consul {
namespace {

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

}  // namespace

Keys::Keys(std::string prefix)
    : prefix_(std::move(prefix)), meta_(prefix_.substr(0, prefix_.find_last_not_of('/') + 1) + "-meta/") {}

std::string Keys::document(std::string_view configuration) const { return prefix_ + std::string(configuration); }

std::string Keys::freeze() const { return prefix_ + "freeze"; }

std::string Keys::history(std::string_view configuration) const {
  return meta_ + "history/" + std::string(configuration) + "/";
}

std::string Keys::history(std::string_view configuration, const VersionId& id) const {
  return history(configuration) + to_string(id);
}

std::string Keys::blobs() const { return meta_ + "blob/"; }

std::string Keys::blob_use() const { return meta_ + "blob-use"; }

std::string Keys::blob_part(std::string_view sha256, std::size_t number) const {
  return blobs() + std::string(sha256) + "/" + std::to_string(number);
}

std::string Keys::nodes() const { return meta_ + "node/"; }

std::string Keys::node(std::string_view uuid) const { return nodes() + std::string(uuid); }

std::optional<std::string> Keys::name_of(std::string_view key) const {
  const auto name = after(key, prefix_);
  return name ? std::optional<std::string>(*name) : std::nullopt;
}

std::optional<VersionId> Keys::id_of(std::string_view configuration, std::string_view key) const {
  const auto name = after(key, history(configuration));
  return name ? parse_version_id(*name) : std::nullopt;
}

std::optional<std::uint64_t> Keys::version_of(std::string_view configuration, std::string_view key) const {
  const auto id = id_of(configuration, key);
  return id && id->is_saved() ? std::optional(id->version) : std::nullopt;
}

std::optional<std::string> Keys::blob_of(std::string_view key) const {
  const auto name = after(key, blobs());
  return name ? std::optional<std::string>(name->substr(0, name->find('/'))) : std::nullopt;
}

std::string Keys::rule_prefix(std::string_view key) const { return key.starts_with(meta_) ? meta_ : prefix_; }

}  // namespace proxysql_consul
