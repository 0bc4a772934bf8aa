#include "proxysql_consul/model/metrics.h"

#include <algorithm>
#include <functional>
#include <set>

namespace proxysql_consul {
namespace {

/// The newest version that this node knows Consul to hold. A watch tells of it, and so does each look at Consul.
std::uint64_t consul_version(const State& state, const std::string& name) {
  const auto seen = state.seen.versions.find(name);
  if (seen != state.seen.versions.end()) return seen->second;
  const auto* known = state.find(name);
  const auto passed = state.passed.find(name);
  return std::max(known != nullptr ? std::max(known->version, known->attempted) : 0,
                  passed != state.passed.end() ? passed->second.attempted : 0);
}

/// It has what Consul holds, as far as its ProxySQL can hold it; also where there is nothing to have.
bool is_in_sync(const State& state, const std::string& name) {
  const auto version = consul_version(state, name);
  const auto passed = state.passed.find(name);
  if (version == 0 || (passed != state.passed.end() && passed->second.why == PassedOver::not_here)) return true;
  const auto* known = state.find(name);
  if (known == nullptr || known->version != version || known->applying || known->pending || known->drifted)
    return false;
  const auto outcome = known->outcome;
  return outcome == Outcome::applied || outcome == Outcome::saved || (outcome == Outcome::partial && known->lacks);
}

std::string seconds(std::int64_t milliseconds) {
  const auto rest = std::to_string(milliseconds % 1000);
  return std::to_string(milliseconds / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

class Text {
 public:
  void family(const char* name, const char* type, const char* help) {
    name_ = std::string("proxysql_consul_") + name;
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }
  void sample(const std::string& labels, const std::string& value) {
    text_.append(name_).append(labels.empty() ? "" : "{" + labels + "}").append(" ").append(value).append("\n");
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string label_of(const std::string& name) { return "configuration=\"" + name + "\""; }

}  // namespace

std::string format_metrics(const State& state, const std::vector<std::string>& configurations,
                           std::string_view version) {
  const std::set<std::string> names(configurations.begin(), configurations.end());
  const auto known = [&](const std::string& name) {
    const auto* found = state.find(name);
    return found != nullptr ? *found : ConfigurationState{};
  };
  const auto counts = [&](const std::string& name) {
    const auto found = state.attempts.find(name);
    return found != state.attempts.end() ? found->second : Counts{};
  };
  Text text;
  const auto each = [&](const std::function<std::string(const std::string&)>& value) {
    for (const auto& name : names) text.sample(label_of(name), value(name));
  };
  const auto flag = [](bool value) { return std::string(value ? "1" : "0"); };

  text.family("build_info", "gauge", "The program; always 1.");
  text.sample("version=\"" + std::string(version) + "\"", "1");
  text.family("in_sync", "gauge", "1 where this node has the version that Consul holds, as far as was seen.");
  each([&](const std::string& name) { return flag(is_in_sync(state, name)); });
  text.family("version", "gauge", "The version that this node holds (ModifyIndex); 0 for none.");
  each([&](const std::string& name) { return std::to_string(known(name).version); });
  text.family("consul_version", "gauge", "The version that Consul holds, as far as was seen; 0 for none.");
  each([&](const std::string& name) { return std::to_string(consul_version(state, name)); });
  text.family("drifted", "gauge", "1 where runtime is no longer what was applied.");
  each([&](const std::string& name) { return flag(known(name).drifted); });
  text.family(
      "unpublished_since_timestamp_seconds", "gauge",
      "Since when a LOAD on this node waits to be published, refused or failed, in seconds since 1970; 0: none.");
  each([&](const std::string& name) { return std::to_string(counts(name).unpublished_since); });
  text.family("frozen", "gauge", "1 while the cluster is frozen.");
  text.sample("", flag(state.seen.frozen.value_or(state.frozen)));
  text.family("last_success_timestamp_seconds", "gauge",
              "When a version was applied or saved last, in seconds since 1970; 0 for never.");
  each([&](const std::string& name) { return std::to_string(counts(name).last_success); });
  text.family("applies_total", "counter", "What came of the attempts to apply a version, and of the versions saved.");
  for (const auto& name : names) {
    auto outcomes = counts(name).outcomes;
    for (const auto outcome : {Outcome::applied, Outcome::saved, Outcome::partial, Outcome::failed}) {
      outcomes.try_emplace(std::string(to_string(outcome)), 0);
    }
    for (const auto& [outcome, count] : outcomes) {
      text.sample(label_of(name) + ",outcome=\"" + outcome + "\"", std::to_string(count));
    }
  }
  text.family("apply_duration_seconds", "gauge", "How long the last apply took; 0 before the first.");
  each([&](const std::string& name) { return seconds(counts(name).apply_milliseconds); });
  text.family("consul_up", "gauge", "1 where Consul answered when it was asked last.");
  text.sample("", flag(state.seen.consul_up.value_or(false)));
  text.family("proxysql_up", "gauge", "1 where ProxySQL let the program in when it was asked last.");
  text.sample("", flag(state.seen.proxysql_up.value_or(false)));
  return text.take();
}

}  // namespace proxysql_consul
