#include <algorithm>
#include <chrono>
#include <utility>

#include "proxysql_consul/base/files.h"
#include "proxysql_consul/base/text.h"
#include "proxysql_consul/model/convergence.h"
#include "proxysql_consul/model/document.h"
#include "proxysql_consul/model/freeze.h"
#include "proxysql_consul/model/held.h"
#include "proxysql_consul/model/keyring.h"
#include "proxysql_consul/model/node_record.h"
#include "proxysql_consul/model/state_json.h"
#include "proxysql_consul/node/check.h"
#include "proxysql_consul/node/follow.h"
#include "proxysql_consul/node/identity.h"

namespace proxysql_consul {
namespace {

/// As far as clocks may be apart without a word.
constexpr std::chrono::seconds clock_leeway{60};

ConsulOptions in_a_hurry(ConsulOptions options) {
  options.connect_timeout = std::chrono::seconds(2);
  options.total_timeout = std::chrono::seconds(10);
  return options;
}

Finding look_at_agent(const Job& job, const std::optional<AgentSelf>& self, const std::optional<std::string>& leader) {
  constexpr auto check = "consul";
  auto message = describe(job.settings.consul);
  if (self) message += ": agent " + self->node + ", Consul " + self->version;
  if (leader && !leader->empty()) {
    return {.gravity = Gravity::ok, .check = check, .message = message + ", led by " + *leader};
  }
  return {.gravity = Gravity::problem,
          .check = check,
          .message = message + ": no server leads, so nothing can be read or written",
          .hint = "see with `consul operator raft list-peers` which servers are missing"};
}

std::optional<std::size_t> watches_of(const std::optional<AgentSelf>& self) {
  return self ? self->watches : std::nullopt;
}

/// Something has to bring what other nodes save: the agent's watch, or a resident process.
Finding judge_watch(const Settings& settings, const std::optional<AgentSelf>& self, bool following) {
  constexpr auto check = "watch";
  const auto watches = watches_of(self);
  if (following) {
    const auto lock = lock_of_follow(settings.state_file);
    const auto pid = printable(read_file(lock).value_or("unknown"), 16);
    auto message = "`follow` is running (pid " + pid + ")";
    for (const auto& path :
         {settings.file, settings.admin_password_file, settings.consul_token_file, settings.encryption_keys_file}) {
      if (!is_newer(path, lock)) continue;
      message.append(", with what ").append(path).append(" held before it was changed");
      return {.gravity = Gravity::warning,
              .check = check,
              .message = std::move(message),
              .hint = "`systemctl reload proxysql-consul`, or `kill -HUP " + pid + "`, has it read that anew"};
    }
    // Of what an agent's watches are, it does not tell; and two that apply the same do no harm.
    return {.gravity = Gravity::ok,
            .check = check,
            .message = std::move(message),
            .hint = watches.value_or(0) > 0 ? "a watch of the agent that calls this program is not needed" : ""};
  }
  if (!self) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message = "not known: the token may not read the agent",
            .hint = "its policy needs agent_prefix \"\" { policy = \"read\" }"};
  }
  if (!watches) {
    return {.gravity = Gravity::ok, .check = check, .message = "the agent does not tell of its watches"};
  }
  if (*watches == 0) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message =
                "the agent has no watch in its configuration, and no `follow` is running: changes of other nodes "
                "do not arrive by themselves",
            .hint =
                "put consul-watch.json, of the examples in share/doc/proxysql-consul, into the agent's configuration "
                "directory and reload it, or run `follow`"};
  }
  return {
      .gravity = Gravity::ok,
      .check = check,
      .message = "watches in the agent's configuration: " + std::to_string(*watches) + " (of what, it does not tell)"};
}

