#include "proxysql_consul/base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace proxysql_consul {
namespace {

constexpr int gzip_window = 15 + 16;  // zlib: the largest window, with gzip's header instead of zlib's own
constexpr std::size_t chunk_size = 1U << 18U;

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string compressed;
  std::string chunk(chunk_size, '\0');
  std::size_t fed = 0;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    // zlib counts its input in 32 bits.
    const auto piece = std::min<std::size_t>(bytes.size() - fed, std::numeric_limits<uInt>::max());
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()) + fed);
    stream.avail_in = static_cast<uInt>(piece);
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    state = deflate(&stream, fed + piece == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    fed += piece - stream.avail_in;
    compressed.append(chunk, 0, chunk.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return compressed;
}

std::optional<std::string> gunzip(std::string_view compressed, std::size_t limit) {
  if (compressed.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window) != Z_OK) throw std::bad_alloc();
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string bytes;
  // What repeats itself as tables do becomes about so much smaller.
  bytes.reserve(std::min(limit, compressed.size() * 24));
  std::string chunk(chunk_size, '\0');
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.append(chunk, 0, chunk.size() - stream.avail_out);
    if (bytes.size() > limit) break;
  }
  const bool whole = state == Z_STREAM_END && stream.avail_in == 0 && bytes.size() <= limit;
  inflateEnd(&stream);
  return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace proxysql_consul
