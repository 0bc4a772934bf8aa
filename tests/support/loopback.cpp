#include "support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace proxysql_consul::testing {

Listener listen_on_loopback() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor, generic, size) != 0 || ::listen(descriptor, 64) != 0 ||
      ::getsockname(descriptor, generic, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "a server for a test");
  }
  return {.descriptor = descriptor, .port = ntohs(address.sin_port)};
}

}  // namespace proxysql_consul::testing
