// Random tests that can be repeated: which seeds there are, and a part of them for each process.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace proxysql_consul::testing {

inline unsigned long number_from_environment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

/// Calls `run` with the seeds of one of `parts`, until something fails, which then says its seed. `usual` of them in
/// all, from 1 on; HISTORIES_SEED and HISTORIES_COUNT choose others.
template <typename RunSeed>
void run_seeds(unsigned long part, unsigned long parts, unsigned long usual, RunSeed run) {
  const auto first = number_from_environment("HISTORIES_SEED", 1);
  const auto count = number_from_environment("HISTORIES_COUNT", usual);
  for (auto seed = first + part; seed < first + count; seed += parts) {
    SCOPED_TRACE("HISTORIES_SEED=" + std::to_string(seed) + " HISTORIES_COUNT=1");
    run(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Thousands of runs sync their files; what survives a power cut is not the question of such tests.
inline std::filesystem::path memory_directory() {
  const std::filesystem::path shared = "/dev/shm";
  return std::filesystem::is_directory(shared) ? shared : std::filesystem::temp_directory_path();
}

}  // namespace proxysql_consul::testing
