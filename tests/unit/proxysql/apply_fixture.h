// What the tests of apply() share: engines in a given state, documents, and applying them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxysql_consul/base/error.h"
#include "proxysql_consul/proxysql/apply.h"
#include "standin/standin_engine.h"

namespace proxysql_consul::testing {

using Texts = std::vector<std::string>;

inline constexpr StandinVersion both_versions[] = {StandinVersion::v2_7, StandinVersion::v1_1};

inline const ApplyOptions dry_run = {.scope = {}, .save_to_disk = true, .dry_run = true};
inline const ApplyOptions without_disk = {.scope = {}, .save_to_disk = false, .dry_run = false};

inline const Texts two_servers = {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (1,'a'),(2,'b')"};
inline const Texts other_servers = {"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES (3,'c'),(4,'d'),(5,'e')"};
inline const std::string load_servers = "LOAD MYSQL SERVERS TO RUNTIME";
inline const std::string save_servers = "SAVE MYSQL SERVERS TO DISK";

const char* name_of(StandinVersion version);

void execute(StandinEngine& engine, const Texts& statements);
Rows rows(StandinEngine& engine, const std::string& sql);
/// Runs the statements and then `load`, and forgets that in the engine's log.
void start_with(StandinEngine& engine, const Texts& statements, const std::string& load);

Applied apply_to(AdminSession& session, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options = {});
Applied apply_to(StandinEngine& engine, const std::string& configuration, const std::vector<Table>& tables,
                 const ApplyOptions& options = {});

/// What the action throws, which must have that code.
std::string error_of(const std::function<void()>& action, ExitCode code);

/// What a document of a node of that version would hold after `statements` on its memory tables.
std::vector<Table> document(StandinVersion version, const std::string& configuration, const Texts& statements);
Table& table_in(std::vector<Table>& tables, const std::string& name);
/// A document's global_variables.
Table variables(Rows rows);

/// The statements that changed something, shortened to their beginning.
Texts writes(StandinEngine& engine);

}  // namespace proxysql_consul::testing
