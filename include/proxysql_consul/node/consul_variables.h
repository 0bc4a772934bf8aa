// The variables of the environment that Consul's own programs read, such as CONSUL_HTTP_ADDR. Pure.
#pragma once

#include "proxysql_consul/node/settings.h"

namespace proxysql_consul {

/// Over what the settings say so far. An empty variable is none, as for Consul itself. Throws Error{settings} that
/// names variable, rule and value.
void apply_consuls_variables(Settings& settings, const Environment& environment);

}  // namespace proxysql_consul
