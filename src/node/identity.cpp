#include "proxysql_consul/node/identity.h"

#include <uuid/uuid.h>

#include <array>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/files.h"

namespace proxysql_consul {
namespace {

std::string make_uuid() {
  uuid_t bytes;
  uuid_generate_random(bytes);
  std::array<char, uuid_length + 1> text{};
  uuid_unparse_lower(bytes, text.data());
  return text.data();
}

}  // namespace

bool is_uuid(std::string_view text) {
  uuid_t bytes;
  return text.size() == uuid_length && uuid_parse(std::string(text).c_str(), bytes) == 0;
}

std::string load_uuid(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    create_file(path, make_uuid() + "\n");
    text = read_file(path);
  }
  // The file of 2016 has no newline at its end, an edited one has.
  if (!text) throw Error(ExitCode::settings, path + ": vanished while it was read");
  auto uuid = text->substr(0, text->find_last_not_of(" \t\r\n") + 1);
  if (!is_uuid(uuid)) {
    throw Error(ExitCode::settings, path + ": " + (uuid.empty() ? "is empty" : "holds no UUID"),
                "restore it from a backup; or remove it, and the next run makes a new one (the node then applies once "
                "more what it saved itself)");
  }
  share_file(path, *text);
  return uuid;
}

}  // namespace proxysql_consul
