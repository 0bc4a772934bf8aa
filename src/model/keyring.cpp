#include "proxysql_consul/model/keyring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <variant>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/gzip.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {
namespace {

[[noreturn]] void refuse_sealed(const std::string& what) { throw Error(ExitCode::payload, "document: " + what); }

std::string quoted(const std::string& id) { return "\"" + printable(id, 64) + "\""; }

/// Each field with its length before it, so that no two lists of fields look the same.
std::string canonical(std::initializer_list<std::string_view> fields) {
  constexpr int bytes_of_length = 8;
  std::string text;
  for (const auto field : fields) {
    const std::uint64_t length = field.size();
    for (int i = 0; i < bytes_of_length; ++i) text += static_cast<char>((length >> (8 * i)) & 0xFF);
    text.append(field);
  }
  return text;
}

/// What a document is bound to.
std::string binding(std::string_view prefix, std::string_view configuration, std::string_view uuid,
                    const std::optional<Blob>& blob) {
  constexpr std::string_view purpose = "proxysql-consul document 1";
  if (!blob) return canonical({purpose, prefix, configuration, uuid});
  return canonical(
      {purpose, prefix, configuration, uuid, blob->sha256, std::to_string(blob->bytes), std::to_string(blob->parts)});
}

/// What its tables are bound to where they are kept apart. Which of that node's versions they are of, the document
/// says.
std::string binding_of_parts(std::string_view prefix, const Document& document) {
  return canonical({"proxysql-consul tables 1", prefix, document.config_name, document.uuid});
}

[[noreturn]] void refuse_changed(const std::string& what, const std::string& key) {
  refuse_sealed(
      what + " with key " + quoted(key) +
      ": somebody has changed it, or taken it from another key or prefix of Consul, or another key has that name "
      "here");
}

}  // namespace

bool is_key_id(std::string_view text) {
  // It stands in every document, for all to see, and in messages.
  constexpr std::size_t longest = 64;
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= longest && text.find_first_not_of(letters) == std::string_view::npos;
}

std::vector<std::string> key_ids_among(std::vector<std::string> ids) {
  constexpr std::size_t most = 64;
  std::erase_if(ids, [](const std::string& id) { return !is_key_id(id); });
  ids.resize(std::min(ids.size(), most));
  return ids;
}

std::vector<std::string> Keyring::ids() const {
  std::vector<std::string> ids;
  for (const auto& key : keys_) ids.push_back(key.id);
  return ids;
}

const SealingKey& Keyring::key_of(const std::string& id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const SealingKey& key) { return key.id == id; });
  if (found != keys_.end()) return *found;
  if (keys_.empty()) {
    refuse_sealed("is sealed with key " + quoted(id) +
                  ", and this node holds none: encryption_keys_file names the file");
  }
  refuse_sealed("is sealed with key " + quoted(id) + ", which is not in this node's encryption_keys_file: that has " +
                join(ids()));
}

void Keyring::check_plain() const {
  if (allows_plaintext()) return;
  refuse_sealed(
      "is not sealed, and this node, which has an encryption_keys_file, takes no other while allow_plaintext is "
      "false");
}

std::string Keyring::unsealed(const SealedDocument& sealed) const {
  const auto& key = key_of(sealed.key);
  const auto opened = unseal(sealed.data, binding(prefix_, sealed.config_name, sealed.uuid, sealed.blob), key.secret);
  if (!opened) refuse_changed("cannot be opened", sealed.key);
  auto text = gunzip(*opened, max_document_bytes);
  if (!text)
    refuse_sealed("what is sealed in it does not expand to at most " + std::to_string(max_document_bytes) + " bytes");
  return std::move(*text);
}

std::string Keyring::open_text(std::string_view stored) const {
  const auto parsed = parse_stored(stored);
  if (const auto* sealed = std::get_if<SealedDocument>(&parsed)) return unsealed(*sealed);
  check_plain();
  return std::string(stored);
}

std::string Keyring::content(std::string_view stored) const {
  if (keys_.empty()) return {};
  try {
    const auto parsed = parse_stored(stored);
    const auto* sealed = std::get_if<SealedDocument>(&parsed);
    return sealed != nullptr ? sha256_hex(unsealed(*sealed)) : std::string();
  } catch (const Error&) {
    return {};
  }
}

Document Keyring::open(std::string_view stored) const {
  auto parsed = parse_stored(stored);
  if (auto* plain = std::get_if<Document>(&parsed)) {
    check_plain();
    return std::move(*plain);
  }
  const auto& sealed = std::get<SealedDocument>(parsed);
  auto document = parse_document(unsealed(sealed));
  // Whoever holds the key has sealed it, and may have erred.
  if (document.config_name != sealed.config_name || document.uuid != sealed.uuid ||
      document.blob.has_value() != sealed.blob.has_value()) {
    refuse_sealed("what is sealed in it is another document than it says");
  }
  document.sealed_with = sealed.key;
  if (sealed.blob) {
    auto content = std::move(document.blob->sha256);
    document.blob = sealed.blob;
    document.blob->sealed_sha256 = std::move(content);
  }
  return document;
}

std::string Keyring::open_parts(const Document& document, std::string_view parts) const {
  if (document.sealed_with.empty()) return std::string(parts);
  auto packed = unseal(parts, binding_of_parts(prefix_, document), key_of(document.sealed_with).secret);
  if (!packed) refuse_changed("its tables cannot be opened", document.sealed_with);
  return std::move(*packed);
}

std::string Keyring::seal_text(const Document& document, std::string_view text, const std::optional<Blob>& parts,
                               std::string_view nonce) const {
  const auto& key = keys_.at(0);
  return format_sealed(
      {.config_name = document.config_name,
       .uuid = document.uuid,
       .key = key.id,
       .data = seal(gzip(text), binding(prefix_, document.config_name, document.uuid, parts), key.secret, nonce),
       .blob = parts});
}

std::string Keyring::seal_parts(const Document& document, std::string_view packed, std::string_view nonce) const {
  return seal(packed, binding_of_parts(prefix_, document), keys_.at(0).secret, nonce);
}

}  // namespace proxysql_consul
