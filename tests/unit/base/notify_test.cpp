#include "proxysql_consul/base/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "support/process.h"

namespace proxysql_consul::testing {
namespace {

using std::chrono::milliseconds;

/// What a service manager listens at.
class Manager {
 public:
  explicit Manager(const std::string& socket) : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(socket.begin(), socket.end(), address.sun_path);
    const bool is_name = socket.front() == '@';
    if (is_name) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size() + (is_name ? 0 : 1));
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size) != 0) throw std::runtime_error("bind");
  }
  ~Manager() { close(descriptor_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// The next message, "" where none is there.
  std::string told() const {
    std::array<char, 4096> buffer{};
    const auto size = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int descriptor_;
};

TEST(Notify, SendsEachMessageAsOneDatagram) {
  const TempDir dir;
  for (const auto& socket : {dir.file("notify"), "@proxysql-consul-test-" + std::to_string(getpid())}) {
    SCOPED_TRACE(socket);
    const Manager manager(socket);
    EXPECT_TRUE(notify_manager(socket, "READY=1\nSTATUS=follows 7 configurations"));
    EXPECT_TRUE(notify_manager(socket, "WATCHDOG=1"));
    EXPECT_EQ(manager.told(), "READY=1\nSTATUS=follows 7 configurations");
    EXPECT_EQ(manager.told(), "WATCHDOG=1");
    EXPECT_EQ(manager.told(), "");
  }
}

TEST(Notify, NeitherWaitsNorFailsWhereNobodyListens) {
  const TempDir dir;
  EXPECT_FALSE(notify_manager(dir.file("none"), "READY=1"));
  EXPECT_FALSE(notify_manager("", "READY=1"));
  EXPECT_FALSE(notify_manager("relative", "READY=1"));
  EXPECT_FALSE(notify_manager("/" + std::string(200, 'x'), "READY=1"));
  // Nobody reads: the queue is full after some.
  const Manager manager(dir.file("slow"));
  bool is_full = false;
  for (int i = 0; i < 10'000 && !is_full; ++i) is_full = !notify_manager(dir.file("slow"), "WATCHDOG=1");
  EXPECT_TRUE(is_full);
}

TEST(Notify, KeepsTheWatchdogAtHalfOfItsTime) {
  EXPECT_EQ(watchdog_interval("60000000", std::nullopt, 7), milliseconds(30'000));
  EXPECT_EQ(watchdog_interval("60000000", "7", 7), milliseconds(30'000));
  EXPECT_EQ(watchdog_interval("60000000", "8", 7), std::nullopt) << "for another process";
  EXPECT_EQ(watchdog_interval("1", std::nullopt, 7), milliseconds(1));
  for (const auto* const none : {"", "0", "-1", "x"}) EXPECT_EQ(watchdog_interval(none, {}, 7), std::nullopt) << none;
  EXPECT_EQ(watchdog_interval(std::nullopt, std::nullopt, 7), std::nullopt);
}

}  // namespace
}  // namespace proxysql_consul::testing
