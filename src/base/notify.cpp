#include "proxysql_consul/base/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "proxysql_consul/base/text.h"

namespace proxysql_consul {

bool notify_manager(const std::string& socket, std::string_view message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_name = socket.starts_with('@');
  if ((!is_name && !socket.starts_with('/')) || socket.size() >= sizeof address.sun_path) return false;
  std::copy(socket.begin(), socket.end(), address.sun_path);
  // A name that is no file's begins with a NUL.
  if (is_name) address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size() + (is_name ? 0 : 1));
  const auto sent = sendto(descriptor, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), size);
  close(descriptor);
  return sent == static_cast<ssize_t>(message.size());
}

std::optional<std::chrono::milliseconds> watchdog_interval(const std::optional<std::string>& watchdog_usec,
                                                           const std::optional<std::string>& watchdog_pid,
                                                           long long pid) {
  const auto limit = to_integer(watchdog_usec.value_or(""));
  if (!limit || *limit <= 0) return std::nullopt;
  if (watchdog_pid && to_integer(*watchdog_pid) != pid) return std::nullopt;
  constexpr long long shortest = 1;
  return std::chrono::milliseconds(std::max(*limit / 2000, shortest));
}

}  // namespace proxysql_consul
