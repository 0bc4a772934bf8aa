// Logs go to stderr, a line each, whatever a message holds: text for people, without what commands a terminal, or JSON
// for collectors.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul {

enum class LogFormat { text, json };

/// A logger that writes to `stream`, which must outlive it, what is of that level or above.
std::shared_ptr<spdlog::logger> make_logger(std::ostream& stream, spdlog::level::level_enum level, LogFormat format);

/// The one place that prints errors: message, behind what it is `about` if that is not empty, and, if there is one,
/// hint. As JSON the hint is a member of its own, and so is the exit status that belongs to the error.
void report(spdlog::logger& log, const Error& error, const std::string& about = {});

/// What report() would write at `time`, for where no logger can be used. Ends in a newline.
std::string format_report(LogFormat format, std::chrono::system_clock::time_point time, const Error& error);

}  // namespace proxysql_consul
