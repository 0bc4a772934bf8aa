// Texts that are held against files in tests/testdata/golden/: help, dry runs, whatever people read as a whole.
#pragma once

#include <string_view>

namespace proxysql_consul::testing {

/// Expects that `text` is what tests/testdata/golden/<name> holds; a missing file is a failure. With ACCEPT_GOLDEN=1 in
/// the environment a file that differs or is missing is written instead: the test still fails, saying so, and passes
/// the next time. What was accepted is for `git diff` to show.
void expect_golden(std::string_view name, std::string_view text);

/// The same of any file of the project, named from its root.
void expect_file(std::string_view path, std::string_view text);

}  // namespace proxysql_consul::testing
