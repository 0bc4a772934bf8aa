// Compression. The only owner of zlib. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace proxysql_consul {

std::string gzip(std::string_view bytes);

/// Expands to at most `limit` bytes. Nothing where `compressed` is no whole gzip stream or expands to more.
std::optional<std::string> gunzip(std::string_view compressed, std::size_t limit);

}  // namespace proxysql_consul
