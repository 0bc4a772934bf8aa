// A logger that writes nowhere.
#pragma once

#include <spdlog/logger.h>

namespace proxysql_consul::testing {

inline spdlog::logger& silent_log() {
  static spdlog::logger log("silent");
  return log;
}

}  // namespace proxysql_consul::testing
