#include "proxysql_consul/node/follow.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/log.h"
#include "proxysql_consul/base/patience.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/blocking_query.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/node/announce.h"
#include "proxysql_consul/node/drift.h"
#include "proxysql_consul/node/local_loads.h"
#include "proxysql_consul/node/proxysql_watch.h"
#include "proxysql_consul/node/receive.h"
#include "proxysql_consul/node/service_manager.h"

namespace proxysql_consul {
namespace {

using Time = std::chrono::steady_clock::time_point;

/// Of one blocking query. What Consul holds is read whole at least so often.
constexpr std::chrono::seconds longest_query{300};
/// How soon a signal is noticed.
constexpr std::chrono::milliseconds pulse{100};
/// Changes that keep coming faster are taken together. A person at work makes a few in a row, and none of them waits.
constexpr std::chrono::milliseconds between_deliveries{100};
constexpr int deliveries_at_once = 10;
/// Answers that bring nothing, of a server that does not wait as it was asked to, are asked for no faster.
constexpr std::chrono::milliseconds between_empty_answers{100};
constexpr int empty_answers_at_once = 2;
/// What fails is tried again in any case, without the lock that whoever runs something by hand waits for.
constexpr int longest_retry_seconds = 5;
/// At most, and half of it at least.
constexpr std::chrono::seconds between_comparisons{60};
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::minutes longest_pause{1};

class Follower {
 public:
  explicit Follower(const Job& job)
      : job_(job),
        clock_(job.context.clock),
        manager_(job.context),
        prefix_(job.settings.keys().prefix()),
        no_patience_(clock_, job.log, std::chrono::seconds(0), job.context.seed),
        loads_(job),
        proxysql_(job, loads_),
        drift_(job),
        pause_of_comparing_(job.context.seed + 2),
        consul_pauses_(first_pause, longest_pause, job.context.seed),
        delivery_pauses_(first_pause, longest_pause, job.context.seed + 1),
        publishing_pauses_(first_pause, longest_pause, job.context.seed + 3) {}

  /// Until the program is told to stop (false), or to read its settings anew (true).
  bool run() {
    try {
      while (!is_told() && !proxysql_.fatal()) turn();
    } catch (const Interrupted& error) {
      job_.log.debug("{}", error.what());
    }
    if (proxysql_.fatal()) throw Error(*proxysql_.fatal());
    return !clock_.stopping();
  }

 private:
  bool is_told() {
    manager_.beat();
    if (clock_.stopping()) return true;
    reload_ = reload_ || (job_.context.take_reload && job_.context.take_reload());
    return reload_;
  }

  /// One answer of Consul, and what follows from it.
  void turn() {
    if (std::exchange(has_loads_, false)) publish();
    std::optional<KvListing> listing;
    try {
      listing = ask();
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      do_without(error);
      return;
    }
    if (std::exchange(consul_is_away_, false)) {
      job_.log.info("{}: answers again", describe(job_.settings.consul));
      publish_again_at_ = clock_.steady();
    }
    consul_pauses_.reset();
    if (listing) {
      take(std::move(*listing));
    } else if (is_due_) {
      // What is to be done is done with what Consul holds now.
      query_.ask_at_once();
    }
    manager_.tell("follows " + describe(job_.settings.consul));
  }

  void publish() {
    const auto status = loads_.publish();
    const bool may_pass = status != ExitCode::ok && status != ExitCode::refused;
    if (may_pass) {
      publish_again_at_ = clock_.steady() + publishing_pauses_.next();
    } else {
      publishing_pauses_.reset();
    }
    query_.ask_at_once();
  }

  /// Nothing where something else is to be done before Consul has anything to say.
  std::optional<KvListing> ask() {
    if (!consul_) consul_ = job_.open_consul(job_.settings.consul);
    if (query_.index() == 0) return consul_->list(prefix_);
    return consul_->wait(prefix_, query_.index(), longest_query,
                         {.every = std::min(pulse, proxysql_.between_looks()), .go_on = [&] { return look(); }});
  }

