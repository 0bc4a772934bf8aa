// What a fuzzer is: a name, which its corpus in tests/testdata/fuzz/ bears, too, and a function that takes any bytes.
// Whatever it throws is a finding: what is wrong with the bytes has to be an Error, which attempt() takes.
#pragma once

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/base/text.h"

namespace proxysql_consul::testing {

struct FuzzTarget {
  std::string_view name;
  void (*run)(std::string_view input);
};

/// Those that are linked into this program.
std::vector<FuzzTarget>& fuzz_targets();

struct FuzzTargetRegistration {
  explicit FuzzTargetRegistration(FuzzTarget target) { fuzz_targets().push_back(target); }
};

/// `FUZZ_TARGET(document) { ... }` is given the bytes as `input`.
#define FUZZ_TARGET(name)                                                                     \
  static void fuzz_##name(std::string_view input);                                            \
  static const FuzzTargetRegistration registration_of_##name(FuzzTarget{#name, fuzz_##name}); \
  static void fuzz_##name([[maybe_unused]] std::string_view input)

/// A property that holds whatever the bytes are.
inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error("does not hold: " + what);
}

/// What people read: one line of UTF-8 without control characters, and no essay.
inline void require_readable(std::string_view words) {
  constexpr std::size_t longest = 4096;
  require(words.size() <= longest, "words for people are bounded");
  require(printable(words, longest) == words, "words for people are printable: " + printable(words));
}

/// What `action` gives; nothing where it throws an Error of that status, which is an answer, too.
template <typename Action>
auto attempt(ExitCode status, Action action) -> std::optional<decltype(action())> {
  try {
    return action();
  } catch (const Error& error) {
    require_readable(error.what());
    require_readable(error.hint());
    require(error.code() == status,
            "the exit status is " + std::to_string(static_cast<int>(status)) + " where: " + error.what());
    return std::nullopt;
  }
}

/// The lines, or whatever else stands between those marks.
inline std::vector<std::string> split(std::string_view text, char mark) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == mark) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Takes numbers and texts from the bytes, until there are none left: then 0 and "".
class FuzzedData {
 public:
  explicit FuzzedData(std::string_view bytes) : bytes_(bytes) {}

  bool is_empty() const { return bytes_.empty(); }

  unsigned byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  /// As many bytes as the next two say.
  std::string_view text() {
    const auto low = byte();
    const auto size = std::size_t{low | byte() << 8U};
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest() { return std::exchange(bytes_, {}); }

 private:
  std::string_view bytes_;
};

/// What a server's thread is to say, from the thread that runs the fuzzer.
class Script {
 public:
  void set(std::string_view text) {
    const std::lock_guard lock(mutex_);
    text_ = text;
  }
  std::string get() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

}  // namespace proxysql_consul::testing
