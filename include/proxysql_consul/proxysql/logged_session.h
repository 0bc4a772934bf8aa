// A line at debug level for each statement: its first words, the rows of its answer, and how long that took. Never a
// literal: it may be a secret.
#pragma once

#include <spdlog/logger.h>

#include <memory>

#include "proxysql_consul/base/clock.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {

/// `session` with that log; clock and log must outlive it.
std::unique_ptr<AdminSession> log_statements(std::unique_ptr<AdminSession> session, Clock& clock, spdlog::logger& log);

}  // namespace proxysql_consul