  /// A Consul that does not answer is nothing that another start could mend.
  void do_without(const Error& error) {
    manager_.tell(std::string("tries on: ") + error.what());
    consul_.reset();
    query_.ask_at_once();
    if (!std::exchange(consul_is_away_, true)) job_.log.warn("{}; tries on", error.what());
    idle(consul_pauses_.next());
  }

  void take(KvListing listing) {
    const bool may_be_new = query_.answered(listing.index);
    if (may_be_new) {
      delivery_pauses_.reset();
      // Whatever came may let through what was refused.
      loads_.forget_refusals();
    }
    // What a token could not read before comes without a new index.
    const bool is_time = clock_.steady() >= next_whole_reading_;
    if (may_be_new || is_due_ || is_time) {
      deliver(std::move(listing.entries));
    } else {
      idle(empty_answers_.take(clock_.steady()));
    }
  }

  /// Says it once, and what ends it once.
  void tell_frozen(const std::vector<KvEntry>& entries) {
    const auto freeze = find_freeze(entries, job_.settings.keys());
    auto now = freeze ? describe(*freeze) : std::string();
    if (now == frozen_) return;
    job_.log.info("{}", now.empty() ? "thawed: applies what comes again" : now + ": applies nothing until the thaw");
    frozen_ = std::move(now);
  }

  void deliver(std::vector<KvEntry> entries) {
    idle(deliveries_.take(clock_.steady()));
    is_due_ = false;
    next_whole_reading_ = clock_.steady() + longest_query;
    tell_frozen(entries);
    if (clock_.steady() >= next_look_at_record_) {
      next_look_at_record_ = clock_.steady() + longest_query;
      look_at_record(job_, *consul_);
    }
    auto kept = proxysql_.is_away() ? loads_.keep_nothing() : loads_.keep_overtaken(entries);
    auto status = kept.status;
    try {
      ReceiveOptions options;
      options.quiet = true;
      options.only_over = std::move(kept.loads);
      // What waits for a ProxySQL that is away is done when it is back.
      auto patience = proxysql_.is_away() ? no_patience_ : job_.begin(receiving_patience);
      status = worst_of(status, receive(job_, patience, std::move(entries), options));
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      report(job_.log, error);
      status = worst_of(status, error.code());
    }
    job_.context.out.flush();
    job_.context.bound(std::chrono::seconds(0));
    if (status == ExitCode::ok) {
      again_at_.reset();
      delivery_pauses_.reset();
    } else {
      again_at_ = clock_.steady() + delivery_pauses_.next();
    }
  }

  /// What is looked at while nothing happens. False where something is to be done.
  bool look() {
    if (is_told()) return false;
    const auto sight = proxysql_.look();
    is_due_ = is_due_ || sight.comparing;
    has_loads_ = has_loads_ || sight.publishing;
    const auto now = clock_.steady();
    if (now >= next_comparison_) look_for_drift();
    if (publish_again_at_ && now >= *publish_again_at_) {
      publish_again_at_.reset();
      loads_.forget_refusals();
    }
    if (again_at_ && now >= *again_at_ && !proxysql_.is_away()) {
      again_at_.reset();
      is_due_ = true;
    }
    return !is_due_ && !has_loads_ && !proxysql_.fatal();
  }

  /// Whoever LOADs something is mostly seen before, by the ones whose configurations are published.
  void look_for_drift() {
    next_comparison_ = clock_.steady() + pause_of_comparing_(between_comparisons);
    renew_metrics(job_);
    if (!proxysql_.signs() || proxysql_.is_away() || consul_is_away_) return;
    // What failed here is tried again anyway.
    is_due_ = is_due_ || (!again_at_ && drift_.finds_failure());
    drift_.look(*proxysql_.signs());
    job_.context.out.flush();
  }

  /// Pauses, with an eye on all that look() sees.
  void idle(std::chrono::milliseconds time) {
    const auto until = clock_.steady() + time;
    while (!is_told() && clock_.steady() < until) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_.steady());
      clock_.pause(std::min(pulse, std::max(left, std::chrono::milliseconds(1))));
      look();
    }
  }

