// The file of the keys that seal documents: a line a key, "id:" and 32 bytes in base64. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/keyring.h"

namespace proxysql_consul {

/// Blank lines and those that begin with # are passed over. Throws Error{settings} that names `file`, line and rule,
/// and never what stands there, for text without a key, an id that stands twice, and what is no key.
std::vector<SealingKey> parse_encryption_keys(std::string_view text, const std::string& file);

}  // namespace proxysql_consul
