// What this node has applied and saved: the memory between two runs. Text in, text out; files.h does the rest.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace proxysql_consul {

/// How the last attempt on a configuration ended.
enum class Outcome { applied, saved, partial, failed };

std::string_view to_string(Outcome outcome);

/// The newest version that is in this node's runtime, and how the last attempt ended.
struct ConfigurationState {
  std::uint64_t version = 0;  ///< ModifyIndex
  std::string sha256;         ///< of the document's text
  Outcome outcome = Outcome::applied;
  std::string at;                     ///< UTC
  std::vector<std::string> warnings;  ///< of the last attempt; why it failed or what is missing

  bool operator==(const ConfigurationState&) const = default;
};

struct State {
  std::map<std::string, ConfigurationState, std::less<>> configurations;
  bool published = true;  ///< false while Consul's record of this node is older than this

  /// Null where nothing is known.
  const ConfigurationState* find(std::string_view configuration) const;
  /// Nothing changes where all but the time is recorded already.
  void record(const std::string& configuration, ConfigurationState state);
};

/// `file` names the origin in errors. Throws Error{settings} for text that format_state() did not write.
State parse_state(std::string_view text, const std::string& file);
std::string format_state(const State& state);

}  // namespace proxysql_consul
