// What a node tells the others: the record at `proxysql-meta/node/<uuid>`. Text in, text out. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxysql_consul/model/state.h"

namespace proxysql_consul {

struct RecordedConfiguration {
  std::uint64_t version = 0;    ///< what its ProxySQL holds; 0 for none
  std::uint64_t attempted = 0;  ///< what it last saw
  std::string sha256 = {};      ///< of the document that it holds
  /// applied, saved, partial, failed, frozen, not_accepted, not_here or drifted; or one that a newer program knows.
  std::string outcome;
  std::string at = {};                     ///< UTC
  std::vector<std::string> warnings = {};  ///< why it failed, or what is missing
  bool lacks = false;                      ///< partial for nothing but columns and tables that its ProxySQL lacks

  bool operator==(const RecordedConfiguration&) const = default;
};

struct NodeRecord {
  std::string uuid;
  std::string host;
  std::string consul_node = {};  ///< its agent's name in the catalog; empty where its token may not read it
  std::string program_version = {};
  std::string proxysql_version = {};
  bool following = false;                    ///< a resident process applies what comes
  bool frozen = false;                       ///< it has seen the freeze, and not yet its end
  std::vector<std::string> keys = {};        ///< ids of the encryption keys that it holds
  std::vector<std::string> keep_local = {};  ///< what it neither gives nor takes: describe(Scope)
  std::map<std::string, RecordedConfiguration, std::less<>> configurations = {};

  bool operator==(const NodeRecord&) const = default;
};

/// What the state says to the others; who the node is remains to be filled in.
NodeRecord record_of(const State& state);

std::string format_node_record(const NodeRecord& record);
/// Reads over members that it does not know, and takes outcomes as they are. What the first program did not write
/// is empty. Throws Error{payload} that says what is wrong where.
NodeRecord parse_node_record(std::string_view text);

}  // namespace proxysql_consul