/// Whether a resident process is at work: the state of one that was killed says so, too, but its lock has gone with it.
/// What is wrong with the files is a finding of its own.
bool is_following(const Job& job) {
  const auto& path = job.settings.state_file;
  try {
    const auto text = read_file(path);
    if (!text || !parse_state(*text, path).following) return false;
    const FileLock lock(lock_of_follow(path), std::chrono::milliseconds(0), job.context.clock);
    return false;
  } catch (const Locked&) {
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Writes a key and removes it in one transaction, so that nobody ever sees it.
void try_to_write(KvStore& store, const std::string& key) {
  const auto tried = store.commit({{.verb = KvOperation::Verb::set, .key = key, .value = "check"},
                                   {.verb = KvOperation::Verb::remove, .key = key, .value = {}}});
  if (!tried.committed) throw Error(ExitCode::consul, "writing " + key + ": " + tried.refusal);
}

/// What the keys that are tried are called after: this node, so that two that check at once do not meet.
std::string name_of_node(const Settings& settings) {
  try {
    auto text = read_file(settings.uuid_file).value_or("").substr(0, uuid_length);
    if (is_uuid(text)) return text;
  } catch (const Error&) {
    // That is a finding of its own.
  }
  return "nobody";
}

/// All that receiving needs, and then what saving needs besides.
Finding look_at_rights(KvStore& store, const Keys& keys, const std::string& node) {
  constexpr auto check = "token";
  store.get(keys.freeze());
  store.get(keys.blob_part("check", 0));
  try_to_write(store, keys.node(node + ".check"));
  try {
    try_to_write(store, keys.history("check") + node);
  } catch (const Denied& error) {
    return {.gravity = Gravity::ok, .check = check, .message = "may receive, and not save", .hint = error.hint()};
  }
  return {.gravity = Gravity::ok, .check = check, .message = "may receive and save"};
}

Finding judge_freeze(const std::optional<KvEntry>& freeze) {
  constexpr auto check = "frozen";
  if (!freeze) return {.gravity = Gravity::ok, .check = check, .message = "the cluster is not frozen"};
  return {.gravity = Gravity::warning,
          .check = check,
          .message = describe(parse_freeze(freeze->value)),
          .hint = "`proxysql-consul thaw` ends it"};
}

/// Whether Consul's documents can be read. `newest` becomes the latest time at which one was saved.
Finding look_at_documents(const Job& job, const std::vector<KvEntry>& entries, const Keys& keys, std::string& newest) {
  constexpr auto check = "documents";
  std::vector<std::string> broken;
  std::size_t count = 0;
  for (const auto& entry : entries) {
    if (job.settings.catalogue.find(keys.name_of(entry.key).value_or("")) == nullptr) continue;
    ++count;
    try {
      if (!entry.problem.empty()) throw Error(ExitCode::payload, entry.problem);
      newest = std::max(newest, job.settings.keyring().open(entry.value).origin.saved_at);
    } catch (const Error& error) {
      broken.push_back(entry.key + ": " + error.what());
    }
  }
  if (broken.empty()) {
    return {
        .gravity = Gravity::ok, .check = check, .message = std::to_string(count) + " in Consul, all of them readable"};
  }
  return {.gravity = Gravity::problem,
          .check = check,
          .message = join(broken, "; "),
          .hint = "`save --force` from a node that is right replaces them"};
}

/// Whether this node holds what Consul holds; nothing where its state cannot be read, which is a finding of its own.
/// The state is read after `entries`, so that a run that ends meanwhile is not taken for one that is missing.
std::optional<Finding> look_at_versions(const Job& job, const std::vector<KvEntry>& entries, const Keys& keys,
                                        const std::optional<Start>& start, const std::optional<AgentSelf>& self) {
  const auto& path = job.settings.state_file;
  try {
    const auto text = read_file(path);
    auto state = text ? parse_state(*text, path) : State();
    state.observe(start);
    const bool following = is_following(job);
    return judge_held(keys, job.settings.catalogue, entries,
                      {.state = state,
                       .accept = job.settings.accept,
                       .following = following,
                       .unattended = !following && watches_of(self) == 0U});
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Whether an earlier version is in the clear, or sealed with another key than the first. Unknown to a token that may
/// receive alone.
bool has_old_versions(KvStore& store, const Keys& keys, const Keyring& ring, const Catalogue& catalogue) {
  try {
    for (const auto& key : store.keys(keys.meta())) {
      const auto is_version_of = [&](const std::string& name) { return keys.id_of(name, key).has_value(); };
      const auto names = catalogue.names();
      if (std::none_of(names.begin(), names.end(), is_version_of)) continue;
      const auto entry = store.get(key);
      if (entry && key_of_sealed(entry->value) != ring.first()) return true;
    }
  } catch (const Denied&) {
    return false;
  }
  return false;
}

/// Whether the others can open what is sealed here, and how far all is.
Finding look_at_keys(KvStore& store, const Keyring& ring, const Keys& keys, const Picture& picture,
                     const std::string& uuid) {
  constexpr auto check = "encryption";
  const auto all = converge(keys, picture, ring);
  // Whichever configurations they take.
  const auto lacking = who_lacks_key(all, ring.first(), {}, uuid);
  if (!lacking.empty()) {
    return {.gravity = Gravity::problem,
            .check = check,
            .message = "key " + ring.first() + ", which seals here, is not held by " + join(lacking),
            .hint = "put it into encryption_keys_file there, behind the first one, and `pull` there"};
  }
  const auto is_old = [&](const SharedConfiguration& one) { return one.key != ring.first(); };
  const auto old = std::count_if(all.configurations.begin(), all.configurations.end(), is_old);
  const auto held = "holds " + join(ring.ids()) + "; the first seals";
  if (old > 0) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message = held + ", and " + std::to_string(old) + " of " + std::to_string(all.configurations.size()) +
                       " documents are not sealed with it",
            .hint = "`proxysql-consul rekey` seals them"};
  }
  // Once a node holds one key and takes nothing else, nobody need read the whole history at each check.
  const bool is_under_way = ring.allows_plaintext() || ring.ids().size() > 1;
  if (is_under_way && has_old_versions(store, keys, ring, picture.catalogue)) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message = held + ", and earlier versions are not sealed with it",
            .hint = "`proxysql-consul rekey` seals them"};
  }
  if (ring.allows_plaintext()) {
    return {.gravity = Gravity::warning,
            .check = check,
            .message = held + ", and allow_plaintext still lets anybody who may write to Consul pass documents off",
            .hint = "all are sealed: set allow_plaintext to false"};
  }
  return {.gravity = Gravity::ok, .check = check, .message = held};
}

