// Where libFuzzer begins. `--target=NAME` says which of the fuzzers it is to run.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/fuzz_target.h"

using proxysql_consul::testing::fuzz_targets;

namespace {

const proxysql_consul::testing::FuzzTarget* chosen = nullptr;

}  // namespace

// The name is libFuzzer's.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view word = (*argv)[i];
    if (word == "--list") {
      for (const auto& target : fuzz_targets()) std::printf("%s\n", std::string(target.name).c_str());
      std::exit(EXIT_SUCCESS);
    }
    if (!word.starts_with(option)) continue;
    for (const auto& target : fuzz_targets()) {
      if (target.name == word.substr(option.size())) chosen = &target;
    }
  }
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "fuzzer: --target=NAME has to name one of those that --list lists\n");
  std::exit(EXIT_FAILURE);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
