// What opens documents, and what seals them: the keys that the settings name. Each document is bound to the prefix, the
// configuration and the node that it says it is of, so that it opens nowhere else. Where there are no keys, documents
// are plain, and this only says why a sealed one cannot be read. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/document.h"

namespace proxysql_consul {

/// True for what can be a key's id: letters, digits, '.', '_' or '-', and no more than 64 of them.
bool is_key_id(std::string_view text);

/// The first 64 of `ids` that is_key_id() takes. For files and records, in which anybody can have put anything, and
/// which messages name.
std::vector<std::string> key_ids_among(std::vector<std::string> ids);

struct SealingKey {
  std::string id;      ///< which key a document is sealed with stands in it, for all to see
  std::string secret;  ///< of seal_key_bytes
};

class Keyring {
 public:
  /// Without keys.
  Keyring() = default;
  /// The first key seals, all open. `prefix` is that of the documents: "proxysql/".
  Keyring(std::string prefix, std::vector<SealingKey> keys, bool allow_plaintext)
      : prefix_(std::move(prefix)), keys_(std::move(keys)), allow_plaintext_(allow_plaintext) {}

  /// True where documents are to be sealed.
  bool seals() const { return !keys_.empty(); }
  bool allows_plaintext() const { return keys_.empty() || allow_plaintext_; }
  /// The id of the key that seals; "" where none does.
  std::string first() const { return keys_.empty() ? std::string() : keys_.front().id; }
  std::vector<std::string> ids() const;

  /// The document in what a key in Consul holds. Of one whose tables are kept apart, `blob` says where, and how they
  /// are opened. Throws Error{payload} that tells a key that is not held from a document that was changed, and refuses
  /// a plain one where those are not allowed.
  Document open(std::string_view stored) const;
  /// Its text in the clear: format_document() has made it. Throws as open().
  std::string open_text(std::string_view stored) const;
  /// The SHA-256 of a sealed document's text in the clear, which stays the same when it is sealed anew; "" of a plain
  /// one, and of what cannot be opened.
  std::string content(std::string_view stored) const;
  /// The packed tables of an open document, from the parts that its blob names. Throws Error{payload}.
  std::string open_parts(const Document& document, std::string_view parts) const;

  /// `text` is a plain document's, of which the tables are in it or in `parts`, which were sealed before. Each nonce
  /// is for one call.
  std::string seal_text(const Document& document, std::string_view text, const std::optional<Blob>& parts,
                        std::string_view nonce) const;
  /// The same of its packed tables.
  std::string seal_parts(const Document& document, std::string_view packed, std::string_view nonce) const;

 private:
  const SealingKey& key_of(const std::string& id) const;
  std::string unsealed(const SealedDocument& sealed) const;
  void check_plain() const;

  std::string prefix_;
  std::vector<SealingKey> keys_;
  bool allow_plaintext_ = false;
};

}  // namespace proxysql_consul
