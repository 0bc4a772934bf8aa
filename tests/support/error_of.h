// What an action throws, as a user reads it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "proxysql_consul/base/error.h"

namespace proxysql_consul::testing {

/// Message, and hint in brackets if there is one; "nothing was thrown" where nothing was. Expects that status.
template <typename Action>
std::string error_of(ExitCode status, Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), status);
    return error.what() + (error.hint().empty() ? "" : " (" + error.hint() + ")");
  }
  return "nothing was thrown";
}

}  // namespace proxysql_consul::testing
