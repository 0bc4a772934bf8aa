// Encryption keys for the nodes of a test.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "proxysql_consul/base/crypto.h"
#include "proxysql_consul/model/keyring.h"
#include "support/program_node.h"

namespace proxysql_consul::testing {

/// The key that is called `id` in all of a test.
inline SealingKey key_called(const std::string& id) { return {.id = id, .secret = sha256("key " + id)}; }

inline Keyring ring_of(const Texts& ids, bool allow_plaintext = false) {
  std::vector<SealingKey> keys;
  for (const auto& id : ids) keys.push_back(key_called(id));
  return {prefix, keys, allow_plaintext};
}

/// Gives `node` these keys, of which the first seals, and what else is in its settings.
inline void hold(NodeUnderTest& node, const TempDir& dir, const Texts& ids, const std::string& more_settings = {}) {
  const auto path = dir.file(node.agent() + ".keys");
  std::string text;
  for (const auto& id : ids) text += id + ":" + to_base64(key_called(id).secret) + "\n";
  write_file(path, text);
  chmod(path.c_str(), 0600);
  node.configure("\"encryption_keys_file\":\"" + path + "\"" + (more_settings.empty() ? "" : "," + more_settings));
}

}  // namespace proxysql_consul::testing