/// Whether this node's clock is behind those of the others, by what they have written: at `newest`, and later.
Finding look_at_clock(const Job& job, KvStore& store, const Keys& keys, std::string newest) {
  constexpr auto check = "clock";
  for (const auto& entry : store.list(keys.nodes()).entries) {
    try {
      for (const auto& [name, told] : parse_node_record(entry.value).configurations) newest = std::max(newest, told.at);
    } catch (const Error&) {
      // Of a newer program, perhaps: `status` names it.
    }
  }
  if (newest <= format_time(job.context.clock.now() + clock_leeway)) {
    return {.gravity = Gravity::ok, .check = check, .message = "not behind those of the other nodes"};
  }
  return {.gravity = Gravity::warning,
          .check = check,
          .message = "it is " + job.now() + " here, and another node has written at " + newest,
          .hint = "let both nodes follow a time server"};
}

}  // namespace

Findings check_consul(const Job& job, const std::optional<Start>& start) {
  const auto options = in_a_hurry(job.settings.consul);
  const auto keys = job.settings.keys();
  Findings findings;
  const auto* check = "consul";
  try {
    const auto agents = job.open_agents(options);
    const auto self = agents->self();
    findings.push_back(look_at_agent(job, self, agents->leader()));
    if (findings.back().gravity == Gravity::problem) return findings;
    findings.push_back(judge_watch(job.settings, self, is_following(job)));
    check = "token";
    const auto store = job.open_consul(options);
    findings.push_back(look_at_rights(*store, keys, name_of_node(job.settings)));
    check = "documents";
    findings.push_back(judge_freeze(store->get(keys.freeze())));
    std::string newest;
    const auto entries = store->list(keys.prefix()).entries;
    findings.push_back(look_at_documents(job, entries, keys, newest));
    if (auto versions = look_at_versions(job, entries, keys, start, self)) findings.push_back(std::move(*versions));
    if (job.settings.keyring().seals()) {
      const Picture picture{.records = store->list(keys.nodes()).entries,
                            .entries = entries,
                            .agents = agents->health(),
                            .catalogue = job.settings.catalogue};
      findings.push_back(look_at_keys(*store, job.settings.keyring(), keys, picture, name_of_node(job.settings)));
    }
    findings.push_back(look_at_clock(job, *store, keys, newest));
  } catch (const Error& error) {
    findings.push_back(problem_of(check, error));
  }
  return findings;
}

}  // namespace proxysql_consul
