#include "support/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/process.h"

namespace proxysql_consul::testing {

void expect_golden(std::string_view name, std::string_view text) {
  expect_file("tests/testdata/golden/" + std::string(name), text);
}

void expect_file(std::string_view name, std::string_view text) {
  const auto path = std::filesystem::path(PROJECT_SOURCE_PATH) / name;
  const bool is_there = std::filesystem::exists(path);
  const auto expected = read_file(path);
  if (is_there && expected == text) return;
  const char* accept = std::getenv("ACCEPT_GOLDEN");
  if (accept != nullptr && std::string_view(accept) == "1") {
    std::filesystem::create_directories(path.parent_path());
    write_file(path, text);
    ADD_FAILURE() << path.string() << " was written anew: look at what `git diff` says of it, and run the test again";
  } else if (!is_there) {
    ADD_FAILURE() << path.string() << " is missing: ACCEPT_GOLDEN=1 writes it, with this text:\n" << text;
  } else {
    EXPECT_EQ(text, expected) << path.string() << ": where the new text is right, ACCEPT_GOLDEN=1 writes it";
  }
}

}  // namespace proxysql_consul::testing
