#include "proxysql_consul/node/service_manager.h"

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul {

void ServiceManager::tell(const std::string& status) {
  if (status == told_) return;
  told_ = status;
  context_.notify("READY=1\nSTATUS=" + printable(status, 200));
}

void ServiceManager::beat() {
  const auto now = context_.clock.steady();
  if (!context_.watchdog || now < next_beat_) return;
  next_beat_ = now + *context_.watchdog;
  context_.notify("WATCHDOG=1");
}

}  // namespace proxysql_consul
