#include "proxysql_consul/run.h"

#include <istream>
#include <ostream>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/cli/cli.h"
#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul {
namespace {

// Over retry_seconds: for the work itself, with tables of any size.
constexpr std::chrono::seconds time_to_work{240};
constexpr int longest_patience = 60;

ExitCode run_command(const Arguments& arguments, const Context& context, spdlog::logger& log) {
  const auto settings = load_settings(arguments.config_file, context.environment);
  context.bound(time_to_work + std::chrono::seconds(settings.retry_seconds.value_or(longest_patience)));
  const Job job{context, settings, log};
  if (arguments.command == "save") return save(job, arguments.save);
  if (arguments.command == "pull") return pull(job, arguments.update);
  return update(job, arguments.update);
}

}  // namespace

int run(const std::vector<std::string>& words, const Context& context) {
  auto log = make_logger(context.err, spdlog::level::info, LogFormat::text);
  auto status = ExitCode::ok;
  try {
    if (words.empty()) {
      context.err << format_help();
      return static_cast<int>(ExitCode::usage);
    }
    const auto arguments = parse_arguments(words);
    if (arguments.print) {
      context.out << *arguments.print;
    } else {
      log = make_logger(context.err, spdlog::level::from_str(arguments.log_level),
                        arguments.log_format == "json" ? LogFormat::json : LogFormat::text);
      status = run_command(arguments, context, *log);
    }
    context.out.flush();
    // Data that went nowhere is no success, for a pipe into a file least of all.
    if (!context.out) throw Error(ExitCode::internal, "stdout: could not be written");
  } catch (const Error& error) {
    report(*log, error);
    status = worst_of(status, error.code());
  } catch (const std::exception& error) {
    log->error("internal error: {}", error.what());
    status = ExitCode::internal;
  }
  return static_cast<int>(status);
}

}  // namespace proxysql_consul
