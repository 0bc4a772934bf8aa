// A look at everything that one node needs: the doctor behind `check`. It changes nothing, waits for nobody, and makes
// a finding of each failure.
#pragma once

#include <optional>

#include "proxysql_consul/model/findings.h"
#include "proxysql_consul/model/state.h"
#include "proxysql_consul/node/job.h"

namespace proxysql_consul {

/// All of it.
Findings check_node(const Job& job);

/// What stands in for all of it where the settings cannot be read.
Findings check_without_settings(const Error& error);

/// The parts of check_node(): the settings and this node's files, ProxySQL and its configuration, and Consul with the
/// token's rights. check_proxysql() leaves in `start` what ProxySQL says of its start, for check_consul().
Findings check_files(const Job& job);
Findings check_proxysql(const Job& job, std::optional<Start>& start);
Findings check_consul(const Job& job, const std::optional<Start>& start);

/// A failure, found by `check`.
Finding problem_of(const char* check, const Error& error);

}  // namespace proxysql_consul
