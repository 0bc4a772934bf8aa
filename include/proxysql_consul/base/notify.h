// What a service tells systemd, or whatever else has started it in that way (sd_notify(3)): one datagram a message.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace proxysql_consul {

/// Sends `message`, such as "READY=1" or several such lines, to `socket`, the value of NOTIFY_SOCKET: a path, or a name
/// that begins with '@'. Never waits. False where it could not be sent; the program does the same with and without.
bool notify_manager(const std::string& socket, std::string_view message);

/// How often "WATCHDOG=1" has to be sent: at half of the time in WATCHDOG_USEC, so that one may be late. Nothing where
/// no watchdog is on, or where WATCHDOG_PID names another process than `pid`.
std::optional<std::chrono::milliseconds> watchdog_interval(const std::optional<std::string>& watchdog_usec,
                                                           const std::optional<std::string>& watchdog_pid,
                                                           long long pid);

}  // namespace proxysql_consul
