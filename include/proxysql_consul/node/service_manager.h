// Whoever started a resident process, and hears how it stands. Knows of no server.
#pragma once

#include <chrono>
#include <string>

#include "proxysql_consul/node/context.h"

namespace proxysql_consul {

class ServiceManager {
 public:
  /// `context` must outlive the object.
  explicit ServiceManager(const Context& context) : context_(context) {}

  /// In words, what is not news left out. The first of them makes the service ready.
  void tell(const std::string& status);

  /// To be called by the loop that makes progress; says so as often as the watchdog wants it.
  void beat();

 private:
  const Context& context_;
  std::string told_;
  std::chrono::steady_clock::time_point next_beat_{};
};

}  // namespace proxysql_consul
