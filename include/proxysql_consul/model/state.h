// What this node has applied and saved: the memory between two runs. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/model/kv_entry.h"
#include "proxysql_consul/model/seen.h"
#include "proxysql_consul/model/start.h"

namespace proxysql_consul {

/// How the last attempt on a configuration ended.
enum class Outcome { applied, saved, partial, failed };

std::string_view to_string(Outcome outcome);
/// What to_string() made of it; nothing for any other text.
std::optional<Outcome> parse_outcome(std::string_view name);

/// The newest version that is in this node's runtime, and how the last attempt ended.
struct ConfigurationState {
  std::uint64_t version = 0;  ///< ModifyIndex
  std::string sha256;         ///< of the document's text
  std::string content = {};   ///< Keyring::content() of it
  Outcome outcome = Outcome::applied;
  std::string at;                     ///< UTC
  std::vector<std::string> warnings;  ///< of the last attempt; why it failed or what is missing
  std::uint64_t start = 0;            ///< for which of the ProxySQL's starts this holds; 0 for none
  std::string load = {};              ///< ProxySQL's count and checksum of its loads then; "" where it tells none
  bool applying = false;              ///< writing to the memory tables had begun, and has not ended since
  bool runtime_alone = false;         ///< memory or disk may not hold it, or nobody looked at them
  bool in_part = false;               ///< of the version, also where an attempt has failed since
  std::uint64_t attempted = 0;        ///< the newest version that was tried
  bool lacks = false;                 ///< partial for nothing but columns and tables that this ProxySQL lacks
  bool drifted = false;               ///< somebody has loaded something else since; `warnings` says what, until fail()
  bool pending = false;               ///< a rollback has begun here, and was not published yet: nothing of this counts
  ExitCode cause = ExitCode::ok;      ///< of the last attempt's failure, where it is known; ok where it is not
  /// passed_over() of the document as of then: what stands there is no older than what is here.
  std::vector<std::string> passed_over = {};

  bool operator==(const ConfigurationState&) const = default;
};

/// Why a version that came was not even tried.
enum class PassedOver { frozen, not_accepted, not_here };

std::string_view to_string(PassedOver why);
/// What to_string() made of it; nothing for any other text.
std::optional<PassedOver> parse_passed_over(std::string_view name);

/// The newest version that came and was passed over.
struct PassedState {
  std::uint64_t attempted = 0;
  PassedOver why = PassedOver::frozen;
  std::string at;  ///< UTC

  bool operator==(const PassedState&) const = default;
};

struct State {
  std::map<std::string, ConfigurationState, std::less<>> configurations;
  bool published = true;           ///< false while Consul's record of this node is older than this
  std::uint64_t record_index = 0;  ///< ModifyIndex of that record when it was last written; 0: not known
  std::uint64_t start_number = 0;  ///< how many starts of the ProxySQL were seen
  std::optional<Start> start;      ///< the last of them
  bool observed = false;           ///< it is the one that runs now; not stored
  /// The settings that all of this was recorded under.
  std::vector<std::string> exclude_variables = {};
  std::string keep_local = {};  ///< Scope::digest
  bool save_to_disk = true;

  /// By configuration; of those only whose newest version was passed over.
  std::map<std::string, PassedState, std::less<>> passed = {};
  bool following = false;              ///< a resident process applies what comes
  bool frozen = false;                 ///< the last delivery said that the cluster is
  std::string proxysql_version = {};   ///< as it said last
  std::vector<std::string> keys = {};  ///< the ids of those that open documents here

  /// For metrics; no news to the others.
  Seen seen = {};
  Attempts attempts = {};

  /// What was recorded under other settings may say less than these ask for, and has to be compared once more.
  void follow_settings(const std::vector<std::string>& exclude, bool to_disk, const std::string& local = {});

  /// What ProxySQL says of its start now; nothing where it does not tell, or was not asked. What was recorded for an
  /// earlier start does not count from here on.
  void observe(const std::optional<Start>& now);

  /// Null where nothing is known.
  const ConfigurationState* find(std::string_view configuration) const;
  /// find(), where that came to runtime since ProxySQL's start, as far as ProxySQL could take it, and whatever was
  /// tried or loaded by somebody since; else null. Nothing did before observe().
  const ConfigurationState* came_to_runtime(std::string_view configuration) const;
  /// came_to_runtime(), where no attempt has failed since; else null.
  const ConfigurationState* at_runtime(std::string_view configuration) const;
  /// at_runtime(), where memory and disk were looked at, too.
  const ConfigurationState* counted(std::string_view configuration) const;
  /// Records `state` for the start that was observed. The others are told, and the time is new, only where it is news
  /// to them.
  void record(const std::string& configuration, ConfigurationState state);
  /// What is recorded says nothing of what ProxySQL runs with.
  void forget_start(const std::string& configuration) { configurations[configuration].start = 0; }
  /// Records what runtime differs in from what is recorded, "" for nothing. True where that is news.
  bool tell_drift(const std::string& configuration, const std::string& what, const std::string& at);
  /// A resident process begins, or ends, to apply what comes.
  void set_following(bool now);
  /// The last attempt, on version `attempted`, failed. What is recorded of the version before stays, and counts as it
  /// did.
  void fail(const std::string& configuration, std::uint64_t attempted, const std::string& at, const std::string& reason,
            ExitCode cause = ExitCode::ok);
  /// That version came, and is not for this node, or not now. No news where the node holds it.
  void pass_over(const std::string& configuration, std::uint64_t version, PassedOver why, const std::string& at);
  /// The version that came was not passed over.
  void take_up(std::string_view configuration);
  /// The version that is held, which find() has, is this entry of Consul's now: is_version().
  void renumber(const std::string& configuration, const KvEntry& as);
  /// For the others, who are told where it is news.
  void tell_frozen(bool is_frozen);
  void tell_proxysql_version(const std::string& version);
  void tell_keys(const std::vector<std::string>& ids);
  /// Until record() nothing of what is recorded counts: this node is about to run what Consul does not hold yet.
  void mark_pending(const std::string& configuration);
  /// One more attempt ended so, at that time (in seconds since 1970).
  void count(const std::string& configuration, Outcome outcome, std::int64_t at);
  /// What was loaded here is not published, since `at` (in seconds since 1970) at the latest; record() ends that.
  void tell_unpublished(const std::string& configuration, std::int64_t at);
  /// The memory tables are about to be written; record() ends that, and so does clear_applying().
  void mark_applying(const std::string& configuration);
  /// They are as they were before.
  void clear_applying(const std::string& configuration) { configurations[configuration].applying = false; }
};

}  // namespace proxysql_consul