  const Job& job_;
  Clock& clock_;
  ServiceManager manager_;
  std::string prefix_;
  Patience no_patience_;
  LocalLoads loads_;
  ProxySqlWatch proxysql_;
  DriftWatch drift_;
  std::unique_ptr<KvStore> consul_;
  BlockingQuery query_;
  RateLimit deliveries_{between_deliveries, deliveries_at_once};
  RateLimit empty_answers_{between_empty_answers, empty_answers_at_once};
  Jitter pause_of_comparing_;
  Backoff consul_pauses_;
  Backoff delivery_pauses_;
  Backoff publishing_pauses_;
  std::optional<Time> again_at_;          ///< for a delivery of which something failed
  std::optional<Time> publish_again_at_;  ///< for what could not be published
  Time next_whole_reading_{};
  Time next_comparison_{};
  Time next_look_at_record_{};
  std::string frozen_;      ///< why, and by whom; "" where the cluster is not
  bool has_loads_ = false;  ///< something is to be published
  bool is_due_ = false;     ///< a delivery is, whether Consul's index moved or not
  bool consul_is_away_ = false;
  bool reload_ = false;
};

/// The settings for work that is not the only chance of its kind.
Settings as_followed(Settings settings) {
  settings.retry_seconds = std::min(settings.retry_seconds.value_or(longest_retry_seconds), longest_retry_seconds);
  return settings;
}

void tell_following(const Job& job, bool now) {
  NodeFiles files(job, false);
  files.state().set_following(now);
  files.write_state();
  announce(job, files, {});
}

void tell_start(const Job& job, const std::string& what) {
  const auto& publish = job.settings.publish;
  job.log.info("{} {} in {}; publish: {}; drift: {}", what, job.settings.keys().prefix(), describe(job.settings.consul),
               publish.empty() ? "none" : join(publish), to_string(job.settings.drift));
}

void report_kept(const Job& job, const Error& error) {
  report(job.log, error);
  job.log.warn("goes on with the settings as they were");
}

}  // namespace

std::string lock_of_follow(const std::string& state_file) { return state_file + ".follow"; }

ExitCode follow(const Job& job) {
  std::optional<FileLock> alone;
  try {
    // For a moment it may be `check` that has it.
    alone.emplace(lock_of_follow(job.settings.state_file), std::chrono::milliseconds(500), job.context.clock);
  } catch (const Locked& error) {
    throw Error(ExitCode::refused, "follow runs on this node already: " + std::string(error.what()), "one is enough");
  }
  if (job.context.stop_on_signals) job.context.stop_on_signals();
  // What the files lack shows now, and not at the first change.
  tell_following(job, true);
  tell_start(job, std::string("proxysql-consul ") + PROXYSQL_CONSUL_VERSION + " follows");
  const auto with = [&](const Settings& settings) {
    return Job{.context = job.context,
               .settings = settings,
               .log = job.log,
               .load_settings = job.load_settings,
               .following = true,
               .link = std::make_shared<AdminLink>()};
  };
  auto settings = as_followed(job.settings);
  std::optional<Settings> before;  // Those that the last reload replaced.
  for (;;) {
    const auto own = with(settings);
    bool is_to_reload = false;
    try {
      is_to_reload = Follower(own).run();
    } catch (const Error& error) {
      if (!before || error.code() != ExitCode::settings) {
        tell_following(own, false);
        throw;
      }
      // What is wrong with some settings ProxySQL alone can tell.
      report_kept(job, error);
      settings = *std::exchange(before, std::nullopt);
      continue;
    }
    if (!is_to_reload) {
      job.context.notify("STOPPING=1");
      try {
        tell_following(own, false);
      } catch (const Error& error) {
        // It was told to end, and does: that the disk is full, say, is no failure of that.
        report(job.log, error);
      }
      job.log.info("ends, as it was told to");
      return ExitCode::ok;
    }
    job.context.notify("RELOADING=1");
    try {
      auto anew = as_followed(job.load_settings());
      // The others have to know of some, such as which keys are held here now.
      tell_following(with(anew), true);
      before = std::exchange(settings, std::move(anew));
      touch(lock_of_follow(job.settings.state_file));
      tell_start(with(settings), "read the settings anew: follows");
    } catch (const Error& error) {
      report_kept(job, error);
    }
  }
}

}  // namespace proxysql_consul
