// Who this node is: the UUID that marks its documents as its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace proxysql_consul {

constexpr std::size_t uuid_length = 36;

/// True for the 36 characters of a UUID, in either case.
bool is_uuid(std::string_view text);

/// The UUID in `path`, made (version 4) on the first run: of two first runs at once, both get the same. A file that
/// root made for itself alone is shared with its directory's owner and group when root runs. Throws Error{settings}
/// where the file is empty or malformed, or cannot be read or made.
std::string load_uuid(const std::string& path);

}  // namespace proxysql_consul
