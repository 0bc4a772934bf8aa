// The pages under docs/integrations/: their blocks, taken out of them and run, so that no page says what no test has
// done. A block has a name after its language, and a test names it as "page#block".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/consul_agent.h"
#include "support/node_fixture.h"
#include "support/process.h"

namespace proxysql_consul::testing {

/// Where the servers are in Consul.
inline const std::string servers_document = "proxysql/mysql_servers";

/// The text of a block; throws std::runtime_error where there is none.
std::string page_block(const std::string& page_and_block);

/// The same with the place of the program in it that the node's tests have: one that needs no --config-file.
std::string page_block(const std::string& page_and_block, const Node& node);

/// The statements of a block of SQL, which end with a semicolon.
std::vector<std::string> statements_in(const std::string& sql);

/// Runs a block of SQL on the node's ProxySQL.
void run_sql(Node& node, const std::string& page_and_block);

/// How to run a shell script on a node: `proxysql-consul` is the program with its settings, `consul` speaks to the
/// agent, and the directory is the node's.
ProcessOptions on_node(const Node& node, const ConsulAgent& consul, const std::string& script);

/// Runs a block of shell commands as on_node() does, and throws std::runtime_error where it fails or prints a secret.
ProcessResult run_shell(const Node& node, const ConsulAgent& consul, const std::string& page_and_block);

/// Asks `predicate` now, and again whenever a node tells Consul how it stands; false where the answer stays no.
bool await_record(const ConsulAgent& consul, const std::function<bool()>& predicate);

/// `text` with `with` for every `what`; throws std::runtime_error where there is none, since then the page has changed.
std::string with(std::string text, std::string_view what, std::string_view with);

}  // namespace proxysql_consul::testing
