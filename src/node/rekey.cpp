#include "proxysql_consul/node/rekey.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <utility>

#include "proxysql_consul/base/log.h"
#include "proxysql_consul/consul/blobs.h"
#include "proxysql_consul/consul/publish.h"
#include "proxysql_consul/consul/reseal.h"
#include "proxysql_consul/node/key_holders.h"

namespace proxysql_consul {
namespace {

constexpr std::chrono::seconds patience_of_sealing{10};

class Rekey {
 public:
  explicit Rekey(const Job& job)
      : job_(job),
        keys_(job.settings.keys()),
        ring_(job.settings.keyring()),
        patience_(job.begin(patience_of_sealing)),
        store_(job.open_consul(job.settings.consul)) {}

  ExitCode run(std::vector<std::string> names) {
    patience_.retry([&] { refuse_frozen(*store_, keys_); });
    auto worst = ExitCode::ok;
    if (names.empty()) names = all_names();
    // Nothing is made or locked: what is told of this node may be older than what it holds now.
    const auto uuid = NodeFiles(job_, true).uuid();
    bool has_any = false;
    for (const auto& name : names) {
      if (!is_there(name)) continue;
      has_any = true;
      if (const auto why = who_could_not_open(job_, name, uuid)) {
        report(job_.log, *why, name);
        worst = worst_of(worst, why->code());
      } else {
        worst = worst_of(worst, rekey_one(name));
      }
    }
    if (!has_any) job_.context.out << "nothing to do: Consul holds nothing of it under " << keys_.prefix() << "\n";
    // Also where an earlier run has sealed all, and was ended before this.
    return worst_of(worst, collect());
  }

 private:
  /// Those that this node knows, and what else Consul holds: other nodes' settings may add configurations, and what is
  /// left out would stay as it is without a word.
  std::vector<std::string> all_names() {
    auto names = job_.settings.catalogue.names();
    for (const auto& key : patience_.retry([&] { return store_->keys(keys_.prefix()); })) {
      const auto name = keys_.name_of(key).value_or("");
      // Below a slash is another cluster's prefix, and what no settings can name is no configuration.
      if (key == keys_.freeze() || !is_name(name)) continue;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }

  bool is_there(const std::string& name) {
    return patience_.retry(
        [&] { return store_->get(keys_.document(name)) || !store_->keys(keys_.history(name)).empty(); });
  }

  /// The current version first: what a save moves into the history meanwhile is then sealed anew, or still to come.
  ExitCode rekey_one(const std::string& name) {
    std::size_t changed = 0;
    std::size_t kept = 0;
    std::size_t plain = 0;
    auto worst = ExitCode::ok;
    const auto seal_anew = [&](const std::string& key) {
      try {
        const auto result = patience_.retry([&] { return reseal(*store_, keys_, ring_, key, name); });
        if (result == Resealed::done || result == Resealed::was_plain) ++changed;
        if (result == Resealed::was_plain) ++plain;
        if (result == Resealed::was_already) ++kept;
      } catch (const Error& error) {
        if (error.code() == ExitCode::refused) throw;
        report(job_.log, error, key);
        worst = worst_of(worst, error.code());
      }
    };
    seal_anew(keys_.document(name));
    for (const auto& key : patience_.retry([&] { return store_->keys(keys_.history(name)); })) {
      if (keys_.id_of(name, key)) seal_anew(key);
    }
    say(name, changed, kept, plain);
    return worst;
  }

  void say(const std::string& name, std::size_t changed, std::size_t kept, std::size_t plain) const {
    if (changed + kept == 0) return;
    const auto versions = [](std::size_t count) {
      return std::to_string(count) + (count == 1 ? " version" : " versions");
    };
    auto& out = job_.context.out;
    out << name << ": " << versions(changed > 0 ? changed : kept) << " sealed with key " << ring_.first();
    if (changed == 0) out << " already";
    if (changed > 0 && kept > 0) out << ", " << versions(kept) << (kept == 1 ? " was" : " were") << " already";
    // Whoever may write to Consul can have put these there.
    if (plain > 0) out << "; " << (plain == changed ? "until now" : versions(plain) + " until now") << " in the clear";
    out << std::endl;
  }

  /// What was sealed with another key, or not at all, is not to stay.
  ExitCode collect() {
    constexpr int most_conflicts = 5;
    try {
      for (int conflicts = 0; conflicts <= most_conflicts; ++conflicts) {
        if (patience_.retry([&] { return collect_blobs(*store_, keys_, job_.settings.catalogue.names()); }))
          return ExitCode::ok;
      }
      throw Error(ExitCode::consul, "saves came between again and again", "rekey again");
    } catch (const Error& error) {
      report(job_.log, error, "large tables as they were may still be in Consul");
      return error.code();
    }
  }

  const Job& job_;
  Keys keys_;
  Keyring ring_;
  Patience patience_;
  std::unique_ptr<KvStore> store_;
};

}  // namespace

ExitCode rekey(const Job& job, const std::vector<std::string>& configurations) {
  if (!job.settings.keyring().seals()) {
    throw Error(ExitCode::settings, "rekey has no key to seal with: encryption_keys_file is not set",
                "docs/operations.md says how keys are set up and rotated");
  }
  for (const auto& name : configurations) job.settings.catalogue.named(name);
  return Rekey(job).run(configurations);
}

}  // namespace proxysql_consul
