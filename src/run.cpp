#include "proxysql_consul/run.h"

#include <chrono>
#include <optional>
#include <ostream>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/cli/help.h"
#include "proxysql_consul/cli/parse.h"
#include "proxysql_consul/commands/commands.h"
#include "proxysql_consul/proxysql/admin_session.h"

namespace proxysql_consul {
namespace {

/// Bounds what is done while it lives.
class Bound {
 public:
  explicit Bound(const Context& context) : context_(context) { context_.bound(longest_loading); }
  ~Bound() { context_.bound(std::chrono::seconds(0)); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  static constexpr std::chrono::seconds longest_loading{10};

  const Context& context_;
};

ExitCode act(const Arguments& arguments, const Context& context, spdlog::logger& log) {
  // A file can be a pipe that nobody writes.
  const auto load = [&] {
    const Bound bound(context);
    return load_settings(arguments.config_file, context.environment);
  };
  std::optional<Settings> settings;
  try {
    settings = load();
  } catch (const Error& error) {
    if (!arguments.without_settings) throw;
    return arguments.without_settings(context, error);
  }
  for (const auto& notice : settings->notices) log.info("{}", notice);
  return arguments.action({.context = context, .settings = *settings, .log = log, .load_settings = load});
}

}  // namespace

int run(const std::vector<std::string>& words, const Context& context) {
  auto log = make_logger(context.err, spdlog::level::info, log_format_in(words));
  auto status = ExitCode::ok;
  try {
    if (words.empty()) {
      context.err << format_help(commands());
      return static_cast<int>(ExitCode::usage);
    }
    const auto arguments = parse_arguments(words, commands(), PROXYSQL_CONSUL_VERSION, admin_library());
    if (arguments.print) {
      context.out << *arguments.print;
    } else {
      log = make_logger(context.err, spdlog::level::from_str(arguments.log_level), log_format_in(words));
      status = act(arguments, context, *log);
    }
    context.out.flush();
    // Data that went nowhere is no success, for a pipe into a file least of all.
    if (!context.out) throw Error(ExitCode::internal, "stdout: could not be written");
  } catch (const Error& error) {
    report(*log, error);
    status = worst_of(status, error.code());
  } catch (const std::exception& error) {
    report(*log, Error(ExitCode::internal, std::string("internal error: ") + error.what()));
    status = ExitCode::internal;
  }
  return static_cast<int>(status);
}

}  // namespace proxysql_consul
