#include "proxysql_consul/node/proxysql_watch.h"

#include <utility>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/node/announce.h"

namespace proxysql_consul {
namespace {

/// How often ProxySQL is asked whether it is the one that it was, and where there is something to publish, whether
/// somebody loaded anything, which costs it less.
constexpr std::chrono::milliseconds between_looks_at_starts{1000};
constexpr std::chrono::milliseconds between_looks_at_loads{20};
/// A ProxySQL that starts anew is away for so long.
constexpr std::chrono::seconds usual_absence{5};
/// What could not be recorded is tried again.
constexpr std::chrono::minutes between_records_of_absence{1};

}  // namespace

ProxySqlWatch::ProxySqlWatch(const Job& job, LocalLoads& loads)
    : job_(job),
      clock_(job.context.clock),
      no_patience_(clock_, job.log, std::chrono::seconds(0), job.context.seed),
      proxysql_(job, no_patience_),
      loads_(loads) {}

std::chrono::milliseconds ProxySqlWatch::between_looks() const {
  return loads_.empty() ? between_looks_at_starts : between_looks_at_loads;
}

/// Nothing where there is nothing new to see.
std::optional<Signs> ProxySqlWatch::look_closer() {
  const bool may_find = loads_.may_find(proxysql_);
  if (!may_find && !is_away_ && clock_.steady() < next_whole_look_) return std::nullopt;
  auto signs = proxysql_.signs(signs_ ? signs_->start : std::nullopt);
  next_whole_look_ = clock_.steady() + between_looks_at_starts;
  return signs;
}

ProxySqlWatch::Sight ProxySqlWatch::look() {
  const auto now = clock_.steady();
  if (now < next_look_) return {};
  next_look_ = now + between_looks();
  std::optional<Signs> signs;
  try {
    signs = look_closer();
    if (!signs) return {};
    if (!loads_.empty()) loads_.require_signs(*signs);
  } catch (const Error& error) {
    if (error.code() == ExitCode::settings) {
      fatal_ = error;
    } else {
      miss(error);
    }
    return {};
  }
  Sight sight;
  try {
    sight.publishing = !loads_.empty() && loads_.finds(*signs);
    said_.clear();
  } catch (const Error& error) {
    // Of the state, which somebody can mend.
    if (std::exchange(said_, error.what()) != error.what()) report(job_.log, error);
  }
  tell_absence_at_.reset();
  if (std::exchange(is_away_, false)) {
    job_.log.info("{}: answers again", describe(job_.settings.admin));
    sight.comparing = true;
  }
  if (signs_ && signs_->start && signs->start && !is_same_start(*signs_->start, *signs->start)) {
    job_.log.info("{}: has started since: all is compared", describe(job_.settings.admin));
    sight.comparing = true;
  }
  signs_ = std::move(signs);
  return sight;
}

void ProxySqlWatch::miss(const Error& error) {
  if (!std::exchange(is_away_, true)) {
    job_.log.warn("{}; tries on", error.what());
    tell_absence_at_ = clock_.steady() + usual_absence;
  }
  if (!tell_absence_at_ || clock_.steady() < *tell_absence_at_) return;
  tell_absence_at_.reset();
  try {
    tell_absence(error);
  } catch (const Error& failed) {
    tell_absence_at_ = clock_.steady() + between_records_of_absence;
    if (std::exchange(said_, failed.what()) != failed.what()) report(job_.log, failed);
  }
}

/// The others are to see it in the status.
void ProxySqlWatch::tell_absence(const Error& error) {
  NodeFiles files(job_, false);
  auto configurations = files.state().configurations;
  for (const auto& [name, known] : configurations) {
    // Of what is in Consul no more, nothing would ever come right.
    if (job_.seen->is_gone(name)) continue;
    files.state().fail(name, known.version, job_.now(), error.what(), error.code());
  }
  files.write_state();
  announce(job_, files, {});
}

}  // namespace proxysql_consul
