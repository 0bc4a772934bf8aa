#pragma once

#include <cstddef>

namespace proxysql_consul::testing {

/// Whether this build runs under the sanitizers, where everything takes several times as long.
#ifdef PROXYSQL_CONSUL_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// From one moment of a run to the next at which a test stops it or makes it fail. Sanitizers look at what is done, and
/// not at when, so that some of the moments are enough for them.
constexpr std::size_t stride = sanitized ? 13 : 1;

}  // namespace proxysql_consul::testing
